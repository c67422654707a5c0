//! OpenAI's chat completions, as OpenAI and everyone else serves them.

mod request;
mod response;
mod think;
mod wire;

use std::sync::Arc;

use reqwest::Response;

use self::request::Body;
use self::response::Arriving;
use super::exchange::{self, Api};
use super::failure::Origin;
use super::http::Endpoint;
use super::{ModelRequest, ModelStream, Provider, ProviderError, Understood};
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
    /// Whether it understands that usage is asked for.
    usage_option: bool,
    models: Understood,
}

impl OpenAi {
    /// Makes the client; nothing is connected before the first request.
    pub fn new(provider: &ProviderConfig, limits: &GenerationConfig, models: Understood) -> Self {
        let completions = Endpoint::new(provider, limits, PATH).map(|endpoint| {
            Arc::new(Completions { endpoint, usage_option: provider.usage_option, models })
        });
        Self { completions }
    }
}

impl Provider for OpenAi {
    fn stream(&self, request: ModelRequest) -> ModelStream {
        exchange::stream(&self.completions, request)
    }
}

impl Api for Completions {
    type Answer = Arriving;

    fn origin(&self) -> &Arc<Origin> {
        &self.endpoint.origin
    }

    async fn ask(&self, request: &ModelRequest) -> Result<Response, ProviderError> {
        let sampled = !self.models.unsampled.contains(&request.model_id);
        let body = Body::new(request, self.usage_option, sampled);
        self.endpoint.post(&request.request_id, &body).await
    }

    fn answer(&self, _: &ModelRequest) -> Arriving {
        Arriving::default()
    }
}
