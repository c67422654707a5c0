//! How providers and models have been doing.

use leptos::prelude::*;

use super::{cell, columns};
use crate::app::components::moment::Moment;
use crate::app::format::duration;
use crate::app::i18n::Texts;
use crate::app::preferences::use_texts;
use crate::article::operations::{
    Breaker, BreakerState, LastError, Operations, ProviderHealth, Queue,
};
use crate::article::problem::{Code, Problem};

/// What the last attempts say of each provider.
#[component]
pub fn Providers(
    /// What is going on.
    operations: RwSignal<Operations>,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    // They change far more rarely than they are asked for.
    let providers = Memo::new(move |_| operations.with(|now| now.providers.clone()));
    let rows = move || {
        let row = |provider| view! { <ProviderRow provider /> };
        providers.get().into_iter().map(row).collect_view()
    };
    let names = [words.provider, words.outcomes, words.first_token, words.in_use, words.last_error];
    view! {
        <table class="stacking num" role="table" aria-label=words.providers>
            {columns(names)}
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn ProviderRow(provider: ProviderHealth) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let ProviderHealth { name, queue, succeeded, failed, errors, last_error, .. } = provider;
    let asked = succeeded + failed > 0;
    let outcomes = if asked {
        (words.outcome_counts)(succeeded, failed)
    } else {
        words.never_asked.to_owned()
    };
    let kinds = (errors.len() > 1).then(|| {
        let line = |code, count| format!("{} × {count}", in_words(texts, code));
        let lines = errors.iter().map(|error| view! { <li>{line(error.code, error.count)}</li> });
        view! { <ul class="faint">{lines.collect_view()}</ul> }
    });
    let waited = provider.first_token_p50_ms.zip(provider.first_token_p95_ms);
    let waited = waited.map_or_else(
        || "–".to_owned(),
        |(half, most)| (words.percentiles)(&duration(half), &duration(most)),
    );
    let queue = queue.map_or_else(
        || words.no_queue.to_owned(),
        |Queue { taken, places, waiting }| (words.queue)(taken, places, waiting),
    );
    let last = match last_error {
        None => view! { <span class="faint">{words.no_error}</span> }.into_any(),
        Some(LastError { code, model, at }) => view! {
            <span>
                {in_words(texts, code)}
                <small class="faint">{model}" · "<Moment at /></small>
            </span>
        }
        .into_any(),
    };
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                {name}
            </th>
            {cell(
                words.outcomes,
                view! {
                    <span class:poor=move || failed != 0>{outcomes}</span>
                    {kinds}
                },
            )} {cell(words.first_token, waited)} {cell(words.in_use, queue)}
            {cell(words.last_error, last)}
        </tr>
    }
    .into_any()
}

/// The models that are not asked as usual.
#[component]
pub fn Breakers(
    /// What is going on.
    operations: RwSignal<Operations>,
) -> impl IntoView {
    let words = use_texts().operations;
    let models = Memo::new(move |_| operations.with(|now| now.breakers.len()));
    let unusual = Memo::new(move |_| {
        let unusual = |breaker: &&Breaker| breaker.state != BreakerState::Closed;
        operations.with(|now| now.breakers.iter().filter(unusual).cloned().collect::<Vec<_>>())
    });
    let line = move |breaker: Breaker| {
        let until = breaker.reopens_in_ms.map(|ms| {
            let wait = duration(ms.div_ceil(1000) * 1000);
            view! { <span class="faint num">{(words.breaker_until)(&wait)}</span> }
        });
        view! {
            <li>
                <b>{breaker.model}</b>
                <span class="state failed">{(words.breaker)(breaker.state)}</span>
                {until}
            </li>
        }
    };
    let lines = move || unusual.get().into_iter().map(line).collect_view();
    view! {
        <Show
            when=move || unusual.with(|unusual| !unusual.is_empty())
            fallback=move || {
                view! {
                    <p class="quiet-line">{move || (words.breakers_closed)(models.get())}</p>
                }
            }
        >
            <ul class="breakers">{lines}</ul>
        </Show>
    }
    .into_any()
}

/// What an error is called in the reader's language.
fn in_words(texts: &Texts, code: Code) -> String {
    (texts.problem)(&Problem::new(code, code.as_str(), "")).0
}
