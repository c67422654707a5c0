//! Model APIs: what is sent, what is made of every kind of answer, and that nothing stays open.

use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use inkstream::article::problem::Code;
use inkstream::server::config::{
    Config, Continuation, GenerationConfig, Protocol, ProviderConfig, Sources,
};
use inkstream::server::providers::openai::OpenAi;
use inkstream::server::providers::{
    self, ErrorClass, FinishReason, ModelEvent, ModelRequest, Provider, ProviderError, Sampling,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::upstream::{Gate, Script, Upstream};

const KEY: &str = "4f2a.very+secret/key";

fn limits() -> GenerationConfig {
    GenerationConfig {
        connect_timeout: Duration::from_secs(5),
        first_token_timeout: Duration::from_secs(60),
        idle_timeout: Duration::from_secs(30),
        total_timeout: Duration::from_secs(900),
        retries: 3,
        max_concurrent: 2000,
        max_text_bytes: 2 << 20,
    }
}

fn settings(name: &str, base_url: &str) -> ProviderConfig {
    ProviderConfig {
        name: name.into(),
        protocol: Protocol::OpenAi,
        base_url: base_url.into(),
        api_key: Some(SecretString::from(KEY)),
    }
}

fn openai(base_url: &str) -> OpenAi {
    OpenAi::new(&settings("local", base_url), &limits())
}

fn request() -> ModelRequest {
    ModelRequest {
        generation: Uuid::nil(),
        request_id: "req-1".into(),
        model_id: "GLM-4.7-Flash".into(),
        system: "You write.".into(),
        user: "Write about ink.".into(),
        so_far: None,
        continuation: Continuation::Prefix,
        topic: "ink".into(),
        language: "en".into(),
        sampling: Sampling {
            temperature: 0.7,
            top_p: 0.95,
            max_tokens: 4096,
            frequency_penalty: 0.1,
            presence_penalty: 0.1,
            stop: vec![],
        },
    }
}

/// Everything that came of a request.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    text: String,
    reasoning: String,
    usage: Option<(u64, u64)>,
    finish: Option<FinishReason>,
    error: Option<ProviderError>,
}

impl Answer {
    fn complete(&self) -> bool {
        self.error.is_none() && self.finish == Some(FinishReason::Stop)
    }

    /// The error's class and code.
    fn failure(&self) -> (ErrorClass, Code) {
        let error = self.error.as_ref().expect("an error");
        (error.class, error.code)
    }

    fn message(&self) -> &str {
        &self.error.as_ref().expect("an error").message
    }

    fn resolution(&self) -> &str {
        &self.error.as_ref().expect("an error").resolution
    }
}

async fn ask(provider: &dyn Provider, request: ModelRequest) -> Answer {
    let mut stream = provider.stream(request);
    let mut answer = Answer::default();
    while let Some(event) = stream.next().await {
        assert_eq!(answer.error, None, "nothing comes after an error");
        match event {
            Ok(ModelEvent::Alive) => {}
            Ok(ModelEvent::Text(text)) => {
                assert_eq!(answer.finish, None, "no text comes after the end");
                answer.text += &text;
            }
            Ok(ModelEvent::Reasoning(text)) => answer.reasoning += &text,
            Ok(ModelEvent::Usage { prompt, completion }) => {
                answer.usage = Some((prompt, completion));
            }
            Ok(ModelEvent::Finish(reason)) => {
                assert_eq!(answer.finish, None, "it ends once");
                answer.finish = Some(reason);
            }
            Err(error) => answer.error = Some(error),
        }
    }
    answer
}

async fn answer_to(script: Script) -> Answer {
    let upstream = Upstream::start(vec![script]).await;
    ask(&openai(&upstream.base_url()), request()).await
}

mod what_is_sent {
    use super::*;

