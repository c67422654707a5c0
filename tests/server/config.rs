//! What an operator writes, and what comes of it.

use std::path::PathBuf;
use std::time::Duration;

use inkstream::server::config::discover::{self, Target};
use inkstream::server::config::{
    Auth, CacheConfig, Config, Continuation, JwtClaim, JwtUnit, LocalServer, LogFormat, Protocol,
    RoutePolicy, Sources,
};
use secrecy::ExposeSecret;
use tempfile::TempDir;

/// A directory with an `inkstream.toml`.
struct Files(TempDir);

impl Files {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(toml: &str) -> Self {
        let files = Self::empty();
        files.write("inkstream.toml", toml);
        files
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn sources(&self) -> Sources {
        Sources::of_directory(self.0.path())
    }

    fn load(&self) -> Config {
        Config::load(&self.sources()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The error without the directory, which differs from run to run.
    fn error(&self) -> String {
        error_of(&self.sources())
    }
}

fn error_of(sources: &Sources) -> String {
    let error = Config::load(sources).expect_err("it should be refused").to_string();
    error.replace(&format!("{}/", sources.directory.display()), "")
}

const LOCAL: &str = r#"
[[providers]]
name = "local"
protocol = "openai"
base_url = "http://127.0.0.1:8000/v1/"
api_key = "${LOCAL_KEY}"

[[models]]
name = "local/glm"
provider = "local"
id = "GLM-4.7-Flash"
context_window = 32768
max_output = 8192
price_input = 0.14
price_output = 0.28
currency = "CNY"
continuation = "prefix"
"#;

#[test]
fn without_anything_the_documented_defaults_and_the_demo_apply() {
    let config = Files::empty().load();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.server.data_dir, PathBuf::from("data"));
    assert_eq!(config.server.site_dir, None);
    assert_eq!(config.generation.connect_timeout, Duration::from_secs(5));
    assert_eq!(config.generation.first_token_timeout, Duration::from_secs(60));
    assert_eq!(config.generation.idle_timeout, Duration::from_secs(30));
    assert_eq!(config.generation.total_timeout, Duration::from_secs(900));
    assert_eq!(config.generation.deadline, Duration::from_secs(3600));
    assert_eq!(config.generation.retries, 3);
    assert_eq!(config.generation.retry_quick_min, Duration::from_millis(200));
    assert_eq!(config.generation.retry_quick_max, Duration::from_millis(500));
    assert_eq!(config.generation.backoff_min, Duration::from_secs(2));
    assert_eq!(config.generation.backoff_max, Duration::from_secs(10));
    assert_eq!(config.generation.breaker_open, Duration::from_secs(60));
    assert_eq!(config.generation.max_continuations, 24);
    assert_eq!(config.generation.max_concurrent, 2000);
    assert_eq!(config.generation.max_text_bytes, 2_097_152);
    let day = Duration::from_secs(24 * 3600);
    let cache =
        CacheConfig { enabled: true, ttl: day, max_entries: 1024, max_bytes: 64 * 1024 * 1024 };
    assert_eq!(config.cache, cache);
    assert_eq!(config.routing.policy, RoutePolicy::Order);
    assert!(config.routing.priorities.is_empty());
    assert_eq!(config.log.filter, "info");
    assert_eq!(config.log.format, LogFormat::Auto);
    assert!(config.demo_only);
    assert_eq!(config.routes.len(), 1);
    assert_eq!(config.routes["default"], ["demo/steady"]);
    let demo: Vec<&str> = config.models.keys().map(String::as_str).collect();
    assert_eq!(
        demo,
        [
            "demo/drops",
            "demo/fails",
            "demo/instant",
            "demo/rate-limited",
            "demo/slow-start",
            "demo/stalls",
            "demo/steady",
            "demo/truncated"
        ]
    );
    assert!(config.warnings.is_empty());
}

#[test]
fn a_local_provider_comes_before_everything_and_the_demo_is_no_candidate() {
    let files = Files::with(LOCAL);
    let config = Config::load(&files.sources().with("LOCAL_KEY", "sk-1")).unwrap();
    let provider = &config.providers["local"];
    assert_eq!(provider.protocol, Protocol::OpenAi);
    assert_eq!(provider.base_url, "http://127.0.0.1:8000/v1");
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "sk-1");
    let model = &config.models["local/glm"];
    assert_eq!((model.provider.as_str(), model.id.as_str()), ("local", "GLM-4.7-Flash"));
    assert_eq!((model.context_window, model.max_output), (32768, 8192));
    assert_eq!((model.price_input, model.price_output), (Some(0.14), Some(0.28)));
    assert_eq!(model.currency.as_deref(), Some("CNY"));
    assert_eq!(model.continuation, Continuation::Prefix);
    for style in ["technical", "tutorial", "overview", "default"] {
        assert_eq!(config.routes[style], ["local/glm"], "{style}");
    }
    assert!(!config.demo_only);
    assert!(config.models.contains_key("demo/steady"), "a brief can still name it");
}

#[test]
fn later_layers_win_and_leave_the_rest_alone() {
    let files = Files::with("[server]\nlisten = \"127.0.0.1:4000\"\ndata_dir = \"a\"\n");
    files.write(".env", "INKSTREAM_DATA_DIR=b\nINKSTREAM_SITE_DIR='from dot env'\n");
    let sources = files.sources().with("INKSTREAM_DATA_DIR", "c");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.server.data_dir, PathBuf::from("c"));
    assert_eq!(config.server.site_dir, Some(PathBuf::from("from dot env")));
    assert_eq!(config.generation.retries, 3);
    assert_eq!(std::env::var("INKSTREAM_SITE_DIR").ok(), None, "the process is left alone");
}

