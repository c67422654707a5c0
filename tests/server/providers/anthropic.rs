//! Anthropic's Messages API: what is sent, and what is made of every kind of answer.

use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt};
use inkstream::article::problem::Code;
use inkstream::server::config::{Continuation, Protocol, ProviderConfig};
use inkstream::server::providers::ErrorClass::{Candidate, Retryable};
use inkstream::server::providers::anthropic::Anthropic;
use inkstream::server::providers::{
    FinishReason, ModelEvent, ModelRequest, Provider, Sampling, TokenCounts, Understood,
};
use serde_json::{Value, json};

use super::{Answer, KEY, ask, limits, request, settings};
use crate::upstream::{Script, Upstream};

fn config(upstream: &Upstream) -> ProviderConfig {
    let base_url = format!("http://{}", upstream.address());
    ProviderConfig { protocol: Protocol::Anthropic, ..settings("anthropic", &base_url) }
}

fn anthropic(upstream: &Upstream) -> Anthropic {
    Anthropic::new(&config(upstream), &limits(), Understood::default())
}

async fn answer_to(script: Script) -> Answer {
    let upstream = Upstream::start(vec![script]).await;
    ask(&anthropic(&upstream), request()).await
}

/// An event as Anthropic writes it, its name on a line of its own.
fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

fn delta(delta: Value) -> String {
    event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}

fn text(text: &str) -> String {
    delta(json!({"type": "text_delta", "text": text}))
}

fn start() -> String {
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [],
        "model": "claude", "stop_reason": null, "usage": {
            "input_tokens": 25, "cache_creation_input_tokens": 100,
            "cache_read_input_tokens": 1000, "output_tokens": 1}});
    event(&json!({"type": "message_start", "message": message}))
        + &event(&json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "text", "text": ""}}))
        + &event(&json!({"type": "ping"}))
}

fn stop(reason: &str) -> String {
    event(&json!({"type": "content_block_stop", "index": 0}))
        + &event(&json!({"type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": {"output_tokens": 15}}))
        + &event(&json!({"type": "message_stop"}))
}

/// A whole answer of these pieces.
fn message(pieces: &[&str], reason: &str) -> Script {
    let begun = Script::new().raw(start());
    pieces.iter().fold(begun, |script, piece| script.raw(text(piece))).raw(stop(reason))
}

#[tokio::test]
async fn the_request_carries_the_brief_the_key_and_the_version() {
    let upstream = Upstream::start(vec![message(&["a"], "end_turn")]).await;
    ask(&anthropic(&upstream), request()).await;
    let sent = upstream.request(0).await;
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/messages"));
    assert_eq!(sent.header("x-api-key"), Some(KEY));
    assert_eq!(sent.header("authorization"), None);
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(sent.header("x-request-id"), Some("req-1"));
    assert_eq!(
        sent.body,
        json!({
            "model": "GLM-4.7-Flash",
            "max_tokens": 4096,
            "system": [{"type": "text", "text": "You write.",
                "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": "Write about ink."}],
            "stream": true,
            "temperature": 0.7
        })
    );
}

#[tokio::test]
async fn of_the_sampling_parameters_only_what_is_understood_is_sent() {
    let sent = async |unsampled: &[&str], change: fn(&mut Sampling)| {
        let upstream = Upstream::start(vec![message(&["a"], "end_turn")]).await;
        let unsampled = unsampled.iter().map(|id| (*id).to_owned()).collect();
        let models = Understood { unsampled, ..Understood::default() };
        let provider = Anthropic::new(&config(&upstream), &limits(), models);
        let mut request = request();
        change(&mut request.sampling);
        ask(&provider, request).await;
        let body = upstream.request(0).await.body;
        ["temperature", "top_p", "stop_sequences"].map(|field| body[field].clone())
    };
    let hot = sent(&[], |sampling| sampling.temperature = 1.7).await;
    assert_eq!(hot, [json!(1.0), Value::Null, Value::Null]);
    let narrow = sent(&[], |sampling| sampling.top_p = 0.5).await;
    assert_eq!(narrow, [Value::Null, json!(0.5), Value::Null]);
    let stops = |sampling: &mut Sampling| sampling.stop = ["END", " \n", ""].map(Into::into).into();
    assert_eq!(sent(&[], stops).await[2], json!(["END"]));
    let newest = sent(&["GLM-4.7-Flash"], |sampling| sampling.top_p = 0.5).await;
    assert_eq!(newest, [Value::Null, Value::Null, Value::Null]);
}

