//! Providers, models and routes: what the file says, what known keys bring, and the demo.

use std::collections::{BTreeMap, BTreeSet};

use super::discover::{Discovery, Target};
use super::document::{Document, Table};
use super::location::{ConfigError, Location, closest};
use super::presets::{self, DEMO, DEMO_MODELS, Preset, Presets};
use super::sources::Environment;
use super::{Continuation, ModelConfig, Protocol, ProviderConfig};
use super::{providers, routes};

/// What a model without figures of its own is taken to hold, in tokens.
const USUAL_CONTEXT_WINDOW: u32 = 32_768;
/// What a model without figures of its own is asked for at most, in tokens.
const USUAL_MAX_OUTPUT: u32 = 4096;

/// Which server stands behind a known provider's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    /// One that has the preset's models.
    Usual,
    /// One that the environment put in its place.
    Another,
}

#[derive(Default)]
pub(super) struct Catalog {
    pub providers: BTreeMap<String, ProviderConfig>,
    pub models: BTreeMap<String, ModelConfig>,
    pub routes: BTreeMap<String, Vec<String>>,
    pub discovery: Discovery,
    pub presets: Vec<Preset>,
    /// The models that stand before those of presets in the built-in routes, in order.
    own: Vec<String>,
}

impl Catalog {
    /// # Errors
    /// The first entry that is wrong.
    pub fn build(
        document: &Document,
        environment: &Environment,
        discover: bool,
    ) -> Result<Self, ConfigError> {
        let mut catalog = Self::default();
        let presets = Presets::read()?;
        let known = catalog.take_providers(document, environment, &presets)?;
        let mut preset_routes: Vec<&BTreeMap<String, Vec<String>>> = Vec::new();
        for (preset, server) in known {
            if server == Server::Another {
                catalog.take_named_model(preset, environment);
                continue;
            }
            for model in preset.to_models() {
                catalog.models.insert(model.name.clone(), model);
            }
            preset_routes.push(&preset.routes);
        }
        catalog.providers.insert(DEMO.to_owned(), presets::demo());
        for model in presets::demo_models() {
            catalog.models.insert(model.name.clone(), model);
        }
        catalog.take_models(document, &presets)?;
        match &document.routes {
            Some(table) => {
                catalog.routes = routes::of_file(table, &catalog.models)?;
                catalog.discovery.routes_fixed = true;
            }
            None => catalog.routes = routes::built_in(&catalog.own, &preset_routes),
        }
        catalog.find_targets(discover, &presets);
        catalog.presets = presets.providers;
        Ok(catalog)
    }

