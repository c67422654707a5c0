//! What real servers send, and is accepted.

use futures_util::StreamExt;
use inkstream::server::providers::{FinishReason, ModelEvent, Provider, TokenCounts};
use serde_json::json;

use super::{answer_to, openai, request};
use crate::upstream::{Gate, Script, Upstream};

/// An event of a completion, as it stands on the wire.
fn event(content: &str) -> String {
    format!("data: {}\n\n", json!({"choices": [{"delta": {"content": content}}]}))
}

async fn text_of(script: Script) -> String {
    let answer = answer_to(script).await;
    assert!(answer.complete(), "{answer:?}");
    answer.text
}

#[tokio::test]
async fn an_ordinary_answer() {
    let answer = answer_to(Script::new().completion(&["# Ink", "\n\n墨", "流"])).await;
    assert!(answer.complete());
    assert_eq!((answer.text.as_str(), answer.usage), ("# Ink\n\n墨流", Some((7, 3))));
}

#[tokio::test]
async fn crlf_comments_a_byte_order_mark_and_empty_events() {
    let body = format!("{}data:\n\ndata: \n\n: ping\n\n{}", event("a"), event("b"));
    let body = format!("\u{FEFF}{}", body.replace('\n', "\r\n"));
    assert_eq!(text_of(Script::new().raw(body).done()).await, "ab");
}

#[tokio::test]
async fn bytes_cut_anywhere_also_inside_a_character() {
    let body = event("墨流 👩‍💻") + "data: [DONE]\n\n";
    let pieces = body.as_bytes().chunks(1);
    let script = pieces.fold(Script::new(), |script, byte| script.raw(byte));
    assert_eq!(text_of(script).await, "墨流 👩‍💻");
}

#[tokio::test]
async fn a_last_event_without_its_blank_line() {
    let last = json!({"choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}]});
    for end in ["", "\n", "\r"] {
        let body = format!("{}data: {last}{end}", event("a"));
        assert_eq!(text_of(Script::new().raw(body)).await, "ab", "{end:?}");
    }
    let cut = format!("{}data: {}", event("a"), &last.to_string()[..30]);
    let answer = answer_to(Script::new().raw(cut)).await;
    assert!(!answer.complete() && answer.text == "a", "{answer:?}");
}

#[tokio::test]
async fn deltas_that_only_name_a_role_or_hold_null() {
    let script = Script::new()
        .delta(json!({"role": "assistant"}))
        .delta(json!({"role": "assistant", "content": null, "reasoning_content": null}))
        .sse(json!({"choices": [], "usage": null, "error": null}))
        .sse(json!({"choices": [{"delta": null, "finish_reason": ""}]}))
        .sse(json!({"choices": null}))
        .text("a");
    assert_eq!(text_of(script.finish("stop").done()).await, "a");
}

#[tokio::test]
async fn fields_of_unexpected_types_beside_the_text() {
    let delta = json!({"content": "a", "reasoning": {"effort": 1}, "tool_calls": [[]]});
    let odd = json!({"choices": [{"delta": delta, "finish_reason": false, "logprobs": 1}],
        "usage": "none", "id": 3});
    assert_eq!(text_of(Script::new().sse(odd).done()).await, "a");
}

#[tokio::test]
async fn malformed_json_in_one_event_costs_that_event_only() {
    let script = Script::new().text("a").sse("{\"choices\": [{\"del").sse("nonsense").text("b");
    assert_eq!(text_of(script.done()).await, "ab");
}

#[tokio::test]
async fn reasoning_under_either_name() {
    for name in ["reasoning_content", "reasoning"] {
        let answer = answer_to(Script::new().delta(json!({name: "hm"})).text("a").done()).await;
        assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("hm", "a"));
    }
    let both = json!({"reasoning": "hm", "reasoning_content": "hm"});
    assert_eq!(answer_to(Script::new().delta(both).done()).await.reasoning, "hm");
}

#[tokio::test]
async fn a_leading_think_block_however_it_is_cut() {
    let whole = "<think>a <b> c</think>\n\n  # T <think>\n";
    for size in 1..whole.len() {
        let pieces: Vec<&str> =
            whole.as_bytes().chunks(size).map(|piece| str::from_utf8(piece).unwrap()).collect();
        let answer = answer_to(Script::new().completion(&pieces)).await;
        assert_eq!(answer.reasoning.trim_end(), "a <b> c");
        assert_eq!(answer.text, "# T <think>\n");
    }
}

#[tokio::test]
async fn a_think_block_that_never_closes_is_reasoning() {
    let answer = answer_to(Script::new().completion(&["<think>a</th"])).await;
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("a</th", ""));
}

#[tokio::test]
async fn the_text_is_not_trimmed() {
    assert_eq!(text_of(Script::new().completion(&["\n ", " a", " \n"])).await, "\n  a \n");
}

