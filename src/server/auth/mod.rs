//! Who may come in: whoever shows the access token of the installation.
//!
//! A browser shows it once, on the [`sign_in`] page, and gets a [`session`] cookie for it; a
//! program sends it as `Authorization: Bearer`. [`Access::require`] stands before the whole router
//! and lets nothing pass but what [`is_open`] lists, so a new route is closed until it is listed
//! there. Wrong tokens are slowed down by [`throttle`].
//!
//! Accounts will take the place of [`Access::admit`]: it decides from a request's headers who is
//! calling, and nothing else in the server knows how.

pub mod session;
pub mod sign_in;
pub mod throttle;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, LOCATION, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use self::session::Sessions;
use self::throttle::{Throttle, Wait};
use super::client::Client;
use super::clock::now_ms;
use super::error::{ApiError, speaks_json};
use crate::app::site_facts::SiteFacts;
use crate::article::problem::{Code, Problem};

/// The gate of a server that has an access token.
#[derive(Debug)]
pub struct Access {
    /// Of the token: hashes compare in constant time, and have one length.
    token: blake3::Hash,
    sessions: Sessions,
    /// The origin of the address that people type.
    public_origin: Option<String>,
    throttle: Mutex<Throttle>,
}

/// How someone was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// By the cookie of a sign-in.
    Session,
    /// By the token itself.
    Token,
}

/// Why someone was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing was shown, or a session that is over.
    Nothing,
    /// The token is wrong.
    Wrong,
    /// Too many were wrong; this one was not even looked at.
    TooMany(Wait),
}

impl Access {
    /// A gate for `token`, with sessions that last as long as given and are signed with `key`.
    /// `public_origin`: that of the address that people type.
    pub fn new(
        token: &SecretString,
        key: &[u8; session::KEY_BYTES],
        lifetime: Duration,
        public_origin: Option<String>,
    ) -> Self {
        let token = token.expose_secret().as_bytes();
        Self {
            token: blake3::hash(token),
            sessions: Sessions::new(key, token, lifetime),
            public_origin,
            throttle: Mutex::new(Throttle::new(Instant::now())),
        }
    }

    /// Decides whether the sender of these headers may come in.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, headers: &HeaderMap, client: &Client) -> Result<Admission, Refusal> {
        let bearer = headers.get(AUTHORIZATION).and_then(bearer);
        if let Some(token) = bearer {
            return self.try_token(token, client).map(|()| Admission::Token);
        }
        if self.is_own_page(headers) && self.sessions.is_valid(headers, now_ms()) {
            Ok(Admission::Session)
        } else {
            Err(Refusal::Nothing)
        }
    }

    /// Whether a page of ours asks, or none at all. The pages of other origins of the same site
    /// have the cookie sent along; they have to show the token, wherever they are allowed at all.
    fn is_own_page(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        // Browsers say it themselves, and no script can; a proxy may have changed the host's port.
        if headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin") {
            return true;
        }
        let Ok(origin) = origin.to_str() else { return false };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let named = origin.split_once("://").map(|(_, name)| name);
        named.is_some_and(|named| host.is_some_and(|host| named.eq_ignore_ascii_case(host)))
            || self.public_origin.as_deref().is_some_and(|own| origin.eq_ignore_ascii_case(own))
    }

    /// Compares a token, unless too many wrong ones came from there.
    ///
    /// # Errors
    /// It is wrong, or was not compared.
    pub fn try_token(&self, token: &[u8], client: &Client) -> Result<(), Refusal> {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        throttle.check(client.address, now).map_err(Refusal::TooMany)?;
        let hash = blake3::hash(token);
        if hash == self.token {
            throttle.succeeded(client.address, now);
            return Ok(());
        }
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        throttle.failed(client.address, [a, b, c, d, e, f, g, h], now);
        drop(throttle);
        tracing::warn!(client.address = %client.address, "a wrong access token");
        Err(Refusal::Wrong)
    }

    /// The middleware: lets only those through whom [`Self::admit`] does.
    pub async fn require(
        State(access): State<Option<Arc<Self>>>,
        mut request: Request,
        next: Next,
    ) -> Response {
        let client = Client::of(request.extensions());
        let mut facts = SiteFacts { plain_http: client.is_exposed(), signed_in: false };
        let open = is_open(request.method(), request.uri().path());
        if let Some(access) = access
            && !open
        {
            match access.admit(request.headers(), &client) {
                Ok(admission) => facts.signed_in = admission == Admission::Session,
                Err(refusal) => return turned_away(&request, refusal),
            }
        }
        request.extensions_mut().insert(facts);
        next.run(request).await
    }
}

