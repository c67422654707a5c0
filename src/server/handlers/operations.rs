//! `/api/v1/operations`: what is going on.

use axum::Json;
use axum::extract::State;

use crate::article::operations::Operations;
use crate::article::problem::ProblemBody;
use crate::server::error::ApiError;
use crate::server::state::AppState;

/// What is going on: running generations, lines, circuit breakers, how the providers have been
/// doing, dead letters, what today costs.
#[utoipa::path(get, path = "/api/v1/operations", tag = "operations",
    responses((status = 200, body = Operations), (status = 503, body = ProblemBody)))]
pub async fn show(State(state): State<AppState>) -> Result<Json<Operations>, ApiError> {
    Ok(Json(state.operations().await?))
}
