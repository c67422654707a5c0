//! The main job: a brief becomes an article, and nothing of it is lost.

use inkstream::article::brief::Brief;
use inkstream::article::event::{Event, GenerationState, Seq};
use inkstream::server::generations::Followed;
use inkstream::server::store::records::{ArticleRef, EventBatch, NewGeneration};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{PATIENCE, Reader, Server, database_in, error_of, text_of};
use crate::upstream::{Gate, Script, Upstream};

#[tokio::test]
async fn a_topic_becomes_an_article() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "How Rust schedules async tasks"})).await;
    let events = server.events(created.id, 0).await;

    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert_eq!((events[0].id, events[0].name.as_str()), (1, "accepted"));
    let expected = Event::Accepted { generation: created.id, article: created.article_id };
    assert_eq!(events[0].typed(), expected);
    let stages: Vec<_> = events
        .iter()
        .filter(|event| event.name == "stage")
        .map(|event| event.data["stage"].as_str().unwrap())
        .collect();
    assert_eq!(stages, ["preprocess", "route", "generate", "postprocess"]);
    let place = |name| events.iter().position(|event| event.name == name).expect(name);
    assert!(place("routed") < place("delta"));
    assert!(place("delta") < place("usage"), "the figures never come before the first word");
    assert!(place("meta") < place("done"));
    assert_eq!(events.last().unwrap().name, "done");

    let done = server.generation(created.id).await;
    assert_eq!(done.state, GenerationState::Done);
    assert_eq!(done.text, text_of(&events));
    assert_eq!(done.last_seq.0, events.last().unwrap().id);
    assert_eq!(done.attempts.len(), 1);
    assert_eq!(done.attempts[0].usage, done.usage);
    let article: Value =
        server.get(&format!("/api/v1/articles/{}", created.article_id)).await.json().await.unwrap();
    assert_eq!(article["revision"]["text"], json!(done.text));
    assert_eq!(article["state"], "done");
}

#[tokio::test]
async fn code_is_coloured_line_by_line_in_events_and_in_the_revision_alike() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "How Rust schedules async tasks"})).await;
    let events = server.events(created.id, 0).await;
    let lines: Vec<_> =
        events.iter().filter(|event| event.name == "highlight").map(|e| e.data.clone()).collect();
    assert!(!lines.is_empty());
    let article: Value =
        server.get(&format!("/api/v1/articles/{}", created.article_id)).await.json().await.unwrap();
    assert_eq!(article["revision"]["highlights"], Value::Array(lines));
}

