//! The API's document, OpenAPI 3.1.

use axum::Json;
use utoipa::OpenApi;

use super::{article_edits, articles, events, exports, generations};
use crate::article::event::{Highlight, Meta, Notice, Routed, Usage};

/// Everything under `/api/v1`.
#[derive(OpenApi)]
#[openapi(
    info(title = "Inkstream", description = "A topic becomes a publishable technical article, live."),
    paths(
        generations::create,
        generations::regenerate,
        generations::show,
        generations::cancel,
        generations::go_on,
        events::follow,
        articles::list,
        articles::show,
        article_edits::edit,
        exports::export,
        articles::delete,
        articles::delete_several,
        articles::restore_several,
        articles::restore,
        articles::revisions,
        articles::revision,
        articles::make_current,
        show,
    ),
    components(schemas(Highlight, Meta, Notice, Routed, Usage)),
    tags(
        (name = "generations", description = "One run of the pipeline for a brief"),
        (name = "articles", description = "The documents, and their revisions")
    )
)]
pub struct ApiDocument;

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "document",
    responses((status = 200, description = "the document", content_type = "application/json")))]
pub async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(ApiDocument::openapi())
}
