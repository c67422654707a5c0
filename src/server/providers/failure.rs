//! What went wrong at a provider, put into our classes and codes.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::redact::presentable;
use super::{ErrorClass, ProviderError};
use crate::article::problem::Code;

/// As much of an error's body is read, in bytes.
const BODY_MAX: usize = 64 << 10;
/// As long is waited for it.
const BODY_PATIENCE: Duration = Duration::from_secs(5);
/// The longest Retry-After that is taken seriously.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The providers whose key stands in an environment variable of their own name.
const KEY_VARIABLES: [&str; 7] =
    ["SILICONFLOW", "DEEPSEEK", "OPENAI", "ANTHROPIC", "ZHIPU", "DASHSCOPE", "MOONSHOT"];

/// The provider as its errors speak of it.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) name: String,
    /// Without user name, password and query.
    pub(super) base_url: String,
    /// The call's path under it.
    pub(super) path: &'static str,
    pub(super) loopback: bool,
    pub(super) key: Option<SecretString>,
}

impl Origin {
    fn error(&self, class: ErrorClass, code: Code, message: &str, remedy: String) -> ProviderError {
        ProviderError {
            class,
            code,
            message: format!("{} {message}", self.name),
            resolution: remedy,
            retry_after: None,
            of_request: false,
        }
    }

    pub(super) fn presentable(&self, words: &str) -> String {
        presentable(words, self.key.as_ref().map(ExposeSecret::expose_secret))
    }

    fn check_base_url(&self) -> String {
        format!(
            "Check base_url of provider \"{}\" ({}): it reaches up to, not with, {}.",
            self.name, self.base_url, self.path
        )
    }

    fn check_key(&self) -> String {
        match KEY_VARIABLES.iter().find(|name| name.eq_ignore_ascii_case(&self.name)) {
            Some(name) => format!("Check {name}_API_KEY."),
            None => format!("Check api_key of provider \"{}\".", self.name),
        }
    }

    /// The provider cannot be asked at all with what is configured.
    pub(super) fn unusable(&self, code: Code, message: &str) -> ProviderError {
        let remedy = match code {
            Code::UpstreamUnauthorized => self.check_key(),
            _ => self.check_base_url(),
        };
        self.error(ErrorClass::Candidate, code, message, remedy)
    }

    /// Our own HTTP client could not be set up.
    pub(super) fn no_client(&self, error: &reqwest::Error) -> ProviderError {
        let message = format!("cannot be asked: {}", self.presentable(&root_cause(error)));
        let remedy = "Check the proxy settings and the certificates (Debian: ca-certificates) of \
            this machine.";
        self.error(ErrorClass::System, Code::Internal, &message, remedy.to_owned())
    }

    /// No answer came.
    pub(super) fn no_answer(&self, error: &reqwest::Error) -> ProviderError {
        let cause = self.presentable(&root_cause(error));
        let retryable = |code, message: String, remedy| {
            self.error(ErrorClass::Retryable, code, &message, remedy)
        };
        if error.is_connect() {
            let message = format!("cannot be reached at {}: {cause}", self.base_url);
            let remedy = if self.loopback {
                format!("The server at {} does not answer: is it running?", self.base_url)
            } else {
                format!(
                    "Check base_url of provider \"{}\", the network and the proxy settings.",
                    self.name
                )
            };
            retryable(Code::UpstreamUnreachable, message, remedy)
        } else if is_malformed(error) {
            let message = format!("answered with something that is not HTTP: {cause}");
            retryable(Code::UpstreamMalformed, message, self.check_base_url())
        } else {
            let message = format!("closed the connection without an answer: {cause}");
            retryable(Code::UpstreamFailed, message, "Try again in a moment.".to_owned())
        }
    }

    /// The answer broke off.
    pub(super) fn torn(&self, error: &reqwest::Error) -> ProviderError {
        let cause = self.presentable(&root_cause(error));
        self.error(
            ErrorClass::Retryable,
            Code::UpstreamTruncated,
            &format!("broke off in the middle of its answer: {cause}"),
            "Go on from the text so far.".to_owned(),
        )
    }

