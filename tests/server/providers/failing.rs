//! What fails, and what its error says.

use std::time::{Duration, SystemTime};

use inkstream::article::problem::Code;
use inkstream::server::config::ProviderConfig;
use inkstream::server::providers::ErrorClass::{Business, Candidate, Retryable};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;

use super::{KEY, answer_to, ask, openai, request, settings, with};
use crate::upstream::{Script, Upstream};

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
    let words = format!("Incorrect key {KEY}, or sk-abcdef0123456789\u{1b}[2J {}", "x".repeat(900));
    let answer = answer_to(Script::new().error(401, &words)).await;
    let message = answer.message();
    assert!(!message.contains("secret") && !message.contains("sk-") && !message.contains('\u{1b}'));
    assert!(message.chars().count() < 400);
    let shown = format!("{:?}", settings("local", "http://127.0.0.1:1/v1"));
    assert!(!shown.contains("secret"));
}

#[tokio::test]
async fn a_wrong_key_names_the_variable_to_check() {
    let upstream = Upstream::start(vec![Script::new().error(401, "Invalid token")]).await;
    let known = with(&settings("siliconflow", &upstream.base_url()));
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
        Script::new().status(302).header("location", "http://127.0.0.1:9/"),
    ] {
        let answer = answer_to(script).await;
        assert_eq!(answer.failure(), (Candidate, Code::UpstreamMalformed));
        assert!(answer.resolution().contains("Check base_url of provider \"local\""));
    }
}

#[tokio::test]
async fn json_that_is_no_completion_is_malformed() {
    for body in ["{\"choices\": [", "{\"choices\": []}", "{}", "[]"] {
        let answer = answer_to(Script::new().raw(body)).await;
        assert_eq!(answer.failure(), (Candidate, Code::UpstreamMalformed), "{body}");
    }
    let answer = answer_to(Script::new().json(json!({"error": {"message": "No."}}))).await;
    assert_eq!(answer.failure(), (Retryable, Code::UpstreamFailed));
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
    let answer = ask(&with(&settings), request()).await;
    assert_eq!(answer.failure(), (Candidate, Code::UpstreamUnauthorized));
}
