//! What a provider is sent.

use std::process::Command;

use inkstream::server::config::{Config, ProviderConfig, Sources};
use inkstream::server::providers::openai::OpenAi;
use inkstream::server::providers::{self, ModelRequest, Provider, Understood};
use serde_json::json;

use super::{KEY, ask, limits, openai, request, settings, with};
use crate::upstream::{Script, Upstream};

#[tokio::test]
async fn the_request_carries_the_brief_the_key_and_the_request_id() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    ask(&openai(&upstream.base_url()), request()).await;
    let sent = upstream.request(0).await;
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(sent.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(sent.header("x-request-id"), Some("req-1"));
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(sent.header("accept-encoding"), None);
    assert_eq!(sent.body["model"], "GLM-4.7-Flash");
    assert_eq!(sent.body["stream"], true);
    assert_eq!(sent.body["stream_options"], json!({"include_usage": true}));
    assert_eq!(sent.body["messages"][1]["content"], "Write about ink.");
    assert_eq!(sent.body.get("stop"), None);
}

#[tokio::test]
async fn nothing_is_sent_before_the_stream_is_polled() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    drop(openai(&upstream.base_url()).stream(request()));
    ask(&openai(&upstream.base_url()), request()).await;
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_provider_without_a_key_gets_none() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    let settings = ProviderConfig { api_key: None, ..settings("local", &upstream.base_url()) };
    ask(&with(&settings), request()).await;
    assert_eq!(upstream.request(0).await.header("authorization"), None);
}

#[tokio::test]
async fn what_a_server_or_a_model_does_not_understand_is_left_out() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    let settings =
        ProviderConfig { usage_option: false, ..settings("local", &upstream.base_url()) };
    let models = Understood { unsampled: [request().model_id].into(), ..Understood::default() };
    ask(&OpenAi::new(&settings, &limits(), models), request()).await;
    let body = upstream.request(0).await.body;
    for field in ["stream_options", "temperature", "top_p", "frequency_penalty"] {
        assert_eq!(body.get(field), None, "{field}");
    }
    assert_eq!((&body["stream"], &body["max_tokens"]), (&json!(true), &json!(4096)));
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_base_url_and_a_query_do_no_harm() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    let base_url = format!("{}/?api-version=1", upstream.base_url());
    assert!(ask(&openai(&base_url), request()).await.complete());
    assert_eq!(upstream.request(0).await.path, "/v1/chat/completions?api-version=1");
}

#[tokio::test]
async fn a_continuation_sends_the_text_so_far() {
    let upstream = Upstream::start(vec![Script::new().completion(&["b"])]).await;
    let request = ModelRequest { so_far: Some("# a".into()), ..request() };
    ask(&openai(&upstream.base_url()), request).await;
    assert_eq!(
        upstream.request(0).await.body["messages"][2],
        json!({"role": "assistant", "content": "# a", "prefix": true, "partial": true})
    );
}

#[tokio::test]
async fn answers_read_to_their_end_share_a_connection() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    let provider = openai(&upstream.base_url());
    for _ in 0..5 {
        assert!(ask(&provider, request()).await.complete());
    }
    assert_eq!((upstream.requests().len(), upstream.connections()), (5, 1));
}

#[tokio::test]
async fn every_configured_provider_is_built() {
    let file = "[[providers]]\nname = \"claude\"\nprotocol = \"anthropic\"\n\
                base_url = \"http://127.0.0.1:1\"\n\
                [[providers]]\nname = \"local\"\nprotocol = \"openai\"\n\
                base_url = \"http://127.0.0.1:1/v1\"\n\
                [[models]]\nname = \"m\"\nprovider = \"local\"\nid = \"m\"\n\
                context_window = 1000\nmax_output = 100\n";
    let directory = tempfile::TempDir::new().unwrap();
    std::fs::write(directory.path().join("inkstream.toml"), file).unwrap();
    let config = Config::load(&Sources::of_directory(directory.path())).unwrap();
    let built = providers::build(&config);
    assert_eq!(built.keys().collect::<Vec<_>>(), ["claude", "demo", "local"]);
    let request = ModelRequest { model_id: "instant".into(), ..request() };
    assert!(ask(&*built["demo"], request).await.complete());
}

/// The tests of this binary can run in a process of their own, with an environment of their own.
#[test]
fn a_proxy_is_not_asked_for_a_server_on_this_machine() {
    let mut run = Command::new(std::env::current_exe().unwrap());
    run.args(["--exact", "providers::tolerated::an_ordinary_answer"]);
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        run.env(variable, "http://127.0.0.1:9");
    }
    let output = run.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
