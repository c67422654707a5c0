//! What an operator can set: embedded defaults, then `inkstream.toml`, `.env`, the environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The process.
    pub server: ServerConfig,
    /// Limits of a generation.
    pub generation: GenerationConfig,
    /// Model APIs, by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Models, by the name that briefs and routes use. Every `provider` in it exists.
    pub models: BTreeMap<String, ModelConfig>,
    /// Model names by style (`technical`, …, `default`). Every name in it is a model.
    pub routes: BTreeMap<String, Vec<String>>,
    /// Whether nothing but the demo is configured.
    pub demo_only: bool,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where the built client lies.
    pub site_dir: PathBuf,
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
    /// Retries per model after its first call.
    pub retries: u32,
    /// Generations at once; more wait in line.
    pub max_concurrent: usize,
    /// The longest text, in bytes; a longer one is cut.
    pub max_text_bytes: usize,
}

/// One of `[[providers]]`
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Its name.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// Up to, not with, `/chat/completions`. Empty for the demo.
    pub base_url: String,
    /// Its key, where it wants one.
    pub api_key: Option<SecretString>,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OpenAI's chat completions.
    OpenAi,
    /// The built-in demo.
    Demo,
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
    /// ISO 4217.
    pub currency: Option<String>,
    /// How the model is made to go on from a text.
    pub continuation: Continuation,
}

/// How a model is made to go on from a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Continuation {
    /// The last message is the assistant's and marked `prefix: true` (DeepSeek, Moonshot: `partial`).
    Prefix,
    /// `continue_final_message: true`, `add_generation_prompt: false` (vLLM, SGLang).
    ContinueFinalMessage,
    /// The last message is the assistant's, without more.
    Prefill,
    /// An instruction.
    #[default]
    Instruct,
}
