//! The service behind the page that connects models, and behind `inkstream doctor`.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::budget::Reservation;
use super::config::{Config, ModelConfig, Protocol, of_style};
use super::pipeline::Providers;
use super::pipeline::tokens::cost;
use super::providers::{ModelEvent, ModelRequest, Provider, Sampling, TokenCounts};
use super::state::AppState;
use super::store::Store;
use crate::article::brief::{DEFAULT_PENALTY, DEFAULT_TEMPERATURE, DEFAULT_TOP_P, Format, Style};
use crate::article::connection::{
    ConnectedProvider, ConnectionTest, Connections, KnownProvider, StyleRoute,
};
use crate::article::problem::{Code, Problem};

/// How many tokens a test sends, with what providers add of their own.
const TEST_PROMPT: u64 = 40;
/// How many tokens a test asks for.
pub const TEST_TOKENS: u32 = 16;
/// How long a test waits for the first of them: a local model may have to be loaded first.
const TEST_PATIENCE: Duration = Duration::from_secs(60);
/// How many tests run at once; each costs the operator money.
static TESTS: Semaphore = Semaphore::const_new(2);

impl AppState {
    /// What is connected, what writes what, and what a key would be enough for.
    pub fn connections(&self) -> Connections {
        let config = &self.config;
        let routes = style_routes(&config.routes);
        let mut providers: Vec<ConnectedProvider> = config
            .providers
            .values()
            .map(|provider| ConnectedProvider {
                name: provider.name.clone(),
                base_url: provider.speakable_url(),
                has_key: provider.api_key.is_some(),
                demo: provider.protocol == Protocol::Demo,
                models: models_of(config, &provider.name),
            })
            .collect();
        // The demo is there for those who have nothing else.
        providers.sort_by_key(|provider| provider.demo);
        let known = config.presets.iter().map(|preset| KnownProvider {
            name: preset.name.clone(),
            key_variable: preset.key_variable.clone(),
            connected: config.providers.contains_key(&preset.name),
            routes: style_routes(&preset.routes),
        });
        Connections {
            demo_only: config.demo_only,
            known: known.collect(),
            providers,
            routes,
            warnings: config.warnings.clone(),
        }
    }

    /// The same as [`test()`], for this installation.
    ///
    /// # Errors
    /// As of [`test()`].
    pub async fn test_connection(
        &self,
        provider: &str,
        model: Option<&str>,
    ) -> Result<ConnectionTest, Problem> {
        let tested =
            test(&self.config, &self.providers, Some(&self.store), provider, model).await?;
        if let Some(problem) = &tested.problem {
            tracing::warn!(
                provider,
                model = tested.model,
                error_type = problem.code.as_str(),
                error = problem.message,
                resolution = problem.resolution,
                "a provider failed its test"
            );
        }
        Ok(tested)
    }
}

/// The models of a provider: those of routes first, in their order.
fn models_of(config: &Config, provider: &str) -> Vec<String> {
    let own =
        |name: &&String| config.models.get(*name).is_some_and(|model| model.provider == provider);
    let mut models: Vec<String> = Vec::new();
    let routed = Style::ALL.into_iter().flat_map(|style| of_style(&config.routes, style));
    for name in routed.chain(config.models.keys()).filter(own) {
        if !models.contains(name) {
            models.push(name.clone());
        }
    }
    models
}

