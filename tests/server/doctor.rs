//! `inkstream doctor`: what it asks, what it says, and how it ends.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::upstream::{Script, Upstream};

/// One provider that the route needs, and perhaps more of the file.
fn file(base_url: &str, more: &str) -> String {
    format!(
        "[[providers]]\nname = \"mine\"\nprotocol = \"openai\"\nbase_url = \"{base_url}\"\n\
         api_key = \"sk-secret\"\n\
         [[models]]\nname = \"m\"\nprovider = \"mine\"\nid = \"the-model\"\n\
         price_input = 1.0\nprice_output = 2.0\ncurrency = \"CNY\"\n{more}\n\
         [routes]\ndefault = [\"m\"]\n"
    )
}

/// What the program prints, in an empty directory with this file.
async fn doctor(file: String, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("inkstream.toml"), file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_inkstream"));
    command
        .arg("doctor")
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .env("INKSTREAM_DISCOVER", "0")
        .envs(settings.iter().copied())
        .stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains("sk-secret"), "{said}");
    said
}

fn refused() -> Script {
    Script::new().error(401, "Invalid key sk-secret")
}

fn list(ids: &[&str]) -> Script {
    let models: Vec<_> = ids.iter().map(|id| json!({"id": id, "object": "model"})).collect();
    Script::new().json(json!({"object": "list", "data": models}))
}

#[tokio::test]
async fn a_provider_that_answers_is_a_line_and_costs_a_few_tokens() {
    let scripts = vec![list(&["the-model", "another"]), Script::new().completion(&["ready"])];
    let upstream = Upstream::start(scripts).await;
    let output = doctor(file(&upstream.base_url(), ""), &[], &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.starts_with("Every provider is asked for at most 16 tokens.\n✓ data directory data\n")
    );
    let line = format!("✓ mine at {}, m: first token after ", upstream.base_url());
    assert!(said.contains(&line) && said.contains(" ms, lists 2 models\n"), "{said}");
    assert!(!said.contains("demo"), "no route names it: {said}");
    assert_eq!(upstream.requests().len(), 2);
    let (listed, asked) = (upstream.request(0).await, upstream.request(1).await);
    assert_eq!((listed.method.as_str(), listed.path.as_str()), ("GET", "/v1/models"));
    assert_eq!(listed.header("authorization"), Some("Bearer sk-secret"));
    assert_eq!(asked.body["max_tokens"], 16);
}

#[tokio::test]
async fn a_provider_that_a_route_needs_and_that_fails_is_the_exit_status() {
    let upstream = Upstream::start(vec![refused()]).await;
    let output = doctor(file(&upstream.base_url(), ""), &[], &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("✗ mine at"), "{said}");
    assert!(said.contains("answered 401: Invalid key [redacted]"), "{said}");
    assert!(said.contains("→ Check api_key of provider \"mine\"."), "{said}");
}

