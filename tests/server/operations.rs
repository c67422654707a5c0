//! What is going on: what runs and waits, how the models do, what the day costs.

use inkstream::article::event::GenerationState;
use inkstream::article::operations::{BreakerState, Operations};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::Server;
use crate::upstream::{Gate, Script, Upstream};

async fn operations(server: &Server) -> Operations {
    let answer = server.get("/api/v1/operations").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn what_runs_and_what_waits_is_shown_with_its_place() {
    let gate = Gate::new();
    let writing = Script::new().text("Some words of text.").pause(&gate).finish("stop").done();
    let upstream = Upstream::start(vec![writing, Script::new().completion(&["x"])]).await;
    let one = [("INKSTREAM_MAX_CONCURRENT", "1")];
    let server = Server::before(&upstream.base_url(), &one).await;
    let first = server.create(json!({"topic": "The first"})).await;
    gate.reached().await;
    server.reader(first.id, 0).await.until("delta").await;
    let second = server.create(json!({"topic": "The second"})).await;
    server.reader(second.id, 0).await.until("notice").await;

    let now = operations(&server).await;
    let [running, waiting] = &now.running[..] else { panic!("{:?}", now.running) };
    assert_eq!((running.id, running.state), (first.id, GenerationState::Running));
    assert_eq!((running.topic.as_str(), running.model.as_deref()), ("The first", Some("m")));
    assert_eq!((running.place, waiting.place), (None, Some(1)));
    assert_eq!((waiting.id, waiting.state), (second.id, GenerationState::Queued));
    assert_eq!((now.queue.places, now.queue.taken, now.queue.waiting), (1, 1, 1));
    assert!(now.now >= running.created_at);

    gate.open();
    server.finished(first.id).await;
    server.finished(second.id).await;
    let after = operations(&server).await;
    assert!(after.running.is_empty());
    assert_eq!((after.queue.taken, after.queue.waiting), (0, 0));
}

#[tokio::test]
async fn how_the_models_do_is_counted_and_an_open_breaker_says_until_when() {
    let mut scripts = vec![Script::new().completion(&["x"])];
    scripts.extend((0..5).map(|_| Script::new().error(503, "busy")));
    let upstream = Upstream::start(scripts).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    for topic in ["a", "b", "c", "d", "e", "f"] {
        let created = server.create(json!({"topic": topic})).await;
        server.finished(created.id).await;
    }
    let now = operations(&server).await;
    let breaker = now.breakers.iter().find(|breaker| breaker.model == "m").unwrap();
    assert_eq!(breaker.state, BreakerState::Open);
    assert!(breaker.reopens_in_ms.is_some_and(|ms| (1..=60_000).contains(&ms)));
    let provider = now.providers.iter().find(|provider| provider.name == "p").unwrap();
    assert_eq!((provider.succeeded, provider.failed), (1, 5));
    assert_eq!(provider.errors[0].count, 5);
    assert_eq!(provider.errors[0].code.as_str(), "upstream_failed");
    assert!(provider.first_token_p50_ms.is_some());
    assert_eq!(provider.last_error.as_ref().unwrap().model, "m");
    assert_eq!(now.dead_letters, 5);
}

#[tokio::test]
async fn the_cost_of_the_day_is_the_sum_of_its_generations_and_survives_a_restart() {
    let upstream = Upstream::start(vec![Script::new().completion(&["one", " two"])]).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    assert!(operations(&server).await.spending.costs.is_empty());
    let mut sum = 0;
    for topic in ["a", "b"] {
        let created = server.create(json!({"topic": topic})).await;
        sum += server.finished(created.id).await.usage.cost.unwrap();
    }
    assert!(sum > 0);
    let server = server.restart_with(&[("INKSTREAM_DAILY_BUDGET", "5")]).await;
    let spending = operations(&server).await.spending;
    let [cost] = &spending.costs[..] else { panic!("{spending:?}") };
    assert_eq!((cost.currency.as_str(), cost.cost), ("CNY", sum));
    // What was written before there was a budget does not count against it.
    let budget = spending.budget.unwrap();
    assert_eq!((budget.currency.as_str(), budget.limit, budget.used), ("CNY", 5_000_000, 0));
    let created = server.create(json!({"topic": "c"})).await;
    let cost = server.finished(created.id).await.usage.cost;
    assert_eq!(operations(&server).await.spending.budget.map(|budget| budget.used), cost);
}
