//! OpenAI's chat completions, as OpenAI and everyone else serves them.

mod failure;
mod frame;
mod gulps;
mod request;
mod response;
mod think;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use self::failure::{Origin, is_loopback};
use self::gulps::Gulps;
use self::request::Body;
use self::response::Reader;
use self::think::Events;
use super::{ModelEvent, ModelRequest, ModelStream, Provider, ProviderError};
use crate::article::problem::Code;
use crate::server::config::{GenerationConfig, ProviderConfig};

/// How long a finished answer's stream may still bring its usage.
const USAGE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a stream may take to end after `[DONE]`. One that ends leaves its connection for the
/// next request.
const END_PATIENCE: Duration = Duration::from_millis(100);
/// How long an unused connection without TLS is kept. Model servers on uvicorn (vLLM, LiteLLM) close
/// theirs after 5 s, and a request that crosses such a closing is lost; a new one costs 0.1 ms here.
const PLAIN_IDLE: Duration = Duration::from_secs(4);
/// How many chunks are taken at once from a model that never pauses: at one token to a chunk some
/// 25,000 tokens a second, ten times what any writes. What comes faster waits in the socket, and is
/// then read for a third of the cost.
const GULP_CHUNKS: usize = 128;
/// How much is taken at once, in bytes.
const GULP_BYTES: usize = 256 << 10;

/// A provider that speaks OpenAI's chat completions, with its own pool of connections.
#[derive(Debug)]
pub struct OpenAi {
    /// What every request needs, or why there can be none.
    endpoint: Result<Arc<Endpoint>, ProviderError>,
}

#[derive(Debug)]
struct Endpoint {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    origin: Arc<Origin>,
}

impl OpenAi {
    /// Makes the client; nothing is connected before the first request.
    pub fn new(provider: &ProviderConfig, limits: &GenerationConfig) -> Self {
        Self { endpoint: Endpoint::new(provider, limits).map(Arc::new) }
    }
}

impl Provider for OpenAi {
    fn stream(&self, request: ModelRequest) -> ModelStream {
        let state = match &self.endpoint {
            Ok(endpoint) => State::Start(Arc::clone(endpoint), Box::new(request)),
            Err(error) => State::Failed(error.clone()),
        };
        let exchange = Exchange { state, events: Events::default() };
        stream::unfold(exchange, Exchange::next).boxed()
    }
}

impl Endpoint {
    fn new(provider: &ProviderConfig, limits: &GenerationConfig) -> Result<Self, ProviderError> {
        let mut origin = Origin {
            name: provider.name.clone(),
            base_url: String::new(),
            loopback: false,
            key: provider.api_key.clone(),
        };
        let Some(mut url) = http_url(&provider.base_url) else {
            return Err(origin.unusable(Code::UpstreamUnreachable, "has no usable base_url"));
        };
        origin.base_url = speakable(&url);
        origin.loopback = is_loopback(&url);
        let path = format!("{}/chat/completions", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let Ok(authorization) = provider.api_key.as_ref().map(bearer).transpose() else {
            let message = "has a key with characters that no header can carry";
            return Err(origin.unusable(Code::UpstreamUnauthorized, message));
        };
        let client = client(&url, origin.loopback, limits.connect_timeout)
            .map_err(|error| origin.no_client(&error))?;
        Ok(Self { client, url, authorization, origin: Arc::new(origin) })
    }

    async fn ask(&self, request: &ModelRequest) -> Result<Response, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        match HeaderValue::from_str(&request.request_id) {
            Ok(id) => _ = headers.insert("x-request-id", id),
            Err(error) => tracing::warn!(%error, "a request id that no header can carry"),
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let asked =
            self.client.post(self.url.clone()).headers(headers).json(&Body::new(request)).send();
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

/// One request and its answer.
struct Exchange {
    state: State,
    /// What was read and not yet given out.
    events: Events,
}

enum State {
    Start(Arc<Endpoint>, Box<ModelRequest>),
    Reading(Box<Reading>),
    /// Still to be said.
    Failed(ProviderError),
    Ended,
}

struct Reading {
    response: Response,
    gulps: Gulps,
    reader: Reader,
    origin: Arc<Origin>,
    /// When a finished answer's stream is no longer waited for.
    deadline: Option<Instant>,
}

impl Exchange {
    async fn next(mut self) -> Option<(Result<ModelEvent, ProviderError>, Self)> {
        loop {
            if let Some(event) = self.events.pop() {
                return Some((Ok(event), self));
            }
            self.state = match self.state {
                State::Start(endpoint, request) => match endpoint.ask(&request).await {
                    Ok(response) => {
                        self.events.push(ModelEvent::Alive);
                        let origin = Arc::clone(&endpoint.origin);
                        let reader = Reader::new(Arc::clone(&origin), request.request_id);
                        let gulps = Gulps::new();
                        let reading = Reading { response, gulps, reader, origin, deadline: None };
                        State::Reading(Box::new(reading))
                    }
                    Err(error) => State::Failed(error),
                },
                State::Reading(mut reading) => match reading.read(&mut self.events).await {
                    Ok(true) => State::Reading(reading),
                    Ok(false) => State::Ended,
                    Err(error) => State::Failed(error),
                },
                State::Failed(error) => {
                    self.state = State::Ended;
                    return Some((Err(error), self));
                }
                State::Ended => return None,
            };
        }
    }
}

impl Reading {
    /// Reads a gulp; `false` at the end.
    async fn read(&mut self, events: &mut Events) -> Result<bool, ProviderError> {
        let next = self.gulps.next(&mut self.response);
        let mut next = match self.deadline {
            None => next.await,
            Some(deadline) => match timeout_at(deadline, next).await {
                Ok(next) => next,
                Err(_) => return Ok(false),
            },
        };
        let mut bytes = 0;
        for _ in 1..GULP_CHUNKS {
            bytes += next.as_ref().map_or(0, |chunk| chunk.as_ref().map_or(0, Bytes::len));
            if !self.take(next, events)? {
                return Ok(false);
            }
            if bytes >= GULP_BYTES {
                return Ok(true);
            }
            next = match self.gulps.more(&mut self.response).await {
                Some(more) => more,
                None => return Ok(true),
            };
        }
        self.take(next, events)
    }

    /// Takes in what came; `false` at the end.
    fn take(
        &mut self,
        next: reqwest::Result<Option<Bytes>>,
        events: &mut Events,
    ) -> Result<bool, ProviderError> {
        match next {
            Ok(Some(bytes)) => {
                self.reader.read(&bytes, events)?;
                if self.reader.finished() {
                    self.wait_no_longer();
                } else if events.is_empty() {
                    events.push(ModelEvent::Alive);
                }
                Ok(true)
            }
            Ok(None) => self.reader.end(events).map(|()| false),
            // The answer is complete: how its connection ends no longer matters.
            Err(_) if self.reader.finished() => Ok(false),
            Err(error) => {
                self.reader.give_up(events);
                Err(self.origin.torn(&error))
            }
        }
    }

    fn wait_no_longer(&mut self) {
        let now = Instant::now();
        let usage = *self.deadline.get_or_insert(now + USAGE_PATIENCE);
        if self.reader.done() {
            self.deadline = Some(usage.min(now + END_PATIENCE));
        }
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

fn bearer(key: &SecretString) -> Result<HeaderValue, reqwest::header::InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret().trim()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind.starts_with("text/html") || kind.starts_with("application/xhtml")
}
