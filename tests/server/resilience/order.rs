//! Who is asked, in which order, and how often.

use std::time::Duration;

use inkstream::article::event::GenerationState;
use inkstream::article::generation::AttemptOutcome;
use inkstream::article::problem::Code;
use serde_json::json;

use super::{QUICK, Told, healthy, notice, nowhere, server_before};
use crate::support::{Heard, Server};
use crate::upstream::{Script, Upstream};

fn broken() -> Script {
    Script::new().error(500, "oops")
}

#[tokio::test]
async fn a_first_failure_is_tried_again_at_once_and_costs_a_notice() {
    let a = Upstream::start(vec![broken(), Script::new().completion(&["# T\n"])]).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    assert_eq!(told.notices(), [notice("retry", "a")]);
    let [first, second] = &told.generation.attempts[..] else { panic!("{:?}", told.asked()) };
    assert_eq!(first.outcome, Some(AttemptOutcome::Failed));
    assert_eq!(first.error.as_ref().unwrap().code, Code::UpstreamFailed);
    assert_eq!(first.usage.cost, Some(0), "a refusal costs nothing");
    assert_eq!(second.outcome, Some(AttemptOutcome::Complete));
}

#[tokio::test]
async fn every_candidate_has_its_turn_before_the_first_is_asked_again_with_patience() {
    let a = Upstream::start(vec![broken()]).await;
    let b =
        Upstream::start(vec![broken(), broken(), broken(), Script::new().completion(&["# T\n"])])
            .await;
    let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    assert_eq!(told.asked(), ["a", "a", "b", "b", "a", "b", "a", "b"]);
    assert_eq!(told.generation.model.as_deref(), Some("b"));
    let kinds: Vec<String> = told.notices().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(
        kinds,
        ["retry", "failover", "retry", "failover", "failover", "failover", "failover"]
    );
}

#[tokio::test]
async fn when_all_is_used_up_it_is_a_dead_letter_with_every_attempt() {
    let a = Upstream::start(vec![broken()]).await;
    let server = server_before(&[a.base_url(), nowhere()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Failed);
    assert_eq!(told.asked(), ["a", "a", "b", "b", "a", "b", "a", "b"], "four tries each");
    assert_eq!(told.generation.error.as_ref().unwrap().code, Code::UpstreamUnreachable);
    assert!(told.dead_letter().is_some());
    assert_eq!(told.generation.usage.cost, Some(0));
}

#[tokio::test]
async fn what_will_not_work_at_a_model_is_tried_at_the_next_at_once() {
    for (status, code) in [
        (400, Code::UpstreamRejected),
        (401, Code::UpstreamUnauthorized),
        (403, Code::UpstreamUnauthorized),
        (404, Code::UpstreamRejected),
    ] {
        let a = Upstream::start(vec![Script::new().error(status, "no")]).await;
        let b = healthy().await;
        let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Done, "{status}");
        assert_eq!(told.notices(), [notice("failover", "b")], "{status}");
        assert_eq!(told.generation.attempts[0].error.as_ref().unwrap().code, code, "{status}");
    }
}

#[tokio::test]
async fn a_rate_limit_gives_way_to_the_next_and_alone_is_waited_out() {
    let limited = || Script::new().error(429, "slow down").header("Retry-After", 1);
    let a = Upstream::start(vec![limited()]).await;
    let b = healthy().await;
    let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.notices(), [notice("failover", "b")], "no quick retry");

    let a = Upstream::start(vec![limited(), Script::new().completion(&["# T\n"])]).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    let waited = a.request(1).await.at - a.request(0).await.at;
    assert!(waited >= Duration::from_secs(1), "asked again after {waited:?}");
    let told_to_wait = told.events.iter().find(|event| event.name == "notice").unwrap();
    assert!(told_to_wait.data["wait_ms"].as_u64().unwrap() > 900, "{told_to_wait:?}");
}

#[tokio::test]
async fn a_date_in_retry_after_is_understood_and_a_long_one_rules_out() {
    let date = std::time::SystemTime::now() + Duration::from_secs(600);
    let limited =
        Script::new().error(503, "later").header("Retry-After", httpdate::fmt_http_date(date));
    let a = Upstream::start(vec![limited]).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Failed);
    assert_eq!(told.asked(), ["a"], "it is not asked again");
    assert!(told.dead_letter().is_some());
}

#[tokio::test]
async fn a_rate_limit_stays_one_to_the_end() {
    let a = Upstream::start(vec![Script::new().error(429, "slow down").header("Retry-After", 77)]);
    let a = a.await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    let problem = told.generation.error.unwrap();
    assert_eq!(problem.code, Code::UpstreamRateLimited);
    assert!(problem.resolution.contains("77 s"), "{problem}");
    assert!(problem.message.contains("slow down"), "{problem}");
}