#[tokio::test]
async fn every_seq_is_a_cursor_and_gives_exactly_the_rest() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "PostgreSQL or SQLite"})).await;
    let whole = server.finished(created.id).await;
    let all = server.events(created.id, 0).await;
    for after in [1, 2, 3, 7, 50, whole.last_seq.0 - 2, whole.last_seq.0 - 1] {
        let rest = server.events(created.id, after).await;
        assert!(rest.iter().all(|event| event.id > after));
        assert!(whole.text.ends_with(&text_of(&rest)), "after {after}");
        let others = |events: &[crate::support::Heard]| -> Vec<_> {
            let later = events.iter().filter(|event| event.id > after && event.name != "delta");
            later.cloned().collect()
        };
        assert_eq!(others(&rest), others(&all), "after {after}");
    }
    let at_end = server
        .request(Method::GET, &format!("/api/v1/generations/{}/events", created.id))
        .header("Last-Event-ID", whole.last_seq.0)
        .send()
        .await
        .unwrap();
    assert_eq!(at_end.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn asked_for_events_the_stream_begins_at_once() {
    let server = Server::start().await;
    let response = server
        .request(Method::POST, "/api/v1/generations")
        .header("Accept", "text/event-stream")
        .json(&json!({"topic": "Kubernetes probes"}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert!(response.headers().get("content-encoding").is_none());
    let mut reader = Reader::of(response);
    assert_eq!(reader.next().await.unwrap().name, "accepted");
    reader.until("done").await;
    assert_eq!(reader.next().await, None);
}

#[tokio::test]
async fn a_slow_article_can_be_stopped_continued_and_written_anew() {
    let server = Server::start_with("[routes]\ndefault = [\"demo/steady\"]\n", &[]).await;
    let created = server.create(json!({"topic": "Rust async"})).await;
    let mut reader = server.reader(created.id, 0).await;
    reader.until("delta").await;

    let path = format!("/api/v1/generations/{}/cancel", created.id);
    let stopped = server.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(stopped.status(), StatusCode::OK);
    let stopped: Value = stopped.json().await.unwrap();
    assert_eq!(stopped["state"], "cancelled");
    let receipt = reader.until("cancelled").await;
    assert!(receipt.data["upstream_closed_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    assert!(receipt.data["usage"]["completion"].as_u64().is_some_and(|tokens| tokens > 0));
    assert_eq!(reader.next().await, None);
    let partial = server.generation(created.id).await;
    assert!(!partial.text.is_empty());
    assert!(partial.revision_id.is_some());

    let (status, error) = error_of(server.request(Method::POST, &path).send().await.unwrap()).await;
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("generation_ended")));

    let path = format!("/api/v1/generations/{}/continue", created.id);
    let response = server.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let on: Value = response.json().await.unwrap();
    assert_eq!(on["continues"], json!(created.id));
    assert_eq!(on["article_id"], json!(created.article_id));
    let id = on["id"].as_str().unwrap();
    let mut reader = server.reader(id, 0).await;
    assert_eq!(reader.next().await.unwrap().name, "accepted");
    let earlier = reader.next().await.unwrap();
    assert_eq!(earlier.data["text"], json!(partial.text));
    reader.until("delta").await;
    let running = error_of(
        server
            .request(Method::POST, &format!("/api/v1/generations/{id}/continue"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(running.1["code"], "generation_running");
    server.request(Method::POST, &format!("/api/v1/generations/{id}/cancel")).send().await.unwrap();
    let longer = server.generation(id).await;
    assert!(longer.text.starts_with(&partial.text) && longer.text.len() > partial.text.len());

    let path = format!("/api/v1/articles/{}/generations", created.article_id);
    let again = server.post(&path, &json!({"topic": "Rust async", "model": "demo/instant"})).await;
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    let again: Value = again.json().await.unwrap();
    let whole = server.finished(again["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap()).await;
    assert_eq!(whole.state, GenerationState::Done);

    let path = format!("/api/v1/articles/{}/revisions", created.article_id);
    let revisions: Value = server.get(&path).await.json().await.unwrap();
    let revisions = revisions.as_array().unwrap();
    assert_eq!(revisions.len(), 3);
    assert_eq!(revisions[0]["current"], true);
    let first = &revisions[2];
    assert_eq!(first["number"], 1);
    let path = format!("{path}/{}/restore", first["id"].as_str().unwrap());
    let article: Value =
        server.request(Method::POST, &path).send().await.unwrap().json().await.unwrap();
    assert_eq!(article["revision"]["id"], first["id"]);
    assert_eq!(article["revision"]["text"], json!(partial.text));
    let complete = format!("/api/v1/generations/{}/continue", whole.id);
    let (status, error) =
        error_of(server.request(Method::POST, &complete).send().await.unwrap()).await;
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("generation_ended")));
}

#[tokio::test]
async fn nothing_is_lost_across_a_restart() {
    let server = Server::start_with("[routes]\ndefault = [\"demo/steady\"]\n", &[]).await;
    let done = server.create(json!({"topic": "Rust", "model": "demo/instant"})).await;
    let done = server.finished(done.id).await;
    let all = server.events(done.id, 0).await;
    let cut = server.create(json!({"topic": "Rust async"})).await;
    let mut reader = server.reader(cut.id, 0).await;
    let mut heard = vec![reader.until("delta").await];

    let server = server.restart().await;
    // Its readers were let go with its last event.
    while let Some(event) = reader.next().await {
        heard.push(event);
    }
    assert_eq!(heard.last().unwrap().name, "interrupted");
    assert_eq!(server.generation(done.id).await, done);
    assert_eq!(server.events(done.id, 0).await, all);
    let interrupted = server.generation(cut.id).await;
    assert_eq!(interrupted.state, GenerationState::Interrupted);
    assert_eq!(
        (&interrupted.text, interrupted.last_seq.0),
        (&text_of(&heard), heard.last().unwrap().id)
    );
    assert!(interrupted.revision_id.is_some());
    let path = format!("/api/v1/generations/{}/continue", cut.id);
    let on: Value = server.post(&path, &json!({})).await.json().await.unwrap();
    assert!(on["text"].as_str().unwrap().starts_with(&interrupted.text));
}

#[tokio::test]
async fn many_readers_hear_the_same() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "大模型推理"})).await;
    let readers = (0..20).map(|_| server.events(created.id, 0));
    let heard = futures_util::future::join_all(readers).await;
    let text = server.generation(created.id).await.text;
    assert!(heard.iter().all(|events| text_of(events) == text));
}

#[tokio::test]
async fn a_deleted_article_is_gone_and_comes_back() {
    let server = Server::start_with("[routes]\ndefault = [\"demo/steady\"]\n", &[]).await;
    let created = server.create(json!({"topic": "Rust async"})).await;
    server.reader(created.id, 0).await.until("delta").await;
    let path = format!("/api/v1/articles/{}", created.article_id);
    let listed: Value = server.get("/api/v1/articles").await.json().await.unwrap();
    assert_eq!(listed["items"][0]["state"], "running");

    let deleted = server.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(server.generation(created.id).await.state, GenerationState::Cancelled);
    let (status, error) = error_of(server.get(&path).await).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("article_not_found")));
    let listed: Value = server.get("/api/v1/articles").await.json().await.unwrap();
    assert_eq!(listed["items"], json!([]));

    let restored = server.post(&format!("{path}/restore"), &json!({})).await;
    assert_eq!(restored.status(), StatusCode::OK);
    let listed: Value = server.get("/api/v1/articles?state=cancelled").await.json().await.unwrap();
    assert_eq!(listed["items"][0]["id"], json!(created.article_id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_is_rendered_whole_on_whatever_thread() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "Rust async"})).await;
    server.finished(created.id).await;
    let path = format!("/articles/{}", created.article_id);
    let client = server.client.clone();
    let requests = (0..40).map(|_| {
        let request = client.get(format!("{}{path}", server.base));
        tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() })
    });
    for page in futures_util::future::join_all(requests).await {
        let page = page.unwrap();
        // The last thing that is rendered is the data of the page.
        assert!(page.contains("</article>") && page.ends_with("</script>"));
    }
}

