//! `/api/v1/generations`: begin, look, stop, go on.

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::events::{self, StreamedEvent};
use super::extract::{BriefBody, Ids, idempotency_key, wants_events};
use crate::article::brief::Brief;
use crate::article::event::{Routed, Seq};
use crate::article::generation::Generation;
use crate::article::problem::{Problem, ProblemBody};
use crate::server::clock::now_ms;
use crate::server::error::{ApiError, RequestId};
use crate::server::extract::Query;
use crate::server::generations::{Generations, Request};

/// Begins to write an article.
#[utoipa::path(post, path = "/api/v1/generations", tag = "generations", request_body = Brief,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "the same key and body give the same generation for 24 h")),
    responses(
        (status = 202, body = Generation, headers(("Location" = String))),
        (status = 200, content_type = "text/event-stream", body = StreamedEvent,
            description = "asked with `Accept: text/event-stream`: the event stream at once"),
        (status = 400, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody),
        (status = 503, body = ProblemBody)))]
pub async fn create(
    State(generations): State<Generations>,
    RequestId(request_id): RequestId,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: BriefBody,
) -> Result<Response, ApiError> {
    let idempotency = idempotency_key(&headers, uri.path(), &body.bytes)?;
    let streamed = wants_events(&headers);
    let request = Request { idempotency, request_id, streamed, ..Request::default() };
    let id = generations.create(body.brief, request).await?;
    Ok(accepted(&generations, id, &headers).await?)
}

/// Writes a new revision of an article.
#[utoipa::path(post, path = "/api/v1/articles/{id}/generations", tag = "generations",
    request_body = Brief,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, body = Generation, headers(("Location" = String))),
        (status = 200, content_type = "text/event-stream", body = StreamedEvent),
        (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn regenerate(
    State(generations): State<Generations>,
    RequestId(request_id): RequestId,
    Ids([article]): Ids<1>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: BriefBody,
) -> Result<Response, ApiError> {
    let idempotency = idempotency_key(&headers, uri.path(), &body.bytes)?;
    // Who writes an article anew wants another text.
    let (article, newer_than) = (Some(article), Some(now_ms()));
    let request = Request { article, newer_than, idempotency, request_id, ..Request::default() };
    let id = generations.create(body.brief, request).await?;
    Ok(accepted(&generations, id, &headers).await?)
}

/// A generation as it stands.
#[utoipa::path(get, path = "/api/v1/generations/{id}", tag = "generations",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Generation), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(generations): State<Generations>,
    Ids([id]): Ids<1>,
) -> Result<Json<Generation>, ApiError> {
    Ok(Json(generations.get(id).await?))
}

/// Stops a generation. Answers once upstream is closed and the text so far is kept.
#[utoipa::path(post, path = "/api/v1/generations/{id}/cancel", tag = "generations",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Generation), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "it had ended")))]
pub async fn cancel(
    State(generations): State<Generations>,
    Ids([id]): Ids<1>,
) -> Result<Json<Generation>, ApiError> {
    Ok(Json(generations.cancel(id).await?))
}

/// What going on can be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContinueQuery {
    /// The `offset` of one of the generation's seams: what stands behind it is written anew, also
    /// where the article is whole.
    from: Option<u64>,
}

/// Goes on from the text of a generation that ended before its article was whole, or from one of
/// its seams.
#[utoipa::path(post, path = "/api/v1/generations/{id}/continue", tag = "generations",
    params(("id" = Uuid, Path), ContinueQuery, ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, body = Generation, headers(("Location" = String))),
        (status = 200, content_type = "text/event-stream", body = StreamedEvent),
        (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "it runs, or is complete"),
        (status = 422, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn go_on(
    State(generations): State<Generations>,
    RequestId(request_id): RequestId,
    Ids([id]): Ids<1>,
    Query(query): Query<ContinueQuery>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let from = query.from.map(|from| from.to_string()).unwrap_or_default();
    let idempotency = idempotency_key(&headers, uri.path(), from.as_bytes())?;
    let request = Request { idempotency, request_id, ..Request::default() };
    let id = generations.continue_from(id, query.from, request).await?;
    Ok(accepted(&generations, id, &headers).await?)
}

/// Which models would write a brief, in which order and why, and what it would probably cost.
/// Nothing is asked and nothing is kept.
#[utoipa::path(post, path = "/api/v1/estimate", tag = "generations", request_body = Brief,
    responses((status = 200, body = Routed), (status = 400, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 415, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn estimate(
    State(generations): State<Generations>,
    body: BriefBody,
) -> Result<Json<Routed>, ApiError> {
    Ok(Json(generations.estimate(&body.brief)?))
}

/// 202 with the resource, or the event stream where that was asked for.
pub(super) async fn accepted(
    generations: &Generations,
    id: Uuid,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if wants_events(headers) {
        return events::respond(generations, id, Seq(0)).await;
    }
    let generation = generations.get(id).await?;
    let mut response = (StatusCode::ACCEPTED, Json(generation)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/generations/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
