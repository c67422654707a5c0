//! Stage 2: which models may write, in which order, and what that is expected to use.

use super::Job;
use super::preprocess::{self, Prepared};
use super::tokens::{TokenEstimate, cost};
use crate::article::brief::Brief;
use crate::article::event::{Estimate, Event, RouteReason, Routed, Stage};
use crate::server::config::{Config, ModelConfig};
use crate::server::providers::TokenCounts;

/// How many tokens of answer are expected where the brief names no length: about 1,500 words.
const USUAL_COMPLETION_TOKENS: u64 = 2200;

/// What the second stage makes: a prepared brief with the models that may write it.
#[derive(Clone, Debug)]
pub struct Route {
    /// What the first stage made.
    pub prepared: Prepared,
    /// The models, in the order in which they are asked. Never empty in a checked configuration.
    pub candidates: Vec<ModelConfig>,
}

/// Runs the stage.
pub fn run(job: &Job, prepared: Prepared) -> Route {
    job.begin(Stage::Route);
    let (candidates, reasons) = candidates(&job.config, &job.brief);
    let routed = Routed {
        model: candidates.first().map(|model| model.name.clone()).unwrap_or_default(),
        candidates: candidates.iter().map(|model| model.name.clone()).collect(),
        reasons,
        estimate: estimate(&job.brief, &prepared, candidates.first()),
        template: prepared.prompt.template.clone(),
    };
    // The line of the end says the same; a second one would cost as much as the stage.
    tracing::debug!(
        generation.id = %job.id,
        language = prepared.language,
        template = routed.template,
        model = routed.model,
        "routed"
    );
    job.progress().model = candidates.first().map(|model| model.name.clone());
    job.log.push(&Event::Routed(routed));
    Route { prepared, candidates }
}

/// The models for a brief: the one it names, then those of its style's route.
pub fn candidates(config: &Config, brief: &Brief) -> (Vec<ModelConfig>, Vec<RouteReason>) {
    let style = brief.style.as_str();
    let mut names: Vec<&str> = Vec::new();
    let mut reasons = Vec::new();
    let mut reason = |code: &str, message: String| {
        reasons.push(RouteReason { code: code.to_owned(), message });
    };
    if let Some(model) = &brief.model {
        names.push(model);
        reason("brief_model", format!("The brief asks for {model}."));
    }
    if let Some(route) = config.routes.get(style) {
        names.extend(route.iter().map(String::as_str));
        reason("style_route", format!("The route for {style} articles."));
    } else if let Some(route) = config.routes.get("default") {
        names.extend(route.iter().map(String::as_str));
        if config.demo_only {
            reason("demo_only", "No model is connected; the demo writes.".to_owned());
        } else {
            reason("default_route", format!("The default route; {style} has none of its own."));
        }
    }
    let mut candidates: Vec<ModelConfig> = Vec::new();
    for model in names.iter().filter_map(|name| config.models.get(*name)) {
        if candidates.iter().all(|known| known.name != model.name) {
            candidates.push(model.clone());
        }
    }
    (candidates, reasons)
}

/// What a brief is expected to cost, in millionths of the currency, where it goes on from a text of
/// so many tokens; 0 where the price is not known.
pub fn expected_cost(config: &Config, brief: &Brief, language: &str, so_far: u64) -> i64 {
    let (candidates, _) = candidates(config, brief);
    let Some(model) = candidates.first() else { return 0 };
    let expected = estimate(brief, &preprocess::prepare(brief, language), Some(model));
    let counts = TokenCounts::uncached(expected.prompt + so_far, expected.completion);
    cost(counts, model).unwrap_or_default()
}

fn estimate(brief: &Brief, prepared: &Prepared, model: Option<&ModelConfig>) -> Estimate {
    let prompt =
        TokenEstimate::of(&prepared.prompt.system) + TokenEstimate::of(&prepared.prompt.user);
    let wanted = match brief.length {
        // A Chinese character is a little less than a token, an English word a third more.
        Some(length) if prepared.language.starts_with("zh") => u64::from(length),
        Some(length) => u64::from(length) * 4 / 3,
        None => USUAL_COMPLETION_TOKENS,
    };
    let completion = wanted.min(u64::from(prepared.sampling.max_tokens));
    let cost = model.and_then(|model| cost(TokenCounts::uncached(prompt, completion), model));
    let currency = cost.and_then(|_| model?.currency.clone());
    Estimate { prompt, completion, cost, currency }
}