    #[tokio::test]
    async fn the_request_carries_the_brief_the_key_and_the_request_id() {
        let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
        ask(&openai(&upstream.base_url()), request()).await;
        let sent = upstream.request(0).await;
        assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/chat/completions"));
        assert_eq!(sent.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        assert_eq!(sent.header("x-request-id"), Some("req-1"));
        assert_eq!(sent.header("accept"), Some("text/event-stream"));
        assert_eq!(sent.header("content-type"), Some("application/json"));
        assert_eq!(sent.header("accept-encoding"), None);
        assert_eq!(sent.body["model"], "GLM-4.7-Flash");
        assert_eq!(sent.body["stream"], true);
        assert_eq!(sent.body["stream_options"], json!({"include_usage": true}));
        assert_eq!(sent.body["messages"][1]["content"], "Write about ink.");
        assert_eq!(sent.body.get("stop"), None);
    }

    #[tokio::test]
    async fn nothing_is_sent_before_the_stream_is_polled() {
        let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
        drop(openai(&upstream.base_url()).stream(request()));
        ask(&openai(&upstream.base_url()), request()).await;
        assert_eq!(upstream.connections(), 1);
    }

    #[tokio::test]
    async fn a_provider_without_a_key_gets_none() {
        let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
        let settings = ProviderConfig { api_key: None, ..settings("local", &upstream.base_url()) };
        ask(&OpenAi::new(&settings, &limits()), request()).await;
        assert_eq!(upstream.request(0).await.header("authorization"), None);
    }

    #[tokio::test]
    async fn a_slash_at_the_end_of_the_base_url_and_a_query_do_no_harm() {
        let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
        let base_url = format!("{}/?api-version=1", upstream.base_url());
        assert!(ask(&openai(&base_url), request()).await.complete());
        assert_eq!(upstream.request(0).await.path, "/v1/chat/completions?api-version=1");
    }

    #[tokio::test]
    async fn a_continuation_sends_the_text_so_far() {
        let upstream = Upstream::start(vec![Script::new().completion(&["b"])]).await;
        let request = ModelRequest { so_far: Some("# a".into()), ..request() };
        ask(&openai(&upstream.base_url()), request).await;
        assert_eq!(
            upstream.request(0).await.body["messages"][2],
            json!({"role": "assistant", "content": "# a", "prefix": true, "partial": true})
        );
    }

    #[tokio::test]
    async fn answers_read_to_their_end_share_a_connection() {
        let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
        let provider = openai(&upstream.base_url());
        for _ in 0..5 {
            assert!(ask(&provider, request()).await.complete());
        }
        assert_eq!((upstream.requests().len(), upstream.connections()), (5, 1));
    }

    #[tokio::test]
    async fn every_configured_provider_is_built() {
        let file = "[[providers]]\nname = \"local\"\nprotocol = \"openai\"\n\
                    base_url = \"http://127.0.0.1:1/v1\"\n\
                    [[models]]\nname = \"m\"\nprovider = \"local\"\nid = \"m\"\n\
                    context_window = 1000\nmax_output = 100\n";
        let directory = tempfile::TempDir::new().unwrap();
        std::fs::write(directory.path().join("inkstream.toml"), file).unwrap();
        let config = Config::load(&Sources::of_directory(directory.path())).unwrap();
        let built = providers::build(&config);
        assert_eq!(built.keys().collect::<Vec<_>>(), ["demo", "local"]);
        let request = ModelRequest { model_id: "instant".into(), ..request() };
        assert!(ask(&*built["demo"], request).await.complete());
    }
}

mod what_is_tolerated {
    use super::*;

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
}

mod what_fails {
    use super::*;
    use ErrorClass::{Business, Candidate, Retryable};

    #[tokio::test]
    async fn statuses_have_their_class_and_code() {
        for (status, class, code) in [
            (400, Candidate, Code::UpstreamRejected),
            (401, Candidate, Code::UpstreamUnauthorized),
            (403, Candidate, Code::UpstreamUnauthorized),
            (404, Candidate, Code::UpstreamRejected),
            (408, Retryable, Code::UpstreamTimeout),
            (422, Candidate, Code::UpstreamRejected),
            (429, Retryable, Code::UpstreamRateLimited),
            (500, Retryable, Code::UpstreamFailed),
            (503, Retryable, Code::UpstreamFailed),
            (529, Retryable, Code::UpstreamFailed),
        ] {
            let answer = answer_to(Script::new().error(status, "No such luck.")).await;
            assert_eq!(answer.failure(), (class, code), "{status}");
            assert_eq!(answer.message(), format!("local answered {status}: No such luck."));
            assert!(!answer.resolution().is_empty());
        }
    }

