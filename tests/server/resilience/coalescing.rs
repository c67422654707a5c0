//! What is asked for twice is written once.

use futures_util::future::join_all;
use inkstream::article::event::GenerationState;
use inkstream::article::generation::Generation;
use serde_json::{Value, json};

use super::{Told, healthy, notice, server_before};
use crate::support::Server;
use crate::upstream::{Gate, Script, Upstream};

async fn cancel(server: &Server, id: impl std::fmt::Display) -> Generation {
    let path = format!("/api/v1/generations/{id}/cancel");
    server.post(&path, &json!({})).await.json().await.unwrap()
}

/// An upstream that stops in the middle of its article until the gate is opened.
async fn gated(gate: &Gate) -> Upstream {
    let script = Script::new().text("# T\n\nhalf").pause(gate).text(" and half.");
    Upstream::start(vec![script.finish("stop").usage(1000, 50).done()]).await
}

#[tokio::test]
async fn two_hundred_at_once_are_one_call_and_one_price() {
    let gate = Gate::new();
    let a = gated(&gate).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let brief = json!({"topic": "the same"});
    let all = join_all((0..200).map(|_| server.create(brief.clone()))).await;
    gate.reached().await;
    gate.open();
    let mut cost = 0;
    for created in &all {
        let done = server.finished(created.id).await;
        assert_eq!(
            (done.state, done.text.as_str()),
            (GenerationState::Done, "# T\n\nhalf and half.")
        );
        assert!(done.revision_id.is_some());
        cost += done.usage.cost.unwrap();
        let attempts: i64 = done.attempts.iter().filter_map(|attempt| attempt.usage.cost).sum();
        assert_eq!(Some(attempts), done.usage.cost);
    }
    assert_eq!(a.requests().len(), 1);
    assert_eq!(cost, 1000 + 2 * 50);
    let mut articles: Vec<_> = all.iter().map(|created| created.article_id).collect();
    articles.sort();
    articles.dedup();
    assert_eq!(articles.len(), 200, "each has an article of its own");
}

#[tokio::test]
async fn who_leaves_ends_only_his_own_and_the_last_ends_the_stream() {
    let gate = Gate::new();
    let a = gated(&gate).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let brief = json!({"topic": "the same"});
    let first = server.create(brief.clone()).await;
    gate.reached().await;
    let second = server.create(brief.clone()).await;
    let third = server.create(brief).await;
    assert_eq!(server.reader(third.id, 0).await.until("delta").await.data["text"], "# T\n\nhalf");
    let stopped = cancel(&server, first.id).await;
    assert_eq!((stopped.state, stopped.text.as_str()), (GenerationState::Cancelled, "# T\n\nhalf"));
    cancel(&server, third.id).await;
    assert_eq!(a.closed_count(), 0, "one still reads");
    let told = server.events(first.id, 0).await;
    assert_eq!(told.last().unwrap().data["upstream_closed_ms"], Value::Null, "it goes on");
    gate.open();
    let done = server.finished(second.id).await;
    assert_eq!((done.state, done.text.as_str()), (GenerationState::Done, "# T\n\nhalf and half."));
    let costs = [stopped.usage.cost, done.usage.cost];
    assert_eq!(costs.into_iter().flatten().sum::<i64>(), 1100, "nobody pays twice: {costs:?}");
    assert!(costs[0] > Some(0) && costs[1] > Some(0), "{costs:?}");
    assert_eq!(server.generation(third.id).await.usage.cost, Some(0));
    assert_eq!(a.requests().len(), 1);

    let a = Upstream::start(vec![Script::new().text("half").silence()]).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let first = server.create(json!({"topic": "x"})).await;
    let second = server.create(json!({"topic": "x"})).await;
    server.reader(second.id, 0).await.until("delta").await;
    cancel(&server, second.id).await;
    cancel(&server, first.id).await;
    a.closed().await;
    let told = server.events(first.id, 0).await;
    let closed_ms = told.last().unwrap().data["upstream_closed_ms"].as_f64();
    assert!(closed_ms.is_some_and(|ms| ms > 0.0), "the last closes it: {closed_ms:?}");
}

