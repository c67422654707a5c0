//! Errors on their way to the client and into the log.
//!
//! The policy, for everyone who writes a handler:
//! - A handler returns `Result<_, ApiError>`. What went wrong is a [`Problem`]: its code decides
//!   the status, its `resolution` says what to do. `?` turns a `Problem` into an [`ApiError`];
//!   [`ApiError::because`] keeps what caused it for the log.
//! - The cause is for operators and is logged; the problem is for the caller and is sent. Paths,
//!   SQL and upstream bodies belong into the cause.
//! - Nobody logs an error that he returns. [`boundary`] logs each one once, with its request id:
//!   faults of ours (5xx) as errors, faults of the caller (4xx) at info.
//! - Answers that axum or a layer makes by itself (no such path, body too large, a panic) become
//!   the same body in the boundary, so that under `/api`, `/v1` and `/health` there is no other.

use std::any::Any;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use uuid::Uuid;

use super::budget;
use super::telemetry::metrics;
use crate::article::problem::{Code, Problem, ProblemBody};

/// The header that carries the request id in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over, in characters.
const REQUEST_ID_MAX: usize = 128;

/// How much of a layer's own error text is read, in bytes.
const LAYER_TEXT_MAX: usize = 4096;

/// How long a caller waits where the problem is passing and nothing better is known.
const USUAL_RETRY_AFTER: Duration = Duration::from_secs(2);

/// The id of the request at hand, in its extensions: the caller's own if it was well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// A fresh one (UUIDv7), for what no request caused.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// The caller's own if it has 1 to 128 characters of `[A-Za-z0-9._-]`, else a fresh one.
    pub fn of(headers: &HeaderMap) -> Self {
        let well_formed = |id: &&str| {
            (1..=REQUEST_ID_MAX).contains(&id.len())
                && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        headers
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(well_formed)
            .map_or_else(Self::fresh, |id| Self(id.to_owned()))
    }
}