#[test]
fn every_simple_setting_can_come_from_the_environment() {
    let sources = Files::empty()
        .sources()
        .with("INKSTREAM_LISTEN", "localhost:0")
        .with("INKSTREAM_IDLE_TIMEOUT_S", "0.5")
        .with("INKSTREAM_RETRIES", "0")
        .with("INKSTREAM_MAX_CONCURRENT", "7")
        .with("INKSTREAM_ALLOWED_HOSTS", "ink.example.org, Other.example.org")
        .with("INKSTREAM_DEADLINE_S", "60")
        .with("INKSTREAM_BACKOFF_MIN_S", "0.01")
        .with("INKSTREAM_BACKOFF_MAX_S", "0.02")
        .with("INKSTREAM_RETRY_MIN_MS", "0.5")
        .with("INKSTREAM_CACHE_ENABLED", "off")
        .with("INKSTREAM_CACHE_TTL_HOURS", "0.5")
        .with("INKSTREAM_ROUTING_POLICY", "cheapest")
        .with("INKSTREAM_ROUTING_FAST", "demo/instant, demo/steady")
        .with("INKSTREAM_LOG", "debug")
        .with("INKSTREAM_LOG_FORMAT", "json");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.generation.idle_timeout, Duration::from_millis(500));
    assert_eq!(config.generation.retries, 0);
    assert_eq!(config.generation.max_concurrent, 7);
    assert_eq!(config.generation.deadline, Duration::from_secs(60));
    assert_eq!(config.generation.backoff_min, Duration::from_millis(10));
    assert_eq!(config.generation.backoff_max, Duration::from_millis(20));
    assert_eq!(config.generation.retry_quick_min, Duration::from_micros(500));
    assert!(!config.cache.enabled);
    assert_eq!(config.cache.ttl, Duration::from_secs(1800));
    assert_eq!(config.routing.policy, RoutePolicy::Cheapest);
    assert_eq!(config.routing.priorities["fast"], ["demo/instant", "demo/steady"]);
    assert_eq!(config.server.allowed_hosts, ["ink.example.org", "other.example.org"]);
    assert_eq!((config.log.filter.as_str(), config.log.format), ("debug", LogFormat::Json));
}

#[test]
fn rust_log_is_heard_where_nothing_more_precise_is_set() {
    let files = Files::empty();
    let usual = files.sources().with("RUST_LOG", "trace");
    assert_eq!(Config::load(&usual).unwrap().log.filter, "trace");
    let both = usual.with("INKSTREAM_LOG", "warn");
    assert_eq!(Config::load(&both).unwrap().log.filter, "warn");
}

#[test]
fn a_file_can_be_named_and_must_then_be_there() {
    let files = Files::empty();
    files.write("other.toml", "[generation]\nretries = 1\n");
    let named = files.sources().with("INKSTREAM_CONFIG", "other.toml");
    assert_eq!(Config::load(&named).unwrap().generation.retries, 1);
    let mut argument = files.sources().with("INKSTREAM_CONFIG", "other.toml");
    argument.file = Some(files.0.path().join("missing.toml"));
    assert_eq!(
        error_of(&argument),
        "missing.toml: there is no such file, but --config names it. Create it, for example from \
         inkstream.example.toml, or correct --config."
    );
}