#[tokio::test]
async fn a_generation_that_the_store_refuses_holds_up_no_other() {
    let [first, second, last] = [Gate::new(), Gate::new(), Gate::new()];
    let refused = Script::new().text("one ").pause(&first).text("two").pause(&last);
    let stored = Script::new().text("one ").pause(&second).text("two");
    let scripts = [refused, stored].map(|script| script.finish("stop").done());
    let upstream = Upstream::start(scripts.into()).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    let lost = server.create(json!({"topic": "lost"})).await;
    first.reached().await;
    let kept = server.create(json!({"topic": "kept"})).await;
    second.reached().await;
    let database = database_in(server.data.path()).await;
    sqlx::query("PRAGMA foreign_keys = ON").execute(&database).await.unwrap();
    let gone = sqlx::query("DELETE FROM articles WHERE id = $1").bind(lost.article_id);
    assert_eq!(gone.execute(&database).await.unwrap().rows_affected(), 1);

    first.open();
    second.open();
    last.reached().await;
    assert_eq!(server.finished(kept.id).await.text, "one two");
    let path = format!("/api/v1/articles/{}", kept.article_id);
    // Its end was heard, so it is stored, while the other is not.
    let article: Value = server.get(&path).await.json().await.unwrap();
    assert_eq!(article["revision"]["text"], "one two");
    // Its own readers hear its end from memory, as long as the server is there.
    let mut reader = server.reader(lost.id, 0).await;
    last.open();
    reader.until("done").await;
    server.state.generations.shutdown().await;
    let gone = server.get(&format!("/api/v1/generations/{}", lost.id)).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND, "then it is given up");
}