/// Asks a model of a provider for a few tokens, the way that articles are asked for: the named one,
/// or else the provider's first. It is paid for out of the day's budget, which `store` keeps.
///
/// # Errors
/// There is no such provider, or it has no such model; other tests run; the day's budget is used up,
/// or cannot be looked at. That it does not answer is no error.
pub async fn test(
    config: &Config,
    apis: &Providers,
    store: Option<&Store>,
    provider: &str,
    model: Option<&str>,
) -> Result<ConnectionTest, Problem> {
    let api = apis.get(provider).ok_or_else(|| {
        let known: Vec<&str> = config.providers.keys().map(String::as_str).collect();
        not_found("name", "There is no such provider.", &known)
    })?;
    let models = models_of(config, provider);
    let name = match model {
        Some(model) => models.iter().find(|known| *known == model),
        None => models.first(),
    };
    let model = name.and_then(|name| config.models.get(name)).ok_or_else(|| {
        let known: Vec<&str> = models.iter().map(String::as_str).collect();
        let said = match known.as_slice() {
            [] => "No model of the provider is known: it lists none, or could not be asked.",
            _ => "The provider has no such model.",
        };
        not_found("model", said, &known)
    })?;
    let _turn = TESTS.try_acquire().map_err(|_| {
        Problem::new(
            Code::Overloaded,
            "Other providers are being tested.",
            "Test again in a moment.",
        )
    })?;
    let _spent = claim(config, store, model).await?;
    let started = Instant::now();
    let first = timeout(TEST_PATIENCE, first_token(api.as_ref(), model)).await;
    let waited = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let problem = match first {
        Ok(Ok(())) => None,
        Ok(Err(problem)) => Some(problem),
        Err(_) => Some(Problem::new(
            Code::UpstreamTimeout,
            format!("{provider} did not answer within {} s.", TEST_PATIENCE.as_secs()),
            "Look whether the server is busy or still loading the model, and test again.",
        )),
    };
    Ok(ConnectionTest {
        model: model.name.clone(),
        works: problem.is_none(),
        first_token_ms: problem.is_none().then_some(waited),
        problem,
    })
}

/// Sets aside what a test costs: it is paid for like an article, and counts like one.
async fn claim(
    config: &Config,
    store: Option<&Store>,
    model: &ModelConfig,
) -> Result<Option<Reservation>, Problem> {
    let counts = TokenCounts::uncached(TEST_PROMPT, TEST_TOKENS.into());
    let price = cost(counts, model).unwrap_or_default();
    match store {
        Some(store) => Reservation::claim(&config.limits, store, Uuid::now_v7(), price).await,
        None if config.limits.daily_budget.is_none() => Ok(None),
        None => Err(Problem::new(
            Code::StorageUnavailable,
            "The day's budget cannot be looked at without the database.",
            "Make the data directory usable first.",
        )),
    }
}

/// What each style is written by.
fn style_routes(routes: &BTreeMap<String, Vec<String>>) -> Vec<StyleRoute> {
    let route = |style| StyleRoute { style, models: of_style(routes, style).to_vec() };
    Style::ALL.into_iter().map(route).collect()
}

/// Waits for the first token of an answer; leaving it closes the connection.
async fn first_token(api: &dyn Provider, model: &ModelConfig) -> Result<(), Problem> {
    let mut stream = api.stream(ModelRequest {
        generation: Uuid::now_v7(),
        request_id: Uuid::now_v7().to_string(),
        model_id: model.id.clone(),
        system: "Answer with one word.".to_owned(),
        user: "Say: ready".to_owned(),
        so_far: None,
        continuation: model.continuation,
        topic: "Say: ready".to_owned(),
        language: "en".to_owned(),
        format: Format::Markdown,
        // As for an article: a model that takes no temperature fails here already.
        sampling: Sampling {
            temperature: DEFAULT_TEMPERATURE,
            top_p: DEFAULT_TOP_P,
            max_tokens: TEST_TOKENS,
            frequency_penalty: DEFAULT_PENALTY,
            presence_penalty: DEFAULT_PENALTY,
            stop: Vec::new(),
        },
    });
    while let Some(event) = stream.next().await {
        match event.map_err(|error| error.to_problem())? {
            ModelEvent::Text(text) | ModelEvent::Reasoning(text) if !text.is_empty() => {
                return Ok(());
            }
            ModelEvent::Finish(_) => return Ok(()),
            _ => {}
        }
    }
    Err(Problem::new(
        Code::UpstreamTruncated,
        "The answer ended before it began.",
        "Look into the log of the model server, and test again.",
    ))
}

fn not_found(param: &str, message: &str, known: &[&str]) -> Problem {
    let resolution = match known {
        [] => "Start its server or correct its base_url, or add a [[models]] entry; then restart."
            .to_owned(),
        known => format!("Use one of: {}.", known.join(", ")),
    };
    Problem::new(Code::NotFound, message, resolution).with_param(param)
}