/// What a handler returns when it cannot do what it was asked for.
#[derive(Clone, Debug)]
pub struct ApiError {
    problem: Problem,
    cause: Option<Arc<dyn Error + Send + Sync>>,
    retry_after: Option<Duration>,
    /// What stands beside the error in the body.
    beside: Option<(&'static str, serde_json::Value)>,
}

impl ApiError {
    /// The problem as it will be sent, but for the request id.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Keeps what caused it, for the log alone.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// Says when to try again (`Retry-After`, in whole seconds, rounded up).
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Puts a value beside the error, under a name of its own, for the caller to go on with.
    #[must_use]
    pub fn beside(mut self, name: &'static str, value: serde_json::Value) -> Self {
        self.beside = Some((name, value));
        self
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.code.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { problem, cause: None, retry_after: None, beside: None }
    }
}

impl IntoResponse for ApiError {
    /// Leaves itself in the response's extensions, for [`boundary`] to complete and log.
    fn into_response(self) -> Response {
        let mut response =
            (self.status(), Json(ProblemBody { error: self.problem.clone() })).into_response();
        let wait = self.retry_after.or(match self.problem.code.status() {
            429 if self.problem.code == Code::BudgetExhausted => Some(budget::until_turnover()),
            429 | 503 => Some(USUAL_RETRY_AFTER),
            _ => None,
        });
        if let Some(wait) = wait {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The outermost of all: gives the request its id, and every error of `answer` its shape and its log
/// line.
pub async fn boundary(
    mut request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = RequestId::of(request.headers());
    let method = request.method().clone();
    let uri = request.uri().clone();
    let span = tracing::info_span!(
        "request", request_id = id.0, http.method = %method, http.path = uri.path()
    );
    request.extensions_mut().insert(id.clone());
    async {
        let mut response = answer(request).await;
        if response.status().is_client_error() || response.status().is_server_error() {
            response = complete(response, &method, &uri, &id).await;
        }
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

/// Puts the request id into an error, makes one of what a layer answered, and logs it.
async fn complete(mut response: Response, method: &Method, uri: &Uri, id: &RequestId) -> Response {
    let error = match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error,
        None if speaks_json(uri.path()) => {
            let (parts, body) = response.into_parts();
            let text = to_bytes(body, LAYER_TEXT_MAX).await.unwrap_or_default();
            let error = of_layer(parts.status, method, uri, &String::from_utf8_lossy(&text));
            response = Response::from_parts(parts, Body::empty());
            error
        }
        None => return response,
    };
    log(&error, id);
    let mut problem = error.problem;
    problem.request_id.clone_from(&id.0);
    let (mut parts, _) = response.into_parts();
    let body = match error.beside {
        None => Json(ProblemBody { error: problem }).into_response(),
        Some((name, value)) => {
            Json(serde_json::json!({"error": problem, name: value})).into_response()
        }
    };
    let (body_parts, body) = body.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    // A layer within may have compressed what this takes the place of.
    parts.headers.remove(CONTENT_ENCODING);
    parts.headers.extend(body_parts.headers);
    Response::from_parts(parts, body)
}

/// The paths whose callers are programs.
pub(super) fn speaks_json(path: &str) -> bool {
    ["/api", "/v1", "/health", "/metrics"].iter().any(|root| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The problem behind an answer that axum or a layer made by itself.
fn of_layer(status: StatusCode, method: &Method, uri: &Uri, text: &str) -> ApiError {
    let problem = match status {
        StatusCode::NOT_FOUND => not_found_problem(uri),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            Code::MethodNotAllowed,
            format!("{} does not take {method}.", uri.path()),
            "Use one of the methods in the Allow header.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => body_too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => unsupported_media_type(),
        _ if status.is_client_error() => Problem::new(
            Code::InvalidParameter,
            if text.is_empty() {
                format!("The request was refused ({status}).")
            } else {
                text.to_owned()
            },
            "Compare the request with /api/v1/openapi.json.",
        ),
        _ => internal(),
    };
    problem.into()
}

fn log(error: &ApiError, id: &RequestId) {
    let ApiError { problem, cause, .. } = error;
    let status = problem.code.status();
    let error_type = problem.code.as_str();
    let cause = cause.as_deref().map(|cause| chain(cause));
    macro_rules! log_as {
        ($level:ident) => {
            tracing::$level!(
                error_type,
                status,
                request_id = id.0,
                param = problem.param,
                cause,
                resolution = problem.resolution,
                "{}",
                problem.message
            )
        };
    }
    if status >= 500 {
        metrics::request_failed(problem.code);
        log_as!(error);
    } else {
        log_as!(info);
    }
}

/// An error and everything that caused it, outermost first, on one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// The fallback of `/api` and `/v1`.
pub async fn not_found(uri: Uri) -> ApiError {
    not_found_problem(&uri).into()
}

fn not_found_problem(uri: &Uri) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is nothing at {}.", uri.path()),
        "Look the path up in /api/v1/openapi.json.",
    )
}

/// Turns a panic in a handler into a problem (for `tower_http::catch_panic`).
pub fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    ApiError::from(internal()).because(Panicked(message.to_owned())).into_response()
}

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
struct Panicked(String);

/// A bug: the caller cannot do more than tell the operator.
pub fn internal() -> Problem {
    Problem::new(
        Code::Internal,
        "Inkstream failed while answering.",
        "Try again; if it stays, give the operator the request id, under which it was logged.",
    )
}

/// The body is over the limit of [`super::security::BODY_LIMIT`].
pub fn body_too_large() -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("The body is larger than {} bytes.", super::security::BODY_LIMIT),
        "Send a smaller body.",
    )
}

/// The body of an edit is larger than any text may be.
pub fn text_too_large() -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        "The text is far larger than an article may be.",
        "Make several articles of it, or ask the operator to raise generation.max_text_bytes.",
    )
    .with_param("text")
}

/// The body is not what its call takes.
pub fn unsupported_media_type() -> Problem {
    Problem::new(
        Code::UnsupportedMediaType,
        "The body is not marked as JSON.",
        "Send the header Content-Type: application/json.",
    )
    .with_param("Content-Type")
}

/// Whether a body is marked as JSON (RFC 8259, or a `+json` type of RFC 6839).
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
