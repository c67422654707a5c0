//! Stage 2: which models may write, in which order, and what that is expected to use.
//!
//! The order is the configuration's, or by price, or the brief's priority's; what cannot hold the
//! brief is left out. What keeps failing, or has no room in its line, stays among them: by the time
//! that a model is asked it may be well again. Here it is only said who is asked now.

use super::Job;
use super::preprocess::Prepared;
use super::tokens::cost;
use crate::article::brief::{Brief, Priority, Style};
use crate::article::event::{Estimate, Event, RouteReason, Routed, Stage};
use crate::article::problem::{Code, Problem};
use crate::server::config::{Config, ModelConfig, RoutePolicy};
use crate::server::providers::TokenCounts;
use crate::server::resilience::Health;

/// A model that has room for fewer tokens of answer than this is not asked.
pub const MIN_ANSWER_TOKENS: u64 = 256;
/// A longer prompt of a brief that asks for no priority is worth the best model, in characters of
/// what the person wrote.
const PREMIUM_PROMPT_CHARS: usize = 1000;

/// What the second stage makes: a prepared brief with the models that may write it.
#[derive(Clone, Debug)]
pub struct Route {
    /// What the first stage made.
    pub prepared: Prepared,
    /// The models that may write it.
    pub chosen: Chosen,
}

impl Route {
    /// Why there is nobody to ask, where there is nobody.
    pub fn nobody(&self) -> Problem {
        if self.chosen.too_small.is_empty() {
            return Problem::new(
                Code::UpstreamFailed,
                "No model is configured for this brief.",
                "Name a model in [routes] of inkstream.toml.",
            );
        }
        let tokens = self.prepared.prompt_tokens;
        let models = self.chosen.too_small.join(", ");
        Problem::new(
            Code::ContextTooSmall,
            format!("The prompt of {tokens} tokens leaves no room for an answer in {models}."),
            "Choose a model with a larger context window, or shorten the brief.",
        )
    }
}

/// The models of a brief, in order, and why.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// In the order in which they are asked. Empty where none can hold the brief.
    pub candidates: Vec<ModelConfig>,
    /// Which of them is asked first: those before it keep failing, or have no room in their line.
    pub first: usize,
    /// Those that cannot hold the brief, by name.
    pub too_small: Vec<String>,
    /// One for each fact that shaped the order.
    pub reasons: Vec<RouteReason>,
}

impl Chosen {
    /// Passes over what keeps failing or has no room, as long as there is another behind it. Where
    /// there is none the first is asked all the same, and it is said how it does.
    pub fn pass_over(mut self, health: &Health) -> Self {
        let ill = |model: &ModelConfig| Some((model.name.clone(), health.passed_over(model)?));
        let mut passed: Vec<_> = self.candidates.iter().map_while(ill).collect();
        if passed.len() < self.candidates.len() {
            self.first = passed.len();
        } else {
            passed.truncate(1);
        }
        self.reasons.extend(passed.into_iter().map(|(model, why)| RouteReason {
            code: why.code().to_owned(),
            message: why.of(&model) + ".",
            model: Some(model),
        }));
        self
    }

    /// Who is asked first.
    pub fn first(&self) -> Option<&ModelConfig> {
        self.candidates.get(self.first)
    }

    /// The same as readers are told of it.
    pub fn routed(&self, brief: &Brief, prepared: &Prepared) -> Routed {
        Routed {
            model: self.first().map(|model| model.name.clone()).unwrap_or_default(),
            candidates: self.candidates.iter().map(|model| model.name.clone()).collect(),
            reasons: self.reasons.clone(),
            estimate: estimate(brief, prepared, self.first()),
            template: prepared.prompt.template.clone(),
        }
    }
}

/// Runs the stage.
pub fn run(job: &Job, prepared: Prepared) -> Route {
    job.begin(Stage::Route);
    let chosen = choose(&job.config, &job.brief, &prepared).pass_over(&job.health);
    let routed = chosen.routed(&job.brief, &prepared);
    job.progress().model = chosen.first().map(|model| model.name.clone());
    // The line of the end says the same; a second one would cost as much as the stage.
    tracing::debug!(
        generation.id = %job.id,
        language = prepared.language,
        template = routed.template,
        model = routed.model,
        candidates = ?routed.candidates,
        "routed"
    );
    job.log.push(&Event::Routed(routed));
    Route { prepared, chosen }
}

