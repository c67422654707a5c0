//! Anthropic's Messages API.

mod request;
mod response;
mod seam;
mod wire;

use std::sync::Arc;

use reqwest::Response;

use self::request::{Body, seam};
use self::response::Arriving;
use super::exchange::{self, Api};
use super::failure::Origin;
use super::http::Endpoint;
use super::{ModelRequest, ModelStream, Provider, ProviderError, Understood};
use crate::server::config::{GenerationConfig, ProviderConfig};

/// The call, under the base URL.
const PATH: &str = "/v1/messages";

/// A provider that speaks Anthropic's Messages API, with its own pool of connections.
#[derive(Debug)]
pub struct Anthropic {
    /// What every request needs, or why there can be none.
    messages: Result<Arc<Messages>, ProviderError>,
}

#[derive(Debug)]
struct Messages {
    endpoint: Endpoint,
    models: Understood,
}

impl Anthropic {
    /// Makes the client; nothing is connected before the first request.
    pub fn new(provider: &ProviderConfig, limits: &GenerationConfig, models: Understood) -> Self {
        Self { messages: Messages::new(provider, limits, models).map(Arc::new) }
    }
}

impl Provider for Anthropic {
    fn stream(&self, request: ModelRequest) -> ModelStream {
        exchange::stream(&self.messages, request)
    }
}

impl Messages {
    fn new(
        provider: &ProviderConfig,
        limits: &GenerationConfig,
        models: Understood,
    ) -> Result<Self, ProviderError> {
        let endpoint = Endpoint::new(provider, limits, PATH)?;
        Ok(Self { endpoint, models })
    }
}

impl Api for Messages {
    type Answer = Arriving;

    fn origin(&self) -> &Arc<Origin> {
        &self.endpoint.origin
    }

    async fn ask(&self, request: &ModelRequest) -> Result<Response, ProviderError> {
        let sampled = !self.models.unsampled.contains(&request.model_id);
        let thinking = self.models.thinking.contains(&request.model_id);
        self.endpoint.post(&request.request_id, &Body::new(request, sampled, thinking)).await
    }

    fn answer(&self, request: &ModelRequest) -> Arriving {
        Arriving::after(seam(request))
    }
}
