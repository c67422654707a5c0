//! Every fault that a model API has been seen with: what the reader sees of it, what is recorded,
//! what it costs, and where it ends.

use inkstream::article::event::GenerationState;
use inkstream::article::problem::Code;
use serde_json::json;

use super::{Told, healthy, nowhere, server_before};
use crate::upstream::{Script, Upstream};

/// Limits that are felt within a test.
const IMPATIENT: [(&str, &str); 3] = [
    ("INKSTREAM_CONNECT_TIMEOUT_S", "1"),
    ("INKSTREAM_FIRST_TOKEN_TIMEOUT_S", "1"),
    ("INKSTREAM_IDLE_TIMEOUT_S", "1"),
];

/// Only what is silent is given up quickly: on a busy machine anything else takes its time.
fn limits_for(code: Code) -> &'static [(&'static str, &'static str)] {
    if code == Code::UpstreamTimeout { &IMPATIENT } else { &[] }
}

fn begun() -> Script {
    Script::new().text("# T\n\nThe beginning")
}

/// A fault, the text that came before it, its code, and whether a quick retry follows it.
fn faults() -> Vec<(&'static str, Script, &'static str, Code, bool)> {
    use Code::{
        UpstreamFailed, UpstreamMalformed, UpstreamRateLimited, UpstreamRejected, UpstreamTimeout,
        UpstreamTruncated, UpstreamUnauthorized,
    };
    let text = "# T\n\nThe beginning";
    let cut_event = "data: {\"choices\":[{\"delta\":{\"content\":\" of";
    let cut_character =
        [b"data: {\"choices\":[{\"delta\":{\"content\":\"".as_slice(), &[0xE4, 0xB8]].concat();
    let error = r#"{"error": {"message": "overloaded", "code": 503}}"#;
    vec![
        ("accepted and nothing more", Script::new().silence(), "", UpstreamTimeout, true),
        ("silence after the headers", Script::new().head().silence(), "", UpstreamTimeout, true),
        ("silence in the stream", begun().silence(), text, UpstreamTimeout, true),
        ("silence in an event", begun().raw(cut_event).silence(), text, UpstreamTimeout, true),
        (
            "comments for ever",
            Script::new().raw(": \n\n".repeat(99)).silence(),
            "",
            UpstreamTimeout,
            true,
        ),
        ("400", Script::new().error(400, "context too long"), "", UpstreamRejected, false),
        ("401", Script::new().error(401, "key"), "", UpstreamUnauthorized, false),
        ("403", Script::new().error(403, "key"), "", UpstreamUnauthorized, false),
        ("404", Script::new().error(404, "model gone"), "", UpstreamRejected, false),
        ("429", Script::new().error(429, "slow"), "", UpstreamRateLimited, false),
        ("500", Script::new().error(500, "oops"), "", UpstreamFailed, true),
        ("502 with HTML", Script::new().status(502).html(), "", UpstreamFailed, true),
        ("503", Script::new().error(503, "busy"), "", UpstreamFailed, true),
        ("504", Script::new().error(504, "late"), "", UpstreamFailed, true),
        ("closed before the headers", Script::new().close(), "", UpstreamFailed, true),
        ("closed after the headers", Script::new().head().close(), "", UpstreamTruncated, true),
        ("closed in an event", begun().raw(cut_event).close(), text, UpstreamTruncated, true),
        (
            "closed in a character",
            begun().raw(cut_character).close(),
            text,
            UpstreamTruncated,
            true,
        ),
        ("closed before [DONE]", begun().close(), text, UpstreamTruncated, true),
        ("reset", begun().reset(), text, UpstreamTruncated, true),
        ("an end without a reason", begun(), text, UpstreamTruncated, true),
        ("an error in the stream", begun().sse(error), text, UpstreamFailed, true),
        ("a line of 5 MiB", begun().sse("x".repeat(5 << 20)), text, UpstreamMalformed, true),
        ("HTML", Script::new().html(), "", UpstreamMalformed, false),
        ("not HTTP", Script::new().wire("hello\r\n\r\n").close(), "", UpstreamMalformed, true),
    ]
}

