//! Providers that a key is enough for, and the demo, which needs none.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::location::{ConfigError, Location};
use super::{Continuation, ModelConfig, Protocol, ProviderConfig};

/// The demo's name as a provider.
pub(super) const DEMO: &str = "demo";

/// The demo's models: what each does is its name (`server::providers::demo`).
pub(super) const DEMO_MODELS: &[&str] =
    &["steady", "instant", "slow-start", "rate-limited", "fails", "drops", "stalls", "truncated"];

/// The longest article of the demo, in tokens.
const DEMO_MAX_OUTPUT: u32 = 3000;

/// The file of presets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    providers: Vec<Preset>,
}

/// A known provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The name that it gets.
    pub name: String,
    /// The variable that holds the key, by the provider's own documentation.
    pub key_variable: String,
    pub(super) base_url: String,
    /// The variable that puts another server in the provider's place.
    pub(super) base_url_variable: Option<String>,
    /// The variable that names that server's model.
    pub(super) model_variable: Option<String>,
    pub(super) models: Vec<PresetModel>,
    /// By style; `default` for those without a line.
    pub routes: BTreeMap<String, Vec<String>>,
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
    continuation: Option<String>,
}

impl PresetModel {
    pub fn to_model(&self, provider: &str) -> ModelConfig {
        ModelConfig {
            name: self.name.clone(),
            provider: provider.to_owned(),
            id: self.id.clone(),
            context_window: self.context_window,
            max_output: self.max_output,
            price_input: Some(self.price_input),
            price_output: Some(self.price_output),
            price_cache_read: self.price_cache_read,
            price_cache_write: self.price_cache_write,
            currency: Some(self.currency.clone()),
            continuation: self
                .continuation
                .as_deref()
                .and_then(Continuation::parse)
                .unwrap_or_default(),
        }
    }
}

/// All presets, in the order in which their models become candidates.
///
/// # Errors
/// The embedded file is broken, which a test rules out.
pub(super) fn all() -> Result<Vec<Preset>, ConfigError> {
    let file: File = toml::from_str(include_str!("presets.toml")).map_err(|error| {
        let place = Location::File("built-in presets".to_owned());
        ConfigError::new(&place, error.message(), "Reinstall Inkstream.")
    })?;
    Ok(file.providers)
}

/// The demo as a provider.
pub(super) fn demo() -> ProviderConfig {
    ProviderConfig {
        name: DEMO.to_owned(),
        protocol: Protocol::Demo,
        base_url: String::new(),
        api_key: None,
        max_concurrent: None,
        max_waiting: ProviderConfig::USUAL_WAITING,
    }
}

/// The demo's models.
pub(super) fn demo_models() -> impl Iterator<Item = ModelConfig> {
    DEMO_MODELS.iter().map(|id| ModelConfig {
        name: format!("{DEMO}/{id}"),
        provider: DEMO.to_owned(),
        id: (*id).to_owned(),
        context_window: 32_768,
        max_output: DEMO_MAX_OUTPUT,
        price_input: Some(0.0),
        price_output: Some(0.0),
        price_cache_read: None,
        price_cache_write: None,
        currency: None,
        continuation: Continuation::Prefix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete_and_consistent() {
        let presets = all().unwrap();
        assert_eq!(
            presets.iter().map(|preset| preset.name.as_str()).collect::<Vec<_>>(),
            ["siliconflow", "deepseek", "openai", "zhipu", "dashscope", "moonshot"]
        );
        for preset in presets {
            assert!(preset.base_url.starts_with("https://"), "{}", preset.name);
            assert!(preset.routes.contains_key("default"), "{}", preset.name);
            for model in &preset.models {
                assert!(model.name.starts_with(&format!("{}/", preset.name)), "{}", model.name);
                assert!(model.max_output <= model.context_window, "{}", model.name);
                if let Some(continuation) = &model.continuation {
                    assert!(Continuation::parse(continuation).is_some(), "{}", model.name);
                }
            }
            for name in preset.routes.values().flatten() {
                assert!(preset.models.iter().any(|model| model.name == *name), "{name}");
            }
        }
    }
}
