//! Providers that a key is enough for, servers of this machine, and the demo, which need none.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

use super::location::{ConfigError, Location};
use super::{Continuation, ModelConfig, Protocol, ProviderConfig, auth};

/// The demo's name as a provider.
pub(super) const DEMO: &str = "demo";

/// The demo's models: what each does is its name (`server::providers::demo`).
pub(super) const DEMO_MODELS: &[&str] =
    &["steady", "instant", "slow-start", "rate-limited", "fails", "drops", "stalls", "truncated"];

/// The longest article of the demo, in tokens.
const DEMO_MAX_OUTPUT: u32 = 3000;

/// What is known of providers and servers before anything is configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presets {
    /// Providers that a key is enough for, in the order in which their models become candidates.
    pub providers: Vec<Preset>,
    /// Servers that may run on this machine, in the order in which theirs do.
    pub local: Vec<LocalServer>,
}

/// A known provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The name that it gets.
    pub name: String,
    /// The variable that holds the key, by the provider's own documentation.
    pub key_variable: String,
    #[serde(default)]
    pub(super) protocol: Protocol,
    pub(super) base_url: String,
    /// The variable that puts another server in the provider's place.
    pub(super) base_url_variable: Option<String>,
    /// The variable that names that server's model.
    pub(super) model_variable: Option<String>,
    /// Whether it is shown a signed token where the key has the form `id.secret`.
    #[serde(default)]
    pub(super) signs: bool,
    /// See [`ProviderConfig::usage_option`].
    pub(super) usage_option: bool,
    /// What its models can do where a `[[models]]` entry says nothing.
    pub(super) continuation: Continuation,
    pub(super) models: Vec<PresetModel>,
    /// By style; `default` for those without a line.
    pub routes: BTreeMap<String, Vec<String>>,
}

/// A server that may run on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalServer {
    /// The name that it gets as a provider.
    pub name: String,
    /// Where it listens when nobody told it otherwise.
    pub base_url: String,
    /// See [`ProviderConfig::usage_option`].
    pub usage_option: bool,
    /// What its models can do.
    pub continuation: Continuation,
}

impl LocalServer {
    /// The same as a provider.
    pub(super) fn to_provider(&self) -> ProviderConfig {
        ProviderConfig {
            usage_option: self.usage_option,
            ..ProviderConfig::new(&self.name, Protocol::OpenAi, &self.base_url)
        }
    }
}

/// A model of a known provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PresetModel {
    name: String,
    id: String,
    context_window: u32,
    max_output: u32,
    price_input: f64,
    price_output: f64,
    price_cache_read: Option<f64>,
    price_cache_write: Option<f64>,
    currency: String,
    /// Where it differs from its provider's.
    continuation: Option<Continuation>,
    /// Where it differs from its protocol's.
    sampling: Option<bool>,
    #[serde(default)]
    thinking: bool,
}

impl Preset {
    /// The provider at a base URL.
    pub(super) fn to_provider(
        &self,
        base_url: String,
        api_key: Option<SecretString>,
    ) -> ProviderConfig {
        ProviderConfig {
            auth: auth::of_preset(self.signs, api_key.as_ref()),
            api_key,
            usage_option: self.usage_option,
            ..ProviderConfig::new(&self.name, self.protocol, base_url)
        }
    }

    /// Its models.
    pub(super) fn to_models(&self) -> impl Iterator<Item = ModelConfig> {
        self.models.iter().map(|model| ModelConfig {
            name: model.name.clone(),
            provider: self.name.clone(),
            id: model.id.clone(),
            context_window: model.context_window,
            max_output: model.max_output,
            price_input: Some(model.price_input),
            price_output: Some(model.price_output),
            price_cache_read: model.price_cache_read,
            price_cache_write: model.price_cache_write,
            currency: Some(model.currency.clone()),
            continuation: model.continuation.unwrap_or(self.continuation),
            sampling: model.sampling.unwrap_or(self.protocol.samples()),
            thinking: model.thinking,
        })
    }
}

impl Presets {
    /// Reads the embedded file.
    ///
    /// # Errors
    /// It is broken, which a test rules out.
    pub fn read() -> Result<Self, ConfigError> {
        toml::from_str(include_str!("presets.toml")).map_err(|error| {
            let place = Location::File("built-in presets".to_owned());
            ConfigError::new(&place, error.message(), "Reinstall Inkstream.")
        })
    }

    /// What the models of a provider can do where nothing is said of it.
    pub fn continuation(&self, provider: &str) -> Continuation {
        let hosted = self.providers.iter().find(|preset| preset.name == provider);
        let local = self.local.iter().find(|server| server.name == provider);
        let known = hosted.map(|preset| preset.continuation);
        known.or(local.map(|server| server.continuation)).unwrap_or_default()
    }
}

/// The demo as a provider.
pub(super) fn demo() -> ProviderConfig {
    ProviderConfig::new(DEMO, Protocol::Demo, "")
}

/// The demo's models.
pub(super) fn demo_models() -> impl Iterator<Item = ModelConfig> {
    DEMO_MODELS.iter().map(|id| ModelConfig {
        max_output: DEMO_MAX_OUTPUT,
        price_input: Some(0.0),
        price_output: Some(0.0),
        continuation: Continuation::Prefix,
        ..ModelConfig::bare(DEMO, id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete_and_consistent() {
        let presets = Presets::read().unwrap();
        let names: Vec<_> = presets.providers.iter().map(|preset| preset.name.as_str()).collect();
        assert_eq!(
            names,
            ["siliconflow", "deepseek", "anthropic", "openai", "zhipu", "dashscope", "moonshot"]
        );
        for preset in presets.providers {
            assert!(preset.base_url.starts_with("https://"), "{}", preset.name);
            assert!(preset.routes.contains_key("default"), "{}", preset.name);
            for model in &preset.models {
                assert!(model.name.starts_with(&format!("{}/", preset.name)), "{}", model.name);
                assert!(model.max_output <= model.context_window, "{}", model.name);
            }
            for name in preset.routes.values().flatten() {
                assert!(preset.models.iter().any(|model| model.name == *name), "{name}");
            }
        }
    }

    #[test]
    fn local_servers_are_known_by_their_usual_ports() {
        let local = Presets::read().unwrap().local;
        let ports: Vec<_> =
            local.iter().map(|server| (server.name.as_str(), server.base_url.as_str())).collect();
        assert_eq!(
            ports,
            [
                ("ollama", "http://127.0.0.1:11434/v1"),
                ("llama.cpp", "http://127.0.0.1:8080/v1"),
                ("lm-studio", "http://127.0.0.1:1234/v1"),
                ("vllm", "http://127.0.0.1:8000/v1"),
                ("sglang", "http://127.0.0.1:30000/v1"),
            ]
        );
    }
}