#[tokio::test]
async fn a_cursor_behind_an_end_in_good_order_stays_one_across_a_restart() {
    let upstream = Upstream::start(vec![Script::new().silence()]).await;
    let server = Server::before(&upstream.base_url(), &[("INKSTREAM_MAX_CONCURRENT", "1")]).await;
    server.create(json!({"topic": "writes"})).await;
    upstream.request(0).await;
    let waiting = server.create(json!({"topic": "waits"})).await;
    let mut reader = server.reader(waiting.id, 0).await;
    let server = server.restart().await;
    let last = reader.until("interrupted").await;
    let path = format!("/api/v1/generations/{}/events", waiting.id);
    let again = server.request(Method::GET, &path).header("Last-Event-ID", last.id).send();
    assert_eq!(again.await.unwrap().status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_was_asked_for_as_a_stream_is_stored_with_its_article() {
    let server = Server::start().await;
    let response = server
        .request(Method::POST, "/api/v1/generations")
        .header("Accept", "text/event-stream")
        .json(&json!({"topic": "How Rust schedules async tasks"}))
        .send()
        .await
        .unwrap();
    let mut reader = Reader::of(response);
    let accepted = reader.until("accepted").await;
    reader.until("done").await;
    let server = server.restart().await;
    let generation = server.generation(accepted.data["generation"].as_str().unwrap()).await;
    assert_eq!(generation.state, GenerationState::Done);
    let article = accepted.data["article"].as_str().unwrap();
    let article: Value =
        server.get(&format!("/api/v1/articles/{article}")).await.json().await.unwrap();
    assert_eq!(article["revision"]["text"], json!(generation.text));
}

#[tokio::test]
async fn what_a_page_shows_can_be_asked_for_by_itself() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "a"})).await;
    let done = server.finished(created.id).await;

    let answer = server.get(&format!("/page-data/articles/{}", created.article_id)).await;
    assert_eq!(answer.headers()["cache-control"], "private, no-cache");
    let article: Value = answer.json().await.unwrap();
    assert_eq!(article["text"], json!(done.text));
    let revision = article["shown"]["id"].as_str().unwrap();
    let named = format!("/page-data/articles/{}?revision={revision}", created.article_id);
    assert_eq!(server.get(&named).await.json::<Value>().await.unwrap()["shown"], article["shown"]);

    let unknown = format!("/page-data/articles/{}?revision={}", created.article_id, created.id);
    let (status, error) = error_of(server.get(&unknown).await).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("revision_not_found")));

    let library: Value = server.get("/page-data/library").await.json().await.unwrap();
    assert_eq!(library["page"]["items"][0]["id"], json!(created.article_id));
    let narrowed: Value =
        server.get("/page-data/library?style=overview").await.json().await.unwrap();
    assert_eq!(narrowed["page"]["items"], json!([]));
    let compose: Value = server.get("/page-data/compose").await.json().await.unwrap();
    assert!(!compose["models"].as_array().unwrap().is_empty());

    let missing = server.get(&format!("/page-data/articles/{}", created.id)).await;
    let (status, error) = error_of(missing).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("article_not_found")));
}

#[tokio::test]
async fn a_cursor_that_a_kill_made_ambiguous_is_refused() {
    let server = Server::start().await;
    let whole = server.create(json!({"topic": "Rust async"})).await;
    server.finished(whole.id).await;
    let store = &server.state.store;
    let events: Vec<Value> = store
        .event_batches(whole.id, 0)
        .await
        .unwrap()
        .iter()
        .flat_map(|batch| serde_json::from_str::<Vec<Value>>(&batch.json).unwrap())
        .collect();
    // What a process had stored of a log, six events with some text, before it was killed.
    let json = serde_json::to_string(&events[..6]).unwrap();
    let stored = EventBatch { generation: Uuid::now_v7(), first_seq: 1, last_seq: 6, json };
    let id = left_behind(&server, &whole.brief, Some(stored)).await;

    let path = format!("/api/v1/generations/{id}/events");
    let after = async |seq: u64| {
        let request = server.request(Method::GET, &path).header("Last-Event-ID", seq);
        request.send().await.unwrap()
    };
    let rest = after(6).await;
    assert_eq!(rest.status(), StatusCode::OK);
    assert!(rest.text().await.unwrap().contains("event: interrupted"));
    // These two were deltas for whoever has heard them.
    for seq in [7, 8, 9] {
        let (status, error) = error_of(after(seq).await).await;
        assert_eq!((status.as_u16(), &error["code"]), (400, &json!("invalid_last_event_id")));
    }
}

