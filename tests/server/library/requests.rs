//! Searching over HTTP, with everything that people and programs type.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, error_of};

async fn search(server: &Server, q: &str) -> (StatusCode, Value) {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let encoded = q.bytes().map(encode).collect::<String>();
    let response = server.get(&format!("/api/v1/articles?q={encoded}")).await;
    (response.status(), response.json().await.unwrap())
}

async fn titles(server: &Server, q: &str) -> Vec<String> {
    let (status, body) = search(server, q).await;
    assert_eq!(status, StatusCode::OK, "{q}: {body}");
    let items = body["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whatever_is_typed_is_searched_for_and_nothing_else() {
    let server = Server::start().await;
    for topic in ["用 Rust 写一个命令行工具", "Your first Kubernetes probe"] {
        let created = server.create(json!({"topic": topic})).await;
        server.finished(created.id).await;
    }
    assert!(!titles(&server, "用").await.is_empty(), "one character");
    assert_eq!(titles(&server, "命令行").await.len(), 1);
    assert_eq!(titles(&server, "KUBERNETES probe").await.len(), 1);
    assert_eq!(titles(&server, "kubern*").await.len(), 1);
    for q in [
        "\"",
        "\"\"",
        "'",
        "“”",
        "*",
        "**",
        "^",
        "…",
        "-",
        "()",
        "{title}:",
        "%",
        "_",
        "\\",
        "\u{0}",
        "；",
        "zzzz AND probe",
        "zzzz NOT probe",
        "a OR b OR zzzz",
        "-kubernetes zzzz",
        "title:zzzz",
        "NEAR(zzzz probe)",
        "zzzz* NOT",
        "\" OR 1=1 --",
        "'; DROP TABLE articles; --",
        "{body} : zzzz",
        "zzzz + yyyy",
    ] {
        let (status, body) = search(&server, q).await;
        assert_eq!(status, StatusCode::OK, "{q}: {body}");
        assert_eq!(body["items"], json!([]), "{q}");
        assert_eq!(body["next"], Value::Null);
    }
    for q in ["", "  ", "\u{3000}\n"] {
        assert_eq!(titles(&server, q).await.len(), 2, "nothing was searched for");
    }
    let hit = &search(&server, "kubernetes").await.1["items"][0]["hit"];
    let marked = hit["snippet"].as_array().unwrap().iter().find(|it| it["hit"] == true);
    assert_eq!(marked.unwrap()["text"].as_str().unwrap().to_lowercase(), "kubernetes");
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_named_with_the_limit() {
    let server = Server::start().await;
    let many = ('a'..='z').chain('0'..='9').map(|c| format!("{c} ")).collect::<String>();
    for (q, limit) in [("字".repeat(201), "200"), ("a".repeat(10_000), "200"), (many, "32")] {
        let (status, body) = search(&server, &q).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(body["error"]["param"], "q");
        assert!(body["error"]["message"].as_str().unwrap().contains(limit), "{body}");
    }
    for (query, param) in [
        ("style=poem", "style"),
        ("state=done,written", "state"),
        ("language=%22", "language"),
        ("language=en-", "language"),
        ("cursor=made-up", "cursor"),
        ("q=a&cursor=00", "cursor"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("sort=title", "sort"),
    ] {
        let (status, error) =
            error_of(server.get(&format!("/api/v1/articles?{query}")).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(error["param"], param, "{error}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_the_list_that_gave_it() {
    let server = Server::start().await;
    for topic in ["用 Rust 写一个命令行工具", "用 Rust 写一个命令行程序"] {
        let created = server.create(json!({"topic": topic})).await;
        server.finished(created.id).await;
    }
    let first: Value = server.get("/api/v1/articles?limit=1&q=rust").await.json().await.unwrap();
    let next = first["next"].as_str().unwrap();
    let more: Value = server
        .get(&format!("/api/v1/articles?limit=1&q=Rust&cursor={next}"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(more["items"].as_array().unwrap().len(), 1);
    assert_ne!(more["items"][0]["id"], first["items"][0]["id"]);
    for query in ["q=cargo", "style=technical", "q=rust&state=done", "language=zh&q=rust"] {
        let path = format!("/api/v1/articles?limit=1&{query}&cursor={next}");
        let (status, error) = error_of(server.get(&path).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(error["param"], "cursor");
    }
}
