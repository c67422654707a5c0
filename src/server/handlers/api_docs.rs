//! `/api-docs`: the API's document as a page on which every call can be tried.
//!
//! The page is an empty frame; its script reads `/api/v1/openapi.json` and draws it, by
//! `textContent` alone.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, VARY};
use axum::response::{Html, IntoResponse, Response};
use leptos::prelude::*;

use crate::app::i18n::Locale;
use crate::app::preferences::Preferences;
use crate::server::shell;
use crate::server::state::AppState;

/// Where it is.
pub const PATH: &str = "/api-docs";

/// Its own script and the API, and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// The page.
pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let preferences = Preferences::of_headers(&headers);
    let (title, needs_script, home) = match preferences.locale {
        Locale::En => (
            "The HTTP API",
            "Trying calls needs JavaScript; the document itself is at /api/v1/openapi.json.",
            "To Inkstream",
        ),
        Locale::Zh => (
            "HTTP 接口",
            "试用接口需要 JavaScript；接口文档在 /api/v1/openapi.json。",
            "回到 Inkstream",
        ),
    };
    let head = view! { <script src="/api-docs.js" defer></script> };
    let main = view! {
        <main class="api-docs">
            <p>
                <a href="/">{home}</a>
                " · "
                <a href="/api/v1/openapi.json">"openapi.json"</a>
            </p>
            <h1 class="ask">{title}</h1>
            <noscript>
                <p class="note">{needs_script}</p>
            </noscript>
            <div id="operations"></div>
        </main>
    };
    let page = shell::bare_page(&state, preferences, title, head, main);
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(VARY, HeaderValue::from_static("cookie, accept-language"));
    response
}
