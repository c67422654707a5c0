//! A failing model API is the normal case: what comes of it is exact, said, and never lost.

use std::time::Duration;

use inkstream::article::event::GenerationState;
use inkstream::article::generation::{AttemptOutcome, Generation};
use inkstream::article::problem::Code;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PATIENCE, Server, database_in, error_of, text_of};
use crate::upstream::{Gate, Script, Upstream};

/// Runs one generation against one script to its end.
async fn ended(script: Script) -> Generation {
    let upstream = Upstream::start(vec![script]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "a"})).await;
    server.finished(created.id).await
}

#[tokio::test]
async fn a_real_completion_is_exact_and_its_cost_is_settled_by_what_was_reported() {
    let done = ended(Script::new().completion(&["# T\n\n", "Héllo ", "世界 🦀", "\r\n"])).await;
    assert_eq!(done.state, GenerationState::Done);
    assert_eq!(done.text, "# T\n\nHéllo 世界 🦀\r\n");
    assert!(!done.usage.estimated);
    let cost = done.usage.prompt + 2 * done.usage.completion;
    assert_eq!(done.usage.cost, i64::try_from(cost).ok());
    assert_eq!(done.usage.currency.as_deref(), Some("CNY"));
}

#[tokio::test]
async fn the_topic_reaches_the_model_verbatim_with_the_request_id_and_the_parameters() {
    let upstream = Upstream::start(vec![Script::new().completion(&["x"])]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let topic = "  Ünïcode “quotes” \\ {{tone}}\n第二行 <script>  ";
    let brief = json!({"topic": topic, "stop": ["END"], "max_tokens": 77, "temperature": 0.5});
    let request = server.request(Method::POST, "/api/v1/generations");
    let response = request.header("X-Request-ID", "trace-7").json(&brief).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let sent = upstream.request(0).await;
    let user = sent.body["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    assert!(user.as_str().unwrap().contains(topic), "{user}");
    assert_eq!(sent.header("x-request-id"), Some("trace-7"));
    assert_eq!(sent.header("authorization"), Some("Bearer sk-secret-of-the-test"));
    for (field, value) in [
        ("model", json!("the-model")),
        ("stream", json!(true)),
        ("temperature", json!(0.5)),
        ("top_p", json!(0.95)),
        ("max_tokens", json!(77)),
        ("frequency_penalty", json!(0.1)),
        ("presence_penalty", json!(0.1)),
        ("stop", json!(["END"])),
    ] {
        assert_eq!(sent.body[field], value, "{field}");
    }
}

#[tokio::test]
async fn reasoning_is_kept_apart_from_the_text() {
    let upstream = Upstream::start(vec![
        Script::new()
            .text("<th")
            .text("ink>why")
            .text("</think>\n\n")
            .text("# T\n")
            .finish("stop")
            .done(),
    ])
    .await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "a"})).await;
    let events = server.events(created.id, 0).await;
    assert_eq!(text_of(&events), "# T\n");
    let reasoning: String = events
        .iter()
        .filter(|event| event.name == "reasoning")
        .map(|event| event.data["text"].as_str().unwrap())
        .collect();
    assert_eq!(reasoning, "why\n\n", "the white space after it is not the article's");
}

