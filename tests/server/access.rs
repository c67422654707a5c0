//! The access token: what is closed without it, how it is shown, and what guessing comes to.

use inkstream::server::handlers::openapi::ApiDocument;
use inkstream::server::telemetry::metrics;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, COOKIE, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::json;
use utoipa::OpenApi;

use super::support::{PATIENCE, Server, error_of};

const TOKEN: &str = "the-token-of-the-test";
const DEMO: &str = "[routes]\ndefault = [\"demo/instant\"]\n";

async fn guarded(settings: &[(&str, &str)]) -> Server {
    let settings: Vec<_> =
        [("INKSTREAM_ACCESS_TOKEN", TOKEN)].into_iter().chain(settings.iter().copied()).collect();
    Server::start_with(DEMO, &settings).await
}

/// A request whose redirects are looked at rather than followed.
fn ask(server: &Server, method: Method, path: &str) -> RequestBuilder {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    client.request(method, format!("{}{path}", server.base)).timeout(PATIENCE)
}

async fn sign_in(server: &Server, token: &str, to: &str) -> Response {
    let form = reqwest::Url::parse_with_params("http://x", [("token", token), ("to", to)]).unwrap();
    let request = ask(server, Method::POST, "/sign-in");
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.query().unwrap().to_owned())
        .send()
        .await
        .unwrap()
}

fn cookie_of(response: &Response) -> String {
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn status_with_cookie(server: &Server, cookie: &str) -> u16 {
    let request = ask(server, Method::GET, "/api/v1/articles").header(COOKIE, cookie);
    request.send().await.unwrap().status().as_u16()
}

/// Every path that stands in the table of routes, and every one that the document knows.
fn all_paths() -> Vec<String> {
    let source = include_str!("../../src/server/router.rs");
    let health = include_str!("../../src/server/handlers/health.rs");
    let mut paths: Vec<String> = [source, health]
        .iter()
        .flat_map(|text| text.split('"'))
        .filter(|piece| piece.starts_with('/') && !piece.contains(char::is_whitespace))
        .map(str::to_owned)
        .collect();
    paths.extend(ApiDocument::openapi().paths.paths.into_keys());
    paths.extend(
        ["/", "/articles", "/articles/{id}", "/models", "/api-docs", "/page-data/else", "/else"]
            .map(str::to_owned),
    );
    paths.sort();
    paths.dedup();
    paths
}

#[tokio::test]
async fn without_the_token_no_route_answers_but_health_and_the_sign_in() {
    let server = guarded(&[]).await;
    let paths = all_paths();
    assert!(paths.len() > 20, "the table is read: {paths:?}");
    let id = uuid::Uuid::now_v7().to_string();
    for path in paths {
        let concrete = path.replace("{id}", &id).replace("{revision_id}", &id);
        for method in [Method::GET, Method::POST, Method::DELETE, Method::PATCH] {
            let answer = ask(&server, method.clone(), &concrete).send().await.unwrap();
            let status = answer.status().as_u16();
            if ["/health", "/health/live", "/health/ready"].contains(&path.as_str()) {
                assert_ne!(status, 401, "{path}");
            } else if method == Method::GET
                && !["/api/", "/metrics", "/page-data"].iter().any(|root| path.starts_with(root))
            {
                assert_eq!(status, 303, "{path}");
                let to = answer.headers()[LOCATION].to_str().unwrap();
                assert!(to.starts_with("/sign-in"), "{path}: {to}");
            } else {
                assert_eq!(answer.headers()[WWW_AUTHENTICATE], "Bearer", "{method} {path}");
                let (status, error) = error_of(answer).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
                assert_eq!(error["code"], "access_token_needed");
            }
        }
    }
}

#[tokio::test]
async fn the_renderer_for_other_pages_needs_no_token() {
    let server = guarded(&[]).await;
    for path in
        ["/embed/article-renderer.js", "/embed/article-renderer_bg.wasm", "/embed/example.html"]
    {
        let answer = ask(&server, Method::GET, path).send().await.unwrap();
        // Here no client is built in; what matters is that nobody asks who it is.
        assert_ne!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert_ne!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let other = ask(&server, Method::GET, "/embed/other.html").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_program_shows_the_token_as_bearer() {
    metrics::start();
    let server = guarded(&[]).await;
    for path in ["/api/v1/articles", "/metrics", "/api/v1/openapi.json"] {
        let request = ask(&server, Method::GET, path).bearer_auth(TOKEN);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
    for wrong in ["Bearer wrong", "Bearer ", "Basic dGhlLXRva2Vu", TOKEN] {
        let request = ask(&server, Method::GET, "/api/v1/articles").header(AUTHORIZATION, wrong);
        assert_eq!(request.send().await.unwrap().status().as_u16(), 401, "{wrong}");
    }
    let created = ask(&server, Method::POST, "/api/v1/generations")
        .bearer_auth(TOKEN)
        .header(ACCEPT, "text/event-stream")
        .json(&json!({"topic": "How DNS caching works"}))
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), StatusCode::OK);
    assert!(created.text().await.unwrap().contains("event: done"));
}

#[tokio::test]
async fn a_person_signs_in_once_and_comes_back_to_where_they_wanted_to_go() {
    let server = guarded(&[]).await;
    let asked = ask(&server, Method::GET, "/articles?q=dns").send().await.unwrap();
    assert_eq!(asked.headers()[LOCATION], "/sign-in?to=%2Farticles%3Fq%3Ddns");
    let page = ask(&server, Method::GET, "/sign-in?to=%2Farticles%3Fq%3Ddns")
        .header("accept-language", "zh")
        .send()
        .await
        .unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self'") && !policy.contains("script-src"), "{policy}");
    let page = page.text().await.unwrap();
    assert!(page.contains("<title>登录 · Inkstream</title>"));
    assert!(page.contains("访问令牌") && page.contains("value=\"/articles?q=dns\""), "{page}");
    assert!(!page.contains("<script"), "{page}");
    let answer = sign_in(&server, TOKEN, "/articles?q=dns").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION], "/articles?q=dns");
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(set.contains("HttpOnly; SameSite=Lax") && !set.contains("Secure"), "{set}");
    let cookie = cookie_of(&answer);
    assert_eq!(status_with_cookie(&server, &cookie).await, 200);
    let out = ask(&server, Method::POST, "/sign-out").header(COOKIE, &cookie).send().await.unwrap();
    assert_eq!(out.headers()[LOCATION], "/sign-in");
    assert!(out.headers()[SET_COOKIE].to_str().unwrap().contains("=; Path=/; Max-Age=0"));
}