/// A generation of a process that is gone, with what it had stored of its log.
async fn left_behind(server: &Server, brief: &Brief, log: Option<EventBatch>) -> Uuid {
    let new = NewGeneration {
        id: log.as_ref().map_or_else(Uuid::now_v7, |log| log.generation),
        article: ArticleRef::New {
            id: Uuid::now_v7(),
            title: "Rust async".to_owned(),
            style: "technical".to_owned(),
            language: "en".to_owned(),
        },
        brief: brief.clone(),
        warnings: Vec::new(),
        continues: None,
        owner: Uuid::now_v7(),
        created_at: 1_800_000_000_000,
        idempotency: None,
        settles: None,
    };
    server.state.store.create_generation(&new).await.unwrap();
    server.state.store.append_events(log.as_slice()).await.unwrap();
    new.id
}

#[tokio::test]
async fn one_generation_that_cannot_be_read_keeps_no_other_from_being_served() {
    let server = Server::start().await;
    let whole = server.create(json!({"topic": "Rust async"})).await;
    server.finished(whole.id).await;
    let broken = left_behind(&server, &whole.brief, None).await;
    let sound = left_behind(&server, &whole.brief, None).await;
    let database = database_in(server.data.path()).await;
    let unreadable = sqlx::query("UPDATE generations SET brief = '{' WHERE id = $1").bind(broken);
    assert_eq!(unreadable.execute(&database).await.unwrap().rows_affected(), 1);
    database.close().await;

    let server = server.restart().await;
    assert_eq!(server.generation(sound).await.state, GenerationState::Interrupted);
    let path = format!("/api/v1/generations/{broken}");
    let (status, error) = error_of(server.get(&path).await).await;
    assert_eq!((status.as_u16(), &error["code"]), (500, &json!("internal")));
}

#[tokio::test]
async fn all_who_read_a_stored_log_at_once_share_one_copy_of_it() {
    let server = Server::start().await;
    let created = server.create(json!({"topic": "Rust async"})).await;
    server.finished(created.id).await;
    let follow = async |after: u64| match server
        .state
        .generations
        .follow(created.id, Seq(after))
        .await
        .unwrap()
    {
        Followed::Reader(reader) => reader,
        Followed::AtEnd => panic!("there is more behind {after}"),
    };
    let mut first = follow(0).await;
    let database = database_in(server.data.path()).await;
    sqlx::query("DELETE FROM events").execute(&database).await.unwrap();
    let mut second = follow(0).await;
    let mut heard = Vec::new();
    while let Some(events) = second.next().await {
        heard.extend(events);
    }
    let last = heard.last().unwrap();
    assert_eq!(last.name, "done", "though the store has no log any more");
    let all = first.next().await.unwrap();
    assert_eq!(all.first(), heard.first());
    drop((first, second));
    let at_end = server.state.generations.follow(created.id, last.seq).await.unwrap();
    assert!(matches!(at_end, Followed::AtEnd), "which takes no log to know");
}

#[tokio::test]
async fn readers_of_a_log_that_another_process_writes_are_let_go_when_it_breaks() {
    let server = Server::start().await;
    let whole = server.create(json!({"topic": "Rust async"})).await;
    server.finished(whole.id).await;
    // This process is as good as another for the store, as long as it lives.
    let owner: Uuid = {
        let database = database_in(server.data.path()).await;
        sqlx::query_scalar("SELECT owner FROM generations").fetch_one(&database).await.unwrap()
    };
    let id = left_behind(&server, &whole.brief, None).await;
    let database = database_in(server.data.path()).await;
    sqlx::query("UPDATE generations SET owner = $1 WHERE id = $2")
        .bind(owner)
        .bind(id)
        .execute(&database)
        .await
        .unwrap();
    let batch = |first_seq, last_seq, json: &str| EventBatch {
        generation: id,
        first_seq,
        last_seq,
        json: json.to_owned(),
    };
    let store = &server.state.store;
    store.append_events(&[batch(1, 1, "[\"one \"]")]).await.unwrap();
    let mut reader = server.reader(id, 0).await;
    assert_eq!(reader.until("delta").await.data["text"], "one ");
    store.append_events(&[batch(2, 2, "[\"two\"]")]).await.unwrap();
    assert!(
        matches!(server.state.generations.follow(id, Seq(2)).await, Ok(Followed::Reader(_))),
        "what is stored is a cursor at once"
    );
    assert_eq!(reader.until("delta").await.data["text"], "two", "it is kept up");
    store.append_events(&[batch(3, 3, "[what is no JSON]")]).await.unwrap();
    let end = tokio::time::timeout(PATIENCE, reader.next()).await.expect("it waits for ever");
    assert!(end.is_none());
}
