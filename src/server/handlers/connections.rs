//! `/api/v1/providers`: what is connected, and whether it answers.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;

use crate::article::connection::{ConnectionTest, Connections};
use crate::article::problem::ProblemBody;
use crate::server::error::ApiError;
use crate::server::extract::Query;
use crate::server::state::AppState;

/// The model APIs that are connected, what each style is written by, and what a key would be
/// enough for. Keys are never shown.
#[utoipa::path(get, path = "/api/v1/providers", tag = "providers",
    responses((status = 200, body = Connections)))]
pub async fn list(State(state): State<AppState>) -> Json<Connections> {
    Json(state.connections())
}

/// What a test can be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TestQuery {
    /// One of the provider's models; without it its first.
    model: Option<String>,
}

/// Asks a provider for a few tokens, as articles are asked for, and says in words what is wrong.
/// A provider that fails is answered with 200 and its problem.
#[utoipa::path(post, path = "/api/v1/providers/{name}/test", tag = "providers",
    params(("name" = String, Path), TestQuery),
    responses((status = 200, body = ConnectionTest), (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn test(
    State(state): State<AppState>,
    Path(name): Path<String>,
    Query(query): Query<TestQuery>,
) -> Result<Json<ConnectionTest>, ApiError> {
    Ok(Json(state.test_connection(&name, query.model.as_deref()).await?))
}