#[tokio::test]
async fn a_model_that_thinks_in_silence_is_asked_to_say_it() {
    let upstream = Upstream::start(vec![message(&["a"], "end_turn")]).await;
    let models = Understood { thinking: [request().model_id].into(), ..Understood::default() };
    ask(&Anthropic::new(&config(&upstream), &limits(), models), request()).await;
    let thinking = &upstream.request(0).await.body["thinking"];
    assert_eq!(*thinking, json!({"type": "adaptive", "display": "summarized"}));
}

async fn going_on(continuation: Continuation, so_far: &str, answer: &[&str]) -> (Value, String) {
    let upstream = Upstream::start(vec![message(answer, "end_turn")]).await;
    let request = ModelRequest { so_far: Some(so_far.into()), continuation, ..request() };
    let answer = ask(&anthropic(&upstream), request).await;
    assert!(answer.complete());
    (upstream.request(0).await.body["messages"].clone(), answer.text)
}

#[tokio::test]
async fn a_prefill_ends_in_no_white_space_and_none_is_lost_or_doubled() {
    for (so_far, sent, answer, text) in [
        ("# A\n\nb", "# A\n\nb", ["c", " d"], "c d"),
        ("# A\n\n", "# A", ["\n", "\nb"], "b"),
        ("# A\n", "# A", ["\n\n", "b"], "\nb"),
        ("# A\n\n", "# A", ["b", "\n\nc"], "b\n\nc"),
        ("墨 ", "墨", [" ", " 流"], " 流"),
    ] {
        let (messages, answered) = going_on(Continuation::Prefill, so_far, &answer).await;
        assert_eq!(messages[1], json!({"role": "assistant", "content": sent}));
        assert_eq!(answered, text, "{so_far:?} {answer:?}");
    }
    let (messages, answered) = going_on(Continuation::Prefill, " \n", &["a"]).await;
    assert_eq!((messages.as_array().unwrap().len(), answered.as_str()), (1, "a"));
}

#[tokio::test]
async fn an_instruction_follows_the_whole_text() {
    let (messages, answered) = going_on(Continuation::Instruct, "# A\n\n", &["\n\nb"]).await;
    assert_eq!(messages[1], json!({"role": "assistant", "content": "# A\n\n"}));
    assert_eq!(messages[2]["role"], "user");
    assert!(messages[2]["content"].as_str().unwrap().contains("cut off"));
    assert_eq!(answered, "\n\nb", "the seam is the pipeline's to join");
}

#[tokio::test]
async fn an_ordinary_answer_however_it_is_cut() {
    let pieces = ["# Ink", "\n\n墨", "流 👩‍💻 \"", "\\\n "];
    let whole = start() + &pieces.map(text).concat() + &stop("end_turn");
    for body in [whole.clone(), whole.replace('\n', "\r\n")] {
        for size in [1, 2, 3, 7, 64, body.len()] {
            let cut = body.as_bytes().chunks(size);
            let answer = answer_to(cut.fold(Script::new(), |script, part| script.raw(part))).await;
            assert!(answer.complete(), "{size}: {answer:?}");
            assert_eq!(answer.text, pieces.concat(), "{size}");
        }
    }
}

