//! The pages: the frame around the interface, and the files that it loads.
//!
//! The build leaves an `index.html` that names the client's files. Every page loads them in its own
//! way: the style sheet at once; the program, the words of the reader's language and the part that
//! the page begins with when somebody touches it, or at once where it is live; then the other parts
//! (`start.js`).

use std::sync::Arc;

use any_spawner::Executor;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::{ResponseOptions, render_app_async_with_context};
use leptos_meta::MetaTags;

use super::error;
use super::site::ClientFiles;
use super::state::AppState;
use crate::app::App;
use crate::app::navigation::Page;
use crate::app::parts::{part_of, words_of};
use crate::app::preferences::Preferences;
use crate::app::site_facts::SiteFacts;

/// The fonts of the first line of every page; without this they come after the style sheet.
const FIRST_FONTS: [&str; 2] =
    ["/fonts/inter-latin-wght-normal.woff2", "/fonts/source-serif-4-latin-wght-normal.woff2"];

/// What brings a page to life; it stands in the page.
const START: &str = include_str!("start.js");

/// A page shows what is there now, in the language of who asks.
const NOT_AT_ALL: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Every page, and the files of the client. What is none of these is the
/// interface's own 404 page.
pub fn pages(state: AppState) -> Router {
    // Once for the process; a second server in it, as in tests, finds it done.
    let _done_before = Executor::init_tokio();
    let site = state.site.clone();
    let context = move || provide_context(state.clone());
    let shell = {
        let site = site.clone();
        move || shell(site.client())
    };
    let page = render_app_async_with_context(context, shell);
    let missing = page.clone();
    let built = site.clone();
    let paths = Page::PATHS.into_iter();
    paths
        .fold(Router::new(), |router, path| router.route(path, get(page.clone())))
        .layer(axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            let site = built.clone();
            async move {
                if site.client().is_none() {
                    return not_built();
                }
                let mut response = next.run(request).await;
                response.headers_mut().insert(header::CACHE_CONTROL, NOT_AT_ALL);
                response
            }
        }))
        .fallback(move |request: Request| {
            let (site, missing) = (site.clone(), missing.clone());
            async move {
                let path = request.uri().path();
                if path.starts_with("/api/") || path.starts_with("/v1/") {
                    return error::not_found(request.uri().clone()).await.into_response();
                }
                let question = without_body(&request);
                match site.file(question).await {
                    Some(file) => file,
                    None if site.client().is_none() => not_built(),
                    None => {
                        let mut page = missing(request).await;
                        *page.status_mut() = StatusCode::NOT_FOUND;
                        page.headers_mut().insert(header::CACHE_CONTROL, NOT_AT_ALL);
                        page
                    }
                }
            }
        })
}

fn without_body(request: &Request) -> Request {
    let mut question = Request::new(Body::empty());
    *question.method_mut() = request.method().clone();
    *question.uri_mut() = request.uri().clone();
    *question.headers_mut() = request.headers().clone();
    question
}

fn not_built() -> Response {
    let said = "The server runs, but its client is not built. Run `make build`, then reload.\n\
                服务器已启动，但客户端尚未构建。请运行 make build，然后刷新。\n";
    (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
}

/// A page without the client: `head` and `main` in a frame with the client's looks.
pub fn bare_page(
    state: &AppState,
    preferences: Preferences,
    title: &str,
    head: impl IntoView,
    main: impl IntoView,
) -> String {
    let style = state.site.client().map(|client| client.style.clone());
    let title = format!("{title} · Inkstream").replace('&', "&amp;").replace('<', "&lt;");
    let page = view! {
        <!DOCTYPE html>
        <html lang=preferences.locale.tag() data-theme=preferences.theme.name()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                // A text that can change ends in a comment, which a title would show.
                <title inner_html=title></title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {style.map(|href| view! { <link rel="stylesheet" href=href /> })}
                {head.into_any()}
            </head>
            <body>{main.into_any()}</body>
        </html>
    };
    page.to_html()
}

/// The whole page.
fn shell(client: Option<Arc<ClientFiles>>) -> impl IntoView + use<> {
    let preferences = Preferences::of_this_page();
    let facts = SiteFacts::of_this_page();
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    if let Some(response) = use_context::<ResponseOptions>() {
        match HeaderValue::from_str(&policy(&nonce)) {
            Ok(policy) => response.insert_header(header::CONTENT_SECURITY_POLICY, policy),
            Err(error) => tracing::error!(
                error_type = "csp_invalid",
                %error,
                resolution = "the page is sent with the strictest policy and does not come to life",
                "the nonce cannot stand in a header"
            ),
        }
        response.insert_header(header::VARY, HeaderValue::from_static("cookie, accept-language"));
    }
    let texts = preferences.locale.texts();
    let client = client.map(|files| {
        let path = use_context::<Parts>().map(|request| request.uri.path().to_owned());
        let words = files.parts.get(words_of(preferences.locale));
        let own =
            path.as_deref().and_then(Page::of).and_then(|page| files.parts.get(part_of(page)));
        let begins = [words, own].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
        let other_words = files.parts.get(words_of(preferences.locale.other()));
        let all = files.parts.values().filter(|&part| Some(part) != other_words);
        let all = all.map(String::as_str).collect::<Vec<_>>();
        view! {
            <link rel="stylesheet" href=files.style.clone() />
            <script
                type="module"
                nonce=nonce
                data-script=files.script.clone()
                data-program=files.program.clone()
                data-late=texts.client_late
                data-again=texts.load_again
                data-parts=begins.join(" ")
                data-all=all.join(" ")
                inner_html=START
            ></script>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang=preferences.locale.tag() data-theme=preferences.theme.name()
            data-plain-http=facts.plain_http.then_some("")
            data-signed-in=facts.signed_in.then_some("")
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {FIRST_FONTS.map(|href| view! {
                    <link rel="preload" href=href r#as="font" type="font/woff2" crossorigin="anonymous" />
                })}
                {client}
                <MetaTags />
            </head>
            <body>
                <App texts />
            </body>
        </html>
    }
}

/// The content security policy of a page. Scripts need the page's nonce; images of an article may
/// come from anywhere; nothing else leaves this server.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; font-src 'self'; img-src 'self' data: https: http:; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; object-src 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_nonce_and_allows_nothing_inline() {
        let policy = policy("abc");
        assert!(policy.contains("'nonce-abc'"));
        assert!(!policy.contains("unsafe-inline"));
    }
}
