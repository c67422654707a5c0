//! `format: html`: the model writes HTML, and the article is like every other.

use inkstream::article::event::GenerationState;
use inkstream::article::generation::Article;
use serde_json::{Value, json};

use crate::support::Server;
use crate::upstream::{Script, Upstream};

const HTML: &[&str] = &[
    "<h1>On lo",
    "cks</h1>\n<p>A lock is <strong>held</st",
    "rong> &amp; freed.<script>al",
    "ert(1)</script>",
    "\n<ul><li>one<li onclick=x>two</ul><pre><code class=\"language-rust\">fn a() {}\n",
    "let b = 1;\n</code></pre>",
    "<table><tr><th>a<th align=right>b<tr><td>1<td>2</table><p><a href=\"javascript:x\">bad</a> <a href=\"/ok\">good</a>",
];

#[tokio::test]
async fn html_becomes_an_article_that_is_markdown_from_then_on() {
    let upstream = Upstream::start(vec![Script::new().completion(HTML)]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "locks", "format": "html"})).await;
    let events = server.events(created.id, 0).await;
    let colours = events.iter().filter(|event| event.name == "highlight").count();
    assert!(colours >= 2, "both lines of code are coloured while it is written: {colours}");
    let done = server.finished(created.id).await;
    assert_eq!((done.state, done.text), (GenerationState::Done, HTML.concat()));

    let sent = upstream.request(0).await.body["messages"].to_string();
    assert!(sent.contains("HTML only") && !sent.contains("Markdown only"), "{sent}");

    let path = format!("/api/v1/articles/{}", created.article_id);
    let article: Article = server.get(&path).await.json().await.unwrap();
    assert_eq!(article.summary.title, "On locks");
    let revision = article.revision.unwrap();
    assert_eq!(
        revision.text,
        "# On locks\n\nA lock is **held** & freed.\n\n- one\n- two\n\n```rust\nfn a() {}\nlet b = 1;\n```\n\n\
         | a | b |\n| --- | --: |\n| 1 | 2 |\n\nbad [good](/ok)\n"
    );
    assert_eq!(revision.highlights.len(), colours);
    let html = server.get(&format!("{path}/export?format=html")).await.text().await.unwrap();
    for part in ["<strong>held</strong> &amp; freed.", "<span class=\"k\">fn </span>"] {
        assert!(html.contains(part), "{part}: {}", html.split("<figure").last().unwrap());
    }
    assert!(
        !html.contains("alert(1)") && !html.contains("javascript") && !html.contains("onclick")
    );
}

#[tokio::test]
async fn half_of_it_is_shown_as_what_it_is_and_continue_goes_on_in_html() {
    let first = Script::new().text("<h2>One</h2><p>a <b>b").close();
    let second = Script::new().completion(&["</b> c</p><h2>Two</h2>"]);
    let upstream = Upstream::start(vec![first, second]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "a", "format": "html"})).await;
    assert_eq!(server.finished(created.id).await.state, GenerationState::Failed);
    let page = server.get(&format!("/articles/{}", created.article_id)).await.text().await.unwrap();
    assert!(page.contains("<p>a <strong>b</strong></p>"), "the revision of what is there");
    let path = format!("/api/v1/generations/{}/continue", created.id);
    let next: Value = server.post(&path, &json!({})).await.json().await.unwrap();
    let next = server.finished(next["id"].as_str().unwrap()).await;
    assert_eq!(next.text, "<h2>One</h2><p>a <b>b</b> c</p><h2>Two</h2>");
    let article: Article =
        server.get(&format!("/api/v1/articles/{}", created.article_id)).await.json().await.unwrap();
    assert_eq!(article.revision.unwrap().text, "## One\n\na **b** c\n\n## Two\n");
}

#[tokio::test]
async fn the_demo_writes_html_when_it_is_asked_to() {
    let server = Server::start().await;
    let brief = json!({"topic": "How Rust schedules async tasks", "format": "html", "model": "demo/instant"});
    let created = server.create(brief).await;
    let done = server.finished(created.id).await;
    assert!(done.text.starts_with("<h1 "), "{}", &done.text[..80]);
    let path = format!("/api/v1/articles/{}", created.article_id);
    let article: Article = server.get(&path).await.json().await.unwrap();
    assert!(article.revision.unwrap().text.starts_with("# How Rust schedules async tasks\n"));
}
