//! Whether the server is there, ready, and how it is doing.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::article::problem::{Code, Problem};
use crate::server::error::{ApiError, internal};
use crate::server::state::AppState;
use crate::server::telemetry::metrics;

/// Whether a server can take requests now.
pub trait Readiness: Clone + Send + Sync + 'static {
    /// # Errors
    /// It cannot: the store cannot be read, or it is shutting down. The problem's status is 503.
    fn ready(&self) -> impl Future<Output = Result<(), ApiError>> + Send;
}

impl Readiness for AppState {
    async fn ready(&self) -> Result<(), ApiError> {
        if self.generations.closing().is_cancelled() {
            let problem = Problem::new(
                Code::ShuttingDown,
                "The server is shutting down.",
                "Use another one, or try again in a moment.",
            );
            return Err(problem.into());
        }
        self.store.ping().await.map_err(|error| {
            let problem = Problem::new(
                Code::StorageUnavailable,
                "The database cannot be read.",
                error.resolution(),
            );
            ApiError::from(problem).because(error)
        })
    }
}

/// The answer of the probes.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    /// Seconds since 1970-01-01T00:00:00Z.
    timestamp: u64,
}

impl Health {
    fn ok() -> Response {
        let timestamp =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        ([(CACHE_CONTROL, "no-store")], Json(Self { status: "ok", timestamp })).into_response()
    }
}

/// `/health`, `/health/live`, `/health/ready`, `/metrics`.
pub fn routes<R: Readiness>(server: R) -> Router {
    Router::new()
        .route("/health", get(live))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready::<R>))
        .route("/metrics", get(show_metrics))
        .with_state(server)
}

/// The process answers; restarting it would not help with anything that it depends on.
async fn live() -> Response {
    Health::ok()
}

/// Requests can be served now.
async fn ready<R: Readiness>(State(server): State<R>) -> Result<Response, ApiError> {
    server.ready().await?;
    Ok(Health::ok())
}

/// Everything that is counted, in Prometheus's text format 0.0.4.
async fn show_metrics() -> Result<Response, ApiError> {
    let text = metrics::render().ok_or_else(internal)?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
