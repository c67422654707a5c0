//! What an operator can set: embedded defaults, then `inkstream.toml`, `.env`, the environment.
//!
//! The defaults are `inkstream.example.toml` itself, so that the documentation cannot be wrong
//! about them. `document` reads a file into settings that know their line, `settings` lays the
//! environment over them and checks the simple ones, `catalog` puts providers, models and routes
//! together with the `presets` of known providers, and [`discover`] asks servers for their models.

mod auth;
mod catalog;
pub mod discover;
mod document;
mod hosting;
mod location;
mod presets;
mod providers;
mod routes;
mod settings;
mod sources;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

pub use auth::{Auth, JwtClaim, JwtConfig, JwtUnit, key_parts};
pub use hosting::{PublicUrl, unpriced};
pub use location::{ConfigError, Location};
pub use presets::{LocalServer, Preset};
pub use routes::of_style;
pub use sources::Sources;

use document::Document;
use sources::Environment;

/// The defaults, and their documentation.
const DEFAULTS: &str = include_str!("../../../inkstream.example.toml");

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The process.
    pub server: ServerConfig,
    /// Limits of a generation.
    pub generation: GenerationConfig,
    /// Answers that are given again.
    pub cache: CacheConfig,
    /// Which model of a route is asked first.
    pub routing: RoutingConfig,
    /// Limits of the whole installation.
    pub limits: LimitsConfig,
    /// Model APIs, by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The providers that a key is enough for.
    pub presets: Vec<Preset>,
    /// Models, by the name that briefs and routes use. Every `provider` in it exists.
    pub models: BTreeMap<String, ModelConfig>,
    /// Model names by style (`technical`, …, `default`). Every name in it is a model.
    pub routes: BTreeMap<String, Vec<String>>,
    /// Whether nothing but the demo is configured.
    pub demo_only: bool,
    /// How to log.
    pub log: LogConfig,
    /// Servers that are to be asked for their models; see [`discover::complete`].
    pub discovery: discover::Discovery,
    /// What the operator should hear of at start, though it is no error.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place and the remedy.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let environment = Environment::read(sources)?;
        let mut document = Document::parse(location::BUILT_IN, DEFAULTS, &environment)?;
        if let Some((name, text)) = file(sources, &environment)? {
            document.lay_over(Document::parse(&name, &text, &environment)?);
        }
        settings::overlay(&mut document, &environment)?;
        let section = |name: &str| {
            document.sections.get(name).ok_or_else(|| {
                let defaults = Location::File(location::BUILT_IN.to_owned());
                ConfigError::new(&defaults, format!("[{name}] is missing."), "Reinstall Inkstream.")
            })
        };
        let catalog =
            catalog::Catalog::build(&document, &environment, section("server")?.flag("discover")?)?;
        let mut config = Self {
            server: settings::server(section("server")?)?,
            generation: settings::generation(section("generation")?)?,
            cache: settings::cache(section("cache")?)?,
            routing: routes::routing(section("routing")?, &catalog.models)?,
            limits: hosting::limits(section("limits")?)?,
            log: settings::log(section("log")?, &environment)?,
            demo_only: catalog.is_demo_only(),
            providers: catalog.providers,
            presets: catalog.presets,
            models: catalog.models,
            routes: catalog.routes,
            discovery: catalog.discovery,
            warnings: Vec::new(),
        };
        config.warnings.extend(hosting::proxy_unnamed(&config.server));
        let budget = section("limits")?.get("daily_budget")?;
        hosting::check_currencies(&config, &budget.location)?;
        Ok(config)
    }
}

/// The configuration file's name and text: the one that is named, or `inkstream.toml` if it is there.
fn file(
    sources: &Sources,
    environment: &Environment,
) -> Result<Option<(String, String)>, ConfigError> {
    let usual = sources.directory.join("inkstream.toml");
    let (path, named_by) = match (&sources.file, environment.get("INKSTREAM_CONFIG")) {
        (Some(path), _) => (path.clone(), Some("--config")),
        (None, Some(path)) => (sources.directory.join(path), Some("INKSTREAM_CONFIG")),
        (None, None) if usual.exists() => (usual, None),
        (None, None) => return Ok(None),
    };
    Ok(Some((sources::name_of(&path), sources::read_file(&path, named_by)?)))
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where the built client lies; `None`: in the program, or where it carries none in
    /// `target/site`.
    pub site_dir: Option<PathBuf>,
    /// Host names, in lower case, under which a reverse proxy forwards requests.
    pub allowed_hosts: Vec<String>,
    /// What everyone has to show who wants in; `None`: nobody has to.
    pub access_token: Option<SecretString>,
    /// How long a sign-in lasts.
    pub session_lifetime: Duration,
    /// The address that people type.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose word about the client counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins of other sites whose pages may use the API.
    pub cors_origins: Vec<String>,
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// What all articles of a day (UTC) may cost together, in millionths of `currency`; `None`: no
    /// limit.
    pub daily_budget: Option<i64>,
    /// ISO 4217.
    pub currency: String,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Directives of `tracing_subscriber::EnvFilter`, for example `info,inkstream=debug`.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people where standard error is a terminal, else JSON.
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// `[generation]`
#[derive(Clone, Debug)]
pub struct GenerationConfig {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the first token may take.
    pub first_token_timeout: Duration,
    /// How long a stream may be silent.
    pub idle_timeout: Duration,
    /// How long one attempt may take.
    pub total_timeout: Duration,
    /// How long all attempts of a generation may take together.
    pub deadline: Duration,
    /// Retries per model after its first call.
    pub retries: u32,
    /// The shortest wait before the quick retry of a model that failed before its first token.
    pub retry_quick_min: Duration,
    /// The longest; at least `retry_quick_min`.
    pub retry_quick_max: Duration,
    /// The first wait before all candidates are tried again.
    pub backoff_min: Duration,
    /// The longest; at least `backoff_min`.
    pub backoff_max: Duration,
    /// How long a model whose breaker has opened is left alone before it is probed.
    pub breaker_open: Duration,
    /// How often an answer that reached its length is gone on with by itself.
    pub max_continuations: u32,
    /// Generations at once; more wait in line.
    pub max_concurrent: usize,
    /// The longest text, in bytes; a longer one is cut.
    pub max_text_bytes: usize,
}

/// `[cache]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Whether an answer is given again to who asks the same.
    pub enabled: bool,
    /// How long it is kept.
    pub ttl: Duration,
    /// How many are kept.
    pub max_entries: usize,
    /// How much they may hold together, in bytes.
    pub max_bytes: usize,
}