    #[tokio::test]
    async fn a_filters_refusal_is_final_and_an_empty_account_is_not_asked_again() {
        for (name, class) in [("content_filter", Business), ("insufficient_quota", Candidate)] {
            let body = json!({"error": {"message": "No.", "type": "x", "code": name}});
            let answer = answer_to(Script::new().status(429).json(body)).await;
            assert_eq!(answer.failure(), (class, Code::UpstreamRejected));
        }
    }

    #[tokio::test]
    async fn the_words_of_every_kind_of_error_body_are_found() {
        for body in [
            json!({"error": {"message": "Too busy."}}),
            json!({"error": "Too busy."}),
            json!({"code": 50603, "message": "Too busy.", "data": null}),
            json!({"object": "error", "message": "Too busy.", "code": 503}),
            json!({"detail": "Too busy."}),
            json!("Too busy."),
        ] {
            let answer = answer_to(Script::new().status(503).json(body.clone())).await;
            assert_eq!(answer.message(), "local answered 503: Too busy.", "{body}");
        }
        let plain = answer_to(Script::new().status(503).raw("Too\nbusy.")).await;
        assert_eq!(plain.message(), "local answered 503: Too busy.");
        let page = answer_to(Script::new().status(503).html()).await;
        assert_eq!(page.message(), "local answered 503: an HTML page");
        assert_eq!(answer_to(Script::new().status(503)).await.message(), "local answered 503");
    }