#[tokio::test]
async fn a_provider_that_no_route_needs_may_fail() {
    let scripts = vec![list(&["another"]), Script::new().completion(&["ready"])];
    let upstream = Upstream::start(scripts).await;
    let more = "[[providers]]\nname = \"spare\"\nprotocol = \"anthropic\"\n\
                base_url = \"http://127.0.0.1:9\"\n\
                [[models]]\nname = \"s\"\nprovider = \"spare\"\nid = \"s\"\n";
    let output = doctor(file(&upstream.base_url(), more), &[], &["--json"]).await;
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!(report["works"], true);
    let [mine, spare] = &report["providers"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!((&mine["outcome"], &mine["needed"]), (&json!("works"), &json!(true)));
    assert_eq!((&mine["listed"], &mine["unlisted"]), (&json!(1), &json!(["the-model"])));
    assert!(mine["first_token_ms"].is_u64(), "{mine}");
    assert_eq!((&spare["outcome"], &spare["needed"]), (&json!("fails"), &json!(false)));
    assert_eq!(spare["problem"]["code"], "upstream_unreachable");
    assert_eq!(spare["listed"], Value::Null);
}

#[tokio::test]
async fn the_days_budget_is_kept_to() {
    let upstream = Upstream::start(vec![list(&["the-model"])]).await;
    let budget = [("INKSTREAM_DAILY_BUDGET", "0.00000001")];
    let output = doctor(file(&upstream.base_url(), ""), &budget, &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "what was not asked has not failed: {said}");
    assert!(said.contains("– mine at"), "{said}");
    assert_eq!(upstream.requests().len(), 1, "the list costs nothing");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_used_is_said() {
    let upstream =
        Upstream::start(vec![list(&["the-model"]), Script::new().completion(&["a"])]).await;
    let unusable = [("INKSTREAM_DATA_DIR", "/dev/null/data")];
    let output = doctor(file(&upstream.base_url(), ""), &unusable, &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("✗ data directory /dev/null/data\n"), "{said}");
    assert!(said.contains("INKSTREAM_DATA_DIR"), "{said}");
    assert!(said.contains("✓ mine at"), "the rest is looked at all the same: {said}");
}

#[tokio::test]
async fn without_a_model_it_says_how_to_connect_one() {
    let output = doctor(String::new(), &[], &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("✓ demo, demo/steady: first token after"), "{said}");
    assert!(said.contains("! No model is connected"), "{said}");
}

#[tokio::test]
async fn anthropics_protocol_is_spoken_to_the_end() {
    let models = json!({"data": [{"type": "model", "id": "the-model"}], "has_more": false});
    let answer = Script::new()
        .sse(json!({"type": "message_start", "message": {"usage": {"input_tokens": 9}}}))
        .sse(json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}))
        .silence();
    let upstream = Upstream::start(vec![Script::new().json(models), answer]).await;
    let base_url = format!("http://{}", upstream.address());
    let file = file(&base_url, "").replace("\"openai\"", "\"anthropic\"");
    let output = doctor(file, &[], &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("✓ mine at") && said.contains("lists 1 model\n"), "{said}");
    let (listed, asked) = (upstream.request(0).await, upstream.request(1).await);
    assert_eq!((listed.path.as_str(), asked.path.as_str()), ("/v1/models", "/v1/messages"));
    for request in [&listed, &asked] {
        assert_eq!(request.header("x-api-key"), Some("sk-secret"));
        assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
    }
    assert_eq!(asked.body.get("temperature"), None, "unless it is said that it takes one");
}

#[tokio::test]
async fn a_server_that_was_to_tell_its_models_and_cannot_be_asked_is_what_is_wrong() {
    // Nothing listens on the port of the discard service.
    let settings = [("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"), ("OPENAI_API_KEY", "sk-secret")];
    let output = doctor(String::new(), &settings, &[]).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("✗ openai")).unwrap();
    assert!(!line.contains("no route needs it"), "{said}");
    assert!(said.contains("It could not be asked for its models: "), "{said}");
}

#[tokio::test]
async fn beside_a_model_that_works_a_server_that_tells_none_is_no_failure() {
    let scripts = vec![list(&["the-model"]), Script::new().completion(&["ready"])];
    let upstream = Upstream::start(scripts).await;
    let other = Upstream::start(vec![refused(), refused()]).await;
    let more = format!(
        "[[providers]]\nname = \"spare\"\nprotocol = \"openai\"\nbase_url = \"{}\"\n",
        other.base_url()
    );
    // Where routes are written down, what else is found is not routed.
    let file = file(&upstream.base_url(), &more).replace("[routes]\ndefault = [\"m\"]\n", "");
    let output = doctor(file, &[], &["--json"]).await;
    let report: Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!((output.status.code(), &report["works"]), (Some(0), &json!(true)), "{report}");
    let spare = &report["providers"][1];
    assert_eq!((&spare["outcome"], &spare["needed"]), (&json!("fails"), &json!(false)));
    assert_eq!(spare["problem"]["code"], "upstream_unauthorized", "{spare}");
}
