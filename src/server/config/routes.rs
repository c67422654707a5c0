//! Which models a style may use, in which order.

use std::collections::BTreeMap;

use super::document::{Setting, Table, Value};
use super::location::{ConfigError, Location, closest};
use super::presets::{DEMO, DEMO_MODELS};
use super::{ModelConfig, RoutePolicy, RoutingConfig};
use crate::article::brief::Style;

/// The route of styles without a line of their own.
pub(super) const DEFAULT_ROUTE: &str = "default";

/// What a brief can name as its priority.
const PRIORITIES: [&str; 3] = ["fast", "default", "premium"];

/// The models of a style, the first choice first: of its own route, or else of the default one.
pub fn of_style(routes: &BTreeMap<String, Vec<String>>, style: Style) -> &[String] {
    let route = routes.get(style.as_str()).or_else(|| routes.get(DEFAULT_ROUTE));
    route.map(Vec::as_slice).unwrap_or_default()
}

/// The routes of the file. Where it has no `default`, styles without a line take what the others
/// name, in order.
pub(super) fn of_file(
    table: &Table,
    models: &BTreeMap<String, ModelConfig>,
) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
    let mut routes = BTreeMap::new();
    for (style, Setting { value, location }) in &table.settings {
        let names = match value {
            Value::List(names) if !names.is_empty() => names.clone(),
            Value::Text(name) => vec![name.clone()],
            _ => {
                return Err(ConfigError::new(
                    location,
                    format!("the route `{style}` names no model."),
                    format!("Write {style} = [\"model\", …], or remove the line."),
                ));
            }
        };
        check(&format!("the route `{style}`"), &names, location, models)?;
        routes.insert(style.clone(), names);
    }
    if routes.is_empty() {
        return Err(ConfigError::new(
            &table.location,
            "[routes] is empty.",
            "Add a line such as default = [\"demo/steady\"], or remove [routes].",
        ));
    }
    if !routes.contains_key(DEFAULT_ROUTE) {
        let mut all = Vec::new();
        for name in Style::ALL.iter().filter_map(|style| routes.get(style.as_str())).flatten() {
            push_new(&mut all, name);
        }
        routes.insert(DEFAULT_ROUTE.to_owned(), all);
    }
    Ok(routes)
}

/// # Errors
/// The policy is unknown, or a priority names a model that is not there or names it twice.
pub(super) fn routing(
    table: &Table,
    models: &BTreeMap<String, ModelConfig>,
) -> Result<RoutingConfig, ConfigError> {
    let (policy, location) = table.text("policy")?;
    let policy = match policy.trim() {
        "order" => RoutePolicy::Order,
        "cheapest" => RoutePolicy::Cheapest,
        other => {
            return Err(ConfigError::new(
                location,
                format!("`policy` in [routing] is \"{}\".", other.escape_debug()),
                "Use \"order\" or \"cheapest\".",
            ));
        }
    };
    let mut priorities = BTreeMap::new();
    for priority in PRIORITIES {
        let names = table.words(priority)?;
        let location = &table.get(priority)?.location;
        check(&format!("the priority `{priority}`"), &names, location, models)?;
        if !names.is_empty() {
            priorities.insert(priority.to_owned(), names);
        }
    }
    Ok(RoutingConfig { policy, priorities })
}

/// Every name is a model, and stands there once.
fn check(
    list: &str,
    names: &[String],
    location: &Location,
    models: &BTreeMap<String, ModelConfig>,
) -> Result<(), ConfigError> {
    for (place, name) in names.iter().enumerate() {
        if !models.contains_key(name) {
            return Err(unknown_model(list, name, location, models));
        }
        if names[..place].contains(name) {
            return Err(ConfigError::new(
                location,
                format!("{list} names the model `{name}` twice."),
                "Remove one of the two.",
            ));
        }
    }
    Ok(())
}

fn unknown_model(
    list: &str,
    name: &str,
    location: &Location,
    models: &BTreeMap<String, ModelConfig>,
) -> ConfigError {
    let known = || models.keys().map(String::as_str);
    let message = match closest(name, known()) {
        Some(meant) => {
            format!("{list} names the model `{name}`, which is not there; did you mean `{meant}`?")
        }
        None => format!("{list} names the model `{name}`, which is not there."),
    };
    let resolution = format!(
        "Add a [[models]] entry with name = \"{name}\", or use one of: {}.",
        known().collect::<Vec<_>>().join(", ")
    );
    ConfigError::new(location, message, resolution)
}

/// The file's own models first, then those of known providers; the demo only where there is
/// nothing else.
pub(super) fn built_in(
    own: &[String],
    presets: &[&BTreeMap<String, Vec<String>>],
) -> BTreeMap<String, Vec<String>> {
    let styles = Style::ALL.map(Style::as_str).into_iter().chain([DEFAULT_ROUTE]);
    let mut routes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for style in styles {
        let mut route = own.to_vec();
        for preset in presets {
            let names = preset.get(style).or_else(|| preset.get(DEFAULT_ROUTE));
            for name in names.into_iter().flatten() {
                push_new(&mut route, name);
            }
        }
        if !route.is_empty() {
            routes.insert(style.to_owned(), route);
        }
    }
    if routes.is_empty() {
        routes.insert(DEFAULT_ROUTE.to_owned(), vec![format!("{DEMO}/{}", DEMO_MODELS[0])]);
    }
    routes
}

fn push_new(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|one| one == name) {
        list.push(name.to_owned());
    }
}