#[tokio::test]
async fn the_sign_in_leads_to_no_other_site() {
    let server = guarded(&[]).await;
    for wanted in ["//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example"]
    {
        let answer = sign_in(&server, TOKEN, wanted).await;
        assert_eq!(answer.headers()[LOCATION], "/", "{wanted:?}");
    }
}

#[tokio::test]
async fn a_forged_cookie_is_none_and_a_session_survives_a_restart() {
    let server = guarded(&[]).await;
    let cookie = cookie_of(&sign_in(&server, TOKEN, "/").await);
    let (name, value) = cookie.split_once('=').unwrap();
    let (ends, signature) = value.split_once('.').unwrap();
    let other = if signature.starts_with('0') { '1' } else { '0' };
    for forged in [
        format!("{name}={}.{signature}", ends.parse::<i64>().unwrap() + 1),
        format!("{name}={ends}.{other}{}", &signature[1..]),
        format!("{name}={ends}."),
        format!("{name}={ends}"),
        format!("{name}="),
        format!("{name}={}", "9".repeat(4000)),
        format!("x{cookie}"),
    ] {
        assert_eq!(status_with_cookie(&server, &forged).await, 401, "{forged}");
    }
    let server = server.restart().await;
    assert_eq!(status_with_cookie(&server, &cookie).await, 200);
}