#[tokio::test]
async fn cached_tokens_are_a_part_of_the_prompt_and_counted_once() {
    let upstream = Upstream::start(vec![message(&["a"], "end_turn")]).await;
    let stream = anthropic(&upstream).stream(request());
    let events: Vec<_> = stream.map(Result::unwrap).collect().await;
    let counts: Vec<_> = events.iter().filter(|it| matches!(it, ModelEvent::Usage(_))).collect();
    let counted = TokenCounts { prompt: 1125, completion: 15, cache_read: 1000, cache_write: 100 };
    assert_eq!(counts, [&ModelEvent::Usage(counted)]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_counted_with_its_first_token() {
    let answer = answer_to(Script::new().raw(start()).raw(text("a")).close()).await;
    assert_eq!(answer.usage, None, "what is estimated is nearer");
}

#[tokio::test]
async fn every_stop_reason_has_its_end() {
    for (reason, finish) in [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("something_new", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("pause_turn", FinishReason::Length),
        ("refusal", FinishReason::Filter("refusal".into())),
    ] {
        let answer = answer_to(message(&["a"], reason)).await;
        assert_eq!((answer.text.as_str(), answer.finish), ("a", Some(finish)), "{reason}");
    }
}

#[tokio::test]
async fn thinking_is_reasoning_and_signatures_are_nothing() {
    let script = Script::new()
        .raw(start())
        .raw(delta(json!({"type": "thinking_delta", "thinking": "hm "})))
        .raw(delta(json!({"type": "thinking_delta", "thinking": "<b>"})))
        .raw(delta(json!({"type": "signature_delta", "signature": "EqQBCgIYAhIM"})))
        .raw(event(&json!({"type": "content_block_start", "index": 1,
            "content_block": {"type": "redacted_thinking", "data": "x"}})))
        .raw(text("a <think>"))
        .raw(stop("end_turn"));
    let answer = answer_to(script).await;
    assert_eq!((answer.reasoning.as_str(), answer.text.as_str()), ("hm <b>", "a <think>"));
}

#[tokio::test]
async fn what_is_not_known_is_passed_over() {
    let script = Script::new()
        .raw(": a comment\n\n")
        .raw(start())
        .raw(event(&json!({"type": "fallback", "message": 3, "delta": []})))
        .raw(delta(json!({"type": "citations_delta", "citation": {"text": "c"}})))
        .raw(delta(json!({"type": "future_delta", "text": "f", "thinking": "f"})))
        .raw(delta(json!({"type": "input_json_delta", "partial_json": "{\"text\":"})))
        .raw(event(&json!({"type": "content_block_delta", "index": "?", "extra": {"a": 1},
            "delta": {"type": "text_delta", "text": "a", "more": null}})))
        .sse("{\"type\": \"content_block_de")
        .sse("nonsense")
        .sse(json!({"type": "content_block_delta", "delta": "b"}))
        .raw(text("b"))
        .raw(stop("end_turn"));
    let answer = answer_to(script).await;
    assert!(answer.complete(), "{answer:?}");
    assert_eq!(answer.text, "ab");
}

#[tokio::test]
async fn an_error_inside_the_stream_comes_after_the_text_before_it() {
    for (kind, class, code) in [
        ("overloaded_error", Retryable, Code::UpstreamFailed),
        ("api_error", Retryable, Code::UpstreamFailed),
        ("timeout_error", Retryable, Code::UpstreamTimeout),
        ("rate_limit_error", Retryable, Code::UpstreamRateLimited),
        ("invalid_request_error", Candidate, Code::UpstreamRejected),
        ("request_too_large", Candidate, Code::UpstreamRejected),
        ("not_found_error", Candidate, Code::UpstreamRejected),
        ("billing_error", Candidate, Code::UpstreamRejected),
        ("authentication_error", Candidate, Code::UpstreamUnauthorized),
        ("permission_error", Candidate, Code::UpstreamUnauthorized),
    ] {
        let error = event(&json!({"type": "error", "error": {"type": kind, "message": "No."}}));
        let script = Script::new().raw(start()).raw(text("a")).raw(error).raw(text("b"));
        let answer = answer_to(script).await;
        assert_eq!((answer.text.as_str(), answer.finish.as_ref()), ("a", None), "{kind}");
        assert_eq!(answer.failure(), (class, code), "{kind}");
        assert_eq!(answer.message(), "anthropic reported an error in its answer: No.");
        assert!(!answer.resolution().is_empty());
    }
}

#[tokio::test]
async fn an_error_without_a_kind_is_one_all_the_same() {
    let error = json!({"error": {"type": "overloaded_error", "message": "No."}});
    let answer = answer_to(Script::new().raw(start()).raw(text("a")).sse(error)).await;
    assert_eq!(answer.failure(), (Retryable, Code::UpstreamFailed));
}

fn refusal(status: u16, kind: &str, words: &str) -> Script {
    let error = json!({"type": "error", "error": {"type": kind, "message": words},
        "request_id": "req_011"});
    Script::new().status(status).json(error)
}

#[tokio::test]
async fn statuses_have_their_class_and_code() {
    for (status, kind, class, code) in [
        (400, "invalid_request_error", Candidate, Code::UpstreamRejected),
        (401, "authentication_error", Candidate, Code::UpstreamUnauthorized),
        (403, "permission_error", Candidate, Code::UpstreamUnauthorized),
        (404, "not_found_error", Candidate, Code::UpstreamRejected),
        (413, "request_too_large", Candidate, Code::UpstreamRejected),
        (429, "rate_limit_error", Retryable, Code::UpstreamRateLimited),
        (500, "api_error", Retryable, Code::UpstreamFailed),
        (529, "overloaded_error", Retryable, Code::UpstreamFailed),
    ] {
        let answer = answer_to(refusal(status, kind, "prompt is too long")).await;
        assert_eq!(answer.failure(), (class, code), "{status}");
        assert_eq!(answer.message(), format!("anthropic answered {status}: prompt is too long"));
    }
    let wrong = answer_to(refusal(401, "authentication_error", &format!("invalid {KEY}"))).await;
    assert_eq!(wrong.resolution(), "Check ANTHROPIC_API_KEY.");
    assert!(!wrong.message().contains("secret"), "{}", wrong.message());
    let poor = refusal(400, "invalid_request_error", "Your credit balance is too low to …");
    assert!(answer_to(poor).await.resolution().contains("Check the balance"));
    let missing = answer_to(refusal(404, "not_found_error", "model: x")).await;
    assert!(missing.resolution().contains("not with, /v1/messages"), "{}", missing.resolution());
}

#[tokio::test]
async fn retry_after_is_read_in_seconds_and_as_a_date() {
    let wait = async |value: String| {
        let script = refusal(429, "rate_limit_error", "Slow.").header("retry-after", value);
        answer_to(script).await.error.unwrap().retry_after
    };
    assert_eq!(wait("7".into()).await, Some(Duration::from_secs(7)));
    let hour = Duration::from_secs(3600);
    let soon = wait(httpdate::fmt_http_date(SystemTime::now() + hour)).await.unwrap();
    assert!(soon > hour / 2 && soon <= hour, "{soon:?}");
}

#[tokio::test]
async fn a_web_page_points_at_the_base_url() {
    for script in [Script::new().html(), Script::new().raw(" \n<html>")] {
        let answer = answer_to(script).await;
        assert_eq!(answer.failure(), (Candidate, Code::UpstreamMalformed));
        assert!(answer.resolution().contains("not with, /v1/messages"));
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let whole = json!({"type": "message", "content": [{"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "a"}], "stop_reason": "max_tokens",
        "usage": {"input_tokens": 3, "output_tokens": 4}});
    let answer = answer_to(Script::new().json(whole)).await;
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("a", "hm"));
    assert_eq!((answer.usage, answer.finish), (Some((3, 4)), Some(FinishReason::Length)));
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "No."}});
    let answer = answer_to(Script::new().json(error)).await;
    assert_eq!(answer.failure(), (Retryable, Code::UpstreamFailed));
    for body in ["{\"type\": \"message\", ", "{}", "[]", "{\"choices\": []}"] {
        let answer = answer_to(Script::new().raw(body)).await;
        assert_eq!(answer.failure(), (Candidate, Code::UpstreamMalformed), "{body}");
    }
}

#[tokio::test]
async fn a_connection_closed_within_an_event_or_a_character_loses_nothing_before_it() {
    let next = text("墨");
    let inside = next.find('墨').unwrap() + 1;
    for cut in [5, 20, inside, next.len() - 1] {
        let script = Script::new().raw(start()).raw(text("a")).raw(&next.as_bytes()[..cut]).close();
        let answer = answer_to(script).await;
        assert_eq!(answer.failure(), (Retryable, Code::UpstreamTruncated), "{cut}");
        assert_eq!(answer.text, "a", "{cut}");
    }
}

#[tokio::test]
async fn an_end_without_a_reason_is_no_end() {
    let answer = answer_to(Script::new().raw(start()).raw(text("a"))).await;
    assert_eq!((answer.text.as_str(), &answer.finish, &answer.error), ("a", &None, &None));
    let stopped = Script::new().raw(start()).raw(text("a"));
    let answer = answer_to(stopped.raw(event(&json!({"type": "message_stop"})))).await;
    assert_eq!(answer.finish, Some(FinishReason::Stop), "message_stop is one");
}

#[tokio::test]
async fn a_silence_is_waited_through_and_dropping_it_closes_the_connection() {
    let script = Script::new().raw(start()).raw(text("a")).silence();
    let upstream = Upstream::start(vec![script]).await;
    let mut stream = anthropic(&upstream).stream(request());
    while stream.next().await.expect("more") != Ok(ModelEvent::Text("a".into())) {}
    assert_eq!(stream.next().now_or_never(), None, "silence");
    drop(stream);
    assert_eq!(upstream.closed().await.connection, 0);
}

#[tokio::test]
async fn a_finished_answer_does_not_wait_for_its_connection() {
    let script = Script::new().raw(start()).raw(text("a")).raw(stop("end_turn")).silence();
    assert!(answer_to(script).await.complete());
}

#[tokio::test]
async fn an_event_of_one_mebibyte_is_read_and_one_of_five_ends_the_attempt() {
    let long = "x".repeat(1 << 20);
    let answer = answer_to(message(&[&long], "end_turn")).await;
    assert!(answer.complete() && answer.text == long);
    let begun = Script::new().raw(start()).raw(text("a")).raw("data: {\"type\": \"");
    let script = (0..5).fold(begun, |script, _| script.raw(&long)).silence();
    let answer = answer_to(script).await;
    assert_eq!(answer.failure(), (Retryable, Code::UpstreamMalformed));
    assert_eq!(answer.text, "a");
}

#[tokio::test]
async fn answers_read_to_their_end_share_a_connection() {
    let upstream = Upstream::start(vec![message(&["a"], "end_turn")]).await;
    let provider = anthropic(&upstream);
    for _ in 0..3 {
        assert!(ask(&provider, request()).await.complete());
    }
    assert_eq!((upstream.requests().len(), upstream.connections()), (3, 1));
}
