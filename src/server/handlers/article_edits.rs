//! `PATCH /api/v1/articles/{id}`: what a person changes.

use axum::Json;
use axum::extract::State;

use super::extract::Ids;
use crate::article::edit::ArticleEdit;
use crate::article::generation::Article;
use crate::article::problem::ProblemBody;
use crate::server::error::ApiError;
use crate::server::extract::JsonBody;
use crate::server::state::AppState;

/// Renames an article. The title stays when later revisions have another.
#[utoipa::path(patch, path = "/api/v1/articles/{id}", tag = "articles",
    params(("id" = Uuid, Path)), request_body = ArticleEdit,
    responses((status = 200, body = Article), (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 415, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn edit(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    JsonBody(edit): JsonBody<ArticleEdit>,
) -> Result<Json<Article>, ApiError> {
    Ok(Json(state.edit_article(id, &edit).await?))
}
