//! Reaching a model API: the client with its pool of connections, and what every call has in common.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url};
use serde::Serialize;

use super::ProviderError;
use super::credentials::Credentials;
use super::failure::{Origin, is_loopback};
use crate::article::problem::Code;
use crate::server::config::{GenerationConfig, ProviderConfig};

/// How long an unused connection without TLS is kept. Model servers on uvicorn (vLLM, LiteLLM) close
/// theirs after 5 s, and a request that crosses such a closing is lost; a new one costs 0.1 ms here.
const PLAIN_IDLE: Duration = Duration::from_secs(4);

/// Where a provider's call is made, with its own pool of connections.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    url: Url,
    credentials: Credentials,
    pub(super) origin: Arc<Origin>,
}

impl Endpoint {
    /// Makes the client for the call at `path` under the base URL; nothing is connected yet.
    pub(super) fn new(
        provider: &ProviderConfig,
        limits: &GenerationConfig,
        path: &'static str,
    ) -> Result<Self, ProviderError> {
        let mut origin = Origin {
            name: provider.name.clone(),
            base_url: String::new(),
            path,
            loopback: false,
            key: provider.api_key.clone(),
        };
        let Some(mut url) = http_url(&provider.base_url) else {
            return Err(origin.unusable(Code::UpstreamUnreachable, "has no usable base_url"));
        };
        origin.base_url = speakable(&url);
        origin.loopback = is_loopback(&url);
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        let credentials = Credentials::new(provider)
            .map_err(|wrong| origin.unusable(Code::UpstreamUnauthorized, wrong))?;
        let client = client(&url, origin.loopback, limits.connect_timeout)
            .map_err(|error| origin.no_client(&error))?;
        Ok(Self { client, url, credentials, origin: Arc::new(origin) })
    }

    /// Posts a body and returns the answer once its headers are there, if they are those of one.
    pub(super) async fn post<B: Serialize + Sync>(
        &self,
        request_id: &str,
        body: &B,
    ) -> Result<Response, ProviderError> {
        let (headers, token) = self.credentials.headers();
        match self.send(headers, request_id, body).await {
            Err(error) if error.code == Code::UpstreamUnauthorized => {
                match self.credentials.instead_of(token.as_ref()) {
                    Some(headers) => self.send(headers, request_id, body).await,
                    None => Err(error),
                }
            }
            answered => answered,
        }
    }

    async fn send<B: Serialize + Sync>(
        &self,
        mut headers: HeaderMap,
        request_id: &str,
        body: &B,
    ) -> Result<Response, ProviderError> {
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        match HeaderValue::from_str(request_id) {
            Ok(id) => _ = headers.insert("x-request-id", id),
            Err(error) => tracing::warn!(%error, "a request id that no header can carry"),
        }
        let asked = self.client.post(self.url.clone()).headers(headers).json(body).send();
        let response = asked.await.map_err(|error| self.origin.no_answer(&error))?;
        if !response.status().is_success() {
            return Err(self.origin.refused(response).await);
        }
        if is_html(response.headers()) {
            return Err(self.origin.malformed("answered with an HTML page"));
        }
        Ok(response)
    }
}

fn client(url: &Url, loopback: bool, connect_timeout: Duration) -> reqwest::Result<Client> {
    // Fails where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("inkstream/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(10)
        .tcp_nodelay(true)
        // A redirect would carry the key and the brief to a place that nobody configured.
        .redirect(reqwest::redirect::Policy::none());
    if loopback {
        builder = builder.no_proxy();
    }
    if url.scheme() == "http" {
        // Without TLS no certificates are needed: a machine that has none still reaches its own
        // model server, and nobody waits for them to be read.
        builder = builder.tls_certs_only([]).pool_idle_timeout(PLAIN_IDLE);
    }
    builder.build()
}

fn http_url(base_url: &str) -> Option<Url> {
    let url = Url::parse(base_url.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The URL as it may be shown: without what may be secret in it.
pub(in crate::server) fn speakable(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for http and https.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.as_str().trim_end_matches('/').to_owned()
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind.starts_with("text/html") || kind.starts_with("application/xhtml")
}
