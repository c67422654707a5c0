//! The layers around every route, on a real listener, with what browsers and strangers send.

use std::net::SocketAddr;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use inkstream::article::problem::{Code, Problem};
use inkstream::server::error::{self, ApiError, RequestId};
use inkstream::server::extract::{JsonBody, JsonBytes};
use inkstream::server::security::Protection;
use inkstream::server::telemetry::metrics;
use inkstream::server::{security, serve};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// A small server with every kind of route.
struct Server {
    address: SocketAddr,
    client: Client,
    _shutdown: DropGuard,
}

impl Server {
    async fn start() -> Self {
        metrics::start();
        let router = Router::new()
            .route(
                "/api/v1/bytes",
                post(|JsonBytes(bytes): JsonBytes| async move { bytes.len().to_string() }),
            )
            .route(
                "/api/v1/named",
                post(|JsonBody(named): JsonBody<Named>| async move { named.name }),
            )
            .route("/api/v1/things/{id}", get(|RequestId(id): RequestId| async { id }))
            .route("/api/v1/broken", get(broken))
            .route("/api/v1/busy", get(busy))
            .route("/api/v1/panic", get(panicking))
            .route("/page", get(page))
            .route("/metrics", get(|| async { metrics::render().unwrap_or_default() }))
            .route("/events", get(events))
            .fallback(|| async { (StatusCode::NOT_FOUND, "a page that says so") });
        let router = security::protect(
            router,
            axum::Router::new(),
            axum::Router::new(),
            1024,
            Protection { hosts: ["ink.example.org".to_owned()].into(), ..Protection::default() },
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(serve::serve(listener, router, shutdown.clone()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, client, _shutdown: shutdown.drop_guard() }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.address))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client
            .post(format!("http://{}{path}", self.address))
            .header(CONTENT_TYPE, "application/json")
            .body("{\"name\": \"ink\"}")
    }
}

async fn broken() -> Result<String, ApiError> {
    let problem = Problem::new(Code::StorageUnavailable, "No room.", "Make room.");
    Err(ApiError::from(problem).because(std::io::Error::other("secret path")))
}

async fn busy() -> Result<String, ApiError> {
    let problem = Problem::new(Code::Overloaded, "Too many.", "Wait.");
    Err(ApiError::from(problem).retry_after(std::time::Duration::from_millis(6500)))
}

async fn panicking() -> String {
    panic!("secret state")
}

async fn page() -> impl IntoResponse {
    let policy = "default-src 'self'; script-src 'nonce-x'";
    ([(CONTENT_SECURITY_POLICY, policy), (CONTENT_TYPE, "text/html")], "<p>page</p>".repeat(100))
}

async fn events() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/event-stream")], Body::from(": beat\n".repeat(100)))
}

/// Checks status and body, and returns the problem.
async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let error = body["error"].as_object().unwrap();
    let mut names: Vec<&str> = error.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "message", "param", "request_id", "resolution", "type"]);
    assert_eq!(error["code"], code);
    assert_eq!(error["request_id"], id.as_str());
    assert_ne!(error["resolution"], "");
    body["error"].clone()
}