#[tokio::test]
async fn another_token_ends_every_session() {
    let first = guarded(&[]).await;
    let cookie = cookie_of(&sign_in(&first, TOKEN, "/").await);
    let second = first.restart_with(&[("INKSTREAM_ACCESS_TOKEN", "quite-another-token")]).await;
    assert_eq!(status_with_cookie(&second, &cookie).await, 401);
}

#[tokio::test]
async fn a_wrong_token_a_hundred_times_is_slowed_down_and_locks_out_nobody_else() {
    let server = guarded(&[("INKSTREAM_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let from = |address: &'static str, token: String| {
        ask(&server, Method::GET, "/api/v1/articles")
            .header("x-forwarded-for", address)
            .bearer_auth(token)
    };
    let mut slowed = 0;
    for number in 0..100 {
        let answer = from("203.0.113.7", format!("guess-{number}")).send().await.unwrap();
        match answer.status().as_u16() {
            401 => {}
            429 => {
                slowed += 1;
                let wait: u64 = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
                assert!((1..=6).contains(&wait), "{wait}");
            }
            other => panic!("{other}"),
        }
    }
    assert!(slowed >= 80, "{slowed} of 100");
    // The guesser does not hear that a guess was right.
    let right = from("203.0.113.7", TOKEN.to_owned()).send().await.unwrap();
    assert_eq!(error_of(right).await.1["code"], "too_many_guesses");
    let elsewhere = from("203.0.113.8", TOKEN.to_owned()).send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::OK);
    let page = ask(&server, Method::POST, "/sign-in")
        .header("x-forwarded-for", "203.0.113.7")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("token=x")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status().as_u16(), 429);
    assert!(page.headers().contains_key(RETRY_AFTER));
}

#[tokio::test]
async fn a_forged_forwarding_header_of_a_stranger_changes_nothing() {
    let server = guarded(&[("INKSTREAM_PUBLIC_URL", "http://ink.example.org")]).await;
    let mut refused = 0;
    for number in 0..40 {
        let answer = ask(&server, Method::GET, "/api/v1/articles")
            .header("x-forwarded-for", format!("203.0.113.{number}"))
            .bearer_auth(format!("wrong-{number}"))
            .send()
            .await
            .unwrap();
        refused += usize::from(answer.status().as_u16() == 429);
    }
    assert!(refused >= 25, "another address in the header is no other client: {refused}");
    let server = guarded(&[]).await;
    let host = ask(&server, Method::GET, "/health")
        .header("host", "evil.example")
        .header("x-forwarded-host", "localhost")
        .send()
        .await
        .unwrap();
    assert_eq!(error_of(host).await.1["code"], "host_not_allowed");
    let answer = ask(&server, Method::POST, "/sign-in")
        .header("x-forwarded-proto", "https")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("token={TOKEN}"))
        .send()
        .await
        .unwrap();
    assert!(!answer.headers()[SET_COOKIE].to_str().unwrap().contains("Secure"));
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_cookie_is_secure_exactly_over_https() {
    let server = guarded(&[
        ("INKSTREAM_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("INKSTREAM_PUBLIC_URL", "https://ink.example.org"),
    ])
    .await;
    for (proto, secure) in [("https", true), ("http", false)] {
        let answer = ask(&server, Method::POST, "/sign-in")
            .header("x-forwarded-proto", proto)
            .header("x-forwarded-host", "ink.example.org")
            .header(ORIGIN, "https://ink.example.org")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={TOKEN}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let set = answer.headers()[SET_COOKIE].to_str().unwrap();
        assert_eq!(set.contains("; Secure"), secure, "{proto}: {set}");
    }
}

#[tokio::test]
async fn other_sites_may_use_the_api_where_they_are_listed_and_nowhere_else() {
    let server = guarded(&[("INKSTREAM_CORS_ORIGINS", "https://wiki.example.org")]).await;
    let preflight = |origin: &'static str| {
        ask(&server, Method::OPTIONS, "/api/v1/generations")
            .header(ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
    };
    let allowed = preflight("https://wiki.example.org").send().await.unwrap();
    assert_eq!(allowed.status(), StatusCode::OK);
    let header = |name: &str| allowed.headers()[name].to_str().unwrap().to_ascii_lowercase();
    assert_eq!(header("access-control-allow-origin"), "https://wiki.example.org");
    assert!(header("access-control-allow-headers").contains("last-event-id"));
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    let foreign = preflight("https://evil.example").send().await.unwrap();
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
    let begin = |origin: &'static str| {
        ask(&server, Method::POST, "/api/v1/generations")
            .header(ORIGIN, origin)
            .header("sec-fetch-site", "cross-site")
            .header(ACCEPT, "text/event-stream")
            .bearer_auth(TOKEN)
            .json(&json!({"topic": "How DNS caching works"}))
    };
    let stream = begin("https://wiki.example.org").send().await.unwrap();
    assert_eq!(stream.headers()["access-control-allow-origin"], "https://wiki.example.org");
    assert!(stream.text().await.unwrap().contains("event: done"));
    let refused = begin("https://evil.example").send().await.unwrap();
    assert_eq!(error_of(refused).await.1["code"], "cross_origin");
    // Also an error can be read there.
    let unknown = ask(&server, Method::GET, "/api/v1/articles")
        .header(ORIGIN, "https://wiki.example.org")
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.headers()["access-control-allow-origin"], "https://wiki.example.org");
    assert_eq!(unknown.status().as_u16(), 401);
}

