//! Asks servers for their models: those that the configuration names without models, and, where it
//! names none at all, Ollama and llama.cpp on their usual ports of this machine.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::routes::DEFAULT_ROUTE;
use super::{Config, ModelConfig, Protocol, ProviderConfig};

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
    Local {
        /// The name that it gets as a provider.
        name: String,
        /// Where it would be.
        base_url: String,
    },
}

impl Target {
    /// Where Ollama and llama.cpp listen when nobody told them otherwise.
    pub fn usual() -> Vec<Self> {
        [("ollama", "http://127.0.0.1:11434/v1"), ("llama.cpp", "http://127.0.0.1:8080/v1")]
            .map(|(name, url)| Self::Local { name: name.to_owned(), base_url: url.to_owned() })
            .into()
    }
}

/// How long a server on this machine has for its answer.
const LOCAL_TIMEOUT: Duration = Duration::from_millis(300);
/// How long a configured server has.
const CONFIGURED_TIMEOUT: Duration = Duration::from_secs(5);
/// How many models of one server are taken; hosted services list hundreds.
const MAX_MODELS: usize = 50;
/// The longest list that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// `GET /models` in OpenAI's form, with what vLLM and llama.cpp add.
#[derive(Deserialize)]
struct ModelList {
    object: String,
    data: Vec<ListedModel>,
}

#[derive(Deserialize)]
struct ListedModel {
    id: String,
    object: String,
    /// vLLM's context window, in tokens.
    max_model_len: Option<u32>,
}

/// Asks every target of the configuration at the same time and adds what it finds. What was found,
/// and which configured server did not answer, becomes a line in `warnings` or the log.
pub async fn complete(mut config: Config) -> Config {
    let targets = std::mem::take(&mut config.discovery.targets);
    let questions: Vec<_> = targets
        .into_iter()
        .filter_map(|target| match target {
            Target::Configured(name) => {
                config.providers.get(&name).map(|provider| (provider.clone(), CONFIGURED_TIMEOUT))
            }
            Target::Local { name, base_url } => {
                let provider = ProviderConfig {
                    name,
                    protocol: Protocol::OpenAi,
                    base_url,
                    api_key: None,
                    max_concurrent: None,
                    max_waiting: ProviderConfig::USUAL_WAITING,
                };
                Some((provider, LOCAL_TIMEOUT))
            }
        })
        .collect();
    let answers =
        join_all(questions.iter().map(|(provider, timeout)| ask(provider, *timeout))).await;
    let mut found = Vec::new();
    for ((provider, _), answer) in questions.into_iter().zip(answers) {
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

/// What a server lists, as far as it can be used for text.
async fn ask(provider: &ProviderConfig, timeout: Duration) -> Result<Vec<ModelConfig>, String> {
    let body = fetch(&provider.base_url, provider.api_key.as_ref(), timeout).await?;
    let list: ModelList = serde_json::from_slice(&body)
        .map_err(|_| "its answer is not a list of models".to_owned())?;
    if list.object != "list" || list.data.iter().any(|model| model.object != "model") {
        return Err("its answer is not a list of models".to_owned());
    }
    Ok(list
        .data
        .into_iter()
        .filter(|model| is_usable(&model.id))
        .take(MAX_MODELS)
        .map(|listed| to_model(&provider.name, &listed))
        .collect())
}

/// A file name stands for a path: llama.cpp lists the file that it was started with.
fn to_model(provider: &str, listed: &ListedModel) -> ModelConfig {
    let mut model = ModelConfig::bare(provider, &listed.id);
    let shown = if listed.id.starts_with('/') {
        listed.id.rsplit('/').next().unwrap_or(&listed.id).trim_end_matches(".gguf")
    } else {
        &listed.id
    };
    model.name = format!("{provider}/{shown}");
    if let Some(window) = listed.max_model_len.filter(|window| *window > 0) {
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

async fn fetch(
    base_url: &str,
    key: Option<&SecretString>,
    timeout: Duration,
) -> Result<Vec<u8>, String> {
    // A second installation is refused, which is as good as the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = reqwest::Url::parse(&format!("{base_url}/models")).map_err(|e| e.to_string())?;
    let mut client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(timeout);
    // A proxy of the environment cannot see this machine's own servers.
    if url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127.")) {
        client = client.no_proxy();
    }
    let mut request = client.build().map_err(|error| error.to_string())?.get(url);
    if let Some(key) = key {
        request = request.bearer_auth(key.expose_secret());
    }
    let mut response = request.send().await.map_err(|error| error.without_url().to_string())?;
    if !response.status().is_success() {
        return Err(format!("it answered with status {}", response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| error.without_url().to_string())?
    {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            return Err("its answer is too long".to_owned());
        }
    }
    Ok(body)
}