#[test]
fn a_typo_is_named_with_its_line_its_table_and_what_was_meant() {
    assert_eq!(
        Files::with("# a comment\n[server]\ndata_dir = \"x\"\nlisen = \"127.0.0.1:1\"\n").error(),
        "inkstream.toml:4: unknown key `lisen` in [server]; did you mean `listen`? Known there: \
         listen, data_dir, site_dir, access_token, session_days, public_url, allowed_hosts, \
         trusted_proxies, cors_origins, discover."
    );
    let error = Files::with("[sever]\n").error();
    assert!(error.starts_with("inkstream.toml:1: unknown table `sever`"), "{error}");
    assert!(error.contains("did you mean `server`?"), "{error}");
    let error = Files::with(&format!("{LOCAL}contextwindow = 3\n")).error_with("LOCAL_KEY");
    assert!(error.contains("in [[models]]; did you mean `context_window`?"), "{error}");
}

impl Files {
    fn error_with(&self, variable: &str) -> String {
        error_of(&self.sources().with(variable, "sk-secret"))
    }
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    let error = Files::with("[server]\nlisten = 127.0.0.1:3000\n").error();
    assert!(error.starts_with("inkstream.toml:2: this is not valid TOML:"), "{error}");
}

#[test]
fn a_variable_that_is_not_set_is_named_with_its_key() {
    assert_eq!(
        Files::with(LOCAL).error(),
        "inkstream.toml:6: `api_key` in [[providers]] reads the variable LOCAL_KEY, which is not \
         set. Set LOCAL_KEY in the environment or in .env, or remove the key."
    );
    let error = Files::with("[server]\ndata_dir = \"${DIR\"\n").error();
    assert!(error.contains("without the name of a variable"), "{error}");
}

#[test]
fn a_variable_can_be_part_of_a_value_and_come_from_dot_env() {
    let files = Files::with("[server]\ndata_dir = \"/var/${WHO}/${WHAT}\"\n");
    files.write(".env", "WHO=ink\n");
    let config = Config::load(&files.sources().with("WHAT", "data")).unwrap();
    assert_eq!(config.server.data_dir, PathBuf::from("/var/ink/data"));
}

#[test]
fn dot_env_that_cannot_be_read_is_refused_without_showing_it() {
    let files = Files::empty();
    files.write(".env", "OPENAI_API_KEY=\"sk-secret\n");
    let error = files.error();
    assert!(error.contains(".env: the line of `OPENAI_API_KEY`"), "{error}");
    assert!(!error.contains("sk-secret"), "{error}");
}

#[test]
fn simple_values_out_of_range_or_of_the_wrong_type_are_refused() {
    for (line, complaint) in [
        ("[server]\nlisten = \"3000\"", "not an address with a port"),
        ("[server]\nlisten = 3000", "`listen` in [server] is not a string"),
        ("[server]\ndata_dir = \"\"", "`data_dir` in [server] is not a path"),
        ("[server]\ndiscover = \"maybe\"", "`discover` in [server] is not true or false"),
        ("[server]\nallowed_hosts = 5", "is not a list of strings"),
        ("[server]\nallowed_hosts = [5]", "a list of other things than strings"),
        ("[generation]\nidle_timeout_s = 0", "is not a number above 0"),
        ("[generation]\nconnect_timeout_s = -1", "is not a number above 0"),
        ("[generation]\ntotal_timeout_s = nan", "is not a number above 0"),
        ("[generation]\nretries = 1.5", "is not a whole number"),
        ("[generation]\nretries = 11", "is not a number from 0 to 10"),
        ("[generation]\nmax_concurrent = 0", "is not a number from 1"),
        ("[generation]\nmax_text_bytes = \"much\"", "is not a number from 1"),
        ("[generation]\ndeadline_s = 0", "`deadline_s` in [generation] is not a number above 0"),
        ("[generation]\nretry_min_ms = 501", "`retry_min_ms` in [generation] is larger than"),
        ("[generation]\nbackoff_max_s = 1.5", "`backoff_min_s` in [generation] is larger than"),
        ("[generation]\nmax_continuations = -1", "is not a number from 0 to 1000"),
        ("[cache]\nenabled = \"maybe\"", "`enabled` in [cache] is not true or false"),
        ("[cache]\nttl_hours = 0", "`ttl_hours` in [cache] is not a number above 0"),
        ("[cache]\nmax_mb = 0", "`max_mb` in [cache] is not a number from 1"),
        ("[routing]\npolicy = \"best\"", "`policy` in [routing] is \"best\""),
        ("[log]\nformat = \"xml\"", "`format` in [log] is \"xml\""),
        ("server = 5", "[server] is a table"),
        ("[providers]\nname = \"x\"", "Write [[providers]] with two brackets"),
        ("[[routes]]\ndefault = [\"demo/steady\"]", "[routes] is a table"),
    ] {
        let error = Files::with(line).error();
        assert!(error.contains(complaint), "{line}: {error}");
        assert!(error.starts_with("inkstream.toml:"), "{line}: {error}");
    }
    let error = error_of(&Files::empty().sources().with("INKSTREAM_RETRIES", "many"));
    assert!(error.starts_with("INKSTREAM_RETRIES: `retries`"), "{error}");
}

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
    assert!(config.models.contains_key("deepseek/v4-flash"));
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

