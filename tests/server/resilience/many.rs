//! A thousand articles from a model API that fails in every fifth answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use inkstream::article::event::GenerationState;
use serde_json::json;

use super::{Told, server_before};
use crate::support::Server;
use crate::upstream::{Request, Script, Upstream};

const ARTICLES: usize = 1000;

/// The article that is written about a topic: every word stands in it once.
fn article(topic: &str) -> String {
    let words: Vec<String> = (0..24).map(|n| format!("{topic}-word{n:02}")).collect();
    format!("# {topic}\n\n{}.", words.join(" "))
}

fn topic_of(request: &Request) -> String {
    let user = request.body["messages"][1]["content"].as_str().unwrap();
    let at = user.find("zorp").unwrap();
    user[at..].chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
}

/// The rest of the article behind what came with the request, with some of it repeated, as models
/// do; it breaks off in one way or another where `fault` says so.
fn answer(request: &Request, fault: usize) -> Script {
    let whole = article(&topic_of(request));
    let so_far = request.body["messages"][2]["content"].as_str().unwrap_or_default();
    assert!(whole.starts_with(so_far), "asked to go on from {so_far:?}");
    let repeat = so_far.len().saturating_sub(20);
    let rest: Vec<char> = whole[repeat..].chars().collect();
    let pieces: Vec<String> = rest.chunks(17).map(|piece| piece.iter().collect()).collect();
    let half = pieces.iter().take(pieces.len() / 2);
    let begun = || half.clone().fold(Script::new(), |script, piece| script.text(piece));
    match fault {
        0 => Script::new().error(500, "oops"),
        1 => Script::new().close(),
        2 => begun().close(),
        3 => begun().reset(),
        4 => begun(),
        5 => begun().sse(r#"{"error": {"message": "overloaded"}}"#),
        6 => begun().finish("length").done(),
        7 => Script::new().error(429, "slow"),
        _ => {
            let texts: Vec<&str> = pieces.iter().map(String::as_str).collect();
            Script::new().completion(&texts)
        }
    }
}

/// An upstream of which every fifth answer fails, in eight ways by turns.
async fn flaky() -> Upstream {
    let faults = AtomicUsize::new(0);
    Upstream::answering(move |n, request| {
        let fault = if n % 5 == 3 { faults.fetch_add(1, Ordering::Relaxed) % 8 } else { 8 };
        answer(request, fault)
    })
    .await
}

/// Has all articles written, many at once, and gives what became of each with its topic.
async fn written(server: &Server) -> Vec<(String, Told)> {
    let told = futures_util::stream::iter(0..ARTICLES).map(async |n| {
        let topic = format!("zorp{n}");
        let told = Told::of(server, json!({"topic": topic})).await;
        (topic, told)
    });
    told.buffer_unordered(32).collect().await
}

#[tokio::test]
async fn with_a_healthy_candidate_all_are_whole_and_no_word_is_doubled_or_missing() {
    let flaky = flaky().await;
    let healthy = Upstream::answering(|_, request| answer(request, 8)).await;
    // It is probed again at once, or most would never meet it.
    let eager = [("INKSTREAM_BREAKER_OPEN_S", "0.001")];
    let server = server_before(&[flaky.base_url(), healthy.base_url()], &eager).await;
    let (mut attempts, mut handed_over) = (0, 0);
    for (topic, told) in written(&server).await {
        let Told { generation, .. } = told;
        assert_eq!(generation.state, GenerationState::Done, "{:?}", generation.error);
        assert_eq!(generation.text, article(&topic), "{:?}", generation.attempts);
        attempts += generation.attempts.len();
        handed_over += generation.seams.iter().filter(|seam| seam.to == "b").count();
    }
    let calls = flaky.requests().len() + healthy.requests().len();
    assert_eq!(
        attempts, calls,
        "every call is an attempt that is shown, and none was made besides"
    );
    assert!(attempts > ARTICLES * 21 / 20, "faults were met: {attempts}");
    assert!(handed_over > 0, "texts went from one model to the other");
}

#[tokio::test]
async fn alone_the_flaky_one_loses_none_and_no_word_is_doubled_or_missing() {
    let flaky = flaky().await;
    let server = server_before(&[flaky.base_url()], &[]).await;
    let (mut attempts, mut whole) = (0, 0);
    for (topic, told) in written(&server).await {
        let generation = &told.generation;
        if generation.state == GenerationState::Done {
            assert_eq!(generation.text, article(&topic), "{:?}", generation.attempts);
            whole += 1;
        } else {
            assert!(told.dead_letter().is_some(), "{:?}", generation.error);
            assert!(article(&topic).starts_with(&generation.text), "{}", generation.text);
        }
        attempts += generation.attempts.len();
    }
    assert_eq!(attempts, flaky.requests().len());
    assert!(attempts > ARTICLES * 6 / 5, "faults were met: {attempts}");
    assert!(whole > ARTICLES * 98 / 100, "four tries are nearly always enough: {whole}");
}