#[tokio::test]
async fn a_refusal_is_an_outcome_of_its_own_and_nobody_else_is_asked() {
    let b = healthy().await;
    for script in [
        Script::new().text("# T\n\nhalf").finish("content_filter").done(),
        Script::new().text("# T\n\nhalf").finish("sensitive").done(),
    ] {
        let a = Upstream::start(vec![script]).await;
        let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Rejected);
        assert_eq!(told.generation.text, "# T\n\nhalf");
        assert!(told.generation.revision_id.is_some());
        assert_eq!(told.generation.attempts[0].outcome, Some(AttemptOutcome::Refused));
        assert_eq!(told.asked(), ["a"]);
        let last = told.events.last().unwrap();
        assert!(last.data["findings"][0].as_str().unwrap().contains("filter"), "{last:?}");
    }
}

#[tokio::test]
async fn a_model_that_keeps_failing_is_left_alone_and_probed_when_nothing_else_is_left() {
    let a = Upstream::start(vec![broken()]).await;
    let b = healthy().await;
    let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
    for n in 0..3 {
        Told::of(&server, json!({"topic": format!("x{n}")})).await;
    }
    assert_eq!(a.requests().len(), 5, "two tries each, and the fifth in a row opens it");
    let told = Told::of(&server, json!({"topic": "y"})).await;
    assert_eq!(told.asked(), ["b"]);
    assert_eq!(a.requests().len(), 5);

    // Alone, it is asked although it is open.
    let a =
        Upstream::answering(|n, _| if n < 8 { broken() } else { Script::new().completion(&["x"]) });
    let a = a.await;
    let server = server_before(&[a.base_url()], &[]).await;
    for n in 0..2 {
        let told = Told::of(&server, json!({"topic": format!("x{n}")})).await;
        assert_eq!(told.generation.state, GenerationState::Failed);
    }
    let told = Told::of(&server, json!({"topic": "y"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
}

#[tokio::test]
async fn what_every_request_would_meet_opens_the_breaker_and_what_one_meets_does_not() {
    for (status, words, is_left_alone) in [
        (401, "no", true),
        (402, "no", true),
        (404, "no", true),
        (410, "no", true),
        (400, "Model Not Exist", true),
        (400, "no", false),
        (422, "no", false),
    ] {
        let a = Upstream::start(vec![Script::new().error(status, words)]).await;
        let b = healthy().await;
        let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
        for n in 0..6 {
            Told::of(&server, json!({"topic": format!("x{n}")})).await;
        }
        let asked = if is_left_alone { 5 } else { 6 };
        assert_eq!(a.requests().len(), asked, "{status} {words}");
        let told = Told::of(&server, json!({"topic": "y"})).await;
        let first = if is_left_alone { ("b", true) } else { ("a", false) };
        assert_eq!(routed(&told.events, "breaker_open"), first, "{status} {words}");
    }
}

/// Who was said to be asked first, and whether that is said to be for this reason.
fn routed<'a>(events: &'a [Heard], reason: &str) -> (&'a str, bool) {
    let routed = &events.iter().find(|event| event.name == "routed").unwrap().data;
    let reasons = routed["reasons"].as_array().unwrap();
    let model = routed["model"].as_str().unwrap();
    (model, reasons.iter().any(|one| one["code"] == reason))
}

#[tokio::test]
async fn who_is_passed_over_for_a_full_line_is_said_and_who_turns_ill_meanwhile_too() {
    let gate = crate::upstream::Gate::new();
    let mut scripts: Vec<_> = (0..4).map(|_| broken()).collect();
    scripts.push(Script::new().text("").pause(&gate).close());
    scripts.push(broken());
    let (a, b) = (Upstream::start(scripts).await, healthy().await);
    let provider = |name: &str, url: String, line: &str| {
        format!(
            "[[providers]]\nname = \"p{name}\"\nprotocol = \"openai\"\nbase_url = \"{url}\"\n{line}\n\
             [[models]]\nname = \"{name}\"\nprovider = \"p{name}\"\nid = \"{name}\"\n"
        )
    };
    let file = QUICK.to_owned()
        + &provider("a", a.base_url(), "max_concurrent = 1\nmax_waiting = 1")
        + &provider("b", b.base_url(), "")
        + "[routes]\ndefault = [\"a\", \"b\"]\n";
    let server = Server::start_with(&file, &[]).await;
    // Four failures in a row; the fifth is on its way.
    for n in 0..2 {
        let told = Told::of(&server, json!({"topic": format!("x{n}")})).await;
        assert_eq!(told.asked(), ["a", "a", "b"]);
    }
    let fifth = server.create(json!({"topic": "fifth"})).await;
    gate.reached().await;
    let waiting = server.create(json!({"topic": "waiting"})).await;
    server.reader(waiting.id, 0).await.until("notice").await;
    let told = Told::of(&server, json!({"topic": "no room"})).await;
    assert_eq!(routed(&told.events, "line_full"), ("b", true));
    assert_eq!((told.asked(), told.notices()), (vec!["b"], vec![]));
    gate.open();
    server.finished(fifth.id).await;
    server.finished(waiting.id).await;
    let events = server.events(waiting.id, 0).await;
    assert_eq!(routed(&events, "line_full"), ("a", false));
    let told = Told { generation: server.generation(waiting.id).await, events };
    assert_eq!(told.asked(), ["b"]);
    assert_eq!(told.notices(), [notice("queued", ""), notice("failover", "b")]);
}

#[tokio::test]
async fn what_no_model_can_hold_fails_before_anybody_is_asked() {
    let a = healthy().await;
    let file = format!(
        "[[providers]]\nname = \"p\"\nprotocol = \"openai\"\nbase_url = \"{}\"\n\
         [[models]]\nname = \"small\"\nprovider = \"p\"\nid = \"m\"\ncontext_window = 300\n\
         max_output = 100\n[routes]\ndefault = [\"small\"]\n",
        a.base_url()
    );
    let server = Server::start_with(&file, &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    let problem = told.generation.error.as_ref().unwrap();
    assert_eq!(problem.code, Code::ContextTooSmall, "{problem}");
    assert!(problem.message.contains("small"), "{problem}");
    assert!(told.asked().is_empty() && a.requests().is_empty());
}

#[tokio::test]
async fn a_provider_is_asked_by_so_many_at_once_and_the_others_see_their_place_in_line() {
    let gate = crate::upstream::Gate::new();
    let a = Upstream::start(vec![
        Script::new().text("# T\n").pause(&gate).finish("stop").done(),
        Script::new().completion(&["# T\n"]),
    ])
    .await;
    let file = format!(
        "[[providers]]\nname = \"p\"\nprotocol = \"openai\"\nbase_url = \"{}\"\n\
         max_concurrent = 1\nmax_waiting = 1\n\
         [[models]]\nname = \"m\"\nprovider = \"p\"\nid = \"m\"\n[routes]\ndefault = [\"m\"]\n",
        a.base_url()
    );
    let server = Server::start_with(&file, &[]).await;
    let first = server.create(json!({"topic": "x"})).await;
    gate.reached().await;
    let second = server.create(json!({"topic": "y"})).await;
    let place = server.reader(second.id, 0).await.until("notice").await;
    assert_eq!(
        (place.data["kind"].as_str(), place.data["position"].as_u64()),
        (Some("queued"), Some(1))
    );
    let full = server.post("/api/v1/generations", &json!({"topic": "z"})).await;
    assert!(full.headers().contains_key("retry-after"));
    let (status, error) = crate::support::error_of(full).await;
    assert_eq!((status.as_u16(), error["code"].as_str()), (503, Some("overloaded")));
    // Stop is heard in line, too, and nothing is said of a connection that there was not.
    let path = format!("/api/v1/generations/{}/cancel", second.id);
    assert_eq!(server.post(&path, &json!({})).await.status().as_u16(), 200);
    let receipt = server.reader(second.id, 0).await.until("cancelled").await;
    assert_eq!(receipt.data["upstream_closed_ms"].as_f64(), Some(0.0));
    gate.open();
    server.finished(first.id).await;
    assert_eq!(a.requests().len(), 1, "who left the line asked for nothing");
}

#[tokio::test]
async fn stop_is_heard_between_retries_and_in_failover() {
    let limited = Script::new().error(429, "slow down").header("Retry-After", 25);
    let a = Upstream::start(vec![limited]).await;
    let b = Upstream::start(vec![Script::new().silence()]).await;
    for urls in [vec![a.base_url()], vec![a.base_url(), b.base_url()]] {
        let server = server_before(&urls, &[]).await;
        let created = server.create(json!({"topic": "x"})).await;
        server.reader(created.id, 0).await.until("notice").await;
        if urls.len() > 1 {
            b.request(0).await;
        }
        let path = format!("/api/v1/generations/{}/cancel", created.id);
        let response = server.post(&path, &json!({})).await;
        assert_eq!(response.status().as_u16(), 200);
        let told: serde_json::Value = response.json().await.unwrap();
        let receipt = server.reader(created.id, 0).await.until("cancelled").await;
        let closed_ms = receipt.data["upstream_closed_ms"].as_f64().unwrap();
        assert_eq!(closed_ms > 0.0, urls.len() > 1, "only the second model was being asked");
        assert_eq!(told["state"], "cancelled");
        let attempts = told["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), urls.len());
        assert!(attempts.iter().all(|attempt| !attempt["outcome"].is_null()), "{attempts:?}");
    }
    b.closed().await;
    assert_eq!(a.requests().len(), 2, "one each, and none behind the stop");
}
