//! What a person changes of an article, and what a change would be.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use uuid::Uuid;

use super::articles::tagged;
use super::extract::Ids;
use crate::article::comparison::{ComparedText, TextComparison};
use crate::article::edit::{ArticleEdit, EditConflict};
use crate::article::generation::Article;
use crate::article::problem::{Code, ProblemBody};
use crate::server::edits::Base;
use crate::server::error::{self, ApiError};
use crate::server::extract::JsonBody;
use crate::server::state::AppState;

/// Changes title, text or both. A text becomes a revision of the person's own, which readers see
/// from then on.
#[utoipa::path(patch, path = "/api/v1/articles/{id}", tag = "articles",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header,
        description = "the `ETag` of the article that was edited; needed for a text")),
    request_body = ArticleEdit,
    responses((status = 200, body = Article, headers(("ETag" = String))),
        (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "a generation writes the next revision"),
        (status = 412, body = EditConflict), (status = 413, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody),
        (status = 428, body = ProblemBody, description = "a text without `If-Match`"),
        (status = 503, body = ProblemBody)))]
pub async fn edit(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    headers: HeaderMap,
    body: Result<JsonBody<ArticleEdit>, ApiError>,
) -> Result<Response, ApiError> {
    let JsonBody(edit) = body.map_err(naming_text)?;
    Ok(tagged(state.edit_article(id, edit, base(&headers)).await?))
}

/// What saving a text would change: it, side by side with the current revision.
#[utoipa::path(post, path = "/api/v1/articles/{id}/compare", tag = "articles",
    params(("id" = Uuid, Path)), request_body = ComparedText,
    responses((status = 200, body = TextComparison), (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn compare(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    body: Result<JsonBody<ComparedText>, ApiError>,
) -> Result<Json<TextComparison>, ApiError> {
    let JsonBody(compared) = body.map_err(naming_text)?;
    Ok(Json(state.compare_text(id, &compared.text).await?))
}

/// The field of a body that is too large is its text.
fn naming_text(refused: ApiError) -> ApiError {
    match refused.problem().code {
        Code::BodyTooLarge => error::text_too_large().into(),
        _ => refused,
    }
}

/// What `If-Match` names. A weak tag matches nothing, as RFC 9110 says; of several, none is ours.
fn base(headers: &HeaderMap) -> Option<Base> {
    let value = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim();
    if value == "*" {
        return Some(Base::Any);
    }
    let id = value.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    Some(id.and_then(|id| Uuid::try_parse(id).ok()).map_or(Base::Unknown, Base::Revision))
}
