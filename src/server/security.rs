//! What protects the server from other sites, from hostile pages and from itself: layers around
//! the whole router.
//!
//! Without an access token whoever reaches the port may do everything. Therefore it is bound to this
//! machine alone then ([`check_bind`]). Token or not, browsers are kept from being used against
//! the server: the Host check stops DNS rebinding, the cross-origin check stops forged requests.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, EXPECT, HeaderName,
    HeaderValue, IF_MATCH, LOCATION, REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http_csrf::csrf::{CsrfLayer, ProtectionError};

use super::auth::Access;
use super::client::{Front, named_host, split_port};
use super::config::ServerConfig;
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

/// How long a browser remembers what another origin may do.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// What every answer carries. A page sets a policy of its own, which then stands.
const DEFAULT_CSP: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

static HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, DEFAULT_CSP),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A bind that strangers could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "refusing to listen on {0}: other machines could reach it, and without an access token anyone \
     there could read and spend everything. Set INKSTREAM_ACCESS_TOKEN (`openssl rand -hex 16` \
     makes one), or listen on 127.0.0.1:{port} and reach it through \
     `ssh -L {port}:127.0.0.1:{port}`.", port = .0.port()
)]
pub struct BindRefused(pub SocketAddr);

/// Refuses to listen beyond this machine where no token is asked for.
///
/// # Errors
/// The address is not a loopback address, and there is no token.
pub fn check_bind(address: SocketAddr, has_token: bool) -> Result<(), BindRefused> {
    let local = address.ip().to_canonical().is_loopback();
    if local || has_token { Ok(()) } else { Err(BindRefused(address)) }
}

/// What [`protect`] goes by.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    /// Proxies and the public address.
    pub front: Front,
    /// Names, in lower case, that may stand in `Host` beside those of loopback.
    pub hosts: BTreeSet<String>,
    /// Whether addresses may stand there as well. No name leads to them, so nothing is rebound.
    pub any_address: bool,
    /// Origins whose pages may use the API.
    pub cors_origins: Vec<String>,
    /// The gate.
    pub access: Option<Arc<Access>>,
}

impl Protection {
    /// What a configuration asks for, with the gate that was made of it.
    pub fn of(config: &ServerConfig, access: Option<Arc<Access>>) -> Self {
        let public_host = config.public_url.iter().map(|public| public.host.clone());
        Self {
            hosts: config.allowed_hosts.iter().cloned().chain(public_host).collect(),
            any_address: !config.listen.ip().to_canonical().is_loopback(),
            front: Front {
                trusted_proxies: config.trusted_proxies.clone(),
                public_url: config.public_url.clone(),
            },
            cors_origins: config.cors_origins.clone(),
            access,
        }
    }
}

/// Wraps a finished router in everything that stands before and behind it, from the outside in: the
/// `Door`, other origins, cross-origin check, access, body limit, panics; and around `plain`, which
/// never answers with an event stream, compression.
///
/// `texts` take the text of an article, of `max_text_bytes` at most, in the body of a request.
pub fn protect(
    plain: Router,
    streams: Router,
    texts: Router,
    max_text_bytes: usize,
    protection: Protection,
) -> Router {
    let Protection { front, hosts, any_address, cors_origins, access } = protection;
    let public_origin = front.public_url.as_ref().map(|public| public.origin.clone());
    let trusted = cors_origins.iter().chain(&public_origin);
    let csrf = trusted.fold(CsrfLayer::new(), |layer, origin| {
        // Both are origins since the configuration was read.
        layer.clone().add_trusted_origin(origin).unwrap_or(layer)
    });
    let plain = plain
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(BODY, refuse_large_bodies));
    // Each of the layers above puts another wrapper around every frame of a body: a twentieth of
    // what an event stream costs. Extractors keep the limit here, the accept loop the panics.
    let streams = streams.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(BODY, refuse_large_bodies))
            .layer(DefaultBodyLimit::max(BODY_LIMIT)),
    );
    // In JSON a character can take twice its bytes, and more where it need not be written so.
    let limit = max_text_bytes.saturating_mul(3).saturating_add(BODY_LIMIT);
    let limit = BodyLimit { bytes: limit, refusal: error::text_too_large };
    let texts = texts
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(DefaultBodyLimit::max(limit.bytes))
        .layer(middleware::from_fn_with_state(limit, refuse_large_bodies));
    let door = Arc::new(Door { front, hosts, any_address });
    // One stack: with a `Router::layer` for each, every request would clone all of them, boxed one in
    // the other.
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(door, Door::receive))
        .option_layer((!cors_origins.is_empty()).then(|| cors(&cors_origins)))
        .layer(csrf.with_rejection_response(|_: ProtectionError| cross_origin().into_response()))
        .layer(middleware::from_fn_with_state(access, Access::require))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT));
    plain.merge(streams).merge(texts).layer(around)
}