#[tokio::test]
async fn a_well_formed_request_id_is_kept_and_any_other_replaced() {
    let server = Server::start().await;
    for id in ["a", "Trace-1.2_3", &"x".repeat(128)] {
        let response =
            server.get("/api/v1/things/7").header("x-request-id", id).send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], id);
        assert_eq!(response.text().await.unwrap(), id, "handlers see the same one");
    }
    for id in ["", "with space", "semi;colon", &"x".repeat(129)] {
        let response =
            server.get("/api/v1/things/7").header("x-request-id", id).send().await.unwrap();
        let made = response.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(uuid::Uuid::parse_str(made).unwrap().get_version_num(), 7, "{id}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_protective_headers() {
    let server = Server::start().await;
    for path in ["/api/v1/things/7", "/api/v1/broken", "/api/v1/nothing", "/page", "/else"] {
        let response = server.get(path).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(header("permissions-policy").contains("camera=()"), "{path}");
        let policies: Vec<_> =
            response.headers().get_all("content-security-policy").iter().collect();
        assert_eq!(policies.len(), 1, "{path}");
        if path == "/page" {
            assert_eq!(policies[0], "default-src 'self'; script-src 'nonce-x'");
        } else {
            let expected =
                "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
            assert_eq!(policies[0], expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_foreign_host_is_turned_away() {
    let server = Server::start().await;
    for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "10.0.0.1"] {
        let response = server.get("/api/v1/things/7").header("host", host).send().await.unwrap();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let error = problem(response, 421, "host_not_allowed").await;
        assert!(error["message"].as_str().unwrap().contains(host), "{error}");
        // Not only the API: a page would be as good to steal.
        let response = server.get("/page").header("host", host).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 421);
    }
    let text = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    let counted = "bloggen_requests_total{method=\"GET\",endpoint=\"/page\",status=\"421\"}";
    assert!(text.lines().any(|line| line.starts_with(counted)), "{text}");
    for host in ["localhost:1", "127.0.0.1", "[::1]:3000", "ink.example.org"] {
        let response = server.get("/api/v1/things/7").header("host", host).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn forged_requests_of_other_sites_are_refused_and_our_own_pages_pass() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for headers in [
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")],
        vec![("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
    ] {
        let mut request = server.post("/api/v1/named");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let error = problem(request.send().await.unwrap(), 403, "cross_origin").await;
        assert_eq!(error["type"], "permission_error", "{headers:?}");
    }
    for headers in [
        vec![("sec-fetch-site", "same-origin"), ("origin", own.as_str())],
        vec![("sec-fetch-site", "none")],
        vec![("origin", own.as_str())],
        vec![],
    ] {
        let mut request = server.post("/api/v1/named");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK, "{headers:?}");
    }
    let read = server.get("/page").header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(read.status(), StatusCode::OK, "links from elsewhere work");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let server = Server::start().await;
    let exact = server.post("/api/v1/bytes").body("x".repeat(1 << 20)).send().await.unwrap();
    assert_eq!(exact.text().await.unwrap(), "1048576");
    let announced = server.post("/api/v1/bytes").body("x".repeat(10 << 20)).send().await.unwrap();
    problem(announced, 413, "body_too_large").await;
    // In chunks nobody knows the length before.
    let chunks =
        futures_util::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>("x".repeat(64 << 10))));
    let chunked =
        server.post("/api/v1/bytes").body(reqwest::Body::wrap_stream(chunks)).send().await.unwrap();
    problem(chunked, 413, "body_too_large").await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_by_what_is_wrong_with_it() {
    let server = Server::start().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let request = server
            .client
            .post(format!("http://{}/api/v1/named", server.address))
            .header(CONTENT_TYPE, kind)
            .body("{\"name\": \"ink\"}");
        let error = problem(request.send().await.unwrap(), 415, "unsupported_media_type").await;
        assert_eq!(error["param"], "Content-Type");
    }
    let bare = server.client.post(format!("http://{}/api/v1/named", server.address)).body("{}");
    problem(bare.send().await.unwrap(), 415, "unsupported_media_type").await;
    let broken = server.post("/api/v1/named").body("{\"name\": ").send().await.unwrap();
    problem(broken, 400, "invalid_json").await;
    let wrong = server.post("/api/v1/named").body("{\"nam\": 1}").send().await.unwrap();
    let error = problem(wrong, 400, "invalid_parameter").await;
    assert!(error["message"].as_str().unwrap().contains("nam"), "{error}");
    let marked = server
        .client
        .post(format!("http://{}/api/v1/named", server.address))
        .header(CONTENT_TYPE, "Application/JSON; charset=utf-8")
        .body("{\"name\": \"ink\"}");
    assert_eq!(marked.send().await.unwrap().text().await.unwrap(), "ink");
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_say_so_in_json_under_the_api() {
    let server = Server::start().await;
    for path in ["/api/v1/nothing", "/api/", "/api", "/v1/models", "/health/nothing"] {
        let error = problem(server.get(path).send().await.unwrap(), 404, "not_found").await;
        assert!(error["message"].as_str().unwrap().contains(path), "{error}");
    }
    let page = server.get("/apiary").send().await.unwrap();
    assert_eq!(page.text().await.unwrap(), "a page that says so");
    let response = server.get("/api/v1/bytes").send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
    let error = problem(response, 405, "method_not_allowed").await;
    assert!(error["message"].as_str().unwrap().contains("GET"), "{error}");
}

#[tokio::test]
async fn failures_of_ours_tell_the_caller_what_to_do_and_nothing_of_the_inside() {
    let server = Server::start().await;
    let response = server.get("/api/v1/broken").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "2");
    let error = problem(response, 503, "storage_unavailable").await;
    assert_eq!(error["message"], "No room.");
    assert!(!error.to_string().contains("secret"), "{error}");
    let response = server.get("/api/v1/busy").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "7", "rounded up");
    problem(response, 503, "overloaded").await;
    let response = server.get("/api/v1/panic").send().await.unwrap();
    let error = problem(response, 500, "internal").await;
    assert!(!error.to_string().contains("secret"), "{error}");
    let after = server.get("/api/v1/things/7").send().await.unwrap();
    assert_eq!(after.status(), StatusCode::OK, "the server goes on");
}

#[tokio::test]
async fn pages_are_compressed_and_event_streams_never() {
    let server = Server::start().await;
    let page = server.get("/page").header("accept-encoding", "br, gzip").send().await.unwrap();
    assert_eq!(page.headers()["content-encoding"], "br");
    let events = server.get("/events").header("accept-encoding", "br, gzip").send().await.unwrap();
    assert!(events.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let server = Server::start().await;
    server.get("/api/v1/things/no-number-has-these").send().await.unwrap();
    server.get("/no/such/path/no-number-has-these").send().await.unwrap();
    let text = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    let counted = |line: &str| text.lines().any(|one| one.starts_with(line));
    assert!(
        counted(
            "bloggen_requests_total{method=\"GET\",endpoint=\"/api/v1/things/{id}\",status=\"200\"}"
        ),
        "{text}"
    );
    assert!(
        counted("bloggen_requests_total{method=\"GET\",endpoint=\"unmatched\",status=\"404\"}"),
        "{text}"
    );
    assert!(
        counted(
            "bloggen_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/api/v1/things/{id}\""
        ),
        "{text}"
    );
    assert!(!text.contains("no-number-has-these"));
    let memory = text
        .lines()
        .find_map(|line| line.strip_prefix("bloggen_memory_mb "))
        .and_then(|value| value.parse::<f64>().ok())
        .expect("resident memory");
    assert!((1.0..10_000.0).contains(&memory), "{memory}");
}

#[tokio::test]
async fn a_request_head_that_is_too_long_ends_the_request_and_not_the_server() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "GET /page HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(40 << 10)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
    assert_eq!(server.get("/page").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_without_a_host_is_turned_away() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /page HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 421"), "{answer}");
}

#[tokio::test]
async fn the_fallback_for_programs_has_the_same_body() {
    let error = error::not_found("/v1/else".parse().unwrap()).await;
    assert_eq!(json!(error.problem().code), "not_found");
    let Json(body) = Json(error.problem().clone());
    assert!(body.message.contains("/v1/else"));
}
