//! `/api/v1/articles`: list and search, look, delete and restore, choose the current revision.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::Ids;
use crate::article::comparison::Comparison;
use crate::article::generation::{Article, ArticlePage, Revision, RevisionSummary};
use crate::article::library::{Selection, SelectionOutcome};
use crate::article::problem::{Code, Problem, ProblemBody};
use crate::server::articles::ListRequest;
use crate::server::error::ApiError;
use crate::server::extract::{JsonBody, Query};
use crate::server::state::AppState;
use crate::server::store::records::ArticleFilter;

/// How many articles a page has where the query names no number.
const DEFAULT_LIMIT: u32 = 30;
/// How many articles a page has at most.
const MAX_LIMIT: u32 = 100;

/// What a list can be asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// What title or text has to contain, at most 200 characters: words, all of which have to be
    /// there; what stands between quotation marks is a phrase, `*` behind a word asks for words
    /// that begin with it, and so does a single character; where no article has the last word
    /// whole, its beginning is enough.
    q: Option<String>,
    /// Only articles whose newest generation is in one of these states, separated by commas.
    state: Option<String>,
    /// Only articles in one of these styles, separated by commas.
    style: Option<String>,
    /// Only articles in one of these languages, separated by commas; `zh` takes in `zh-CN`.
    language: Option<String>,
    /// Where the page begins: `next` of the page before, of the same list.
    cursor: Option<String>,
    /// 1 to 100; 30 where it is not named.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Articles, newest first; on the first page those being written before all others. With `q`
/// those that were found, hits in the title before all others, each with what was hit.
#[utoipa::path(get, path = "/api/v1/articles", tag = "articles", params(ListQuery),
    responses((status = 200, body = ArticlePage), (status = 400, body = ProblemBody)))]
pub async fn list(
    State(state): State<AppState>,
    Query(query): Query<ListQuery>,
) -> Result<Json<ArticlePage>, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("limit", format!("Choose a number from 1 to {MAX_LIMIT}.")).into());
    }
    let ListQuery { q, state: states, style, language, cursor, limit: _ } = query;
    let request = ListRequest {
        q: q.as_deref(),
        state: states.as_deref(),
        style: style.as_deref(),
        language: language.as_deref(),
    };
    let filter = ArticleFilter { cursor, ..request.filter(limit)? };
    Ok(Json(state.articles(&filter).await?))
}

fn invalid(param: &str, resolution: String) -> Problem {
    Problem::new(Code::InvalidParameter, format!("`{param}` is not understood."), resolution)
        .with_param(param)
}

/// An article with its current revision.
#[utoipa::path(get, path = "/api/v1/articles/{id}", tag = "articles",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Article, headers(("ETag" = String,
        description = "the current revision, for `If-Match` of an edit"))),
        (status = 404, body = ProblemBody)))]
pub async fn show(State(state): State<AppState>, Ids([id]): Ids<1>) -> Result<Response, ApiError> {
    Ok(tagged(state.article(id).await?))
}

/// An article, with its current revision as the `ETag`.
pub(super) fn tagged(article: Article) -> Response {
    let tag = article.revision.as_ref().map(|revision| format!("\"{}\"", revision.id));
    let mut response = Json(article).into_response();
    if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Deletes an article. It can be restored for at least 30 days.
#[utoipa::path(delete, path = "/api/v1/articles/{id}", tag = "articles",
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub async fn delete(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
) -> Result<StatusCode, ApiError> {
    state.delete_article(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the deletion of an article back.
#[utoipa::path(post, path = "/api/v1/articles/{id}/restore", tag = "articles",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Article), (status = 404, body = ProblemBody)))]
pub async fn restore(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
) -> Result<Json<Article>, ApiError> {
    Ok(Json(state.restore_article(id).await?))
}

/// Deletes several articles at once. The answer says of each what became of it.
#[utoipa::path(post, path = "/api/v1/articles/delete", tag = "articles",
    request_body = Selection,
    responses((status = 200, body = SelectionOutcome), (status = 400, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn delete_several(
    State(state): State<AppState>,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Json<SelectionOutcome>, ApiError> {
    Ok(Json(state.delete_articles(selection).await?))
}

/// Takes the deletion of several articles back. The answer says of each what became of it.
#[utoipa::path(post, path = "/api/v1/articles/restore", tag = "articles",
    request_body = Selection,
    responses((status = 200, body = SelectionOutcome), (status = 400, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn restore_several(
    State(state): State<AppState>,
    JsonBody(selection): JsonBody<Selection>,
) -> Result<Json<SelectionOutcome>, ApiError> {
    Ok(Json(state.restore_articles(selection).await?))
}

/// An article's revisions, newest first.
#[utoipa::path(get, path = "/api/v1/articles/{id}/revisions", tag = "articles",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<RevisionSummary>), (status = 404, body = ProblemBody)))]
pub async fn revisions(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
) -> Result<Json<Vec<RevisionSummary>>, ApiError> {
    Ok(Json(state.revisions(id).await?))
}

/// One revision of an article.
#[utoipa::path(get, path = "/api/v1/articles/{id}/revisions/{revision_id}", tag = "articles",
    params(("id" = Uuid, Path), ("revision_id" = Uuid, Path)),
    responses((status = 200, body = Revision), (status = 404, body = ProblemBody)))]
pub async fn revision(
    State(state): State<AppState>,
    Ids([id, revision]): Ids<2>,
) -> Result<Json<Revision>, ApiError> {
    Ok(Json(state.revision(id, revision).await?))
}

/// Which two revisions are compared.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// The revision that is compared; without it the one before `to`.
    from: Option<Uuid>,
    /// The revision that it is compared with; without it the current one.
    to: Option<Uuid>,
}

/// Two revisions of an article side by side: block by block, and within a block word by word.
#[utoipa::path(get, path = "/api/v1/articles/{id}/compare", tag = "articles",
    params(("id" = Uuid, Path), CompareQuery),
    responses((status = 200, body = Comparison), (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub async fn compare(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    Query(query): Query<CompareQuery>,
) -> Result<Json<Comparison>, ApiError> {
    Ok(Json(state.compare(id, query.from, query.to).await?))
}

/// Makes a revision the one that readers see.
#[utoipa::path(post, path = "/api/v1/articles/{id}/revisions/{revision_id}/restore",
    tag = "articles", params(("id" = Uuid, Path), ("revision_id" = Uuid, Path)),
    responses((status = 200, body = Article), (status = 404, body = ProblemBody)))]
pub async fn make_current(
    State(state): State<AppState>,
    Ids([id, revision]): Ids<2>,
) -> Result<Json<Article>, ApiError> {
    Ok(Json(state.make_current(id, revision).await?))
}