#[test]
fn a_siliconflow_key_brings_its_models_by_style() {
    let sources = Files::empty().sources().with("SILICONFLOW_API_KEY", " sk-sf\n");
    let config = Config::load(&sources).unwrap();
    let provider = &config.providers["siliconflow"];
    assert_eq!(provider.base_url, "https://api.siliconflow.cn/v1");
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "sk-sf");
    let id_of = |style: &str| {
        assert_eq!(config.routes[style].len(), 1);
        config.models[&config.routes[style][0]].id.as_str()
    };
    assert_eq!(id_of("technical"), "deepseek-ai/DeepSeek-V2.5");
    assert_eq!(id_of("tutorial"), "Qwen/Qwen-32B");
    assert_eq!(id_of("overview"), "THUDM/glm-4-9b-chat");
    assert!(!config.demo_only);
}

#[test]
fn an_anthropic_key_brings_its_models_which_take_neither_a_beginning_nor_sampling() {
    let config = Config::load(&Files::empty().sources().with("ANTHROPIC_API_KEY", "sk")).unwrap();
    let provider = &config.providers["anthropic"];
    assert_eq!(provider.protocol, Protocol::Anthropic);
    assert_eq!(provider.base_url, "https://api.anthropic.com");
    assert_eq!(config.routes["technical"][0], "anthropic/sonnet-5.5");
    for model in config.models.values().filter(|model| model.provider == "anthropic") {
        assert_eq!(model.continuation, Continuation::Instruct, "{}", model.name);
        assert!(!model.sampling && model.thinking, "{}", model.name);
        assert!(model.price_cache_read < model.price_input, "{}", model.name);
        assert!(model.price_cache_write > model.price_input, "{}", model.name);
    }
    assert!(config.warnings.is_empty() && config.discovery.targets.is_empty());
}

#[test]
fn a_server_of_a_known_name_needs_no_more_than_that() {
    let config = Files::with(
        "[[providers]]\nname = \"vllm\"\n\
         [[models]]\nname = \"m\"\nprovider = \"vllm\"\nid = \"x\"\nsampling = false\n",
    )
    .load();
    assert_eq!(config.providers["vllm"].base_url, "http://127.0.0.1:8000/v1");
    assert_eq!(config.models["m"].continuation, Continuation::ContinueFinalMessage);
    assert!(!config.models["m"].sampling);
}

#[test]
fn zhipu_is_shown_a_signed_token_where_its_key_can_sign() {
    let auth = |key: &str| {
        let config = Config::load(&Files::empty().sources().with("ZHIPU_API_KEY", key)).unwrap();
        config.providers["zhipu"].auth.clone()
    };
    assert!(matches!(auth("id.secret"), Auth::Jwt(_)));
    assert_eq!(auth("plain"), Auth::Key);
}

