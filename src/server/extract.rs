//! What handlers take out of requests, with our own problems where it is not there.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

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
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let (code, what) = if error.is_data() {
                (Code::InvalidParameter, "The body does not have the expected form")
            } else {
                (Code::InvalidJson, "The body is not valid JSON")
            };
            Problem::new(code, format!("{what}: {error}."), "Compare it with /api/v1/openapi.json.")
                .into()
        })
    }
}

/// The query string, read as `T`. Rejects with `invalid_parameter` (400).
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(
            |rejection| {
                Problem::new(
                    Code::InvalidParameter,
                    format!("{}.", rejection.body_text().trim_end_matches('.')),
                    "Compare the query with /api/v1/openapi.json.",
                )
                .into()
            },
        )
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    /// The id that [`error::boundary`] gave the request.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let given = parts.extensions.get::<Self>().cloned();
        Ok(given.unwrap_or_else(|| Self::of(&parts.headers)))
    }
}