#[tokio::test]
async fn by_default_no_other_site_may_use_the_api() {
    let server = guarded(&[]).await;
    let preflight = ask(&server, Method::OPTIONS, "/api/v1/articles")
        .header(ORIGIN, "https://wiki.example.org")
        .header("access-control-request-method", "GET")
        .send()
        .await
        .unwrap();
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    assert_eq!(preflight.status().as_u16(), 401);
}

#[tokio::test]
async fn without_a_token_nothing_is_asked_for() {
    let server = Server::start().await;
    assert_eq!(server.get("/api/v1/articles").await.status(), StatusCode::OK);
    let page = ask(&server, Method::GET, "/sign-in?to=/articles").send().await.unwrap();
    assert_eq!(page.headers()[LOCATION], "/articles");
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_act_with_the_cookie_even_where_it_is_listed() {
    let server = guarded(&[
        ("INKSTREAM_CORS_ORIGINS", "https://wiki.example.org"),
        ("INKSTREAM_PUBLIC_URL", "http://ink.example.org"),
    ])
    .await;
    let cookie = cookie_of(&sign_in(&server, TOKEN, "/").await);
    let status = async |origin: &str, token: Option<&str>| {
        let site = if origin == server.base { "same-origin" } else { "same-site" };
        let mut request = ask(&server, Method::POST, "/api/v1/articles/delete")
            .header(ORIGIN, origin)
            .header("sec-fetch-site", site)
            .header(COOKIE, &cookie)
            .json(&json!({"ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("https://wiki.example.org", None).await, 401);
    assert_eq!(status("https://wiki.example.org", Some(TOKEN)).await, 200);
    assert_eq!(status("http://ink.example.org", None).await, 200);
    assert_eq!(status(&server.base, None).await, 200);
    assert_eq!(status("null", None).await, 403);
    // A proxy may have taken the port from the host; the browser says that the page is ours.
    let behind = ask(&server, Method::POST, "/api/v1/articles/delete")
        .header(ORIGIN, "https://127.0.0.1:8443")
        .header("sec-fetch-site", "same-origin")
        .header(COOKIE, &cookie)
        .json(&json!({"ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}));
    assert_eq!(behind.send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn a_proxy_that_is_not_named_is_warned_about() {
    let public = ("INKSTREAM_PUBLIC_URL", "https://ink.example.org");
    let warned = |server: &Server| {
        server.state.config.warnings.iter().any(|warning| warning.contains("trusted_proxies"))
    };
    assert!(warned(&guarded(&[public]).await));
    let named = guarded(&[public, ("INKSTREAM_TRUSTED_PROXIES", "127.0.0.1")]).await;
    assert!(!warned(&named));
}