/// What is done with every request first and with every answer last, in this order: request id and
/// error shape, metrics, headers, who the client is, Host check. In one layer, as each of its own would
/// clone and box all that is within it once more, for every request.
struct Door {
    front: Front,
    /// Names, in lower case, that may stand in `Host` beside those of loopback.
    hosts: BTreeSet<String>,
    /// Whether addresses may stand there as well.
    any_address: bool,
}

impl Door {
    /// The middleware.
    async fn receive(State(door): State<Arc<Self>>, request: Request, next: Next) -> Response {
        error::boundary(request, async |mut request| {
            let answering = metrics::Answering::begin(&request);
            door.front.know(&mut request);
            let answer = match door.refusal(&request) {
                None => next.run(request).await,
                Some(error) => error.into_response(),
            };
            let answer = with_headers(answer);
            answering.end(answer.status());
            answer
        })
        .await
    }

    /// Why a request is refused that was not addressed to this machine by one of its names. A page of
    /// another site that lets its own name point here (DNS rebinding) names that site.
    fn refusal(&self, request: &Request) -> Option<ApiError> {
        let host = named_host(request);
        let allowed = is_allowed(host, &self.hosts, self.any_address);
        (!allowed).then(|| host_not_allowed(host))
    }
}

/// Adds what every answer carries, unless it says so itself.
fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert_with(|| HeaderValue::from_static(value));
    }
    response
}

/// Whether `Host` names this machine. The port does not matter: a tunnel may have another.
fn is_allowed(host: &str, allowed: &BTreeSet<String>, any_address: bool) -> bool {
    let Some((name, _)) = split_port(host) else { return false };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.parse::<IpAddr>().is_ok_and(|address| any_address || address.is_loopback())
        || allowed.contains(&name)
}

fn host_not_allowed(host: &str) -> ApiError {
    let shown: String = host.chars().filter(|c| c.is_ascii_graphic()).take(100).collect();
    Problem::new(
        Code::HostNotAllowed,
        format!("This server does not answer for the host \"{shown}\"."),
        "Use localhost or 127.0.0.1. Behind a reverse proxy, set `public_url` in [server] of \
         inkstream.toml to the address that people type, or add the name to `allowed_hosts`.",
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

/// Lets pages of these origins use the API with a token. Cookies stay out of it: they are not sent
/// across sites, and answers do not allow them.
fn cors(origins: &[String]) -> CorsLayer {
    let name = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(
            origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok()),
        ))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            name("idempotency-key"),
            name("last-event-id"),
            error::X_REQUEST_ID,
        ])
        .expose_headers([ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, error::X_REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}

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
        is_allowed(host, &BTreeSet::from(["ink.example.org".to_owned()]), false)
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
    fn without_a_token_only_loopback_addresses_may_be_bound() {
        for address in ["127.0.0.1:0", "127.8.9.1:80", "[::1]:3000", "[::ffff:127.0.0.1]:3000"] {
            assert!(check_bind(address.parse().unwrap(), false).is_ok(), "{address}");
        }
        for address in ["0.0.0.0:3000", "[::]:3000", "192.168.1.2:3000"] {
            assert!(check_bind(address.parse().unwrap(), true).is_ok(), "{address}");
            let refused = check_bind(address.parse().unwrap(), false).unwrap_err();
            assert!(refused.to_string().contains("ssh -L 3000:127.0.0.1:3000"), "{refused}");
        }
    }
}
