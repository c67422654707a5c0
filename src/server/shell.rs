//! The pages: the frame around the interface, and the files that it loads.
//!
//! Trunk builds the client and writes an `index.html` whose head loads it. That head is put into
//! every page, with the nonce of the page's content security policy.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list, render_app_async_with_context,
};
use leptos_meta::MetaTags;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::error;
use super::state::AppState;
use crate::app::App;
use crate::app::preferences::Preferences;
use crate::app::site_facts::SiteFacts;

/// The fonts of the first line of every page; without this they come after the style sheet.
const FIRST_FONTS: [&str; 2] =
    ["/fonts/inter-latin-wght-normal.woff2", "/fonts/source-serif-4-latin-wght-normal.woff2"];

/// What Trunk writes where the nonce belongs.
const NONCE: &str = "{{__TRUNK NONCE__}}";

/// A file whose name changes with its content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A file whose name stays: fonts, the icon.
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
/// A page shows what is there now, in the language of who asks.
const NOT_AT_ALL: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The built client.
#[derive(Clone)]
struct Site {
    dir: PathBuf,
    head: Arc<OnceLock<String>>,
}

impl Site {
    /// What Trunk wrote into `<head>`; `None` while the client is not built. Read once, but in a
    /// debug build every time: there the names change while the server runs.
    fn head(&self) -> Option<String> {
        if let Some(head) = self.head.get() {
            return Some(head.clone());
        }
        let page = std::fs::read_to_string(self.dir.join("index.html")).ok()?;
        let (_, behind) = page.split_once("<head>")?;
        let (head, _) = behind.split_once("</head>")?;
        if !cfg!(debug_assertions) {
            self.head.get_or_init(|| head.to_owned());
        }
        Some(head.to_owned())
    }
}

/// Every page, and the files of the client. What is none of these is the
/// interface's own 404 page.
pub fn pages(state: AppState) -> Router {
    let options = LeptosOptions::builder().output_name("inkstream").build();
    let site = Site { dir: state.config.server.site_dir.clone(), head: Arc::default() };
    let context = move || provide_context(state.clone());
    let shell = {
        let site = site.clone();
        move || shell(&site.head().unwrap_or_default())
    };
    let missing = render_app_async_with_context(context.clone(), shell.clone());
    let built = site.clone();
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, shell)
        .layer(axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            let site = built.clone();
            async move {
                if site.head().is_none() {
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
                match file(&site, question).await {
                    Some(file) => file,
                    None if site.head().is_none() => not_built(),
                    None => {
                        let mut page = missing(request).await;
                        *page.status_mut() = StatusCode::NOT_FOUND;
                        page.headers_mut().insert(header::CACHE_CONTROL, NOT_AT_ALL);
                        page
                    }
                }
            }
        })
        .with_state(options)
}

/// A file of the client.
async fn file(site: &Site, question: Request) -> Option<Response> {
    let path = question.uri().path().to_owned();
    // Trunk's page and hidden files are of no use to anybody.
    if path == "/index.html" || path.split('/').any(|part| part.starts_with('.')) {
        return None;
    }
    let files = ServeDir::new(&site.dir)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let Ok(answer) = files.oneshot(question).await;
    if !(answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED) {
        return None;
    }
    let mut answer = answer.map(Body::new);
    let age = if is_hashed(&path) { FOR_EVER } else { FOR_A_DAY };
    answer.headers_mut().insert(header::CACHE_CONTROL, age);
    Some(answer)
}

fn without_body(request: &Request) -> Request {
    let mut question = Request::new(Body::empty());
    *question.method_mut() = request.method().clone();
    *question.uri_mut() = request.uri().clone();
    *question.headers_mut() = request.headers().clone();
    question
}

/// Whether Trunk put the hash of the content into the name: `main-0123456789abcdef.css`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.split(['-', '_']).any(|part| {
        part.len() == 16 && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn not_built() -> Response {
    let said = "The server runs, but its client is not built. Run `make build`, then reload.\n\
                服务器已启动，但客户端尚未构建。请运行 make build，然后刷新。\n";
    (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
}

/// The elements that load the client's style sheets, for a page without the client; empty while it
/// is not built.
pub fn stylesheets(state: &AppState) -> String {
    let site = Site { dir: state.config.server.site_dir.clone(), head: Arc::default() };
    let head = site.head().unwrap_or_default();
    head.split_inclusive('>')
        .filter(|element| element.contains("rel=\"stylesheet\""))
        .collect::<String>()
        .replace(NONCE, "")
}

/// The whole page.
fn shell(head: &str) -> impl IntoView + use<> {
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
    let head = head.replace(NONCE, &nonce);
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
                {InertElement::new(head)}
                <MetaTags />
            </head>
            <body>
                <App />
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
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed("/inkstream-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("/main-fedcba9876543210.css"));
        assert!(!is_hashed("/favicon.svg"));
        assert!(!is_hashed("/fonts/inter-latin-wght-normal.woff2"));
    }

    #[test]
    fn the_policy_names_the_nonce_and_allows_nothing_inline() {
        let policy = policy("abc");
        assert!(policy.contains("'nonce-abc'"));
        assert!(!policy.contains("unsafe-inline"));
    }
}
