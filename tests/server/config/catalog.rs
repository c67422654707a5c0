//! Providers, models and routes of the file.

use inkstream::server::config::{Config, Continuation};

use super::{Files, LOCAL};

#[test]
fn providers_that_cannot_work_are_refused() {
    let provider = |lines: &str| format!("[[providers]]\nname = \"local\"\n{lines}\n");
    let url = |url: &str| provider(&format!("protocol = \"openai\"\nbase_url = \"{url}\""));
    for (toml, complaint) in [
        (provider(""), "`protocol` is missing in [[providers]]"),
        (provider("protocol = \"openai\""), "the provider `local` has no `base_url`"),
        (provider("protocol = \"grpc\""), "unknown protocol \"grpc\""),
        (provider("protocol = \"anthropic\""), "the provider `local` has no `base_url`"),
        (
            provider("protocol = \"anthropic\"\nbase_url = \"https://host/v1\""),
            "ends in /v1, which is a part of the call",
        ),
        (url("127.0.0.1:8000/v1"), "`base_url` is no URL"),
        (url("ftp://host/v1"), "does not begin with http"),
        (url("http://host/v1?key=1"), "has a query"),
        (url("http://user:sk-secret@host/v1"), "a user name or password"),
        (url("http://host/v1/chat/completions"), "names the call itself"),
        (format!("{0}{0}", url("http://host/v1")), "two providers with the name `local`"),
        ("[[providers]]\nname = \"a b\"\n".to_owned(), "`name` in [[providers]] is \"a b\""),
        (url("http://host/v1").replace("local", "demo"), "belongs to the built-in demo"),
        (url("http://host/v1") + "api_key = \"sk-secret\\n\"\n", "no header can carry"),
    ] {
        let error = Files::with(&toml).error();
        assert!(error.contains(complaint), "{toml}: {error}");
        assert!(!error.contains("sk-secret"), "{error}");
    }
}

#[test]
fn models_that_cannot_work_are_refused() {
    let model = |lines: &str| {
        format!("{LOCAL}\n[[models]]\nname = \"local/x\"\nprovider = \"local\"\n{lines}\n")
    };
    for (toml, complaint) in [
        (model(""), "`id` is missing in [[models]]"),
        (model("id = \"\""), "has an empty `id`"),
        (model("id = \"x\"\ncontext_window = 0"), "`context_window` in [[models]] is not"),
        (model("id = \"x\"\ncontext_window = 100\nmax_output = 101"), "more tokens than its"),
        (model("id = \"x\"\nprice_input = -1"), "`price_input` in [[models]] is not a number"),
        (model("id = \"x\"\ncurrency = \"yuan\""), "three capital letters"),
        (model("id = \"x\"\ncontinuation = \"magic\""), "`continuation` is \"magic\""),
        (model("id = \"x\"").replace("local/x", "local/glm"), "two models with the name"),
        (
            model("id = \"x\"").replace("provider = \"local\"", "provider = \"locl\""),
            "which is not there; did you mean `local`?",
        ),
        (
            "[[models]]\nname = \"m\"\nprovider = \"demo\"\nid = \"slow\"\n".to_owned(),
            "the demo has no model `slow`",
        ),
    ] {
        let error = Files::with(&toml).error_with("LOCAL_KEY");
        assert!(error.contains(complaint), "{toml}: {error}");
    }
}

#[test]
fn a_model_needs_no_more_than_name_provider_and_id() {
    let config = Files::with(
        "[[providers]]\nname = \"l\"\nprotocol = \"openai\"\nbase_url = \"http://h/v1\"\n\
         [[models]]\nname = \"m\"\nprovider = \"l\"\nid = \"x\"\n",
    )
    .load();
    let model = &config.models["m"];
    assert_eq!((model.price_input, model.price_output, &model.currency), (None, None, &None));
    assert_eq!(model.continuation, Continuation::Instruct);
    assert!(model.max_output < model.context_window);
}

#[test]
fn routes_of_the_file_replace_the_built_in_ones() {
    let files = Files::with(&format!(
        "{LOCAL}\n[routes]\ntechnical = [\"local/glm\", \"demo/steady\"]\ndefault = \
         [\"local/glm\"]\n"
    ));
    let sources = files.sources().with("LOCAL_KEY", "k").with("DEEPSEEK_API_KEY", "k");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.routes.len(), 2);
    assert_eq!(config.routes["technical"], ["local/glm", "demo/steady"]);
    assert_eq!(config.routes["default"], ["local/glm"]);
    assert!(config.models.contains_key("deepseek/flash"));
}

#[test]
fn without_a_default_route_the_others_stand_in_for_it() {
    let config = Files::with(
        "[routes]\noverview = [\"demo/instant\"]\ntechnical = [\"demo/steady\", \"demo/instant\"]\n",
    )
    .load();
    assert_eq!(config.routes["default"], ["demo/steady", "demo/instant"]);
}

#[test]
fn routes_that_lead_nowhere_are_refused() {
    for (toml, complaint) in [
        ("[routes]\ndefault = [\"demo/stedy\"]\n", "did you mean `demo/steady`?"),
        ("[routes]\ntechnical = [\"gpt\"]\n", "Add a [[models]] entry with name = \"gpt\""),
        ("[routes]\ndefault = []\n", "the route `default` names no model"),
        ("[routes]\ndefault = 5\n", "the route `default` names no model"),
        ("[routes]\ndefault = [\"demo/steady\", \"demo/steady\"]\n", "twice"),
        ("[routes]\ntecnical = [\"demo/steady\"]\n", "did you mean `technical`?"),
        ("[routes]\n", "[routes] is empty"),
    ] {
        let error = Files::with(toml).error();
        assert!(error.contains(complaint), "{toml}: {error}");
    }
}

#[test]
fn priorities_name_models_that_are_there_each_once() {
    let config = Files::with("[routing]\npremium = [\"demo/steady\"]\nfast = []\n").load();
    assert_eq!(config.routing.priorities.keys().collect::<Vec<_>>(), ["premium"]);
    for (toml, complaint) in [
        ("fast = [\"demo/stedy\"]", "the priority `fast` names the model `demo/stedy`"),
        ("default = [\"demo/steady\", \"demo/steady\"]", "twice"),
        ("premum = []", "did you mean `premium`?"),
    ] {
        let error = Files::with(&format!("[routing]\n{toml}\n")).error();
        assert!(error.contains(complaint), "{toml}: {error}");
    }
}

#[test]
fn a_provider_can_be_spared() {
    let provider = "[[providers]]\nname = \"l\"\nprotocol = \"openai\"\n\
                    base_url = \"http://127.0.0.1:1/v1\"\n";
    let usual = Files::with(provider).load();
    let usual = &usual.providers["l"];
    assert_eq!((usual.max_concurrent, usual.max_waiting), (None, 100));
    let spared = Files::with(&format!("{provider}max_concurrent = 2\nmax_waiting = 0\n")).load();
    let spared = &spared.providers["l"];
    assert_eq!((spared.max_concurrent, spared.max_waiting), (Some(2), 0));
    let error = Files::with(&format!("{provider}max_concurrent = 0\n")).error();
    assert!(error.contains("`max_concurrent` in [[providers]] is not a number from 1"), "{error}");
}