#[tokio::test]
async fn what_was_read_from_a_cache_is_counted_as_a_part_of_the_prompt() {
    for (field, value, cache_read) in [
        ("prompt_tokens_details", json!({"cached_tokens": 60, "audio_tokens": 0}), 60),
        ("prompt_cache_hit_tokens", json!(64), 64),
        ("prompt_cache_hit_tokens", json!(640), 100),
        ("prompt_tokens_details", json!("none"), 0),
        ("prompt_tokens_details", json!(null), 0),
    ] {
        let usage = json!({"prompt_tokens": 100, "completion_tokens": 4, field: value});
        let script = Script::new().text("a").sse(json!({"choices": [], "usage": usage})).done();
        let upstream = Upstream::start(vec![script]).await;
        let events: Vec<_> = openai(&upstream.base_url()).stream(request()).collect().await;
        let counts = TokenCounts { prompt: 100, completion: 4, cache_read, cache_write: 0 };
        assert!(events.contains(&Ok(ModelEvent::Usage(counts))), "{field}: {events:?}");
    }
}

#[tokio::test]
async fn usage_is_read_wherever_it_stands() {
    let last = json!({"choices": [{"delta": {}, "finish_reason": "stop",
        "usage": {"prompt_tokens": 3, "completion_tokens": 4}}]});
    let answer = answer_to(Script::new().text("a").sse(last)).await;
    assert_eq!((answer.usage, answer.complete()), (Some((3, 4)), true));

    let counted = |n| {
        json!({"choices": [{"delta": {"content": "a"}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": n}})
    };
    let answer = answer_to(Script::new().sse(counted(1)).sse(counted(2)).done()).await;
    assert_eq!((answer.usage, answer.text.as_str()), (Some((3, 2)), "aa"));
}

#[tokio::test]
async fn an_answer_without_done_is_complete_by_its_reason() {
    assert_eq!(text_of(Script::new().text("a").finish("stop")).await, "a");
}

#[tokio::test]
async fn done_without_a_reason_is_complete() {
    assert_eq!(text_of(Script::new().text("a").done()).await, "a");
}

#[tokio::test]
async fn an_end_with_neither_is_no_finish() {
    let answer = answer_to(Script::new().text("a")).await;
    assert_eq!((answer.finish, answer.error, answer.text.as_str()), (None, None, "a"));
}

#[tokio::test]
async fn reasons_are_told_apart() {
    for (word, reason) in [
        ("stop", FinishReason::Stop),
        ("eos", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("MAX_TOKENS", FinishReason::Length),
        ("content_filter", FinishReason::Filter("content_filter".into())),
        ("sensitive", FinishReason::Filter("sensitive".into())),
    ] {
        let answer = answer_to(Script::new().text("a").finish(word).done()).await;
        assert_eq!((answer.finish, answer.error), (Some(reason), None), "{word}");
    }
}

#[tokio::test]
async fn an_event_of_a_mebibyte() {
    let long = "墨".repeat((1 << 20) / 3);
    assert_eq!(text_of(Script::new().text(&long).done()).await.len(), long.len());
}

#[tokio::test]
async fn a_whole_completion_where_a_stream_was_asked_for() {
    let whole = json!({
        "choices": [{
            "message": {"role": "assistant", "content": "<think>hm</think>\n# T"},
            "finish_reason": "length"
        }],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4}
    });
    let answer = answer_to(Script::new().json(whole)).await;
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("# T", "hm\n"));
    assert_eq!((answer.finish, answer.usage), (Some(FinishReason::Length), Some((3, 4))));
}

#[tokio::test]
async fn a_whole_completion_is_complete_without_a_reason() {
    let whole = json!({"choices": [{"message": {"content": "# T"}}]});
    assert_eq!(text_of(Script::new().json(whole)).await, "# T");
}

#[tokio::test]
async fn a_stream_under_another_content_type() {
    let script = Script::new().header("content-type", "application/json").completion(&["a"]);
    assert_eq!(text_of(script).await, "a");
}

#[tokio::test]
async fn a_finished_answer_does_not_wait_for_its_connection() {
    let answer = answer_to(Script::new().completion(&["a"]).silence()).await;
    assert!(answer.complete(), "after [DONE]");
    let answer = answer_to(Script::new().text("a").finish("stop").silence()).await;
    assert!(answer.complete(), "after a reason, when no usage comes");
    let answer = answer_to(Script::new().text("a").finish("stop").reset()).await;
    assert!(answer.complete(), "also when it breaks");
}

#[tokio::test]
async fn texts_of_one_read_come_as_one_and_other_bytes_as_a_sign_of_life() {
    let gate = Gate::new();
    let body = [event("a"), event("b"), event("c")].concat();
    let script = Script::new().raw(": hello\n\n").pause(&gate).raw(body).done();
    let upstream = Upstream::start(vec![script]).await;
    let mut stream = openai(&upstream.base_url()).stream(request());
    assert_eq!(stream.next().await, Some(Ok(ModelEvent::Alive)), "the headers");
    assert_eq!(stream.next().await, Some(Ok(ModelEvent::Alive)), "the comment");
    gate.open();
    assert_eq!(stream.next().await, Some(Ok(ModelEvent::Text("abc".into()))));
}
