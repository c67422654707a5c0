//! The budget of a day: what is set aside, what stops, and what a restart forgets of it (nothing).

use inkstream::article::generation::Generation;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::json;

use super::support::{Server, error_of};

/// The demo with a price: about 2,200 tokens of answer are expected, so 4.4 of the currency and
/// some for the prompt.
fn priced(budget: &str) -> String {
    format!(
        "[limits]\ndaily_budget = {budget}\ncurrency = \"CNY\"\n\
         [[models]]\nname = \"costly\"\nprovider = \"demo\"\nid = \"instant\"\n\
         context_window = 32768\nmax_output = 8192\n\
         price_input = 0.0\nprice_output = 2000.0\ncurrency = \"CNY\"\n\
         [[models]]\nname = \"free\"\nprovider = \"demo\"\nid = \"instant\"\n\
         context_window = 32768\nmax_output = 8192\n\
         [routes]\ndefault = [\"costly\"]\n"
    )
}

async fn spent(server: &Server, generations: &[Generation]) -> i64 {
    let mut sum = 0;
    for generation in generations {
        sum += server.finished(generation.id).await.usage.cost.unwrap();
    }
    sum
}

#[tokio::test]
async fn what_does_not_fit_into_the_day_is_refused_in_words() {
    let server = Server::start_with(&priced("4.0"), &[]).await;
    let answer = server.post("/api/v1/generations", &json!({"topic": "How DNS works"})).await;
    let wait: u64 = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(wait <= 86_400, "{wait}");
    let (status, error) = error_of(answer).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(error["code"], "budget_exhausted");
    let resolution = error["resolution"].as_str().unwrap();
    assert!(resolution.contains("00:00:00 GMT") && resolution.contains("daily_budget"));
    // What costs nothing is written all the same.
    let free = server.create(json!({"topic": "How DNS works", "model": "free"})).await;
    assert_eq!(server.finished(free.id).await.state.as_str(), "done");
}

#[tokio::test]
async fn many_at_once_do_not_overspend() {
    let server = Server::start_with(&priced("10.0"), &[]).await;
    let body = json!({"topic": "How DNS caching works"});
    let asked = (0..12).map(|_| server.post("/api/v1/generations", &body));
    let mut begun: Vec<Generation> = Vec::new();
    let mut refused = 0;
    for answer in futures_util::future::join_all(asked).await {
        match answer.status() {
            StatusCode::ACCEPTED => begun.push(answer.json().await.unwrap()),
            StatusCode::TOO_MANY_REQUESTS => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(!begun.is_empty() && refused >= 6, "{} begun, {refused} refused", begun.len());
    let spent = spent(&server, &begun).await;
    assert!(spent <= 10_000_000, "{spent}");
}

#[tokio::test]
async fn one_that_would_cross_the_budget_is_stopped_with_its_text_kept() {
    let server = Server::start_with(&priced("0.5"), &[]).await;
    let brief = json!({"topic": "How DNS caching works", "length": 100});
    let generation = server.create(brief).await;
    let ended = server.finished(generation.id).await;
    assert_eq!(ended.state.as_str(), "failed");
    assert_eq!(ended.error.unwrap().code.as_str(), "budget_exhausted");
    assert!(!ended.text.is_empty() && ended.revision_id.is_some());
}

#[tokio::test]
async fn the_real_cost_takes_the_place_of_the_estimate_and_a_restart_remembers_it() {
    let server = Server::start_with(&priced("1000.0"), &[]).await;
    let brief = json!({"topic": "How DNS caching works"});
    let first = server.create(brief.clone()).await;
    let cost = server.finished(first.id).await.usage.cost.unwrap();
    // Room for what was really spent and an estimate, but for no second one.
    let budget = (cost as f64 / 1e6 + 5.0).to_string();
    let server = server.restart_with(&[("INKSTREAM_DAILY_BUDGET", &budget)]).await;
    let free_again = server.post("/api/v1/generations", &brief).await;
    assert_eq!(free_again.status(), StatusCode::ACCEPTED);
    let refused = server.post("/api/v1/generations", &brief).await;
    assert_eq!(error_of(refused).await.1["code"], "budget_exhausted");
}

#[tokio::test]
async fn asking_again_with_the_same_key_costs_nothing() {
    let server = Server::start_with(&priced("5.0"), &[]).await;
    let ask = || async {
        server
            .request(reqwest::Method::POST, "/api/v1/generations")
            .header("idempotency-key", "once")
            .json(&json!({"topic": "How DNS caching works"}))
            .send()
            .await
            .unwrap()
    };
    let first: Generation = ask().await.json().await.unwrap();
    server.finished(first.id).await;
    let again: Generation = ask().await.json().await.unwrap();
    assert_eq!(again.id, first.id);
}