/// The models for a brief: the one it names, then those of its priority, then those of its style's
/// route by the policy; without those that cannot hold it.
pub fn choose(config: &Config, brief: &Brief, prepared: &Prepared) -> Chosen {
    let mut reasons = Vec::new();
    let mut candidates: Vec<&ModelConfig> = Vec::new();
    let mut add = |names: &mut dyn Iterator<Item = &str>| {
        for model in names.filter_map(|name| config.models.get(name)) {
            if candidates.iter().all(|known| known.name != model.name) {
                candidates.push(model);
            }
        }
    };
    if let Some(model) = &brief.model {
        add(&mut std::iter::once(model.as_str()));
        reasons.push(reason("brief_model", format!("The brief asks for {model}.")));
    }
    if let Some(names) = prioritised(config, brief, &mut reasons) {
        add(&mut names.iter().map(String::as_str));
    }
    let mut route = route_of(config, brief, &mut reasons);
    if config.routing.policy == RoutePolicy::Cheapest {
        let expected = |name: &&str| {
            let model = config.models.get(*name);
            // What has no price may cost anything.
            model.and_then(|model| estimate(brief, prepared, Some(model)).cost).unwrap_or(i64::MAX)
        };
        route.sort_by_key(expected);
        reasons.push(reason("cheapest", "The cheapest is asked first.".to_owned()));
    }
    add(&mut route.into_iter());
    let tokens = prepared.prompt_tokens;
    let wanted = MIN_ANSWER_TOKENS.min(u64::from(prepared.sampling.max_tokens));
    let (fitting, small): (Vec<&ModelConfig>, Vec<&ModelConfig>) = candidates
        .into_iter()
        .partition(|model| tokens + wanted <= u64::from(model.context_window));
    let too_small = small.iter().map(|model| model.name.clone()).collect();
    for model in small {
        let window = model.context_window;
        let message =
            format!("{} holds {window} tokens, too few for a prompt of {tokens}.", model.name);
        let model = Some(model.name.clone());
        reasons.push(RouteReason { model, ..reason("too_small", message) });
    }
    let candidates = fitting.into_iter().cloned().collect();
    Chosen { candidates, first: 0, too_small, reasons }
}

/// The models of the brief's priority, where the configuration lists any.
fn prioritised<'a>(
    config: &'a Config,
    brief: &Brief,
    reasons: &mut Vec<RouteReason>,
) -> Option<&'a [String]> {
    let priorities = &config.routing.priorities;
    let (priority, why) = match brief.priority {
        Some(priority) => (priority, None),
        None if brief.written_chars() > PREMIUM_PROMPT_CHARS => {
            (Priority::Premium, Some("The brief is long."))
        }
        None => (Priority::Default, None),
    };
    let names = priorities.get(priority.as_str())?;
    match (brief.priority, why) {
        (_, Some(why)) => {
            reasons.push(reason("long_brief", format!("{why} A premium model is asked.")))
        }
        (Some(_), None) => {
            let message = format!("The brief asks for the priority {}.", priority.as_str());
            reasons.push(reason("priority", message));
        }
        (None, None) => {}
    }
    Some(names)
}

fn route_of<'a>(config: &'a Config, brief: &Brief, reasons: &mut Vec<RouteReason>) -> Vec<&'a str> {
    let style = brief.style.as_str();
    let names = |route: &'a [String]| route.iter().map(String::as_str).collect();
    if let Some(route) = config.routes.get(style) {
        reasons.push(reason("style_route", format!("The route for {style} articles.")));
        return names(route);
    }
    let Some(route) = config.routes.get("default") else { return Vec::new() };
    reasons.push(if config.demo_only {
        reason("demo_only", "No model is connected; the demo writes.".to_owned())
    } else {
        reason("default_route", format!("The default route; {style} has none of its own."))
    });
    names(route)
}

fn reason(code: &str, message: String) -> RouteReason {
    RouteReason { code: code.to_owned(), message, model: None }
}

/// What a brief is expected to cost at a model, in millionths of the currency, where it goes on from
/// a text of so many tokens; 0 where the price is not known.
pub fn expected_cost(
    brief: &Brief,
    prepared: &Prepared,
    model: Option<&ModelConfig>,
    so_far: u64,
) -> i64 {
    let Some(model) = model else { return 0 };
    let expected = estimate(brief, prepared, Some(model));
    let counts = TokenCounts::uncached(expected.prompt + so_far, expected.completion);
    cost(counts, model).unwrap_or_default()
}

/// What a brief is expected to use at a model.
pub fn estimate(brief: &Brief, prepared: &Prepared, model: Option<&ModelConfig>) -> Estimate {
    let prompt = prepared.prompt_tokens;
    let wanted = match brief.length {
        // A Chinese character is a little less than a token, an English word a third more.
        Some(length) if prepared.language.starts_with("zh") => u64::from(length),
        Some(length) => u64::from(length) * 4 / 3,
        None => usual_tokens(brief.style),
    };
    // The default bounds one answer, and is gone on from; the brief's own bounds the whole.
    let completion = brief.max_tokens.map_or(wanted, |max| wanted.min(u64::from(max)));
    let cost = model.and_then(|model| cost(TokenCounts::uncached(prompt, completion), model));
    let currency = cost.and_then(|_| model?.currency.clone());
    Estimate { prompt, completion, cost, currency }
}

/// How many tokens of answer are expected of a style where the brief names no length: what its
/// template asks for, at 1.4 tokens a word.
fn usual_tokens(style: Style) -> u64 {
    match style {
        Style::Overview => 1_500,
        Style::Technical => 2_200,
        Style::Tutorial => 3_600,
    }
}