    #[tokio::test]
    async fn retry_after_is_read_in_seconds_and_as_a_date() {
        let wait = async |name: &str, value: String| {
            let answer = answer_to(Script::new().error(429, "Slow.").header(name, value)).await;
            answer.error.unwrap().retry_after
        };
        assert_eq!(wait("retry-after", "7".into()).await, Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after-ms", "250".into()).await, Some(Duration::from_millis(250)));
        let date = |at| httpdate::fmt_http_date(at);
        let past = wait("retry-after", date(SystemTime::UNIX_EPOCH)).await;
        assert_eq!(past, Some(Duration::ZERO));
        let hour = Duration::from_secs(3600);
        let soon = wait("retry-after", date(SystemTime::now() + hour)).await.unwrap();
        assert!(soon > hour / 2 && soon <= hour, "{soon:?}");
        for nonsense in ["soon", "-1", "1e300", "NaN"] {
            let wait = wait("retry-after", nonsense.into()).await;
            assert!(wait.is_none_or(|wait| wait.is_zero()), "{nonsense}: {wait:?}");
        }
    }

    #[tokio::test]
    async fn the_key_is_never_repeated() {
        let words =
            format!("Incorrect key {KEY}, or sk-abcdef0123456789\u{1b}[2J {}", "x".repeat(900));
        let answer = answer_to(Script::new().error(401, &words)).await;
        let message = answer.message();
        assert!(
            !message.contains("secret") && !message.contains("sk-") && !message.contains('\u{1b}')
        );
        assert!(message.chars().count() < 400);
        let shown = format!("{:?}", settings("local", "http://127.0.0.1:1/v1"));
        assert!(!shown.contains("secret"));
    }

    #[tokio::test]
    async fn a_wrong_key_names_the_variable_to_check() {
        let upstream = Upstream::start(vec![Script::new().error(401, "Invalid token")]).await;
        let known = OpenAi::new(&settings("siliconflow", &upstream.base_url()), &limits());
        let answer = ask(&known, request()).await;
        assert_eq!(answer.resolution(), "Check SILICONFLOW_API_KEY.");
        let other = ask(&openai(&upstream.base_url()), request()).await;
        assert_eq!(other.resolution(), "Check api_key of provider \"local\".");
    }

    #[tokio::test]
    async fn an_error_body_that_never_ends_is_still_that_error() {
        let endless = "x".repeat(64 << 10);
        let answer = answer_to(Script::new().status(500).raw(endless).silence()).await;
        assert_eq!(answer.failure(), (Retryable, Code::UpstreamFailed));
    }

    #[tokio::test]
    async fn an_error_inside_a_stream_comes_after_the_text_before_it() {
        for (error, class, code) in [
            (json!({"message": "Overloaded"}), Retryable, Code::UpstreamFailed),
            (json!({"message": "Slow", "code": 429}), Retryable, Code::UpstreamRateLimited),
            (json!({"message": "Slow", "code": "1302"}), Retryable, Code::UpstreamRateLimited),
            (json!({"message": "No", "code": "400"}), Candidate, Code::UpstreamRejected),
            (json!({"message": "No", "type": "content_filter"}), Business, Code::UpstreamRejected),
            (json!("Overloaded"), Retryable, Code::UpstreamFailed),
        ] {
            let body = json!({"error": error});
            let answer = answer_to(Script::new().text("a").sse(&body).text("b").done()).await;
            assert_eq!((answer.text.as_str(), answer.finish.as_ref()), ("a", None));
            assert_eq!(answer.failure(), (class, code), "{body}");
        }
        let bare = json!({"object": "error", "message": "Overloaded", "code": 503});
        let answer = answer_to(Script::new().sse(bare).done()).await;
        assert_eq!(answer.message(), "local answered 503: Overloaded");
    }

    #[tokio::test]
    async fn a_reason_that_is_no_end_is_an_error() {
        let answer = answer_to(Script::new().text("a").finish("network_error").done()).await;
        assert_eq!(answer.failure(), (Retryable, Code::UpstreamTruncated));
        assert_eq!(answer.text, "a");
    }

    #[tokio::test]
    async fn a_torn_stream_is_truncated_and_loses_nothing() {
        for script in [Script::new().text("<thi").close(), Script::new().text("<thi").reset()] {
            let answer = answer_to(script).await;
            assert_eq!(answer.failure(), (Retryable, Code::UpstreamTruncated));
            assert_eq!(answer.text, "<thi", "what was held back is given out");
        }
    }

    #[tokio::test]
    async fn a_web_page_points_at_the_base_url() {
        for script in [
            Script::new().html(),
            Script::new().raw(" \n<html>"),
            Script::new().status(302).header("location", "https://example.com/"),
        ] {
            let answer = answer_to(script).await;
            assert_eq!(answer.failure(), (Candidate, Code::UpstreamMalformed));
            assert!(answer.resolution().contains("Check base_url of provider \"local\""));
        }
    }

    #[tokio::test]
    async fn json_that_is_no_completion_is_malformed() {
        let answer = answer_to(Script::new().raw("{\"choices\": [")).await;
        assert_eq!(answer.failure(), (Candidate, Code::UpstreamMalformed));
    }

    #[tokio::test]
    async fn something_that_is_not_http_is_malformed() {
        let answer = answer_to(Script::new().wire("SSH-2.0-OpenSSH\r\n\r\n").silence()).await;
        assert_eq!(answer.failure(), (Retryable, Code::UpstreamMalformed));
    }

    #[tokio::test]
    async fn an_event_over_four_mebibytes_ends_the_attempt_before_it_is_held() {
        let piece = "x".repeat(1 << 20);
        let begun = Script::new().text("a").raw("data: {\"choices\": \"");
        let script = (0..5).fold(begun, |script, _| script.raw(&piece)).silence();
        let answer = answer_to(script).await;
        assert_eq!(answer.failure(), (Retryable, Code::UpstreamMalformed));
        assert_eq!(answer.text, "a");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://user:secret@{}/v1", listener.local_addr().unwrap());
        drop(listener);
        let answer = ask(&openai(&base_url), request()).await;
        assert_eq!(answer.failure(), (Retryable, Code::UpstreamUnreachable));
        assert!(answer.resolution().ends_with("does not answer: is it running?"));
        assert!(!format!("{answer:?}").contains("secret"));
    }

    #[tokio::test]
    async fn a_connection_closed_without_an_answer_can_be_tried_again() {
        for script in [Script::new().close(), Script::new().reset()] {
            let answer = answer_to(script).await;
            assert_eq!(answer.failure(), (Retryable, Code::UpstreamFailed));
        }
    }

    #[tokio::test]
    async fn what_is_configured_wrong_says_so_without_a_connection() {
        for base_url in ["", "localhost:8000", "ftp://127.0.0.1/v1", "http://"] {
            let answer = ask(&openai(base_url), request()).await;
            assert_eq!(answer.failure(), (Candidate, Code::UpstreamUnreachable), "{base_url:?}");
        }
        let key = Some(SecretString::from("a\nb"));
        let settings = ProviderConfig { api_key: key, ..settings("x", "http://127.0.0.1:1/v1") };
        let answer = ask(&OpenAi::new(&settings, &limits()), request()).await;
        assert_eq!(answer.failure(), (Candidate, Code::UpstreamUnauthorized));
    }
}

/// Dropping the stream closes the socket, whatever it was doing.
mod what_is_dropped {
    use super::*;

