//! Two revisions of an article, side by side.

use inkstream::article::comparison::{Change, Comparison, TextComparison};
use inkstream::article::generation::Article;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Server, error_of};

/// An article with a machine's revision and a person's, newest first.
async fn two_revisions(server: &Server) -> (Uuid, Uuid, Uuid) {
    let created = server.create(json!({"topic": "How Rust schedules async tasks"})).await;
    server.finished(created.id).await;
    let path = format!("/api/v1/articles/{}", created.article_id);
    let before: Article = server.get(&path).await.json().await.unwrap();
    let old = before.revision.unwrap();
    let text = old.text.replacen(". ", ". 新的一句话。 ", 1);
    assert_ne!(text, old.text);
    let saved = server
        .request(Method::PATCH, &path)
        .header("If-Match", format!("\"{}\"", old.id))
        .json(&json!({"text": text}))
        .send()
        .await
        .unwrap();
    assert_eq!(saved.status(), StatusCode::OK);
    let after: Article = saved.json().await.unwrap();
    (created.article_id, after.revision.unwrap().id, old.id)
}

#[tokio::test]
async fn two_revisions_are_compared_and_it_is_said_who_made_them() {
    let server = Server::start().await;
    let (article, new, old) = two_revisions(&server).await;
    let path = format!("/api/v1/articles/{article}/compare");
    let compared: Comparison = server.get(&path).await.json().await.unwrap();
    assert_eq!((compared.from.id, compared.to.id), (old, new), "what is not named is chosen");
    assert_eq!(compared.removed, 0);
    assert!((2..=4).contains(&compared.added), "{}", compared.added);
    let changed: Vec<_> = compared.rows.iter().filter(|row| row.change != Change::Same).collect();
    assert_eq!(changed.len(), 1);
    let inserted: String =
        changed[0].to.iter().filter(|piece| piece.changed).map(|it| it.text.as_str()).collect();
    assert_eq!(inserted.trim(), "新的一句话。");
    assert!(compared.to.generation_id.is_none() && compared.to.brief.is_none());
    let brief = compared.from.brief.unwrap();
    assert_eq!(brief.topic, "How Rust schedules async tasks");

    let turned: Comparison =
        server.get(&format!("{path}?from={new}&to={old}")).await.json().await.unwrap();
    assert_eq!((turned.added, turned.removed), (0, compared.added));
    let first: Comparison = server.get(&format!("{path}?to={old}")).await.json().await.unwrap();
    assert_eq!(first.from.id, new, "the first has only one after it");
    let same: Comparison =
        server.get(&format!("{path}?from={new}&to={new}")).await.json().await.unwrap();
    assert!(same.rows.iter().all(|row| row.change == Change::Same));
}

#[tokio::test]
async fn a_text_that_is_not_saved_is_compared_with_the_current_revision() {
    let server = Server::start().await;
    let (article, new, _) = two_revisions(&server).await;
    let path = format!("/api/v1/articles/{article}/compare");
    let now: Article =
        server.get(&format!("/api/v1/articles/{article}")).await.json().await.unwrap();
    let text = now.revision.unwrap().text;
    let compared: TextComparison =
        server.post(&path, &json!({"text": text})).await.json().await.unwrap();
    assert_eq!((compared.from.id, compared.added, compared.removed), (new, 0, 0));
    let mine = format!("{}\r\n\r\nthree more words\r\n", text.trim_end());
    let compared: TextComparison =
        server.post(&path, &json!({"text": mine})).await.json().await.unwrap();
    assert_eq!((compared.added, compared.removed), (3, 0));
    let last = compared.rows.last().unwrap();
    assert_eq!((last.change, last.to[0].text.as_str()), (Change::Added, "three more words"));
    let after: Article =
        server.get(&format!("/api/v1/articles/{article}")).await.json().await.unwrap();
    assert_eq!(after.revision.unwrap().id, new, "nothing is saved");

    for (path, body, status, param) in [
        (path.clone(), json!({"text": " "}), 422, json!("text")),
        (path.clone(), json!({"text": "a".repeat(9 << 20)}), 413, json!("text")),
        (path.clone(), json!({"texts": "a"}), 400, json!("texts")),
        (path, json!({}), 400, Value::Null),
        (
            format!("/api/v1/articles/{}/compare", Uuid::now_v7()),
            json!({"text": "a"}),
            404,
            json!("id"),
        ),
    ] {
        let (said, error) = error_of(server.post(&path, &body).await).await;
        assert_eq!((said.as_u16(), &error["param"]), (status, &param), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_compared_is_named() {
    let server = Server::start().await;
    let (article, new, _) = two_revisions(&server).await;
    let other = server.create(json!({"topic": "Another"})).await;
    server.finished(other.id).await;
    let unknown = Uuid::now_v7();
    for (path, status, param) in [
        (format!("{article}/compare?from={unknown}"), 404, "from"),
        (format!("{article}/compare?to={unknown}"), 404, "to"),
        (format!("{}/compare?to={new}", other.article_id), 404, "to"),
        (format!("{}/compare", other.article_id), 404, "from"),
    ] {
        let answer = server.get(&format!("/api/v1/articles/{path}")).await;
        let (said, error) = error_of(answer).await;
        assert_eq!((said.as_u16(), &error["param"]), (status, &json!(param)), "{path}");
    }
    for (path, status) in [
        (format!("{article}/compare?from=x"), 400),
        (format!("{article}/compare?form={new}"), 400),
        (format!("{unknown}/compare"), 404),
    ] {
        let answer = server.get(&format!("/api/v1/articles/{path}")).await;
        assert_eq!(error_of(answer).await.0.as_u16(), status, "{path}");
    }
}
