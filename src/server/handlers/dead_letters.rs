//! `/api/v1/dead-letters`: look, try again, discard.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::events::StreamedEvent;
use super::extract::{Ids, ReplayBody, idempotency_key};
use super::generations::accepted;
use crate::article::dead_letter::{DeadLetter, DeadLetterPage, Replay, ReplaySelection};
use crate::article::generation::Generation;
use crate::article::library::{Selection, SelectionOutcome};
use crate::article::problem::{Code, Problem, ProblemBody};
use crate::server::error::{ApiError, RequestId};
use crate::server::extract::{JsonBody, Query};
use crate::server::generations::Request;
use crate::server::state::AppState;

/// How many letters a page has where the query names no number.
const DEFAULT_LIMIT: u32 = 30;
/// How many letters a page has at most.
const MAX_LIMIT: u32 = 100;

/// What a list can be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 30 where it is not named.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The dead letters that wait for someone, newest first: generations whose attempts were all used
/// up. Those of deleted articles are left out.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "operations", params(ListQuery),
    responses((status = 200, body = DeadLetterPage), (status = 400, body = ProblemBody)))]
pub async fn list(
    State(state): State<AppState>,
    Query(ListQuery { cursor, limit }): Query<ListQuery>,
) -> Result<Json<DeadLetterPage>, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let problem = Problem::new(
            Code::InvalidParameter,
            "`limit` is not understood.",
            format!("Choose a number from 1 to {MAX_LIMIT}."),
        );
        return Err(problem.with_param("limit").into());
    }
    Ok(Json(state.dead_letters(cursor.as_deref(), limit).await?))
}

/// A dead letter with everything that is known of it: brief, prompt, attempts, partial text.
#[utoipa::path(get, path = "/api/v1/dead-letters/{id}", tag = "operations",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = DeadLetter), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
) -> Result<Json<DeadLetter>, ApiError> {
    Ok(Json(state.dead_letter(id).await?))
}

/// Tries a dead letter again: writes a new revision of its article, afresh or from the partial
/// text, with the same brief or another. The letter is settled then. Afresh, it shares what is
/// begun for the same brief after the letter.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/replay", tag = "operations",
    request_body = Option<Replay>,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, body = Generation, headers(("Location" = String))),
        (status = 200, content_type = "text/event-stream", body = StreamedEvent),
        (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "it was replayed or discarded before"),
        (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn replay(
    State(state): State<AppState>,
    RequestId(request_id): RequestId,
    Ids([id]): Ids<1>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: ReplayBody,
) -> Result<Response, ApiError> {
    let idempotency = idempotency_key(&headers, uri.path(), &body.bytes)?;
    let request = Request { idempotency, request_id, ..Request::default() };
    let id = state.generations.replay(id, body.replay, request).await?;
    Ok(accepted(&state.generations, id, &headers).await?)
}

/// Discards a dead letter. Its article stays, and so does the text of it.
#[utoipa::path(delete, path = "/api/v1/dead-letters/{id}", tag = "operations",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "it was replayed or discarded before")))]
pub async fn discard(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
) -> Result<StatusCode, ApiError> {
    state.discard_dead_letter(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries several dead letters again. The answer says of each what became of it.
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "operations",
    request_body = ReplaySelection,
    responses((status = 200, body = SelectionOutcome), (status = 400, body = ProblemBody),
        (status = 415, body = ProblemBody)))]
pub async fn replay_several(
    State(state): State<AppState>,
    RequestId(request_id): RequestId,
    JsonBody(selection): JsonBody<ReplaySelection>,
) -> Result<Json<SelectionOutcome>, ApiError> {
    Ok(Json(state.replay_dead_letters(selection, &request_id).await?))
}

/// Discards several dead letters. The answer says of each what became of it.
#[utoipa::path(post, path = "/api/v1/dead-letters/discard", tag = "operations",
    request_body = Selection,
    responses((status = 200, body = SelectionOutcome), (status = 400, body = ProblemBody),
        (status = 415, body = ProblemBody)))]
pub async fn discard_several(
    State(state): State<AppState>,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Json<SelectionOutcome>, ApiError> {
    Ok(Json(state.discard_dead_letters(selection).await?))
}