#[test]
fn a_token_can_be_described() {
    let provider = |lines: &str| {
        format!(
            "[[providers]]\nname = \"l\"\nprotocol = \"openai\"\nbase_url = \"http://h/v1\"\n\
             api_key = \"sk-id.sk-secret\"\n{lines}"
        )
    };
    let config = Files::with(&provider(
        "auth = \"jwt\"\njwt_claims = [\"iss\", \"exp\"]\njwt_lifetime_s = 120\njwt_unit = \"s\"\n",
    ))
    .load();
    let Auth::Jwt(jwt) = &config.providers["l"].auth else { panic!("a key as it is") };
    assert_eq!(jwt.claims, [JwtClaim::Iss, JwtClaim::Exp]);
    assert_eq!((jwt.lifetime, jwt.unit), (Duration::from_secs(120), JwtUnit::Seconds));
    assert_eq!(Files::with(&provider("")).load().providers["l"].auth, Auth::Key);
    for (toml, complaint) in [
        (provider("auth = \"basic\""), "`auth` of the provider `l` is \"basic\""),
        (provider("jwt_unit = \"s\""), "Add auth = \"jwt\""),
        (provider("auth = \"jwt\"\njwt_unit = \"h\""), "`jwt_unit` is \"h\""),
        (provider("auth = \"jwt\"\njwt_claims = []"), "`jwt_claims` is empty"),
        (provider("auth = \"jwt\"\njwt_claims = [\"sub\"]"), "unknown claim \"sub\""),
        (provider("auth = \"jwt\"\njwt_lifetime_s = 60"), "is not a number from 120"),
        (provider("auth = \"jwt\"").replace("id.sk", "id-sk"), "has not the form id.secret"),
    ] {
        let error = Files::with(&toml).error();
        assert!(error.contains(complaint), "{toml}: {error}");
        assert!(!error.contains("sk-"), "{error}");
    }
}

#[test]
fn several_keys_make_candidates_in_the_order_of_the_presets() {
    let sources = Files::empty()
        .sources()
        .with("OPENAI_API_KEY", "a")
        .with("SILICONFLOW_API_KEY", "b")
        .with("MOONSHOT_API_KEY", "");
    let config = Config::load(&sources).unwrap();
    assert_eq!(
        config.routes["technical"],
        ["siliconflow/deepseek-v2.5", "openai/gpt-4.1", "openai/gpt-4.1-mini"]
    );
    assert!(!config.providers.contains_key("moonshot"), "an empty key is no key");
}

#[test]
fn the_file_overrides_what_a_key_brings() {
    let files = Files::with(
        "[[providers]]\nname = \"siliconflow\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
         [[models]]\nname = \"siliconflow/qwen-32b\"\nprovider = \"siliconflow\"\nid = \"Qwen/New\"\n",
    );
    let config = Config::load(&files.sources().with("SILICONFLOW_API_KEY", "sk")).unwrap();
    let provider = &config.providers["siliconflow"];
    assert_eq!(provider.base_url, "http://127.0.0.1:9/v1");
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "sk");
    assert_eq!(config.models["siliconflow/qwen-32b"].id, "Qwen/New");
    assert_eq!(config.routes["tutorial"], ["siliconflow/qwen-32b"]);
}