    /// The providers of the file and of known keys. Returns the presets whose models come along:
    /// those with a key, and those that the file names.
    fn take_providers<'a>(
        &mut self,
        document: &Document,
        environment: &Environment,
        presets: &'a Presets,
    ) -> Result<Vec<(&'a Preset, Server)>, ConfigError> {
        for table in &document.providers {
            let (name, location) = name_of(table, &|c| "._-".contains(c))?;
            let provider = providers::of_table(table, &name, presets, environment)?;
            if name == DEMO && provider.protocol != Protocol::Demo {
                return Err(ConfigError::new(
                    location,
                    "the name `demo` belongs to the built-in demo.",
                    "Choose another `name` for this provider.",
                ));
            }
            if self.providers.insert(name.clone(), provider).is_some() {
                return Err(twice("provider", &name, location));
            }
        }
        let mut known = Vec::new();
        for preset in &presets.providers {
            let key = environment.get(&preset.key_variable);
            let elsewhere =
                preset.base_url_variable.as_deref().and_then(|name| environment.get(name));
            if key.is_none() && elsewhere.is_none() && !self.providers.contains_key(&preset.name) {
                continue;
            }
            if self.providers.contains_key(&preset.name) {
                known.push((preset, Server::Usual));
                continue;
            }
            let (base_url, server) = match (elsewhere, &preset.base_url_variable) {
                (Some(url), Some(variable)) => {
                    let location = Location::Variable(variable.clone());
                    (
                        providers::base_url(url, &location, variable, preset.protocol)?,
                        Server::Another,
                    )
                }
                _ => (preset.base_url.clone(), Server::Usual),
            };
            known.push((preset, server));
            let variable = Location::Variable(preset.key_variable.clone());
            let key = key
                .map(|key| providers::checked_key(key.trim(), &preset.name, &variable))
                .transpose()?;
            let provider = preset.to_provider(base_url, key);
            self.providers.insert(preset.name.clone(), provider);
        }
        Ok(known)
    }

    /// Where another server stands in a known provider's place, the preset's models are not its
    /// own: it has the one that is named, or is asked.
    fn take_named_model(&mut self, preset: &Preset, environment: &Environment) {
        let variable = preset.model_variable.as_deref();
        let Some(id) = variable.and_then(|name| environment.get(name)).map(str::trim) else {
            return;
        };
        let model = ModelConfig::bare(&preset.name, id);
        self.own.push(model.name.clone());
        self.models.insert(model.name.clone(), model);
    }

    /// The models of the file; those that replace a built-in one keep its place in the routes.
    fn take_models(&mut self, document: &Document, presets: &Presets) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for table in &document.models {
            let model = self.model(table, presets)?;
            if !seen.insert(model.name.clone()) {
                return Err(twice("model", &model.name, &table.get("name")?.location));
            }
            let is_demo = self.providers[&model.provider].protocol == Protocol::Demo;
            if !self.models.contains_key(&model.name) && !is_demo {
                self.own.push(model.name.clone());
            }
            self.models.insert(model.name.clone(), model);
        }
        Ok(())
    }

    fn model(&self, table: &Table, presets: &Presets) -> Result<ModelConfig, ConfigError> {
        let (name, _) = name_of(table, &|c| "._-/:@+".contains(c))?;
        let (provider, location) = table.text("provider")?;
        let Some(served_by) = self.providers.get(&provider) else {
            let known: Vec<&str> = self.providers.keys().map(String::as_str).collect();
            let message = match closest(&provider, known.iter().copied()) {
                Some(meant) => format!(
                    "the model `{name}` names the provider `{provider}`, which is not there; did you mean `{meant}`?"
                ),
                None => format!(
                    "the model `{name}` names the provider `{provider}`, which is not there."
                ),
            };
            let resolution = format!(
                "Add a [[providers]] entry with name = \"{provider}\", or use one of: {}.",
                known.join(", ")
            );
            return Err(ConfigError::new(location, message, resolution));
        };
        let (id, location) = table.text("id")?;
        if id.trim().is_empty() {
            return Err(ConfigError::new(
                location,
                format!("the model `{name}` has an empty `id`."),
                "Set it to the name that the provider gives the model.",
            ));
        }
        if served_by.protocol == Protocol::Demo && !DEMO_MODELS.contains(&id.as_str()) {
            return Err(ConfigError::new(
                location,
                format!("the demo has no model `{id}`."),
                format!("Use one of: {}.", DEMO_MODELS.join(", ")),
            ));
        }
        let tokens = |key: &str, usual: u32| match table.settings.contains_key(key) {
            true => table.whole(key, 1, 100_000_000),
            false => Ok(usual),
        };
        let context_window = tokens("context_window", USUAL_CONTEXT_WINDOW)?;
        let max_output = tokens("max_output", USUAL_MAX_OUTPUT.min(context_window))?;
        if max_output > context_window {
            return Err(ConfigError::new(
                &table.get("max_output")?.location,
                format!("the model `{name}` answers with more tokens than its context window has."),
                format!("Set `max_output` to at most {context_window}."),
            ));
        }
        let price =
            |key: &str| table.settings.get(key).map(|_| table.number(key, 0.0, 1e9)).transpose();
        Ok(ModelConfig {
            continuation: match continuation(table)? {
                Some(continuation) => continuation,
                None => presets.continuation(&provider),
            },
            sampling: match table.settings.contains_key("sampling") {
                true => table.flag("sampling")?,
                false => served_by.protocol.samples(),
            },
            thinking: table.settings.contains_key("thinking") && table.flag("thinking")?,
            provider,
            id,
            context_window,
            max_output,
            price_input: price("price_input")?,
            price_output: price("price_output")?,
            price_cache_read: price("price_cache_read")?,
            price_cache_write: price("price_cache_write")?,
            currency: currency(table)?,
            name,
        })
    }

    /// Providers without a model are asked for theirs. Where there is no provider at all, servers
    /// on this machine are looked for.
    fn find_targets(&mut self, discover: bool, presets: &Presets) {
        for provider in self.providers.values() {
            let has_models = self.models.values().any(|model| model.provider == provider.name);
            if provider.protocol != Protocol::Demo && !has_models {
                self.discovery.targets.push(Target::Configured(provider.name.clone()));
            }
        }
        let only_demo = self.providers.values().all(|one| one.protocol == Protocol::Demo);
        if discover && only_demo && !self.discovery.routes_fixed {
            self.discovery.targets.extend(presets.local.iter().cloned().map(Target::Local));
        }
    }

    pub fn is_demo_only(&self) -> bool {
        self.models.values().all(|model| self.providers[&model.provider].protocol == Protocol::Demo)
    }
}

