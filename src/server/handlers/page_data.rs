//! `/page-data`: what the pages show, for the browser that goes from one to the next. It is the
//! interface's own affair, and no part of the API.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::Ids;
use crate::app::page_data::{
    ArticleData, CompareData, ComposeData, LetterData, LibraryData, LibraryQuery, OperationsData,
};
use crate::article::connection::Connections;
use crate::server::error::ApiError;
use crate::server::extract::Query;
use crate::server::pages;
use crate::server::state::AppState;

/// A page shows what is there now.
const FRESH: [(HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];

type Fresh<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

/// What the form of a brief has to know.
pub async fn compose(State(state): State<AppState>) -> Fresh<ComposeData> {
    (FRESH, Json(pages::compose(&state)))
}

/// What is connected.
pub async fn connections(State(state): State<AppState>) -> Fresh<Connections> {
    (FRESH, Json(state.connections()))
}

/// What is going on.
pub async fn operations(State(state): State<AppState>) -> Result<Fresh<OperationsData>, ApiError> {
    Ok((FRESH, Json(pages::operations(&state).await?)))
}

/// A dead letter that is opened.
pub async fn letter(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
) -> Result<Fresh<LetterData>, ApiError> {
    Ok((FRESH, Json(pages::letter(&state, id).await?)))
}

/// The first page of the library, or of what was asked for.
pub async fn library(
    State(state): State<AppState>,
    Query(asked): Query<LibraryQuery>,
) -> Result<Fresh<LibraryData>, ApiError> {
    Ok((FRESH, Json(pages::library(&state, &asked).await?)))
}

/// What the page of an article can be asked for.
#[derive(Debug, Deserialize)]
pub struct ArticleQuery {
    /// One of the article's revisions; without it the current one.
    revision: Option<Uuid>,
}

/// What the page of an article shows.
pub async fn article(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    Query(query): Query<ArticleQuery>,
) -> Result<Fresh<ArticleData>, ApiError> {
    Ok((FRESH, Json(pages::article(&state, id, query.revision).await?)))
}

/// Which revisions the page that compares them is asked for.
#[derive(Debug, Deserialize)]
pub struct CompareQuery {
    from: Option<Uuid>,
    to: Option<Uuid>,
}

/// What the page that compares two revisions shows.
pub async fn compare(
    State(state): State<AppState>,
    Ids([id]): Ids<1>,
    Query(query): Query<CompareQuery>,
) -> Result<Fresh<CompareData>, ApiError> {
    Ok((FRESH, Json(pages::compare(&state, id, query.from, query.to).await?)))
}
