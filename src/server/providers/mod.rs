//! Model APIs, behind one interface.
//!
//! A provider turns a [`ModelRequest`] into a stream of [`ModelEvent`]s and knows nothing of
//! generations, logs or the store. **Dropping the stream closes the upstream connection**: that is
//! how Stop works.

pub mod anthropic;
mod continuation;
mod credentials;
pub mod demo;
mod events;
mod exchange;
mod failure;
mod frame;
mod gulps;
mod http;
pub mod openai;
mod reader;
mod redact;
mod signed_token;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use uuid::Uuid;

pub(in crate::server) use self::credentials::credentials;
pub(in crate::server) use self::http::speakable;

use super::config::{Config, Continuation, ModelConfig, Protocol};
use crate::article::brief::Format;
use crate::article::problem::{Code, Problem};

/// Every configured provider, by its name.
///
/// Nothing is connected yet, and nothing fails: what is wrong with a provider is the error of
/// every stream that it is asked for.
pub fn build(config: &Config) -> BTreeMap<String, Arc<dyn Provider>> {
    let provider = |settings| -> Arc<dyn Provider> {
        let settings: &super::config::ProviderConfig = settings;
        let own = config.models.values().filter(|model| model.provider == settings.name);
        let models = Understood::by(own);
        match settings.protocol {
            Protocol::OpenAi => Arc::new(openai::OpenAi::new(settings, &config.generation, models)),
            Protocol::Anthropic => {
                Arc::new(anthropic::Anthropic::new(settings, &config.generation, models))
            }
            Protocol::Demo => Arc::new(demo::Demo::new()),
        }
    };
    config.providers.iter().map(|(name, settings)| (name.clone(), provider(settings))).collect()
}

/// What the models of a provider understand, by their ids. A model that is in neither list is sent
/// sampling parameters, and is not asked to think aloud.
#[derive(Clone, Debug, Default)]
pub struct Understood {
    /// Those that refuse sampling parameters.
    pub unsampled: BTreeSet<String>,
    /// Those that are asked to say what they think.
    pub thinking: BTreeSet<String>,
}

impl Understood {
    fn by<'a>(models: impl Iterator<Item = &'a ModelConfig>) -> Self {
        let mut understood = Self::default();
        for model in models {
            if !model.sampling {
                understood.unsampled.insert(model.id.clone());
            }
            if model.thinking {
                understood.thinking.insert(model.id.clone());
            }
        }
        understood
    }
}

/// What a model is asked.
#[derive(Clone, Debug)]
pub struct ModelRequest {
    /// The generation that asks. Sent nowhere; the demo shows each fault once per generation.
    pub generation: Uuid,
    /// The id under which the request is logged; sent upstream as `X-Request-ID`.
    pub request_id: String,
    /// How the provider names the model.
    pub model_id: String,
    /// Who the model is to be and what is asked of every article.
    pub system: String,
    /// What is asked of this one.
    pub user: String,
    /// The text so far, where the model is to go on from it.
    pub so_far: Option<String>,
    /// How the model is made to go on from `so_far`.
    pub continuation: Continuation,
    /// The topic as the person wrote it. Part of `user` already; the demo picks its article by it.
    pub topic: String,
    /// The language to write in (BCP 47).
    pub language: String,
    /// The form to write in. Asked for in `system` already; the demo writes in it.
    pub format: Format,
    /// Sampling.
    pub sampling: Sampling,
}

/// The sampling parameters, all settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: f64,
    /// 0 to 1.
    pub top_p: f64,
    /// Tokens.
    pub max_tokens: u32,
    /// -2 to 2.
    pub frequency_penalty: f64,
    /// -2 to 2.
    pub presence_penalty: f64,
    /// At most 4.
    pub stop: Vec<String>,
}

/// What comes back, in order. Texts that arrive in one read come as one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelEvent {
    /// Bytes came that carry nothing for us (headers, a comment, a role): upstream is alive.
    Alive,
    /// More of the answer.
    Text(String),
    /// More of what the model thinks before it answers.
    Reasoning(String),
    /// What the provider counted, in tokens: the total of this request. Some providers send it
    /// again and again while they write; the last one counts.
    Usage(TokenCounts),
    /// The answer is complete, or was ended. Nothing follows but perhaps `Usage`.
    Finish(FinishReason),
}

/// What a provider counted for one request, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounts {
    /// The whole prompt, what was cached of it included.
    pub prompt: u64,
    /// The answer, reasoning included.
    pub completion: u64,
    /// How much of the prompt was read from the provider's cache.
    pub cache_read: u64,
    /// How much of the prompt was written into the provider's cache.
    pub cache_write: u64,
}

impl TokenCounts {
    /// Where nothing is known of a cache.
    pub fn uncached(prompt: u64, completion: u64) -> Self {
        Self { prompt, completion, cache_read: 0, cache_write: 0 }
    }
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model had no more to say, or met a stop sequence. Also `[DONE]` without a reason.
    Stop,
    /// The answer reached `max_tokens`.
    Length,
    /// A filter of the provider ended it; its own word for that.
    Filter(String),
}

/// A stream of [`ModelEvent`]s. It ends after an error. An end without a `Finish` is a truncation.
///
/// A stream that is polled to its end leaves its connection to the next request; one that is
/// dropped closes it.
pub type ModelStream = BoxStream<'static, Result<ModelEvent, ProviderError>>;

/// A model API.
pub trait Provider: Send + Sync + 'static {
    /// Asks. Nothing is sent before the stream is polled.
    fn stream(&self, request: ModelRequest) -> ModelStream;
}

/// What is to be done about a failure (design §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// It may work in a moment: 429, 5xx, connect, timeout, stall, torn stream.
    Retryable,
    /// It will not work at this model: 400, 401, 403, 404.
    Candidate,
    /// It must not be tried again: refused by a filter.
    Business,
    /// It is our own fault.
    System,
}

impl ErrorClass {
    /// The class's name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retryable => "retryable",
            Self::Candidate => "candidate",
            Self::Business => "business",
            Self::System => "system",
        }
    }
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", code.as_str(), message)]
pub struct ProviderError {
    /// What is to be done about it.
    pub class: ErrorClass,
    /// What it is called.
    pub code: Code,
    /// What happened, in one sentence, with the provider's own words shortened and free of keys.
    pub message: String,
    /// What an operator or author can do.
    pub resolution: String,
    /// How long the provider wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Whether this request alone is at fault, and another may go well there: then it says nothing of
    /// the model.
    pub of_request: bool,
}

impl ProviderError {
    /// The same as a [`Problem`].
    pub fn to_problem(&self) -> Problem {
        Problem::new(self.code, self.message.clone(), self.resolution.clone())
    }
}

/// Whether a BCP 47 tag names Chinese.
fn is_chinese(language: &str) -> bool {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    primary.eq_ignore_ascii_case("zh")
}
