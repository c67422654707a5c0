//! The figures of a generation.

use leptos::prelude::*;

use crate::app::format::{cost, count, duration, money, speed};
use crate::app::i18n::Texts;
use crate::app::preferences::use_texts;
use crate::app::progress::Progress;
use crate::article::event::Usage;

/// Time to the first token, speed, tokens, cost, the model and why it was chosen.
#[component]
pub fn Facts(
    /// What is known of the generation.
    progress: RwSignal<Progress>,
) -> impl IntoView {
    let texts = use_texts();
    let dash = || "–".to_owned();
    let first = move || progress.with(|p| p.first_token_ms).map_or_else(dash, duration);
    let rate = move || {
        progress
            .with(|p| speed(p.usage.completion, p.writing_ms))
            .map_or_else(dash, |rate| format!("{} {}", count(rate), texts.speed_unit))
    };
    let written =
        move || format!("{} {}", count(progress.with(|p| p.usage.completion)), texts.tokens_unit);
    let price = move || {
        progress.with(|p| {
            if p.came_from_cache() && p.usage.cost == Some(0) {
                return texts.cost_free.to_owned();
            }
            price(&p.usage, texts)
        })
    };
    let estimate = move || {
        progress.with(|p| {
            let estimate = &p.as_routed().filter(|_| !p.state.is_ended())?.estimate;
            let currency = estimate.currency.as_deref()?;
            let amount = money(estimate.cost.filter(|cost| *cost > 0)?, currency);
            Some((texts.cost_estimate)(&amount))
        })
    };
    let model = move || progress.with(|p| p.model.clone()).unwrap_or_else(dash);
    let why = move || {
        progress.with(|p| {
            let reasons = &p.as_routed()?.reasons;
            // What led to a model that is passed over does not speak of the one that is shown.
            let passed = reasons.iter().any(|reason| reason.model.is_some());
            let shown = reasons.iter().filter(|reason| reason.model.is_some() == passed);
            Some(shown.map(texts.route_reason).collect::<Vec<_>>().join(" · "))
        })
    };
    view! {
        <dl class="facts" aria-label=texts.facts>
            <div>
                <dt>{texts.first_token}</dt>
                <dd>{first}</dd>
            </div>
            <div>
                <dt>{texts.speed}</dt>
                <dd>{rate}</dd>
            </div>
            <div>
                <dt>{texts.written}</dt>
                <dd>{written}</dd>
            </div>
            <div>
                <dt>{texts.cost}</dt>
                <dd>{price} <small class="line">{estimate}</small></dd>
            </div>
            <div class="wide">
                <dt>{texts.model}</dt>
                <dd>{model} <small class="line">{why}</small></dd>
            </div>
        </dl>
    }
    .into_any()
}

/// What was used costs, in words where it is no amount.
pub fn price(usage: &Usage, texts: &Texts) -> String {
    match cost(usage) {
        Some(amount) => amount,
        None if usage.completion > 0 && usage.cost == Some(0) => texts.cost_free.to_owned(),
        None if usage.completion > 0 => texts.cost_unknown.to_owned(),
        None => "–".to_owned(),
    }
}
