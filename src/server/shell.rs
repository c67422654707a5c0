//! The pages.

/// The pages.
pub fn pages(_: super::state::AppState) -> axum::Router {
    axum::Router::new()
}
