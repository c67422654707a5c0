//! OpenAI's chat completions, as OpenAI and everyone else serves them.

mod request;
mod response;
mod think;
mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::Response;

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
    /// Whether it understands that usage is asked for.
    usage_option: bool,
    /// The ids of the models that take no sampling parameters.
    unsampled: BTreeSet<String>,
}

impl OpenAi {
    /// Makes the client; nothing is connected before the first request. `unsampled` are the ids of
    /// the models that take no sampling parameters.
    pub fn new(
        provider: &ProviderConfig,
        limits: &GenerationConfig,
        unsampled: BTreeSet<String>,
    ) -> Self {
        let completions = Endpoint::new(provider, limits, PATH).map(|endpoint| {
            Arc::new(Completions { endpoint, usage_option: provider.usage_option, unsampled })
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
        let sampled = !self.unsampled.contains(&request.model_id);
        let body = Body::new(request, self.usage_option, sampled);
        self.endpoint.post(&request.request_id, &body).await
    }

    fn answer(&self, _: &ModelRequest) -> Arriving {
        Arriving::default()
    }
}