#[test]
fn openai_base_url_puts_another_server_in_openais_place() {
    let sources = Files::empty().sources().with("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.providers["openai"].base_url, "http://127.0.0.1:9/v1");
    assert_eq!(config.discovery.targets, [Target::Configured("openai".to_owned())]);
    let named = Config::load(&sources.with("OPENAI_MODEL", "tiny")).unwrap();
    assert_eq!(named.routes["technical"], ["openai/tiny"]);
    assert!(named.discovery.targets.is_empty());
}

#[test]
fn what_cannot_be_honoured_yet_is_said() {
    for name in ["INKSTREAM_DATABASE_URL", "INKSTREAM_REDIS_URL"] {
        let error = error_of(&Files::empty().sources().with(name, "sk-secret"));
        assert!(error.contains("not supported by this version"), "{error}");
        assert!(error.contains(&format!("Unset {name}")), "{error}");
        assert!(!error.contains("sk-secret"), "{error}");
    }
}

#[test]
fn a_variable_that_is_nearly_one_of_ours_is_an_error_and_any_other_is_not_ours() {
    for (name, meant) in [
        ("INKSTREAM_LISTN", "INKSTREAM_LISTEN"),
        ("INKSTREAM_DALY_BUDGET", "INKSTREAM_DAILY_BUDGET"),
    ] {
        let error = error_of(&Files::empty().sources().with(name, "3"));
        assert!(error.contains(&format!("did you mean {meant}?")), "{error}");
        assert!(error.contains(&format!("unset {name}")), "{error}");
    }
    let theirs = Files::empty().sources().with("INKSTREAM_PORT_3000_TCP", "tcp://10.0.0.1:3000");
    assert!(Config::load(&theirs).unwrap().warnings.is_empty());
}

#[test]
fn keys_never_show_in_debug_output() {
    let sources = Files::empty().sources().with("OPENAI_API_KEY", "sk-secret");
    let config = Config::load(&sources).unwrap();
    assert!(!format!("{config:?}").contains("sk-secret"));
}

/// A server that answers `GET /v1/models` with the body.
async fn model_server(body: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router =
        axum::Router::new().route("/v1/models", axum::routing::get(move || async move { body }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn local(name: &str, base_url: String) -> Target {
    let continuation = Continuation::ContinueFinalMessage;
    Target::Local(LocalServer {
        name: name.to_owned(),
        base_url,
        usage_option: false,
        continuation,
    })
}

#[tokio::test]
async fn local_servers_are_found_where_nothing_is_configured() {
    let ollama = model_server(
        r#"{"object":"list","data":[
            {"id":"qwen3:8b","object":"model","created":1,"owned_by":"library"},
            {"id":"nomic-embed-text","object":"model"},
            {"id":"<img src=x>","object":"model"}]}"#,
    )
    .await;
    let llama = model_server(
        r#"{"object":"list","data":[{"id":"/models/tiny.gguf","object":"model","max_model_len":2048}]}"#,
    )
    .await;
    let mut config = Files::empty().load();
    let names = config.discovery.targets.iter().map(|target| match target {
        Target::Local(server) => server.name.as_str(),
        Target::Configured(name) => panic!("{name} is not configured"),
    });
    assert_eq!(names.collect::<Vec<_>>(), ["ollama", "llama.cpp", "lm-studio", "vllm", "sglang"]);
    config.discovery.targets = vec![local("ollama", ollama), local("llama.cpp", llama)];
    let config = discover::complete(config).await;
    assert_eq!(config.routes["default"], ["ollama/qwen3:8b", "llama.cpp/tiny"]);
    assert_eq!(config.models["llama.cpp/tiny"].id, "/models/tiny.gguf");
    assert_eq!(config.models["llama.cpp/tiny"].context_window, 2048);
    let model = &config.models["ollama/qwen3:8b"];
    assert_eq!(model.continuation, Continuation::ContinueFinalMessage);
    assert!(!config.providers["ollama"].usage_option);
    assert!(!config.demo_only);
    assert!(config.warnings.is_empty());
}

#[tokio::test]
async fn what_is_no_model_server_is_passed_over_in_silence() {
    let other = model_server("<html>a development server</html>").await;
    let similar = model_server(r#"{"object":"list","data":[{"id":"x","object":"file"}]}"#).await;
    let mut config = Files::empty().load();
    config.discovery.targets = vec![
        local("a", other),
        local("b", similar),
        local("c", "http://127.0.0.1:1/v1".to_owned()),
    ];
    let config = discover::complete(config).await;
    assert_eq!(config.routes["default"], ["demo/steady"]);
    assert!(config.demo_only && config.warnings.is_empty());
}

#[tokio::test]
async fn a_provider_without_models_is_asked_and_missed_when_it_is_silent() {
    let url = model_server(r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#).await;
    let provider = |url: &str| {
        format!("[[providers]]\nname = \"mine\"\nprotocol = \"openai\"\nbase_url = \"{url}\"\n")
    };
    let config = discover::complete(Files::with(&provider(&url)).load()).await;
    assert_eq!(config.routes["default"], ["mine/m"]);
    let config = Files::with(&provider("http://127.0.0.1:1/v1")).load();
    let config = discover::complete(config).await;
    assert!(config.warnings[0].contains("`mine` could not be asked"), "{:?}", config.warnings);
}

#[test]
fn discovery_can_be_switched_off() {
    let config = Files::with("[server]\ndiscover = false\n").load();
    assert!(config.discovery.targets.is_empty());
    let sources = Files::empty().sources().with("INKSTREAM_DISCOVER", "0");
    assert!(Config::load(&sources).unwrap().discovery.targets.is_empty());
    let keyed = Files::empty().sources().with("OPENAI_API_KEY", "k");
    assert!(Config::load(&keyed).unwrap().discovery.targets.is_empty());
}