/// `[routing]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingConfig {
    /// Which of a route's models is asked first.
    pub policy: RoutePolicy,
    /// By a brief's priority (`fast`, `default`, `premium`) the models that are tried before those
    /// of its route. Every name in it is a model; a priority without models is not in it.
    pub priorities: BTreeMap<String, Vec<String>>,
}

/// Which of a route's models is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutePolicy {
    /// As they are listed.
    Order,
    /// The one whose answer is expected to cost least.
    Cheapest,
}

/// One of `[[providers]]`
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Its name.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// Up to, not with, `/chat/completions` or `/v1/messages`. Empty for the demo.
    pub base_url: String,
    /// Its key, where it wants one.
    pub api_key: Option<SecretString>,
    /// How it is shown the key.
    pub auth: Auth,
    /// Whether it understands `stream_options.include_usage`; one that does not would refuse the
    /// whole request.
    pub usage_option: bool,
    /// How many requests it is sent at once; `None`: as many as there are.
    pub max_concurrent: Option<usize>,
    /// How many requests may wait for one of those to end; without meaning where there is no
    /// `max_concurrent`.
    pub max_waiting: usize,
}

impl ProviderConfig {
    /// What is taken for `max_waiting` where it is not said.
    pub const USUAL_WAITING: usize = 100;

    /// A provider of which nothing more is said.
    pub fn new(name: impl Into<String>, protocol: Protocol, base_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            protocol,
            base_url: base_url.into(),
            api_key: None,
            auth: Auth::Key,
            usage_option: true,
            max_concurrent: None,
            max_waiting: Self::USUAL_WAITING,
        }
    }

    /// The URL as it may be shown: without what may be secret in it; empty for the demo and where
    /// it cannot be read.
    pub fn speakable_url(&self) -> String {
        let url = reqwest::Url::parse(&self.base_url);
        url.map(|url| super::providers::speakable(&url)).unwrap_or_default()
    }
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// OpenAI's chat completions.
    #[default]
    OpenAi,
    /// Anthropic's Messages API.
    Anthropic,
    /// The built-in demo.
    Demo,
}

impl Protocol {
    /// Whether models that are reached so take sampling parameters where nothing is said of it.
    /// Anthropic's do up to 4.6; the later ones refuse them.
    pub fn samples(self) -> bool {
        self != Self::Anthropic
    }
}

/// One of `[[models]]`
#[derive(Clone, Debug)]
pub struct ModelConfig {
    /// How briefs and routes name it.
    pub name: String,
    /// The provider's name.
    pub provider: String,
    /// How the provider names it.
    pub id: String,
    /// Tokens of prompt and answer together.
    pub context_window: u32,
    /// Tokens of one answer.
    pub max_output: u32,
    /// Units of `currency` per million tokens of prompt; `None`: cost is unknown.
    pub price_input: Option<f64>,
    /// Units of `currency` per million tokens of answer; `None`: cost is unknown.
    pub price_output: Option<f64>,
    /// The same for what is read from the provider's cache of prompts; `None`: as any other.
    pub price_cache_read: Option<f64>,
    /// The same for what is written into it; `None`: as any other.
    pub price_cache_write: Option<f64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// How the model is made to go on from a text.
    pub continuation: Continuation,
    /// Whether it takes sampling parameters (temperature, `top_p`, penalties); one that does not
    /// would refuse the whole request.
    pub sampling: bool,
    /// Whether it is asked to say what it thinks (Anthropic's models from 4.6 on).
    pub thinking: bool,
}

/// How a model is made to go on from a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuation {
    /// The last message is the assistant's and marked `prefix: true` (DeepSeek, Moonshot: `partial`).
    Prefix,
    /// `continue_final_message: true`, `add_generation_prompt: false` (vLLM, SGLang).
    ContinueFinalMessage,
    /// The last message is the assistant's, without more (Anthropic's models up to 4.5).
    Prefill,
    /// An instruction.
    #[default]
    Instruct,
}

impl Continuation {
    /// Reads the name that the configuration uses.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "prefix" => Self::Prefix,
            "continue_final_message" => Self::ContinueFinalMessage,
            "prefill" => Self::Prefill,
            "instruct" => Self::Instruct,
            _ => return None,
        })
    }
}
