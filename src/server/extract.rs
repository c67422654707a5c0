//! What handlers take out of requests, with our own problems where it is not there.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::error::{self, ApiError, RequestId};
use crate::article::problem::{Code, Problem};

/// The bytes of a body that is marked as JSON.
///
/// Rejects with `unsupported_media_type` (415), `body_too_large` (413) or, where the connection
/// broke off, `invalid_json` (400).
#[derive(Clone, Debug)]
pub struct JsonBytes(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !error::is_json(request.headers()) {
            return Err(error::unsupported_media_type().into());
        }
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            if rejection.status().as_u16() == 413 {
                return error::body_too_large().into();
            }
            ApiError::from(Problem::new(
                Code::InvalidJson,
                "The body did not arrive whole.",
                "Send it again.",
            ))
            .because(rejection)
        })
    }
}

/// A JSON body, read as `T`.
///
/// Rejects like [`JsonBytes`], and with `invalid_json` (400) or `invalid_parameter` (400).
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        Ok(Self(read_json(&bytes)?))
    }
}

/// Reads a body that was taken as bytes.
///
/// # Errors
/// `invalid_json` (400) or `invalid_parameter` (400).
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        if error.inner().is_data() {
            not_understood("The body", &error)
        } else {
            not_json(error.inner())
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(body)
}

/// The query string, read as `T`. Rejects with `invalid_parameter` (400).
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let query = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(query)
            .map(Self)
            .map_err(|error| not_understood("The query", &error).into())
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(
        Code::InvalidJson,
        format!("The body is not valid JSON: {error}."),
        "Compare it with /api/v1/openapi.json.",
    )
}

/// Names the outermost field that was not understood, where it was one.
fn not_understood(
    what: &str,
    error: &serde_path_to_error::Error<impl std::error::Error>,
) -> Problem {
    let field = error.path().iter().find_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        _ => None,
    });
    let cause = error.inner().to_string();
    let message = match &field {
        Some(field) if !cause.contains(&format!("`{field}`")) => {
            format!("{what} is not understood: `{field}`: {cause}.")
        }
        _ => format!("{what} is not understood: {cause}."),
    };
    let resolution = "Compare it with /api/v1/openapi.json.";
    Problem { param: field, ..Problem::new(Code::InvalidParameter, message, resolution) }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    /// The id that [`error::boundary`] gave the request.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let given = parts.extensions.get::<Self>().cloned();
        Ok(given.unwrap_or_else(|| Self::of(&parts.headers)))
    }
}