#[tokio::test]
async fn who_comes_late_reads_it_all_and_the_logs_have_no_holes() {
    let gate = Gate::new();
    let script = Script::new()
        .delta(json!({"reasoning_content": "hm"}))
        .text("# T\n\n```rust\nfn main() {}\n```\n")
        .pause(&gate)
        .text("\nend.");
    let a = Upstream::start(vec![script.finish("stop").done()]).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let first = server.create(json!({"topic": "x"})).await;
    gate.reached().await;
    server.reader(first.id, 0).await.until("highlight").await;
    let late = server.create(json!({"topic": "x"})).await;
    gate.open();
    let events = server.events(late.id, 0).await;
    assert_eq!(events[0].data["generation"], json!(late.id));
    assert!(events.iter().any(|event| event.name == "reasoning"));
    assert!(events.iter().any(|event| event.name == "highlight"));
    assert!(events.iter().any(|event| event.data["kind"] == "shared"));
    assert_eq!(server.generation(late.id).await.text, server.generation(first.id).await.text);
}

#[tokio::test]
async fn a_text_that_was_written_is_given_again_for_nothing() {
    let a = healthy().await;
    let server = server_before(&[a.base_url()], &[]).await;
    let first = Told::of(&server, json!({"topic": "same topic"})).await;
    let again = Told::of(&server, json!({"topic": "same  topic"})).await;
    assert_eq!(again.generation.state, GenerationState::Done);
    assert_eq!(again.generation.text, first.generation.text);
    assert_eq!(again.notices(), [notice("cached", "a")]);
    assert_eq!(again.generation.usage.cost, Some(0));
    assert!(again.generation.attempts.is_empty(), "nobody was asked");
    assert_eq!(a.requests().len(), 1);
    // What shapes the text makes it another.
    for other in [
        json!({"topic": "same topic", "temperature": 0.2}),
        json!({"topic": "same topic", "language": "zh-CN"}),
        json!({"topic": "same topic", "tone": "dry"}),
        json!({"topic": "same topic", "format": "html"}),
    ] {
        let before = a.requests().len();
        let told = Told::of(&server, other.clone()).await;
        assert_eq!(told.notices(), [], "{other}");
        assert_eq!(a.requests().len(), before + 1, "{other}");
    }
}

#[tokio::test]
async fn what_is_refreshed_takes_the_place_of_what_was_kept() {
    let a = Upstream::answering(|n, _| Script::new().completion(&[&format!("# T{n}\n")])).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let asked =
        [json!({"topic": "x"}), json!({"topic": "x", "refresh": true}), json!({"topic": "x"})];
    let mut texts = Vec::new();
    for brief in asked {
        texts.push(Told::of(&server, brief).await.generation.text);
    }
    assert_eq!(texts, ["# T0\n", "# T1\n", "# T1\n"]);
    assert_eq!(a.requests().len(), 2);
}

#[tokio::test]
async fn what_is_blank_or_the_demos_is_not_kept() {
    let a = Upstream::answering(|n, _| match n {
        0 | 1 => Script::new().completion(&["\n \n"]),
        2 => Script::new().error(404, "gone"),
        _ => Script::new().completion(&["# T\n"]),
    })
    .await;
    let file = format!(
        "{}[[providers]]\nname = \"p\"\nprotocol = \"openai\"\nbase_url = \"{}\"\n\
         [[models]]\nname = \"m\"\nprovider = \"p\"\nid = \"m\"\n\
         [routes]\ndefault = [\"m\", \"demo/instant\"]\n",
        super::QUICK,
        a.base_url()
    );
    let server = Server::start_with(&file, &[]).await;
    for (from, by) in [("blank twice", "demo/instant"), ("gone", "demo/instant"), ("well", "m")] {
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Done, "{from}");
        assert_eq!(told.generation.model.as_deref(), Some(by), "{from}");
    }
}

#[tokio::test]
async fn who_writes_an_article_anew_gets_another_text() {
    let a = healthy().await;
    let server = server_before(&[a.base_url()], &[]).await;
    let first = Told::of(&server, json!({"topic": "x"})).await;
    let path = format!("/api/v1/articles/{}/generations", first.generation.article_id);
    let anew: Value = server.post(&path, &json!({"topic": "x"})).await.json().await.unwrap();
    server.finished(anew["id"].as_str().unwrap()).await;
    assert_eq!(a.requests().len(), 2);
}

#[tokio::test]
async fn what_failed_is_not_given_again() {
    let a = Upstream::start(vec![
        Script::new().error(404, "gone"),
        Script::new().completion(&["# T\n"]),
    ])
    .await;
    let server = server_before(&[a.base_url()], &[]).await;
    let failed = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(failed.generation.state, GenerationState::Failed);
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
}

#[tokio::test]
async fn the_cache_can_be_switched_off() {
    let a = healthy().await;
    let server = server_before(&[a.base_url()], &[("INKSTREAM_CACHE_ENABLED", "false")]).await;
    Told::of(&server, json!({"topic": "x"})).await;
    Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(a.requests().len(), 2);
}
