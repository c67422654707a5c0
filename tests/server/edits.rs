//! What a person changes becomes a revision, and nobody's words are lost by it.

use inkstream::article::generation::{Article, Revision};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Server, error_of};
use crate::upstream::{Script, Upstream};

async fn written(server: &Server) -> Article {
    let created = server.create(json!({"topic": "How Rust schedules async tasks"})).await;
    server.finished(created.id).await;
    article(server, created.article_id).await
}

async fn article(server: &Server, id: Uuid) -> Article {
    server.get(&format!("/api/v1/articles/{id}")).await.json().await.unwrap()
}

fn current(article: &Article) -> Uuid {
    article.revision.as_ref().unwrap().id
}

async fn edit(server: &Server, id: Uuid, base: Option<&str>, body: Value) -> Response {
    let mut request = server.request(Method::PATCH, &format!("/api/v1/articles/{id}"));
    if let Some(base) = base {
        request = request.header("If-Match", base);
    }
    request.json(&body).send().await.unwrap()
}

async fn save(server: &Server, article: &Article, text: &str) -> Article {
    let tag = format!("\"{}\"", current(article));
    let answer = edit(server, article.summary.id, Some(&tag), json!({"text": text})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_saved_text_is_a_revision_of_the_person_and_the_old_one_stays() {
    let server = Server::start().await;
    let before = written(&server).await;
    let id = before.summary.id;
    let got = server.get(&format!("/api/v1/articles/{id}")).await;
    let tag = got.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", current(&before)));

    let text = "# By hand\n\nA <script>alert(1)</script> word.\n\n```rust\nfn main() {}\n```\n";
    let answer = edit(&server, id, Some(&tag), json!({"text": text})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let new_tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let after: Article = answer.json().await.unwrap();
    let revision = after.revision.as_ref().unwrap();
    assert_eq!(new_tag, format!("\"{}\"", revision.id));
    assert_ne!(new_tag, tag);
    assert_eq!((revision.text.as_str(), revision.generation_id), (text, None));
    assert_eq!((revision.number, after.summary.revisions), (2, 2));
    assert_eq!(after.summary.title, "By hand");
    assert_eq!(revision.meta.slug, "by-hand");
    assert!(!revision.highlights.is_empty(), "code is coloured");
    let html = server.state.store.revision_html(revision.id).await.unwrap().unwrap();
    assert!(!html.contains("script"), "{html}");
    assert!(html.contains("<span class=\"k\">fn "), "{html}");

    let listed: Value =
        server.get(&format!("/api/v1/articles/{id}/revisions")).await.json().await.unwrap();
    assert_eq!(listed[0]["generation_id"], Value::Null);
    assert_eq!((&listed[0]["model"], &listed[0]["usage"]["completion"]), (&Value::Null, &json!(0)));
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(listed[1]["id"], json!(current(&before)));
}

#[tokio::test]
async fn an_edit_of_what_has_changed_meanwhile_is_answered_with_both() {
    let server = Server::start().await;
    let before = written(&server).await;
    let first = save(&server, &before, "# One\n\nfirst").await;
    let id = before.summary.id;
    let old = format!("\"{}\"", current(&before));
    let answer = edit(&server, id, Some(&old), json!({"text": "# Two\n\nsecond"})).await;
    assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "revision_conflict");
    assert!(!body["error"]["request_id"].as_str().unwrap().is_empty());
    let theirs: Revision = serde_json::from_value(body["current"].clone()).unwrap();
    assert_eq!((theirs.id, theirs.text.as_str()), (current(&first), "# One\n\nfirst"));

    let now = article(&server, id).await;
    assert_eq!(current(&now), theirs.id, "nothing was changed");
    let tag = format!("\"{}\"", theirs.id);
    let answer = edit(&server, id, Some(&tag), json!({"text": "# Two\n\nsecond"})).await;
    assert_eq!(answer.status(), StatusCode::OK, "mine as the newest");
}

#[tokio::test]
async fn a_refusal_can_be_read_by_who_takes_compressed_answers() {
    let server = Server::start().await;
    let before = written(&server).await;
    let path = format!("/api/v1/articles/{}", before.summary.id);
    for (tag, status) in [(None, 428), (Some("\"other\""), 412)] {
        let mut request =
            server.request(Method::PATCH, &path).header("Accept-Encoding", "gzip, br");
        if let Some(tag) = tag {
            request = request.header("If-Match", tag);
        }
        let answer = request.json(&json!({"text": "a"})).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().get("content-encoding"), None);
        let body: Value = answer.json().await.unwrap();
        assert!(body["error"]["resolution"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn of_two_that_save_at_once_one_is_told() {
    let server = Server::start().await;
    let before = written(&server).await;
    let (id, tag) = (before.summary.id, format!("\"{}\"", current(&before)));
    let (a, b) = tokio::join!(
        edit(&server, id, Some(&tag), json!({"text": "a"})),
        edit(&server, id, Some(&tag), json!({"text": "b"})),
    );
    let mut statuses = [a.status().as_u16(), b.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(article(&server, id).await.summary.revisions, 2);
}

#[tokio::test]
async fn a_text_says_which_revision_it_changes() {
    let server = Server::start().await;
    let before = written(&server).await;
    let id = before.summary.id;
    let (status, error) = error_of(edit(&server, id, None, json!({"text": "a"})).await).await;
    assert_eq!((status.as_u16(), &error["param"]), (428, &json!("If-Match")));
    let weak = format!("W/\"{}\"", current(&before));
    let gone = format!("\"{}\"", Uuid::from_u128(7));
    for tag in ["", "nonsense", &gone, &weak] {
        let answer = edit(&server, id, Some(tag), json!({"text": "a"})).await;
        assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED, "{tag}");
    }
    let answer = edit(&server, id, Some("*"), json!({"text": "a"})).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_title_can_be_changed_alone_and_with_a_text() {
    let server = Server::start().await;
    let before = written(&server).await;
    let id = before.summary.id;
    let answer = edit(&server, id, None, json!({"title": "  New\n title "})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let renamed: Article = answer.json().await.unwrap();
    assert_eq!(renamed.summary.title, "New title");
    assert_eq!(current(&renamed), current(&before));
    let tag = format!("\"{}\"", current(&before));
    let both = json!({"title": "Mine", "text": "# Heading\n\nb"});
    let saved: Article = edit(&server, id, Some(&tag), both).await.json().await.unwrap();
    assert_eq!(saved.summary.title, "Mine");
}

#[tokio::test]
async fn edits_that_cannot_be_are_refused_by_field() {
    let server = Server::start().await;
    let before = written(&server).await;
    let (id, tag) = (before.summary.id, format!("\"{}\"", current(&before)));
    for (body, status, param) in [
        (json!({}), 422, Value::Null),
        (json!({"text": " \n\u{3000}"}), 422, json!("text")),
        (json!({"text": "a", "title": " "}), 422, json!("title")),
        (json!({"text": "字".repeat(5 << 20).get(..5_242_878)}), 422, json!("text")),
        (json!({"text": "a".repeat(9 << 20)}), 413, json!("text")),
        (json!({"text": 1}), 400, json!("text")),
        (json!({"words": "a"}), 400, json!("words")),
    ] {
        let (got, error) = error_of(edit(&server, id, Some(&tag), body).await).await;
        assert_eq!((got.as_u16(), &error["param"]), (status, &param), "{error}");
    }
    let unknown = Uuid::from_u128(7);
    let (status, _) =
        error_of(edit(&server, unknown, Some(&tag), json!({"text": "a"})).await).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(article(&server, id).await.summary.revisions, 1, "nothing was stored");
}

#[tokio::test]
async fn a_text_of_2_mib_is_taken_and_line_breaks_are_line_feeds() {
    let server = Server::start().await;
    let before = written(&server).await;
    let long = "# a\r\n\r\nb\rc\0d\r\n\r\n".to_owned() + &"word and word. \n".repeat(131_000);
    let saved = save(&server, &before, &long).await;
    let kept = saved.revision.unwrap().text;
    assert!(kept.starts_with("# a\n\nb\ncd\n\nword"), "{:?}", &kept[..20]);
    assert!(kept.len() > 2_000_000 && !kept.contains(['\r', '\0']));
}

#[tokio::test]
async fn while_a_revision_is_being_written_a_text_is_refused_and_nothing_is_changed() {
    let upstream =
        Upstream::start(vec![Script::new().text("# Held\n\nsome words").silence()]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "a"})).await;
    server.reader(created.id, 0).await.until("delta").await;
    let id = created.article_id;
    let (status, error) = error_of(edit(&server, id, Some("*"), json!({"text": "a"})).await).await;
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("generation_running")));
    let stop = format!("/api/v1/generations/{}/cancel", created.id);
    server.request(Method::POST, &stop).send().await.unwrap();
    let answer = edit(&server, id, Some("*"), json!({"text": "# Mine\n\na"})).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_article_can_be_taken_away_as_markdown_and_as_a_page() {
    let server = Server::start().await;
    let before = written(&server).await;
    let id = before.summary.id;
    let text = "# 缓存 \"与\" </title><script>x\n\nA [bad](javascript:x) and a \
                [good](https://a.b/) link.\n\n```rust\nfn main() {}\n```\n";
    save(&server, &before, text).await;
    let export = |query: &'static str| {
        let address = format!("/api/v1/articles/{id}/export{query}");
        let server = &server;
        async move { server.get(&address).await }
    };

    let markdown = export("").await;
    assert_eq!(markdown.headers()["content-type"], "text/markdown; charset=utf-8");
    let disposition = markdown.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; filename=\"huan-cun-yu"), "{disposition}");
    assert!(disposition.contains("; filename*=UTF-8''%E7%BC%93%E5%AD%98%20"), "{disposition}");
    let file = markdown.text().await.unwrap();
    assert!(file.starts_with("---\ntitle: \"缓存 \\\"与\\\""), "{file}");
    assert!(file.ends_with(text), "{file}");

    let page = export("?format=html").await;
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("javascript:"), "{page}");
    assert!(page.contains("<style>") && page.contains("<span class=\"k\">fn "));
    assert!(page.contains("href=\"https://a.b/\""));

    let old = format!("?format=markdown&revision={}", current(&before));
    let file =
        server.get(&format!("/api/v1/articles/{id}/export{old}")).await.text().await.unwrap();
    assert!(file.ends_with(&before.revision.unwrap().text));
    let (status, error) = error_of(export("?format=pdf").await).await;
    assert_eq!((status.as_u16(), &error["param"]), (400, &json!("format")));
    let unknown = export("?revision=01890a5d-ac96-774b-bcce-b302099a8057").await;
    assert_eq!(error_of(unknown).await.0.as_u16(), 404);
}

