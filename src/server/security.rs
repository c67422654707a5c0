//! What protects the server from other sites, from hostile pages and from itself: layers around
//! the whole router.
//!
//! There is no sign-in yet, so whoever reaches the port may do everything. Therefore the port is
//! bound to this machine alone ([`check_bind`]), and the browser on it is kept from being used
//! against it: the Host check stops DNS rebinding, the cross-origin check stops forged requests.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, EXPECT, HOST, HeaderName, HeaderValue,
};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http_csrf::csrf::{CsrfLayer, ProtectionError};

use super::error::{self, ApiError};
use super::telemetry::metrics;
use crate::article::problem::{Code, Problem};

/// The largest body of a request, in bytes.
pub const BODY_LIMIT: usize = 1 << 20;

/// How long a body may pause before it is given up.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of an oversized body is read and thrown away, in bytes, so that the client gets to
/// read the answer instead of a reset connection.
const DRAIN_LIMIT: usize = 32 << 20;
/// How long that may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// What every answer carries. A page sets a policy of its own, which then stands.
const DEFAULT_CSP: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A bind that strangers could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "refusing to listen on {0}: other machines could reach it, and this version has no sign-in, so \
     anyone there could read and spend everything. Listen on 127.0.0.1:{port} and reach it through \
     `ssh -L {port}:127.0.0.1:{port}`, or through a reverse proxy on this machine that asks for a \
     password.", port = .0.port()
)]
pub struct BindRefused(pub SocketAddr);

/// Refuses to listen beyond this machine.
///
/// # Errors
/// The address is not a loopback address.
pub fn check_bind(address: SocketAddr) -> Result<(), BindRefused> {
    if address.ip().to_canonical().is_loopback() { Ok(()) } else { Err(BindRefused(address)) }
}

/// Wraps a finished router in everything that stands before and behind it, from the outside in:
/// request id and error shape, metrics, headers, Host check, cross-origin check, body limit,
/// panics; and around `plain`, which never answers with an event stream, compression.
///
/// `texts` take the text of an article, of `max_text_bytes` at most, in the body of a request.
/// `allowed_hosts` are names, in lower case, that may stand in `Host` beside those of loopback.
pub fn protect(
    plain: Router,
    streams: Router,
    texts: Router,
    max_text_bytes: usize,
    allowed_hosts: &[String],
) -> Router {
    let hosts: Arc<BTreeSet<String>> = Arc::new(allowed_hosts.iter().cloned().collect());
    let plain = plain
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(BODY, refuse_large_bodies));
    // Each of the layers above puts another wrapper around every frame of a body: a twentieth of
    // what an event stream costs. Extractors keep the limit here, the accept loop the panics.
    let streams = streams.layer(DefaultBodyLimit::max(BODY_LIMIT));
    let streams = streams.layer(middleware::from_fn_with_state(BODY, refuse_large_bodies));
    // In JSON a character can take twice its bytes, and more where it need not be written so.
    let limit = max_text_bytes.saturating_mul(3).saturating_add(BODY_LIMIT);
    let limit = BodyLimit { bytes: limit, refusal: error::text_too_large };
    let texts = texts
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(DefaultBodyLimit::max(limit.bytes))
        .layer(middleware::from_fn_with_state(limit, refuse_large_bodies));
    let mut router = plain
        .merge(streams)
        .merge(texts)
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(
            CsrfLayer::new()
                .with_rejection_response(|_: ProtectionError| cross_origin().into_response()),
        )
        .layer(middleware::from_fn_with_state(hosts, check_host))
        .layer(SetResponseHeaderLayer::if_not_present(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(DEFAULT_CSP),
        ));
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    router
        .layer(middleware::from_fn(metrics::count_requests))
        .layer(middleware::from_fn(error::boundary))
}

