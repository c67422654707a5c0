//! Renaming, and doing the same with several articles.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Draft, NOW, fresh, rewrite, write};
use crate::support::{Server, error_of};

async fn written(server: &Server, topic: &str) -> Uuid {
    let created = server.create(json!({"topic": topic})).await;
    server.finished(created.id).await;
    created.article_id
}

async fn patch(server: &Server, article: Uuid, body: &Value) -> Response {
    let path = format!("/api/v1/articles/{article}");
    server.request(Method::PATCH, &path).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_title_that_a_person_gave_is_kept_clean_and_found() {
    let server = Server::start().await;
    let article = written(&server, "a").await;
    for (given, kept) in [
        ("  Hornbeam\r\nand\t elm ", "Hornbeam and elm"),
        ("\u{202E}tree\u{202C} \u{2066}of\u{2069} \u{200F}life", "tree of life"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("角木与榆树\u{0}", "角木与榆树"),
    ] {
        let response = patch(&server, article, &json!({"title": given})).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        assert_eq!((&body["title"], &body["id"]), (&json!(kept), &json!(article)));
        assert!(body["revision"]["text"].is_string(), "the text stays");
    }
    let found: Value =
        server.get("/api/v1/articles?q=%E6%A6%86%E6%A0%91").await.json().await.unwrap();
    assert_eq!(found["items"][0]["id"], json!(article));
}

#[tokio::test]
async fn what_is_no_title_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let article = written(&server, "a").await;
    let before: Value =
        server.get(&format!("/api/v1/articles/{article}")).await.json().await.unwrap();
    for body in [
        json!({"title": ""}),
        json!({"title": " \n\t\u{3000}"}),
        json!({"title": "\u{202E}\u{200B}"}),
        json!({"title": "字".repeat(301)}),
        json!({"title": "a".repeat(10_000)}),
    ] {
        let (status, error) = error_of(patch(&server, article, &body).await).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{error}");
        assert_eq!(error["param"], "title", "{error}");
    }
    let (status, error) = error_of(patch(&server, article, &json!({})).await).await;
    assert_eq!(
        (status, &error["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_article"))
    );
    for body in [json!({"title": 7}), json!({"colour": "red"}), json!(7)] {
        let (status, _) = error_of(patch(&server, article, &body).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let after: Value =
        server.get(&format!("/api/v1/articles/{article}")).await.json().await.unwrap();
    assert_eq!(before, after);
    let (status, error) =
        error_of(patch(&server, Uuid::now_v7(), &json!({"title": "a"})).await).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("article_not_found")));
}

#[tokio::test]
async fn a_title_that_a_person_gave_stays_when_later_revisions_have_another() {
    let (_dir, store) = fresh().await;
    let article = write(&store, &Draft { title: "one", ..Draft::default() }).await;
    assert!(store.rename_article(article, "mine", NOW + 1).await.unwrap());
    let later = Draft { title: "two", at: NOW + 2, ..Draft::default() };
    let revision = rewrite(&store, article, &later).await;
    let title = async || store.article(article).await.unwrap().unwrap().summary.title;
    assert_eq!(title().await, "mine");
    assert!(store.set_current_revision(article, revision, NOW + 3).await.unwrap());
    assert_eq!(title().await, "mine");
    store.delete_article(article, NOW + 4).await.unwrap();
    assert!(!store.rename_article(article, "gone", NOW + 5).await.unwrap());
}

#[tokio::test]
async fn several_are_deleted_and_restored_at_once_each_with_its_outcome() {
    let server = Server::start().await;
    let (one, two) = (written(&server, "a").await, written(&server, "b").await);
    let unknown = Uuid::now_v7();
    let ids = json!({"ids": [one, unknown, two, one]});
    let outcome: Value = server.post("/api/v1/articles/delete", &ids).await.json().await.unwrap();
    let results = outcome["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "each once: {outcome}");
    assert_eq!(results[0], json!({"id": one, "error": null}));
    assert_eq!(results[1]["error"]["code"], "article_not_found");
    assert_eq!(results[2]["error"], Value::Null);
    let listed = async || -> usize {
        let page: Value = server.get("/api/v1/articles").await.json().await.unwrap();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(listed().await, 0);
    let outcome: Value = server.post("/api/v1/articles/restore", &ids).await.json().await.unwrap();
    assert_eq!(outcome["results"][0]["error"], Value::Null);
    assert_eq!(outcome["results"][1]["error"]["code"], "article_not_found");
    assert_eq!(listed().await, 2);
    let too_many: Vec<Uuid> = (0..101).map(Uuid::from_u128).collect();
    for ids in [json!([]), json!(too_many)] {
        let response = server.post("/api/v1/articles/delete", &json!({"ids": ids})).await;
        let (status, error) = error_of(response).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(error["param"], "ids");
    }
    for body in [json!({"ids": ["x"]}), json!({}), json!({"ids": [one], "all": true})] {
        let (status, _) = error_of(server.post("/api/v1/articles/restore", &body).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
}