    /// The server itself says that it could not write to the end.
    pub(super) fn cut_off(&self, reason: &str) -> ProviderError {
        self.error(
            ErrorClass::Retryable,
            Code::UpstreamTruncated,
            &format!("cut its answer off: {}", self.presentable(reason)),
            "Go on from the text so far.".to_owned(),
        )
    }

    /// The answer is not what was asked for.
    pub(super) fn malformed(&self, message: &str) -> ProviderError {
        self.error(ErrorClass::Candidate, Code::UpstreamMalformed, message, self.check_base_url())
    }

    /// An event, or the whole answer, is larger than can be meant.
    pub(super) fn too_large(&self, limit: usize) -> ProviderError {
        self.error(
            ErrorClass::Retryable,
            Code::UpstreamMalformed,
            &format!("sent an event of more than {limit} bytes"),
            "Try again, or choose another model.".to_owned(),
        )
    }

    /// An answer whose status is no success.
    pub(super) async fn refused(&self, response: Response) -> ProviderError {
        let status = response.status();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        if status.is_redirection() {
            return self.malformed("answered with a redirect, which is not followed");
        }
        let body = beginning_of(response).await;
        let told = Told::by_body(&String::from_utf8_lossy(&body));
        let mut error = self.classify(Some(status), &told);
        error.retry_after = retry_after;
        error
    }

    /// An error inside an answer that had begun as a success.
    pub(super) fn told(&self, error: &str) -> ProviderError {
        let told = Told::by_body(error);
        self.classify(told.status(), &told)
    }

    fn classify(&self, status: Option<StatusCode>, told: &Told) -> ProviderError {
        use ErrorClass::{Business, Candidate, Retryable};
        let answered = status.map_or(0, |status| status.as_u16());
        let status = if answered == 0 { told.meant() } else { answered };
        let again = || "Try again in a moment, or choose another model.".to_owned();
        let (class, code, remedy) = match status {
            _ if told.is_filter() => (
                Business,
                Code::UpstreamRejected,
                "The provider's content filter refused it: change the brief.".to_owned(),
            ),
            _ if told.is_quota() => (
                Candidate,
                Code::UpstreamRejected,
                format!("Check the balance of the account at provider \"{}\".", self.name),
            ),
            401 | 403 => (Candidate, Code::UpstreamUnauthorized, self.check_key()),
            402 => (
                Candidate,
                Code::UpstreamRejected,
                format!("Check the balance of the account at provider \"{}\".", self.name),
            ),
            404 => (
                Candidate,
                Code::UpstreamRejected,
                format!("{} Check the model's id too.", self.check_base_url()),
            ),
            408 => (Retryable, Code::UpstreamTimeout, again()),
            429 => (Retryable, Code::UpstreamRateLimited, again()),
            _ if told.is_rate_limit() => (Retryable, Code::UpstreamRateLimited, again()),
            425 => (Retryable, Code::UpstreamFailed, again()),
            400..=499 => (
                Candidate,
                Code::UpstreamRejected,
                "Check the model's id, its limits and the brief's sampling parameters.".to_owned(),
            ),
            _ => (Retryable, Code::UpstreamFailed, again()),
        };
        let words = self.presentable(&told.words);
        let message = match (answered, words.is_empty()) {
            (0, true) => "reported an error in its answer".to_owned(),
            (0, false) => format!("reported an error in its answer: {words}"),
            (_, true) => format!("answered {answered}"),
            (_, false) => format!("answered {answered}: {words}"),
        };
        // Without balance, the model or the way to it, every request fares alike.
        let of_all =
            told.is_quota() || told.is_missing_model() || matches!(status, 402 | 404 | 405 | 410);
        let of_request = code == Code::UpstreamRejected && !of_all;
        ProviderError { of_request, ..self.error(class, code, &message, remedy) }
    }
}

/// What an error's body says, in any of the shapes that servers use.
#[derive(Debug, Default)]
struct Told {
    words: String,
    /// `type` and `code`, in lower case.
    names: Vec<String>,
}

