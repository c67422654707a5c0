//! Asks servers for their models: those that the configuration names without models, and, where it
//! names none at all, the servers that may run on this machine, on their usual ports.

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;

use super::routes::DEFAULT_ROUTE;
use super::{Config, Continuation, LocalServer, ModelConfig, Protocol, ProviderConfig};
use crate::article::problem::Code;
use crate::server::providers::credentials;

/// What is to be asked.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// The servers.
    pub targets: Vec<Target>,
    /// Whether the file has `[routes]`, which what is found leaves alone.
    pub routes_fixed: bool,
}

/// A server to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A provider of the configuration, by name.
    Configured(String),
    /// A server that may run on this machine; nobody is told when it does not.
    Local(LocalServer),
}

/// How long a server on this machine has for its answer.
const LOCAL_TIMEOUT: Duration = Duration::from_millis(300);
/// How long a configured server has.
const CONFIGURED_TIMEOUT: Duration = Duration::from_secs(5);
/// How many models of one server are taken; hosted services list hundreds.
pub const MAX_MODELS: usize = 50;
/// The longest list that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// `GET /models` in OpenAI's form, with what vLLM and llama.cpp add, and in Anthropic's.
#[derive(Deserialize)]
struct ModelList {
    #[serde(default)]
    object: String,
    data: Vec<ListedModel>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
    #[serde(default)]
    object: String,
    /// Anthropic's word for the same.
    #[serde(default)]
    r#type: String,
    /// Anthropic's context window, in tokens.
    max_input_tokens: Option<u32>,
    /// vLLM's context window, in tokens.
    max_model_len: Option<u32>,
}

/// Asks every target of the configuration at the same time and adds what it finds. What was found,
/// and which configured server did not answer, becomes a line in `warnings` or the log.
pub async fn complete(mut config: Config) -> Config {
    let targets = std::mem::take(&mut config.discovery.targets);
    let questions: Vec<Question> = targets
        .into_iter()
        .filter_map(|target| match target {
            Target::Configured(name) => Some(Question {
                provider: config.providers.get(&name)?.clone(),
                continuation: None,
                timeout: CONFIGURED_TIMEOUT,
            }),
            Target::Local(server) => Some(Question {
                provider: server.to_provider(),
                continuation: Some(server.continuation),
                timeout: LOCAL_TIMEOUT,
            }),
        })
        .collect();
    let answers = join_all(questions.iter().map(Question::ask)).await;
    let mut found = Vec::new();
    for (Question { provider, .. }, answer) in questions.into_iter().zip(answers) {
        let configured = config.providers.contains_key(&provider.name);
        match answer {
            Ok(models) if !models.is_empty() => {
                tracing::info!(
                    provider = provider.name,
                    base_url = provider.base_url,
                    models = models.len(),
                    "found a model server"
                );
                for model in models {
                    found.push(model.name.clone());
                    config.models.entry(model.name.clone()).or_insert(model);
                }
                config.providers.entry(provider.name.clone()).or_insert(provider);
            }
            Ok(_) if configured => config.warnings.push(format!(
                "The provider `{}` lists no model that can be used. Load one there, or add a \
                 [[models]] entry.",
                provider.name
            )),
            Err(error) if configured => config.warnings.push(format!(
                "The provider `{}` could not be asked for its models: {error}. Start the server \
                 or correct its base_url, then restart; or add a [[models]] entry.",
                provider.name
            )),
            Ok(_) | Err(_) => {}
        }
    }
    add_to_routes(&mut config, &found);
    config
}

fn add_to_routes(config: &mut Config, found: &[String]) {
    if found.is_empty() {
        return;
    }
    if !config.discovery.routes_fixed {
        if config.demo_only {
            config.routes.clear();
            config.routes.insert(DEFAULT_ROUTE.to_owned(), Vec::new());
        }
        for route in config.routes.values_mut() {
            route.splice(0..0, found.iter().cloned());
        }
    }
    config.demo_only = false;
}

/// A server that is asked for its models.
struct Question {
    provider: ProviderConfig,
    /// What its models can do, where that is known.
    continuation: Option<Continuation>,
    timeout: Duration,
}

