//! A text that broke off is gone on from, and the reader sees one notice.

use inkstream::article::event::{GenerationState, Seam};
use inkstream::article::generation::AttemptOutcome;
use inkstream::article::problem::Code;
use serde_json::json;

use super::{Told, notice, server_before};
use crate::upstream::{Script, Upstream};

#[tokio::test]
async fn another_model_goes_on_from_the_text_and_the_seam_is_recorded() {
    let a = Upstream::start(vec![
        Script::new().text("# T\n\nThe quick brown fox").close(),
        Script::new().error(404, "gone"),
    ])
    .await;
    let b = Upstream::start(vec![Script::new().completion(&["brown fox jumps", " over."])]).await;
    let server = server_before(&[a.base_url(), b.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    assert_eq!(told.generation.text, "# T\n\nThe quick brown fox jumps over.");
    assert_eq!(told.asked(), ["a", "a", "b"]);
    assert_eq!(told.notices(), [notice("continued", "a"), notice("continued", "b")]);
    let seam = Seam {
        offset: "# T\n\nThe quick brown fox".len() as u64,
        from: Some("a".to_owned()),
        to: "b".to_owned(),
        reason: Code::UpstreamTruncated.as_str().to_owned(),
    };
    assert_eq!(told.generation.seams, std::slice::from_ref(&seam));
    let meta = told.events.iter().find(|event| event.name == "meta").unwrap();
    assert_eq!(meta.data["seams"], json!([seam]));
    let server = server.restart().await;
    assert_eq!(server.generation(told.generation.id).await.seams, [seam]);
    let sent = b.request(0).await.body;
    assert_eq!(sent["messages"][2]["content"], "# T\n\nThe quick brown fox");
}

#[tokio::test]
async fn an_answer_that_reached_its_length_is_gone_on_from_until_it_is_whole() {
    let a = Upstream::start(vec![
        Script::new().text("# T\n\none ").finish("length").usage(10, 2).done(),
        Script::new().text("two ").finish("length").usage(12, 1).done(),
        Script::new().text("three.").finish("stop").usage(13, 1).done(),
    ])
    .await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    assert_eq!(told.generation.text, "# T\n\none two three.");
    let outcomes: Vec<_> =
        told.generation.attempts.iter().filter_map(|attempt| attempt.outcome).collect();
    use AttemptOutcome::{Complete, Length};
    assert_eq!(outcomes, [Length, Length, Complete]);
    assert_eq!((told.generation.usage.prompt, told.generation.usage.completion), (35, 4));
    assert_eq!(told.generation.usage.cost, Some(35 + 2 * 4));
    assert!(!told.generation.usage.estimated);
}

#[tokio::test]
async fn a_continuation_that_ends_without_a_word_means_that_the_text_was_whole() {
    let a = Upstream::start(vec![
        Script::new().text("# T\n\nall of it.").finish("length").done(),
        Script::new().finish("stop").done(),
    ])
    .await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    assert_eq!(told.generation.text, "# T\n\nall of it.");
    assert!(told.generation.seams.is_empty(), "nothing was joined");
}

#[tokio::test]
async fn max_tokens_of_the_brief_bounds_all_answers_together() {
    let a = Upstream::start(vec![
        Script::new().text("# T\n\none ").usage(10, 30).close(),
        Script::new().text("two").finish("length").usage(12, 20).done(),
    ])
    .await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x", "max_tokens": 50})).await;
    assert_eq!(told.generation.state, GenerationState::Done);
    assert_eq!(a.request(0).await.body["max_tokens"], 50);
    assert_eq!(a.request(1).await.body["max_tokens"], 20);
    assert_eq!(told.notices(), [notice("continued", "a"), notice("max_tokens", "a")]);
}

#[tokio::test]
async fn an_answer_that_goes_on_for_ever_is_ended_at_a_limit() {
    let a = Upstream::answering(|n, _| {
        Script::new().text(&format!("part {n}. ")).finish("length").done()
    })
    .await;
    let server = server_before(&[a.base_url()], &[("INKSTREAM_MAX_CONTINUATIONS", "3")]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.state, GenerationState::Failed);
    assert_eq!(told.generation.error.as_ref().unwrap().code, Code::AnswerLimit);
    assert_eq!(told.generation.text, "part 0. part 1. part 2. part 3. ");
    assert!(told.dead_letter().is_some());
}

#[tokio::test]
async fn what_fails_behind_every_word_keeps_every_word() {
    let a = Upstream::answering(|n, _| Script::new().text(&format!("word{n} ")).reset()).await;
    let server = server_before(&[a.base_url()], &[]).await;
    let told = Told::of(&server, json!({"topic": "x"})).await;
    assert_eq!(told.generation.text, "word0 word1 word2 word3 ");
    assert_eq!(told.generation.state, GenerationState::Failed);
    assert!(told.generation.revision_id.is_some());
    assert!(told.generation.usage.estimated);
}
