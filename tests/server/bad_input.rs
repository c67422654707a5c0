//! What is wrong with a request is named, with the remedy, and nothing is lost by it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, error_of};

const UNKNOWN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn briefs_that_cannot_be_written_are_refused_by_field() {
    let server = Server::start().await;
    for (brief, param) in [
        (json!({}), "topic"),
        (json!({"topic": ""}), "topic"),
        (json!({"topic": " \n\t　"}), "topic"),
        (json!({"topic": "字".repeat(501)}), "topic"),
        (json!({"topic": "a", "colour": "red"}), "colour"),
        (json!({"topic": "a", "temperature": 2.5}), "temperature"),
        (json!({"topic": "a", "top_p": "high"}), "top_p"),
        (json!({"topic": "a", "max_tokens": -1}), "max_tokens"),
        (json!({"topic": "a", "format": "rtf"}), "format"),
        (json!({"topic": "a", "model": "nobody/knows"}), "model"),
    ] {
        let (status, error) = error_of(server.post("/api/v1/generations", &brief).await).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{brief}");
        assert_eq!(error["param"], param, "{error}");
    }
    let listed: Value = server.get("/api/v1/articles").await.json().await.unwrap();
    assert_eq!(listed["items"], json!([]), "nothing was begun");
}

#[tokio::test]
async fn the_longest_topic_is_taken_and_what_is_unusual_is_remarked_on() {
    let server = Server::start().await;
    let brief = json!({"topic": "字".repeat(500), "temperature": 1.5});
    let created = server.create(brief).await;
    assert_eq!(created.warnings.len(), 1);
    assert_eq!(created.warnings[0].param, "temperature");
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let server = Server::start().await;
    let send = |content_type: Option<&'static str>, body: Vec<u8>| {
        let mut request = server.request(Method::POST, "/api/v1/generations").body(body);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        async move { error_of(request.send().await.unwrap()).await }
    };
    let json_type = Some("application/json");
    let (status, error) = send(json_type, b"{\"topic\": ".to_vec()).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_json")));
    let (status, error) = send(json_type, vec![0xFF, 0xFE]).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_json")));
    let deep = "[".repeat(100_000).into_bytes();
    assert_eq!(send(json_type, deep).await.0, StatusCode::BAD_REQUEST);
    let (status, _) = send(json_type, b"[1]".to_vec()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let (status, error) = send(content_type, b"{\"topic\": \"a\"}".to_vec()).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(error["param"], "Content-Type");
    }
    let (status, error) = send(json_type, vec![b' '; 10 << 20]).await;
    assert_eq!((status, &error["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large")));
}

#[tokio::test]
async fn ids_that_name_nothing_are_not_found() {
    let server = Server::start().await;
    for (method, path) in [
        (Method::GET, "/api/v1/generations/{}"),
        (Method::GET, "/api/v1/generations/{}/events"),
        (Method::POST, "/api/v1/generations/{}/cancel"),
        (Method::POST, "/api/v1/generations/{}/continue"),
        (Method::GET, "/api/v1/articles/{}"),
        (Method::DELETE, "/api/v1/articles/{}"),
        (Method::POST, "/api/v1/articles/{}/restore"),
        (Method::GET, "/api/v1/articles/{}/revisions"),
    ] {
        for id in [UNKNOWN, "not-an-id", "%00", "..%2F..%2Fetc"] {
            let response =
                server.request(method.clone(), &path.replace("{}", id)).send().await.unwrap();
            let (status, error) = error_of(response).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path} {id}: {error}");
        }
    }
    let brief = json!({"topic": "a"});
    let path = format!("/api/v1/articles/{UNKNOWN}/generations");
    let (status, error) = error_of(server.post(&path, &brief).await).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("article_not_found")));
    let (status, error) = error_of(server.get("/api/v1/nothing/here").await).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    let put = server.request(Method::PUT, "/api/v1/generations").send().await.unwrap();
    let (status, error) = error_of(put).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(error["code"], "method_not_allowed");
}

#[tokio::test]
async fn cursors_that_are_no_cursors_are_refused() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "a"})).await;
    let last = server.finished(created.id).await.last_seq.0;
    let path = format!("/api/v1/generations/{}/events", created.id);
    for cursor in ["abc", "-1", "1.5", "+1", "99999999999999999999", &(last + 1).to_string()] {
        let request = server.request(Method::GET, &path).header("Last-Event-ID", cursor);
        let (status, error) = error_of(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{cursor}");
        assert_eq!(error["code"], "invalid_last_event_id");
    }
    for query in
        ["cursor=made-up", "limit=0", "limit=101", "limit=x", "state=written", "colour=red"]
    {
        let (status, _) = error_of(server.get(&format!("/api/v1/articles?{query}")).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn one_key_makes_one_generation_also_across_a_restart() {
    let server = Server::start().await;
    let send = async |server: &Server, key: &str, brief: Value| {
        let request = server.request(Method::POST, "/api/v1/generations");
        request.header("Idempotency-Key", key).json(&brief).send().await.unwrap()
    };
    let brief = json!({"topic": "a"});
    let together = (0..10).map(|_| send(&server, "k-1", brief.clone()));
    let mut ids = Vec::new();
    for response in futures_util::future::join_all(together).await {
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let body: Value = response.json().await.unwrap();
        ids.push(body["id"].as_str().unwrap().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");

    let (status, error) = error_of(send(&server, "k-1", json!({"topic": "b"})).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(error["code"], "idempotency_key_reused");
    assert_eq!(error_of(send(&server, "", brief.clone()).await).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        error_of(send(&server, &"k".repeat(256), brief.clone()).await).await.0,
        StatusCode::BAD_REQUEST
    );

    let server = server.restart().await;
    let again: Value = send(&server, "k-1", brief).await.json().await.unwrap();
    assert_eq!(again["id"], json!(ids[0]));
    let listed: Value = server.get("/api/v1/articles").await.json().await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_id_is_taken_or_made_and_given_back() {
    let server = Server::start().await;
    let own = server
        .request(Method::GET, "/api/v1/articles")
        .header("X-Request-ID", "mine.1")
        .send()
        .await
        .unwrap();
    assert_eq!(own.headers()["x-request-id"], "mine.1");
    let odd = server
        .request(Method::GET, "/api/v1/articles")
        .header("X-Request-ID", "with spaces <b>")
        .send()
        .await
        .unwrap();
    let made = odd.headers()["x-request-id"].to_str().unwrap();
    assert!(uuid::Uuid::try_parse(made).is_ok(), "{made}");
}

#[tokio::test]
async fn an_address_without_end_is_refused_and_the_server_goes_on() {
    let server = Server::start().await;
    for length in [20_000, 60_000] {
        let answer = server.get(&format!("/api/v1/articles?q={}", "a".repeat(length))).await;
        assert!(matches!(answer.status().as_u16(), 400 | 414 | 431), "{}", answer.status());
    }
    assert_eq!(server.get("/health").await.status(), StatusCode::OK);
}