impl Told {
    fn by_body(body: &str) -> Self {
        let body = body.trim();
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::by_value(&value),
            Err(_) if body.starts_with('<') => {
                Self { words: "an HTML page".to_owned(), names: Vec::new() }
            }
            Err(_) => Self { words: body.to_owned(), names: Vec::new() },
        }
    }

    fn by_value(value: &Value) -> Self {
        if let Some(inner @ (Value::Object(_) | Value::String(_))) = value.get("error") {
            let mut told = Self::by_value(inner);
            if told.words.is_empty() {
                told.words = words_of(value);
            }
            return told;
        }
        let names =
            ["type", "code", "status"].iter().filter_map(|field| match value.get(field)? {
                Value::String(name) => Some(name.to_ascii_lowercase()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
        Self { names: names.collect(), words: words_of(value) }
    }

    /// Some servers put the status that the answer should have had into the error.
    fn status(&self) -> Option<StatusCode> {
        self.names
            .iter()
            .filter_map(|name| name.parse::<StatusCode>().ok())
            .find(|status| status.is_client_error() || status.is_server_error())
    }

    /// The status that Anthropic gives an error of this name outside of a stream; 0 for others.
    fn meant(&self) -> u16 {
        let status = |name: &String| match name.as_str() {
            "invalid_request_error" => Some(400),
            "authentication_error" => Some(401),
            "billing_error" => Some(402),
            "permission_error" => Some(403),
            "not_found_error" => Some(404),
            "request_too_large" => Some(413),
            "rate_limit_error" => Some(429),
            "timeout_error" => Some(408),
            _ => None,
        };
        self.names.iter().find_map(status).unwrap_or(0)
    }

    fn names_any(&self, parts: &[&str]) -> bool {
        self.names.iter().any(|name| parts.iter().any(|part| name.contains(part)))
    }

    /// OpenAI and Azure, DashScope; 1301 is Zhipu's.
    fn is_filter(&self) -> bool {
        self.names_any(&["content_filter", "content_policy", "data_inspection", "datainspection"])
            || self.names.iter().any(|name| name == "1301")
    }

    /// Anthropic says it in words only.
    fn is_quota(&self) -> bool {
        self.names_any(&["insufficient_quota", "insufficient_balance", "arrearage"])
            || self.words.contains("credit balance is too low")
    }

    /// DeepSeek and SiliconFlow say it in the words of a 400; 1211 is Zhipu's.
    fn is_missing_model(&self) -> bool {
        let words = self.words.to_lowercase();
        self.names_any(&["model_not_found"])
            || self.names.iter().any(|name| name == "1211")
            || ["model not exist", "model does not exist", "model not found"]
                .iter()
                .any(|part| words.contains(part))
    }

    /// 1302 to 1305 are Zhipu's.
    fn is_rate_limit(&self) -> bool {
        self.names_any(&["rate_limit", "ratelimit", "throttling", "too_many_requests"])
            || self.names.iter().any(|name| matches!(name.as_str(), "1302" | "1303" | "1305"))
    }
}

fn words_of(value: &Value) -> String {
    let words = match value {
        Value::String(words) => Some(words),
        _ => ["message", "msg", "detail", "error_msg"].iter().find_map(|field| {
            match value.get(field) {
                Some(Value::String(words)) => Some(words),
                _ => None,
            }
        }),
    };
    match words {
        Some(words) => words.clone(),
        None if value.is_null() => String::new(),
        None => value.to_string(),
    }
}

/// The first [`BODY_MAX`] bytes of an error's body, or what came in [`BODY_PATIENCE`].
async fn beginning_of(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(bytes)) = response.chunk().await {
            let room = BODY_MAX - body.len();
            body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if body.len() == BODY_MAX {
                break;
            }
        }
    };
    // An error whose explanation does not come is still that error.
    if tokio::time::timeout(BODY_PATIENCE, read).await.is_err() {
        tracing::debug!(bytes = body.len(), "the error's body did not end in time");
    }
    body
}

/// `retry-after-ms` as OpenAI sends it, else `Retry-After` (RFC 9110, §10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, unit: f64| {
        let number: f64 = text.parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    };
    let precise = text("retry-after-ms").and_then(|ms| seconds(ms, 0.001));
    let wait = precise.or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        seconds(value, 1.0).or_else(|| {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        })
    })?;
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The innermost cause: the outer ones only say that sending or reading failed.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn is_malformed(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether a URL names this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        // Connecting to 0.0.0.0 reaches this machine too, and people write it.
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
    }
}
