//! Which path leads where: the API, the probes, the pages.

use axum::Router;
use axum::routing::{get, patch, post};

use super::auth::sign_in;
use super::handlers::{
    api_docs, article_edits, articles, connections, dead_letters, events, exports, generations,
    health, openapi, operations, page_data,
};
use super::security::Protection;
use super::state::AppState;
use super::{security, shell};

/// Everything that the server answers, with all its layers.
pub fn router(state: &AppState) -> Router {
    let streams = Router::new()
        .route("/api/v1/generations", post(generations::create))
        .route("/api/v1/generations/{id}/events", get(events::follow))
        .route("/api/v1/generations/{id}/continue", post(generations::go_on))
        .route("/api/v1/articles/{id}/generations", post(generations::regenerate))
        // Each request clones its routes' state; these need no more of it.
        .with_state(state.generations.clone())
        .route("/api/v1/dead-letters/{id}/replay", post(dead_letters::replay))
        .with_state(state.clone());
    let texts = Router::new()
        .route("/api/v1/articles/{id}", patch(article_edits::edit))
        .route("/api/v1/articles/{id}/compare", post(article_edits::compare))
        .with_state(state.clone());
    let api = Router::new()
        .route("/api/v1/estimate", post(generations::estimate))
        .route("/api/v1/generations/{id}", get(generations::show))
        .route("/api/v1/generations/{id}/cancel", post(generations::cancel))
        .route("/api/v1/articles", get(articles::list))
        .route("/api/v1/articles/delete", post(articles::delete_several))
        .route("/api/v1/articles/restore", post(articles::restore_several))
        .route("/api/v1/articles/{id}", get(articles::show).delete(articles::delete))
        .route("/api/v1/articles/{id}/export", get(exports::export))
        .route("/api/v1/articles/{id}/restore", post(articles::restore))
        .route("/api/v1/articles/{id}/compare", get(articles::compare))
        .route("/api/v1/articles/{id}/revisions", get(articles::revisions))
        .route("/api/v1/articles/{id}/revisions/{revision_id}", get(articles::revision))
        .route(
            "/api/v1/articles/{id}/revisions/{revision_id}/restore",
            post(articles::make_current),
        )
        .route("/api/v1/dead-letters", get(dead_letters::list))
        .route("/api/v1/dead-letters/replay", post(dead_letters::replay_several))
        .route("/api/v1/dead-letters/discard", post(dead_letters::discard_several))
        .route("/api/v1/dead-letters/{id}", get(dead_letters::show).delete(dead_letters::discard))
        .route("/api/v1/operations", get(operations::show))
        .route("/api/v1/providers", get(connections::list))
        .route("/api/v1/providers/{name}/test", post(connections::test))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route(api_docs::PATH, get(api_docs::show))
        .route("/page-data/compose", get(page_data::compose))
        .route("/page-data/connections", get(page_data::connections))
        .route("/page-data/library", get(page_data::library))
        .route("/page-data/operations", get(page_data::operations))
        .route("/page-data/dead-letters/{id}", get(page_data::letter))
        .route("/page-data/articles/{id}", get(page_data::article))
        .route("/page-data/articles/{id}/compare", get(page_data::compare))
        .with_state(state.clone());
    let routes = api
        .merge(health::routes(state.clone()))
        .merge(sign_in::routes(state))
        .merge(shell::pages(state.clone()));
    let protection = Protection::of(&state.config.server, state.access.clone());
    let max_text_bytes = state.config.generation.max_text_bytes;
    security::protect(routes, streams, texts, max_text_bytes, protection)
}
