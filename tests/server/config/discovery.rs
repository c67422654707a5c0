//! Servers that are asked for their models.

use inkstream::server::config::discover::{self, Target};
use inkstream::server::config::{Config, Continuation, LocalServer};

use super::Files;

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
