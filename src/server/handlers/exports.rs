//! `GET /api/v1/articles/{id}/export`: an article as a file.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::Ids;
use crate::article::problem::{Code, Problem, ProblemBody};
use crate::server::error::ApiError;
use crate::server::export::Format;
use crate::server::extract::Query;
use crate::server::state::AppState;

/// What is to be exported.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `markdown`, the default, with front matter, or `html`, a page that stands alone.
    #[param(value_type = Option<Format>)]
    format: Option<String>,
    /// The revision; the current one where it is not named.
    revision: Option<Uuid>,
}

/// An article as a file, named after it.
#[utoipa::path(get, path = "/api/v1/articles/{id}/export", tag = "articles",
    params(("id" = Uuid, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "text/markdown",
        headers(("Content-Disposition" = String))),
        (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn export(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, ApiError> {
    let format = match query.format.as_deref() {
        None => Format::default(),
        Some(name) => Format::parse(name).ok_or_else(|| {
            Problem::new(
                Code::InvalidParameter,
                "`format` is not understood.",
                "Use markdown or html.",
            )
            .with_param("format")
        })?,
    };
    let file = state.export(id, query.revision, format).await?;
    let mut response = file.content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(disposition) = HeaderValue::try_from(file.disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