#[tokio::test]
async fn what_a_person_wrote_is_found_and_their_title_outlives_the_next_revision() {
    let server = Server::start().await;
    let before = written(&server).await;
    let id = before.summary.id;
    let body = json!({"title": "Hornbeam by hand", "text": "# Another\n\nA 鹅耳枥 stands here."});
    let tag = format!("\"{}\"", current(&before));
    assert_eq!(edit(&server, id, Some(&tag), body).await.status(), StatusCode::OK);
    let found = async |words: &str| -> Vec<Value> {
        let path = reqwest::Url::parse_with_params("http://x/api/v1/articles", [("q", words)]);
        let path = path.unwrap();
        let answer = server.get(&format!("{}?{}", path.path(), path.query().unwrap())).await;
        let page: Value = answer.json().await.unwrap();
        page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
    };
    assert_eq!(found("鹅耳枥").await, [json!(id)]);
    assert_eq!(found("hornbeam").await, [json!(id)]);

    let again = server
        .post(&format!("/api/v1/articles/{id}/generations"), &json!({"topic": "Quite another"}))
        .await;
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    let again: Value = again.json().await.unwrap();
    server.finished(again["id"].as_str().unwrap()).await;
    let after = article(&server, id).await;
    assert_eq!((after.summary.revisions, after.summary.title.as_str()), (3, "Hornbeam by hand"));
    assert_eq!(found("鹅耳枥").await, [] as [Value; 0], "the text is another");
    assert_eq!(found("hornbeam").await, [json!(id)]);
}