/// Lets only requests through that were addressed to this machine by one of its names. A page of
/// another site that lets its own name point here (DNS rebinding) names that site.
async fn check_host(
    State(allowed): State<Arc<BTreeSet<String>>>,
    request: Request,
    next: Next,
) -> Response {
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(HOST).and_then(|value| value.to_str().ok()))
        .unwrap_or_default();
    if is_allowed(host, &allowed) {
        next.run(request).await
    } else {
        host_not_allowed(host).into_response()
    }
}

/// Whether `Host` names this machine. The port does not matter: a tunnel may have another.
fn is_allowed(host: &str, allowed: &BTreeSet<String>) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':').unwrap_or(port)),
        None => host.rsplit_once(':').unwrap_or((host, "")),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || allowed.contains(&name)
}

fn host_not_allowed(host: &str) -> ApiError {
    let shown: String = host.chars().filter(|c| c.is_ascii_graphic()).take(100).collect();
    Problem::new(
        Code::HostNotAllowed,
        format!("This server does not answer for the host \"{shown}\"."),
        "Use localhost or 127.0.0.1. Behind a reverse proxy, add the name to `allowed_hosts` in \
         [server] of inkstream.toml.",
    )
    .with_param("Host")
    .into()
}

fn cross_origin() -> ApiError {
    Problem::new(
        Code::CrossOrigin,
        "A page of another site sent this request.",
        "Send it from Inkstream's own pages, or from a program that sends neither Origin nor \
         Sec-Fetch-Site.",
    )
    .with_param("Origin")
    .into()
}

/// How large the body of a request may be.
#[derive(Clone, Copy, Debug)]
struct BodyLimit {
    /// In bytes.
    bytes: usize,
    /// What is said of a larger one.
    refusal: fn() -> Problem,
}

const BODY: BodyLimit = BodyLimit { bytes: BODY_LIMIT, refusal: error::body_too_large };

/// Answers 413 to a body that announces itself as too large, after taking it in.
async fn refuse_large_bodies(
    State(limit): State<BodyLimit>,
    request: Request,
    next: Next,
) -> Response {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if announced <= limit.bytes {
        return next.run(request).await;
    }
    // Whoever asks first (`Expect: 100-continue`) has not sent it yet and need not.
    if announced <= DRAIN_LIMIT && !request.headers().contains_key(EXPECT) {
        let drained = tokio::time::timeout(DRAIN_TIMEOUT, drain(request.into_body())).await;
        tracing::debug!(whole = drained.is_ok(), "took in a body that is too large");
    }
    ApiError::from((limit.refusal)()).into_response()
}

async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    while let Some(Ok(_)) = stream.next().await {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(host: &str) -> bool {
        is_allowed(host, &BTreeSet::from(["ink.example.org".to_owned()]))
    }

    #[test]
    fn loopback_and_configured_names_are_allowed_on_any_port() {
        for host in [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1:8080",
            "127.1.2.3",
            "[::1]:3000",
            "[::1]",
            "ink.example.org",
            "Ink.Example.org:443",
        ] {
            assert!(allowed(host), "{host}");
        }
    }

    #[test]
    fn names_that_could_be_rebound_are_not_allowed() {
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[2001:db8::1]:3000",
            "0.0.0.0:3000",
            "localhost:3000@evil.example",
            "[::1",
        ] {
            assert!(!allowed(host), "{host}");
        }
    }

    #[test]
    fn only_loopback_addresses_may_be_bound() {
        for address in ["127.0.0.1:0", "127.8.9.1:80", "[::1]:3000", "[::ffff:127.0.0.1]:3000"] {
            assert!(check_bind(address.parse().unwrap()).is_ok(), "{address}");
        }
        for address in ["0.0.0.0:3000", "[::]:3000", "192.168.1.2:3000"] {
            let refused = check_bind(address.parse().unwrap()).unwrap_err();
            assert!(refused.to_string().contains("ssh -L 3000:127.0.0.1:3000"), "{refused}");
        }
    }
}