impl ModelConfig {
    /// A model of which nothing is known but its id.
    pub(in crate::server) fn bare(provider: &str, id: &str) -> Self {
        Self {
            name: format!("{provider}/{id}"),
            provider: provider.to_owned(),
            id: id.to_owned(),
            context_window: USUAL_CONTEXT_WINDOW,
            max_output: USUAL_MAX_OUTPUT,
            price_input: None,
            price_output: None,
            price_cache_read: None,
            price_cache_write: None,
            currency: None,
            continuation: Continuation::default(),
            sampling: true,
            thinking: false,
        }
    }
}

/// A name of letters, digits and what `extra` allows.
fn name_of<'a>(
    table: &'a Table,
    extra: &dyn Fn(char) -> bool,
) -> Result<(String, &'a Location), ConfigError> {
    let (name, location) = table.text("name")?;
    let fits = |c: char| c.is_alphanumeric() || extra(c);
    if name.is_empty() || name.chars().count() > 200 || !name.chars().all(fits) {
        return Err(ConfigError::new(
            location,
            format!("`name` in {} is \"{}\".", table.title, name.escape_debug()),
            "Use 1 to 200 letters, digits, dots, hyphens and underscores; in the names of models \
             also / : @ and +.",
        ));
    }
    Ok((name, location))
}

fn currency(table: &Table) -> Result<Option<String>, ConfigError> {
    let Some((code, location)) = table.optional_text("currency")? else { return Ok(None) };
    if code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase()) {
        return Ok(Some(code));
    }
    Err(ConfigError::new(
        location,
        format!("`currency` is \"{}\".", code.escape_debug()),
        "Use the three capital letters of ISO 4217, such as CNY or USD.",
    ))
}

fn continuation(table: &Table) -> Result<Option<Continuation>, ConfigError> {
    let Some((name, location)) = table.optional_text("continuation")? else {
        return Ok(None);
    };
    Continuation::parse(&name).map(Some).ok_or_else(|| {
        ConfigError::new(
            location,
            format!("`continuation` is \"{}\".", name.escape_debug()),
            "Use \"prefix\", \"continue_final_message\", \"prefill\" or \"instruct\".",
        )
    })
}

fn twice(what: &str, name: &str, location: &Location) -> ConfigError {
    ConfigError::new(
        location,
        format!("there are two {what}s with the name `{name}`."),
        "Remove one, or give it another name.",
    )
}