/// The token of an `Authorization` header (RFC 6750); the scheme's case does not matter.
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// What everyone may ask for: whether the server lives, the sign-in, and the files of the client,
/// which are the same in every installation.
pub fn is_open(method: &Method, path: &str) -> bool {
    match path {
        "/health" | "/health/live" | "/health/ready" | sign_in::PATH | sign_in::OUT_PATH => true,
        _ => matches!(*method, Method::GET | Method::HEAD) && is_file(path),
    }
}

/// Whether a path is that of a file of the client: at the top, a font, or of the renderer for other
/// people's pages. No page has a dot in its first part.
fn is_file(path: &str) -> bool {
    const KINDS: [&str; 9] = ["css", "ico", "js", "pack", "png", "svg", "txt", "wasm", "woff2"];
    let Some(name) = path.strip_prefix('/') else { return false };
    if name == "embed/example.html" {
        return true;
    }
    let folder = ["fonts/", "embed/"].into_iter().find_map(|folder| name.strip_prefix(folder));
    let name = folder.unwrap_or(name);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    plain
        && name
            .rsplit_once('.')
            .is_some_and(|(stem, kind)| !stem.is_empty() && KINDS.contains(&kind))
}

/// Programs get a problem; whoever looks at a page gets the sign-in, and comes back from there.
fn turned_away(request: &Request, refusal: Refusal) -> Response {
    let uri = request.uri();
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !speaks_json(uri.path())
        && !uri.path().starts_with("/page-data/")
        && !request.headers().contains_key(AUTHORIZATION);
    if is_page {
        let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
        return see_other(&sign_in::address(wanted));
    }
    problem(refusal).into_response()
}

fn problem(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Nothing | Refusal::Wrong => Problem::new(
            Code::AccessTokenNeeded,
            match refusal {
                Refusal::Wrong => "The access token is wrong.",
                _ => "This server asks for its access token.",
            },
            "Send the header Authorization: Bearer with the token that the operator set as \
             INKSTREAM_ACCESS_TOKEN; in a browser, sign in at /sign-in.",
        )
        .with_param("Authorization")
        .into(),
        Refusal::TooMany(wait) => ApiError::from(
            Problem::new(
                Code::TooManyGuesses,
                "Too many wrong access tokens came from this address.",
                "Wait as long as Retry-After says, then send the right one.",
            )
            .with_param("Authorization"),
        )
        .retry_after(wait.0),
    }
}

/// 303: the answer to what was asked lies at `location`.
fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
        .headers_mut()
        .insert(axum::http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_health_sign_in_and_files_of_the_client_are_open() {
        for path in [
            "/health",
            "/health/ready",
            "/sign-in",
            "/favicon.svg",
            "/main-0123456789abcdef.css",
            "/inkstream-0123456789abcdef_bg.wasm",
            "/library-0123456789abcdef.pack",
            "/fonts/inter-latin-wght-normal.woff2",
        ] {
            assert!(is_open(&Method::GET, path), "{path}");
        }
        for path in [
            "/",
            "/articles",
            "/articles/x.css",
            "/api/v1/x.js",
            "/metrics",
            "/page-data/compose",
            "/fonts/../api/v1/articles.js",
            "/%2e%2e/data.txt",
            "/.css",
            "//x.js",
        ] {
            assert!(!is_open(&Method::GET, path), "{path}");
        }
        assert!(!is_open(&Method::POST, "/main.css"));
    }

    #[test]
    fn the_bearer_scheme_is_read_in_any_case_and_nothing_else_is_a_token() {
        let read = |text: &str| bearer(&HeaderValue::from_str(text).unwrap()).map(<[u8]>::to_vec);
        assert_eq!(read("Bearer abc"), Some(b"abc".to_vec()));
        assert_eq!(read("bearer  abc "), Some(b"abc".to_vec()));
        assert_eq!(read("Basic abc"), None);
        assert_eq!(read("Bearer"), None);
    }
}