    /// Polls the stream until `seen` is ready, then drops it and waits for the upstream's word.
    async fn dropped_when(base_url: &str, upstream: &Upstream, seen: impl Future<Output = ()>) {
        let mut stream = openai(base_url).stream(request());
        let reading = async { while stream.next().await.is_some() {} };
        tokio::select! {
            () = reading => panic!("the answer ended by itself"),
            () = seen => {}
        }
        assert_eq!(upstream.closed_count(), 0);
        drop(stream);
        assert_eq!(upstream.closed().await.connection, 0);
    }

    #[tokio::test]
    async fn while_connecting() {
        // The handshake of TLS is a part of connecting, and this server never answers it.
        let upstream = Upstream::start(vec![Script::new()]).await;
        let base_url = upstream.base_url().replace("http:", "https:");
        dropped_when(&base_url, &upstream, upstream.connected(1)).await;
    }

    #[tokio::test]
    async fn while_waiting_for_headers() {
        let upstream = Upstream::start(vec![Script::new().silence()]).await;
        let seen = async { drop(upstream.request(0).await) };
        dropped_when(&upstream.base_url(), &upstream, seen).await;
    }

    #[tokio::test]
    async fn while_nothing_comes_after_the_headers() {
        let gate = Gate::new();
        let upstream = Upstream::start(vec![Script::new().head().pause(&gate)]).await;
        dropped_when(&upstream.base_url(), &upstream, gate.reached()).await;
    }

    #[tokio::test]
    async fn in_a_silence() {
        let gate = Gate::new();
        let upstream = Upstream::start(vec![Script::new().text("a").pause(&gate)]).await;
        dropped_when(&upstream.base_url(), &upstream, gate.reached()).await;
    }

    #[tokio::test]
    async fn in_the_flow() {
        let script = Script::new().endless("a", Duration::from_millis(1));
        let upstream = Upstream::start(vec![script]).await;
        let mut stream = openai(&upstream.base_url()).stream(request());
        for _ in 0..20 {
            assert!(stream.next().await.unwrap().is_ok());
        }
        drop(stream);
        assert_eq!(upstream.closed().await.connection, 0);
    }

    #[tokio::test]
    async fn while_nobody_reads_a_full_flow() {
        let script = Script::new().endless(&"a".repeat(64 << 10), Duration::ZERO);
        let upstream = Upstream::start(vec![script]).await;
        let mut stream = openai(&upstream.base_url()).stream(request());
        assert!(stream.next().await.unwrap().is_ok());
        drop(stream);
        assert_eq!(upstream.closed().await.connection, 0);
    }

    #[tokio::test]
    async fn while_an_errors_body_is_read() {
        let gate = Gate::new();
        let upstream = Upstream::start(vec![Script::new().status(500).raw("x").pause(&gate)]).await;
        dropped_when(&upstream.base_url(), &upstream, gate.reached()).await;
    }

    #[tokio::test]
    async fn and_the_provider_works_on() {
        let scripts = vec![Script::new().text("a").silence(), Script::new().completion(&["b"])];
        let upstream = Upstream::start(scripts).await;
        let provider = openai(&upstream.base_url());
        let mut stream = provider.stream(request());
        while stream.next().await != Some(Ok(ModelEvent::Text("a".into()))) {}
        drop(stream);
        upstream.closed().await;
        assert_eq!(ask(&provider, request()).await.text, "b");
    }
}
