//! A key of the form `id.secret` is shown as a token that is signed with it.

use inkstream::article::problem::Code;
use inkstream::server::config::{Auth, JwtConfig, ProviderConfig};
use inkstream::server::providers::ErrorClass::Candidate;
use secrecy::SecretString;

use super::{ask, request, settings, with};
use crate::upstream::{Script, Upstream};

fn signing(base_url: &str, key: &str) -> ProviderConfig {
    ProviderConfig {
        api_key: Some(SecretString::from(key)),
        auth: Auth::Jwt(JwtConfig::default()),
        ..settings("zhipu", base_url)
    }
}

async fn tokens(upstream: &Upstream) -> Vec<String> {
    let token = |request: &crate::upstream::Request| {
        request.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned()
    };
    upstream.requests().iter().map(token).collect()
}

#[tokio::test]
async fn every_request_carries_the_same_token_and_never_the_key() {
    let upstream = Upstream::start(vec![Script::new().completion(&["a"])]).await;
    let provider = with(&signing(&upstream.base_url(), "the-id.the-secret"));
    for _ in 0..2 {
        assert!(ask(&provider, request()).await.complete());
    }
    let tokens = tokens(&upstream).await;
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(tokens[0].split('.').count(), 3);
    assert!(tokens[0].starts_with("eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04ifQ."));
    assert!(!tokens[0].contains("the-secret"));
}

#[tokio::test]
async fn a_token_that_is_refused_after_it_served_is_signed_anew_once() {
    let refused = || Script::new().error(401, "token expired");
    let answered = || Script::new().completion(&["a"]);
    let upstream =
        Upstream::start(vec![answered(), refused(), answered(), refused(), refused()]).await;
    let provider = with(&signing(&upstream.base_url(), "the-id.the-secret"));
    assert!(ask(&provider, request()).await.complete());
    assert!(ask(&provider, request()).await.complete(), "by a new token");
    assert_eq!(upstream.requests().len(), 3);
    let answer = ask(&provider, request()).await;
    assert_eq!(answer.failure(), (Candidate, Code::UpstreamUnauthorized));
    assert_eq!(upstream.requests().len(), 5);
}

#[tokio::test]
async fn a_token_that_is_refused_at_once_is_not_signed_anew() {
    let upstream = Upstream::start(vec![Script::new().error(401, "no such key")]).await;
    let provider = with(&signing(&upstream.base_url(), "the-id.the-secret"));
    assert_eq!(ask(&provider, request()).await.failure(), (Candidate, Code::UpstreamUnauthorized));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_key_that_cannot_sign_says_so_without_a_connection() {
    let answer = ask(&with(&signing("http://127.0.0.1:1/v1", "sk-plain")), request()).await;
    assert_eq!(answer.failure(), (Candidate, Code::UpstreamUnauthorized));
    assert!(answer.message().contains("id.secret") && !answer.message().contains("sk-plain"));
}