#[tokio::test]
async fn with_another_candidate_every_fault_ends_in_a_whole_article() {
    let tests = faults().into_iter().map(async |(name, fault, before, code, quick)| {
        let a = Upstream::start(vec![fault, Script::new().error(404, "gone")]).await;
        let b = Upstream::start(vec![Script::new().completion(&["\n\nthe rest."])]).await;
        let server = server_before(&[a.base_url(), b.base_url()], limits_for(code)).await;
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Done, "{name}");
        assert_eq!(told.generation.text, format!("{before}\n\nthe rest."), "{name}");
        let asked: &[&str] = if quick { &["a", "a", "b"] } else { &["a", "b"] };
        assert_eq!(told.asked(), asked, "{name}");
        let first = &told.generation.attempts[0];
        assert_eq!(first.error.as_ref().unwrap().code, code, "{name}: {:?}", first.error);
        let kind = if before.is_empty() { "failover" } else { "continued" };
        assert_eq!(told.notices().last().unwrap(), &super::notice(kind, "b"), "{name}");
        let is_charged = first.usage.cost > Some(0);
        let may_be_charged = !before.is_empty()
            || code == Code::UpstreamTimeout
            || name == "closed after the headers";
        assert_eq!(is_charged, may_be_charged, "{name}: {:?}", first.usage);
        assert_eq!(told.dead_letter(), None, "{name}");
    });
    futures_util::future::join_all(tests).await;
}

#[tokio::test]
async fn alone_every_fault_ends_in_a_dead_letter_with_its_text() {
    let tests = faults().into_iter().map(async |(name, fault, before, code, _)| {
        let a = Upstream::start(vec![fault]).await;
        let once = [limits_for(code), &[("INKSTREAM_RETRIES", "0")]].concat();
        let server = server_before(&[a.base_url()], &once).await;
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Failed, "{name}");
        assert_eq!(told.generation.text, before, "{name}");
        assert_eq!(told.generation.error.as_ref().unwrap().code, code, "{name}");
        assert!(told.dead_letter().is_some(), "{name}");
        assert_eq!(told.generation.revision_id.is_some(), !before.is_empty(), "{name}");
    });
    futures_util::future::join_all(tests).await;
}

#[tokio::test]
async fn what_only_looks_like_a_fault_is_none() {
    let whole = || Script::new().text("# T\n\n");
    for (name, script) in [
        ("malformed JSON", whole().sse("{\"choices\": [").text("whole.").finish("stop").done()),
        ("an empty event", whole().sse("").raw("data:\n\n").text("whole.").finish("stop").done()),
        ("a comment of 1 MiB", whole().raw(format!(": {}\n\n", "x".repeat(1 << 20))).text("whole.").finish("stop").done()),
        ("unknown fields", whole().sse(json!({"choices": [{"delta": {"content": "whole.", "odd": [1]}, "odd": {}}], "x": 1})).finish("stop").done()),
        ("two finish reasons", whole().text("whole.").finish("stop").finish("stop").done()),
        ("no finish reason but [DONE]", whole().text("whole.").done()),
        ("a finish reason and no [DONE]", whole().text("whole.").finish("stop")),
        ("no usage", whole().text("whole.").finish("stop").done()),
        ("comments between", whole().raw(": alive\n\n").text("whole.").finish("stop").done()),
    ] {
        let a = Upstream::start(vec![script]).await;
        let server = server_before(&[a.base_url()], &[]).await;
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Done, "{name}");
        assert_eq!(told.generation.text, "# T\n\nwhole.", "{name}");
        assert_eq!(told.notices(), [], "{name}");
        assert!(told.generation.usage.estimated && told.generation.usage.cost > Some(0), "{name}");
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_passed_over() {
    let plain = healthy().await;
    let tls = plain.base_url().replace("http://", "https://");
    for (name, url) in [
        ("refused", nowhere()),
        ("no such name", "http://nowhere.invalid/v1".to_owned()),
        ("no TLS", tls),
    ] {
        let b = healthy().await;
        let connect = [("INKSTREAM_CONNECT_TIMEOUT_S", "1")];
        let server = server_before(&[url, b.base_url()], &connect).await;
        let told = Told::of(&server, json!({"topic": "x"})).await;
        assert_eq!(told.generation.state, GenerationState::Done, "{name}");
        let error = told.generation.attempts[0].error.as_ref().unwrap();
        assert_eq!(error.code, Code::UpstreamUnreachable, "{name}: {error}");
        assert_eq!(told.generation.attempts[0].usage.cost, Some(0), "{name}");
    }
}

#[tokio::test]
async fn without_a_price_the_cost_is_not_known_and_is_not_made_up() {
    let a = healthy().await;
    let file = format!(
        "[[providers]]\nname = \"p\"\nprotocol = \"openai\"\nbase_url = \"{}\"\n\
         [[models]]\nname = \"m\"\nprovider = \"p\"\nid = \"m\"\n[routes]\ndefault = [\"m\"]\n",
        a.base_url()
    );
    let server = crate::support::Server::start_with(&file, &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!((told.generation.usage.cost, told.generation.usage.currency), (None, None));
    assert!(told.generation.usage.completion > 0);
}
