//! What is connected is shown without its secrets, and a test says in words what is wrong.

use inkstream::article::connection::{ConnectionTest, Connections};
use inkstream::article::problem::Code;
use serde_json::{Value, json};

use crate::support::{Server, error_of};
use crate::upstream::{Script, Upstream};

async fn test_of(server: &Server, path: &str) -> ConnectionTest {
    let answer = server.post(&format!("/api/v1/providers/{path}"), &Value::Null).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn what_is_connected_is_listed_without_secrets() {
    let settings = [("DEEPSEEK_API_KEY", "sk-deep-secret")];
    let server = Server::before("http://127.0.0.1:9/v1", &settings).await;
    let answer = server.get("/api/v1/providers").await.text().await.unwrap();
    for secret in ["sk-secret-of-the-test", "sk-deep-secret"] {
        assert!(!answer.contains(secret), "{answer}");
    }
    let connections: Connections = serde_json::from_str(&answer).unwrap();
    let names: Vec<_> = connections.providers.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["deepseek", "p", "demo"]);
    assert!(!connections.demo_only);
    let own = &connections.providers[1];
    assert_eq!((own.base_url.as_str(), own.has_key), ("http://127.0.0.1:9/v1", true));
    assert_eq!(own.models, ["m"]);
    assert!(connections.routes.iter().all(|route| route.models == ["m"]));
    let connected: Vec<_> =
        connections.known.iter().filter(|it| it.connected).map(|it| it.name.as_str()).collect();
    assert_eq!(connected, ["deepseek"]);
    assert_eq!(connections.known[0].key_variable, "SILICONFLOW_API_KEY");
}

#[tokio::test]
async fn a_model_that_answers_passes_and_its_connection_is_closed() {
    let upstream = Upstream::start(vec![Script::new().text("ready").silence()]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let tested = test_of(&server, "p/test").await;
    assert!(tested.works && tested.problem.is_none() && tested.first_token_ms.is_some());
    assert_eq!(tested.model, "m");
    let sent = upstream.request(0).await;
    assert_eq!((&sent.body["model"], &sent.body["max_tokens"]), (&json!("the-model"), &json!(16)));
    upstream.closed().await;
    let demo = test_of(&server, "demo/test?model=demo/instant").await;
    assert!(demo.works);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let refused = json!({"error": {"message": "bad key sk-secret-of-the-test"}}).to_string();
    for (script, code) in [
        (Script::new().status(401).raw(&refused), Code::UpstreamUnauthorized),
        (Script::new().status(500).raw("oops"), Code::UpstreamFailed),
        (Script::new().header("content-type", "text/html").raw("<p>"), Code::UpstreamMalformed),
        (Script::new(), Code::UpstreamTruncated),
    ] {
        let upstream = Upstream::start(vec![script]).await;
        let server = Server::before(&upstream.base_url(), &[]).await;
        let tested = test_of(&server, "p/test?model=m").await;
        let problem = tested.problem.unwrap();
        assert_eq!((tested.works, problem.code), (false, code));
        assert!(!problem.resolution.is_empty());
        assert!(!problem.message.contains("sk-secret-of-the-test"), "{}", problem.message);
    }
    let server = Server::before("http://127.0.0.1:9/v1", &[]).await;
    let problem = test_of(&server, "p/test").await.problem.unwrap();
    assert_eq!(problem.code, Code::UpstreamUnreachable);
    assert!(problem.resolution.contains("is it running?"), "{}", problem.resolution);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_tested() {
    let server = Server::start().await;
    for (path, param) in [("nobody/test", "name"), ("demo/test?model=nothing", "model")] {
        let answer = server.post(&format!("/api/v1/providers/{path}"), &Value::Null).await;
        let (status, error) = error_of(answer).await;
        assert_eq!((status.as_u16(), &error["param"]), (404, &json!(param)));
        assert!(error["resolution"].as_str().unwrap().contains("demo"), "{error}");
    }
}

#[tokio::test]
async fn a_test_is_paid_for_out_of_the_days_budget() {
    let upstream = Upstream::start(vec![Script::new().completion(&["ready"])]).await;
    let budget = [("INKSTREAM_DAILY_BUDGET", "0.0001")];
    let server = Server::before(&upstream.base_url(), &budget).await;
    assert!(test_of(&server, "p/test").await.works);
    let again = server.post("/api/v1/providers/p/test", &Value::Null).await;
    assert_eq!(error_of(again).await.1["code"], "budget_exhausted");
}
