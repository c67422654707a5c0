//! Which model APIs an installation is connected to.

use serde::{Deserialize, Serialize};

use super::brief::Style;
use super::problem::Problem;

/// What is connected, what writes what, and what a key would be enough for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Connections {
    /// Whether nothing but the demo is connected.
    pub demo_only: bool,
    /// The providers of the configuration, the environment and this machine, by name.
    pub providers: Vec<ConnectedProvider>,
    /// What each style is written by.
    pub routes: Vec<StyleRoute>,
    /// The providers that a key is enough for.
    pub known: Vec<KnownProvider>,
    /// What in the configuration is to be looked at, in English, as in the log of the start.
    pub warnings: Vec<String>,
}

/// A provider that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConnectedProvider {
    /// Its name in the configuration.
    pub name: String,
    /// Where it is asked, without what may be secret in it; empty for the demo.
    pub base_url: String,
    /// Whether it is asked with a key.
    pub has_key: bool,
    /// Whether it is the built-in demo.
    pub demo: bool,
    /// Its models' names in the configuration; those of routes first, in their order.
    pub models: Vec<String>,
}

/// What a style is written by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StyleRoute {
    /// The style.
    pub style: Style,
    /// The models that may write it, the first choice first.
    pub models: Vec<String>,
}

/// A provider that a key is enough for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KnownProvider {
    /// The name that it gets.
    pub name: String,
    /// The environment variable that holds its key.
    pub key_variable: String,
    /// Whether it is connected.
    pub connected: bool,
    /// What each style would be written by.
    pub routes: Vec<StyleRoute>,
}

/// How a provider answered a question of a few tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConnectionTest {
    /// The model that was asked, by its name in the configuration.
    pub model: String,
    /// Whether it answers.
    pub works: bool,
    /// Milliseconds to the first token; null where none came.
    pub first_token_ms: Option<u64>,
    /// What is wrong; null where it answers.
    pub problem: Option<Problem>,
}
