//! The API's document, OpenAPI 3.1.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::{
    article_edits, articles, connections, dead_letters, events, exports, generations, operations,
};
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
        generations::estimate,
        generations::go_on,
        events::follow,
        articles::list,
        articles::show,
        article_edits::edit,
        article_edits::compare,
        exports::export,
        articles::delete,
        articles::delete_several,
        articles::restore_several,
        articles::restore,
        articles::revisions,
        articles::revision,
        articles::compare,
        articles::make_current,
        connections::list,
        connections::test,
        operations::show,
        dead_letters::list,
        dead_letters::show,
        dead_letters::replay,
        dead_letters::discard,
        dead_letters::replay_several,
        dead_letters::discard_several,
        show,
    ),
    modifiers(&EverywhereElse),
    security(("token" = [])),
    components(schemas(Highlight, Meta, Notice, Routed, Usage)),
    tags(
        (name = "generations", description = "One run of the pipeline for a brief"),
        (name = "articles", description = "The documents, and their revisions"),
        (name = "providers", description = "The model APIs behind it"),
        (name = "operations", description = "What is going on, and what failed for good"),
        (name = "document", description = "What stands here, for programs")
    )
)]
pub struct ApiDocument;

/// What holds for every call: the access token, and what its absence is answered with.
struct EverywhereElse;

impl Modify for EverywhereElse {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The access token of the installation, where it has one"))
            .build();
        if let Some(components) = &mut document.components {
            components.add_security_scheme("token", SecurityScheme::Http(scheme));
        }
        for item in document.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                for (status, what) in [
                    ("401", "the access token is missing or wrong"),
                    ("429", "too many wrong access tokens, or the day's budget is used up"),
                ] {
                    let problem = ContentBuilder::new()
                        .schema(Some(Ref::from_schema_name("ProblemBody")))
                        .build();
                    let response = ResponseBuilder::new()
                        .description(what)
                        .content("application/json", problem)
                        .build();
                    let known = &mut operation.responses.responses;
                    known.entry(status.to_owned()).or_insert_with(|| response.into());
                }
            }
        }
    }
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "document",
    responses((status = 200, description = "the document", content_type = "application/json")))]
pub async fn show() -> Json<utoipa::openapi::OpenApi> {
    Json(ApiDocument::openapi())
}