#[tokio::test]
async fn what_breaks_off_keeps_its_text_and_never_counts_as_complete() {
    let begun = || Script::new().text("# T\n\n").text("half");
    for (script, code) in [
        (begun().close(), Code::UpstreamTruncated),
        (begun().reset(), Code::UpstreamTruncated),
        (begun(), Code::UpstreamTruncated),
        (begun().sse(r#"{"error": {"message": "overloaded", "code": 503}}"#), Code::UpstreamFailed),
        (begun().sse("x".repeat(5 << 20)), Code::UpstreamMalformed),
    ] {
        let failed = ended(script).await;
        let problem = failed.error.unwrap();
        assert_eq!(failed.state, GenerationState::Failed, "{problem}");
        assert_eq!(failed.text, "# T\n\nhalf", "{problem}");
        assert!(failed.revision_id.is_some());
        assert_eq!(problem.code, code, "{problem}");
        assert_eq!(failed.attempts[0].outcome, Some(AttemptOutcome::Failed));
    }
}

#[tokio::test]
async fn the_meaning_of_an_upstream_refusal_survives_and_no_key_does() {
    for (script, code) in [
        (Script::new().error(401, "bad key sk-secret-of-the-test"), Code::UpstreamUnauthorized),
        (Script::new().error(429, "slow down").header("Retry-After", 7), Code::UpstreamRateLimited),
        (Script::new().error(400, "no such parameter"), Code::UpstreamRejected),
        (Script::new().error(500, "oops"), Code::UpstreamFailed),
        (Script::new().html(), Code::UpstreamMalformed),
    ] {
        let failed = ended(script).await;
        let problem = failed.error.unwrap();
        assert_eq!((failed.state, problem.code), (GenerationState::Failed, code), "{problem}");
        assert!(!problem.to_string().contains("secret-of-the-test"), "{problem}");
        assert!(!problem.resolution.is_empty());
        assert!(!problem.request_id.is_empty(), "{problem}: the log knows it by its request");
        assert_eq!(failed.revision_id, None);
        assert_eq!(failed.usage.cost, Some(0), "{problem}: a refusal costs nothing");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_to_be_down() {
    // A port that was free a moment ago, and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::before(&format!("http://127.0.0.1:{port}/v1"), &[]).await;
    let created = server.create(json!({"topic": "a"})).await;
    let problem = server.finished(created.id).await.error.unwrap();
    assert_eq!(problem.code, Code::UpstreamUnreachable);
    assert!(problem.to_string().contains(&port.to_string()), "{problem}");
}

#[tokio::test]
async fn silence_ends_at_its_limit_before_and_after_the_first_word() {
    // The other limit is longer than the test waits.
    for (script, text, limit) in [
        (Script::new().silence(), "", "INKSTREAM_FIRST_TOKEN_TIMEOUT_S"),
        (Script::new().text("half").silence(), "half", "INKSTREAM_IDLE_TIMEOUT_S"),
    ] {
        let upstream = Upstream::start(vec![script]).await;
        let server = Server::before(&upstream.base_url(), &[(limit, "1")]).await;
        let created = server.create(json!({"topic": "a"})).await;
        let failed = server.finished(created.id).await;
        assert_eq!(failed.text, text);
        assert_eq!(failed.error.unwrap().code, Code::UpstreamTimeout);
        tokio::time::timeout(PATIENCE, upstream.closed()).await.expect("upstream stays open");
    }
}

#[tokio::test]
async fn a_text_without_end_is_cut_at_the_limit() {
    let upstream = Upstream::start(vec![Script::new().endless("字字字字", Duration::ZERO)]).await;
    let limit = [("INKSTREAM_MAX_TEXT_BYTES", "10000")];
    let server = Server::before(&upstream.base_url(), &limit).await;
    let created = server.create(json!({"topic": "a"})).await;
    let failed = server.finished(created.id).await;
    assert_eq!(failed.error.unwrap().code, Code::TextTooLong);
    assert_eq!(failed.text.len(), 9999, "whole characters within the limit");
}

#[tokio::test]
async fn stop_closes_upstream_in_every_state() {
    let gate = Gate::new();
    for script in [
        Script::new().pause(&gate).completion(&["x"]),
        Script::new().head().silence(),
        Script::new().text("half").silence(),
        Script::new().endless("word ", Duration::from_millis(1)),
    ] {
        let upstream = Upstream::start(vec![script]).await;
        let server = Server::before(&upstream.base_url(), &[]).await;
        let created = server.create(json!({"topic": "a"})).await;
        upstream.request(0).await;
        let path = format!("/api/v1/generations/{}/cancel", created.id);
        let response = server.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let stopped: Value = response.json().await.unwrap();
        assert_eq!(stopped["state"], "cancelled");
        tokio::time::timeout(PATIENCE, upstream.closed()).await.expect("upstream stays open");
    }
}

#[tokio::test]
async fn stop_works_while_more_money_is_asked_of_a_store_that_is_stuck() {
    let gate = Gate::new();
    let long = "word ".repeat(4000);
    let upstream =
        Upstream::start(vec![Script::new().text("a").pause(&gate).text(&long).silence()]).await;
    let server = Server::before(&upstream.base_url(), &[("INKSTREAM_DAILY_BUDGET", "1000")]).await;
    let created = server.create(json!({"topic": "a", "length": 100})).await;
    gate.reached().await;
    let database = database_in(server.data.path()).await;
    let lock = database.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut reader = server.reader(created.id, 0).await;
    gate.open();
    // What it costs is asked for behind the text.
    let mut heard = 0;
    while heard < long.len() {
        heard += reader.until("delta").await.data["text"].as_str().unwrap().len();
    }
    let path = format!("/api/v1/generations/{}/cancel", created.id);
    let stop = server.request(Method::POST, &path).send();
    let unlock = async {
        tokio::time::timeout(PATIENCE, upstream.closed()).await.expect("upstream stays open");
        lock.rollback().await.unwrap();
    };
    let (stopped, ()) = tokio::join!(stop, unlock);
    assert_eq!(stopped.unwrap().status(), StatusCode::OK);
    assert_eq!(server.generation(created.id).await.state, GenerationState::Cancelled);
}

#[tokio::test]
async fn no_more_are_let_in_than_may_wait_however_they_ask() {
    let upstream = Upstream::start(vec![Script::new().silence()]).await;
    let one_place = [("INKSTREAM_MAX_CONCURRENT", "1")];
    let server = Server::before(&upstream.base_url(), &one_place).await;
    let ask = async |key: usize| {
        let request = server
            .request(Method::POST, "/api/v1/generations")
            .header("idempotency-key", format!("key {key}"))
            .json(&json!({"topic": "a"}));
        request.send().await.unwrap()
    };
    let (mut let_in, mut refused) = (Vec::new(), Vec::new());
    let answers = futures_util::future::join_all((0..12).map(&ask)).await;
    for (key, answer) in answers.into_iter().enumerate() {
        match answer.status() {
            StatusCode::ACCEPTED => let_in.push((key, answer.json::<Generation>().await.unwrap())),
            StatusCode::SERVICE_UNAVAILABLE => refused.push(key),
            other => panic!("{other}"),
        }
    }
    assert_eq!(let_in.len(), 6, "one that is written and five that wait");
    // Who has lost the answer gets it again, though there is room for nobody else.
    let (key, first) = &let_in[5];
    assert_eq!(ask(*key).await.json::<Generation>().await.unwrap().id, first.id);
    assert_eq!(ask(refused[0]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    // What ends, and what is refused for its key, gives its place back.
    let path = format!("/api/v1/generations/{}/cancel", first.id);
    assert_eq!(server.post(&path, &Value::Null).await.status(), StatusCode::OK);
    for _ in 0..3 {
        let other = server
            .request(Method::POST, "/api/v1/generations")
            .header("idempotency-key", format!("key {key}"))
            .json(&json!({"topic": "another"}))
            .send();
        assert_eq!(other.await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(ask(refused[0]).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn stop_works_while_a_generation_waits_in_line() {
    let upstream = Upstream::start(vec![Script::new().silence(), Script::new().silence()]).await;
    let one_place = [("INKSTREAM_MAX_CONCURRENT", "1")];
    let server = Server::before(&upstream.base_url(), &one_place).await;
    server.create(json!({"topic": "a"})).await;
    upstream.request(0).await;
    let waiting = server.create(json!({"topic": "b"})).await;
    assert_eq!(server.generation(waiting.id).await.state, GenerationState::Queued);
    let path = format!("/api/v1/generations/{}/cancel", waiting.id);
    assert_eq!(server.request(Method::POST, &path).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(server.generation(waiting.id).await.state, GenerationState::Cancelled);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn max_tokens_of_the_brief_ends_a_text_and_the_models_own_limit_cuts_it() {
    let script = || Script::new().text("# T\n").finish("length").done();
    let upstream = Upstream::start(vec![script(), script()]).await;
    let server =
        Server::before(&upstream.base_url(), &[("INKSTREAM_MAX_CONTINUATIONS", "0")]).await;
    let asked = server.create(json!({"topic": "a", "max_tokens": 5})).await;
    let events = server.events(asked.id, 0).await;
    assert!(events.iter().any(|event| event.data["kind"] == "max_tokens"));
    assert_eq!(server.generation(asked.id).await.state, GenerationState::Done);
    let cut = server.create(json!({"topic": "a"})).await;
    let cut = server.finished(cut.id).await;
    assert_eq!(cut.error.unwrap().code, Code::AnswerLimit);
}

#[tokio::test]
async fn continue_sends_the_text_and_joins_what_the_model_repeats() {
    let upstream = Upstream::start(vec![
        Script::new().text("# Title\n\nThe quick brown fox").close(),
        Script::new().completion(&["quick bro", "wn fox jumps."]),
    ])
    .await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let first = server.create(json!({"topic": "a"})).await;
    server.finished(first.id).await;
    let path = format!("/api/v1/generations/{}/continue", first.id);
    let on: Generation = server.post(&path, &json!({})).await.json().await.unwrap();
    let events = server.events(on.id, 0).await;
    assert_eq!(text_of(&events), "# Title\n\nThe quick brown fox jumps.");
    let sent = upstream.request(1).await.body.to_string();
    assert!(sent.contains("The quick brown fox"), "{sent}");
}

#[tokio::test]
async fn a_full_disk_refuses_new_articles_and_loses_none() {
    let gate = Gate::new();
    let upstream = Upstream::start(vec![
        Script::new()
            .text("# T\n\nhalf")
            .pause(&gate)
            .text(&" and more".repeat(2000))
            .finish("stop")
            .done(),
        Script::new().completion(&["x"]),
    ])
    .await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "a"})).await;
    server.reader(created.id, 0).await.until("delta").await;
    server.state.store.limit_size(Some(1)).await.unwrap();
    let brief = json!({"topic": "b".repeat(500), "audience": "c".repeat(500)});
    let mut refused = server.post("/api/v1/generations", &brief).await;
    // The last pages that the file has already may still hold a few.
    for _ in 0..100 {
        if refused.status() != StatusCode::ACCEPTED {
            break;
        }
        refused = server.post("/api/v1/generations", &brief).await;
    }
    assert!(refused.headers().contains_key("retry-after"));
    let (status, error) = error_of(refused).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(error["code"], "storage_unavailable");
    gate.open();
    let done = server.finished(created.id).await;
    assert_eq!(done.state, GenerationState::Done, "readers hear the end all the same");
    server.state.store.limit_size(None).await.unwrap();
    let server = server.restart().await;
    let kept = server.generation(created.id).await;
    assert_eq!(kept.text, done.text);
}

#[tokio::test]
async fn a_topic_of_several_lines_is_a_title_of_one() {
    let upstream = Upstream::start(vec![Script::new().completion(&["No heading."])]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": " Redis locks\r\nfor\u{202e} beginners "})).await;
    let path = format!("/api/v1/articles/{}", created.article_id);
    let title = async || {
        let article: serde_json::Value = server.get(&path).await.json().await.unwrap();
        article["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title().await, "Redis locks for beginners");
    server.finished(created.id).await;
    assert_eq!(title().await, "Redis locks for beginners");
}

#[tokio::test]
async fn a_hostile_title_stays_text_in_the_head_of_the_page() {
    let title = "# `</title><meta http-equiv=refresh content=0;url=https://evil.example>`\n\nx";
    let upstream = Upstream::start(vec![Script::new().completion(&[title])]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let created = server.create(json!({"topic": "a"})).await;
    server.finished(created.id).await;
    let page = server.get(&format!("/articles/{}", created.article_id)).await;
    let page = page.text().await.unwrap();
    assert!(!page.contains("<meta http-equiv"), "{page}");
    assert_eq!(page.matches("</title>").count(), 1, "{page}");
}

#[tokio::test]
async fn a_continuation_stopped_in_line_keeps_the_earlier_text_as_a_revision() {
    let upstream = Upstream::start(vec![
        Script::new().text("# T\n\nhalf").close(),
        Script::new().silence(),
        Script::new().silence(),
    ])
    .await;
    let server = Server::before(&upstream.base_url(), &[("INKSTREAM_MAX_CONCURRENT", "1")]).await;
    let first = server.create(json!({"topic": "a"})).await;
    server.finished(first.id).await;
    server.create(json!({"topic": "b"})).await;
    upstream.request(1).await;
    let path = format!("/api/v1/generations/{}/continue", first.id);
    let waiting: Generation = server.post(&path, &json!({})).await.json().await.unwrap();
    let path = format!("/api/v1/generations/{}/cancel", waiting.id);
    server.request(Method::POST, &path).send().await.unwrap();
    let stopped = server.generation(waiting.id).await;
    assert_eq!((stopped.text.as_str(), stopped.state), ("# T\n\nhalf", GenerationState::Cancelled));
    assert!(stopped.revision_id.is_some());
}
