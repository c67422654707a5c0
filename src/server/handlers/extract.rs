//! What handlers take out of a request, with errors that name the part at fault.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::article::brief::Brief;
use crate::article::dead_letter::Replay;
use crate::article::event::Seq;
use crate::article::problem::{Code, Problem};
use crate::server::error::{ApiError, body_too_large, unsupported_media_type};
use crate::server::extract::{JsonBytes, read_json};
use crate::server::store::records::IdempotencyKey;

/// The longest `Idempotency-Key`, in bytes.
const IDEMPOTENCY_KEY_MAX: usize = 255;

/// The ids in a path, as many as `N`. What is no UUID names nothing that exists: 404.
pub struct Ids<const N: usize>(pub [Uuid; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for Ids<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let segments = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let segments = segments.map(|Path(segments)| segments).unwrap_or_default();
        let mut ids = [Uuid::nil(); N];
        for (id, (name, value)) in ids.iter_mut().zip(&segments) {
            *id = Uuid::try_parse(value).map_err(|_| malformed_id(name))?;
        }
        if segments.len() < N {
            return Err(malformed_id("id").into());
        }
        Ok(Self(ids))
    }
}

fn malformed_id(name: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        "The id in the path is not a UUID.",
        "Use the `id` that the API gave, for example 01890a5d-ac96-774b-bcce-b302099a8057.",
    )
    .with_param(name)
}

/// A brief as the body, and the bytes it was read from.
pub struct BriefBody {
    /// The brief, checked.
    pub brief: Brief,
    /// The body, for the fingerprint of an `Idempotency-Key`.
    pub bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for BriefBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        let brief = Brief::from_json(&bytes)?;
        Ok(Self { brief, bytes })
    }
}

/// How a dead letter is to be tried again, and the bytes it was read from. No body is one that
/// changes nothing.
pub struct ReplayBody {
    /// What was asked for; its brief is checked.
    pub replay: Replay,
    /// The body, for the fingerprint of an `Idempotency-Key`.
    pub bytes: Bytes,
}

/// A [`Replay`] whose brief is still to be read, with errors that name its fields.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct UnreadReplay {
    brief: Option<Value>,
    model: Option<String>,
    from_text: bool,
}

impl<S: Send + Sync> FromRequest<S> for ReplayBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let marked = request.headers().contains_key(header::CONTENT_TYPE);
        let bytes = match marked {
            true => JsonBytes::from_request(request, state).await?.0,
            false => Bytes::from_request(request, state).await.map_err(|_| body_too_large())?,
        };
        if bytes.is_empty() {
            return Ok(Self { replay: Replay::default(), bytes });
        }
        if !marked {
            return Err(unsupported_media_type().into());
        }
        let UnreadReplay { brief, model, from_text } = read_json(&bytes)?;
        let brief =
            brief.map(|brief| Brief::from_json(brief.to_string().as_bytes())).transpose()?;
        Ok(Self { replay: Replay { brief, model, from_text }, bytes })
    }
}

/// `Last-Event-ID`: 0 where it is absent or empty.
///
/// # Errors
/// It is not a whole number.
pub fn last_event_id(headers: &HeaderMap) -> Result<Seq, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(Seq(0)) };
    let text = value.to_str().unwrap_or("?").trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        _ if text.is_empty() => Ok(Seq(0)),
        Ok(seq) if digits => Ok(Seq(seq)),
        _ => Err(Problem::new(
            Code::InvalidLastEventId,
            "Last-Event-ID is not a whole number.",
            "Send the `id` of the last event that you received, or leave the header out.",
        )
        .with_param("Last-Event-ID")),
    }
}

/// `Idempotency-Key` with a fingerprint of what it was sent with.
///
/// # Errors
/// It is empty, too long, or not visible ASCII.
pub fn idempotency_key(
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_MAX {
        return Err(Problem::new(
            Code::InvalidHeader,
            format!("Idempotency-Key is not 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters."),
            "Send a UUID, or leave the header out.",
        )
        .with_param("Idempotency-Key"));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes()).update(b"\n").update(body);
    let fingerprint = hasher.finalize().to_hex().to_string();
    Ok(Some(IdempotencyKey { key: key.to_owned(), fingerprint }))
}

/// Whether the client asks for an event stream.
pub fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| range.split(';').next().unwrap_or_default().trim() == "text/event-stream")
}