impl Question {
    /// What the server lists, as far as it can be used for text.
    async fn ask(&self) -> Result<Vec<ModelConfig>, ListError> {
        let mut models = list(&self.provider, self.timeout).await?;
        for model in &mut models {
            model.continuation = self.continuation.unwrap_or(model.continuation);
        }
        Ok(models)
    }
}

/// Why a server's models are not known: what is wrong, as the end of a sentence that begins with the
/// server.
#[derive(Debug)]
pub struct ListError {
    /// What kind of problem it is.
    pub code: Code,
    reason: String,
}

impl ListError {
    fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    fn unauthorized(reason: impl Into<String>) -> Self {
        Self::new(Code::UpstreamUnauthorized, reason)
    }

    fn unreachable(error: reqwest::Error) -> Self {
        Self::new(Code::UpstreamUnreachable, error.without_url().to_string())
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The models that a server lists, as far as they can be used for text.
///
/// # Errors
/// It cannot be asked, or answers with something else.
pub async fn list(
    provider: &ProviderConfig,
    timeout: Duration,
) -> Result<Vec<ModelConfig>, ListError> {
    let no_list = || ListError::new(Code::UpstreamMalformed, "its answer is not a list of models");
    let body = fetch(provider, timeout).await?;
    let list: ModelList = serde_json::from_slice(&body).map_err(|_| no_list())?;
    // By these words another program's JSON on a usual port is told apart.
    let genuine = match provider.protocol {
        Protocol::Anthropic => list.data.iter().all(|model| model.r#type == "model"),
        _ => list.object == "list" && list.data.iter().all(|model| model.object == "model"),
    };
    if !genuine {
        return Err(no_list());
    }
    Ok(list
        .data
        .into_iter()
        .filter(|model| is_usable(&model.id))
        .take(MAX_MODELS)
        .map(|listed| to_model(provider, &listed))
        .collect())
}

/// A file name stands for a path: llama.cpp lists the file that it was started with.
fn to_model(provider: &ProviderConfig, listed: &ListedModel) -> ModelConfig {
    let mut model = ModelConfig::bare(&provider.name, &listed.id);
    model.sampling = provider.protocol.samples();
    let shown = if listed.id.starts_with('/') {
        listed.id.rsplit('/').next().unwrap_or(&listed.id).trim_end_matches(".gguf")
    } else {
        &listed.id
    };
    model.name = format!("{}/{shown}", provider.name);
    if let Some(window) =
        listed.max_model_len.or(listed.max_input_tokens).filter(|window| *window > 0)
    {
        model.context_window = window;
        model.max_output = model.max_output.min(window);
    }
    model
}

/// The list comes from the network: only plain names are taken. Embedding models write nothing.
fn is_usable(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 200
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@+".contains(c))
        && !["embed", "rerank", "whisper", "tts-", "dall-e"].iter().any(|kind| id.contains(kind))
}

async fn fetch(provider: &ProviderConfig, timeout: Duration) -> Result<Vec<u8>, ListError> {
    // A second installation is refused, which is as good as the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let path = match provider.protocol {
        Protocol::Anthropic => "/v1/models",
        _ => "/models",
    };
    let url = reqwest::Url::parse(&format!("{}{path}", provider.base_url))
        .map_err(|error| ListError::new(Code::UpstreamUnreachable, error.to_string()))?;
    let mut client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(timeout);
    // A proxy of the environment cannot see this machine's own servers.
    if url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127.")) {
        client = client.no_proxy();
    }
    let client = client.build().map_err(ListError::unreachable)?;
    let request = client.get(url).headers(credentials(provider).map_err(ListError::unauthorized)?);
    let mut response = request.send().await.map_err(ListError::unreachable)?;
    match response.status().as_u16() {
        200..300 => {}
        status @ (401 | 403) => {
            return Err(ListError::unauthorized(format!("it refused the key (status {status})")));
        }
        status => {
            let reason = format!("it answered with status {status}");
            return Err(ListError::new(Code::UpstreamFailed, reason));
        }
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ListError::unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err(ListError::new(Code::UpstreamMalformed, "its answer is too long"));
        }
    }
    Ok(body)
}
