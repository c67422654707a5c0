//! OpenAI's chat completions, as OpenAI and everyone else serves them.

mod request;
mod response;
mod think;
mod wire;

use std::sync::Arc;

use reqwest::Response;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use self::request::Body;
use self::response::Arriving;
use super::exchange::{self, Api};
use super::failure::Origin;
use super::http::Endpoint;
use super::{ModelRequest, ModelStream, Provider, ProviderError};
use crate::server::config::{GenerationConfig, ProviderConfig};

/// The call, under the base URL.
const PATH: &str = "/chat/completions";

/// A provider that speaks OpenAI's chat completions, with its own pool of connections.
#[derive(Debug)]
pub struct OpenAi {
    /// What every request needs, or why there can be none.
    completions: Result<Arc<Completions>, ProviderError>,
}

#[derive(Debug)]
struct Completions {
    endpoint: Endpoint,
    authorization: Option<HeaderValue>,
}

impl OpenAi {
    /// Makes the client; nothing is connected before the first request.
    pub fn new(provider: &ProviderConfig, limits: &GenerationConfig) -> Self {
        Self { completions: Completions::new(provider, limits).map(Arc::new) }
    }
}

impl Provider for OpenAi {
    fn stream(&self, request: ModelRequest) -> ModelStream {
        exchange::stream(&self.completions, request)
    }
}

impl Completions {
    fn new(provider: &ProviderConfig, limits: &GenerationConfig) -> Result<Self, ProviderError> {
        let endpoint = Endpoint::new(provider, limits, PATH)?;
        let key = provider.api_key.as_ref();
        let authorization = key.map(|key| endpoint.key_header("Bearer ", key)).transpose()?;
        Ok(Self { endpoint, authorization })
    }
}

impl Api for Completions {
    type Answer = Arriving;

    fn origin(&self) -> &Arc<Origin> {
        &self.endpoint.origin
    }

    async fn ask(&self, request: &ModelRequest) -> Result<Response, ProviderError> {
        let mut headers = HeaderMap::new();
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        self.endpoint.post(headers, &request.request_id, &Body::new(request)).await
    }

    fn answer(&self, _: &ModelRequest) -> Arriving {
        Arriving::default()
    }
}
