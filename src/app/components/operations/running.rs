//! The generations that run or wait, each with its Stop.

use leptos::prelude::*;
use uuid::Uuid;

use super::{cell, columns};
use crate::app::acting::act;
use crate::app::api::{self, Failure};
use crate::app::brief_draft::Field;
use crate::app::components::stop_button::StopButton;
use crate::app::format::{cost, count, duration};
use crate::app::preferences::use_texts;
use crate::article::operations::{Operations, RunningGeneration};

/// See the module.
#[component]
pub fn Running(
    /// What is going on.
    operations: RwSignal<Operations>,
    /// Where a failure is said.
    failure: RwSignal<Option<Failure>>,
    /// Asks anew.
    renew: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let ids = Memo::new(move |_| {
        operations.with(|now| now.running.iter().map(|one| one.id).collect::<Vec<Uuid>>())
    });
    let names = [
        (texts.field)(Field::Topic).label,
        texts.filter_state,
        texts.model,
        words.elapsed,
        texts.written,
        texts.cost,
        texts.stop,
    ];
    let nothing = move || {
        view! {
            <p class="quiet-line">
                {words.nothing_runs} " " <a href="/">{words.begin}</a>
            </p>
        }
    };
    view! {
        <Show when=move || ids.with(|ids| !ids.is_empty()) fallback=nothing>
            <table class="stacking num" role="table" aria-label=words.running>
                {columns(names)}
                <tbody role="rowgroup">
                    <For each=move || ids.get() key=|id| *id let(id)>
                        <RunningRow id operations failure renew />
                    </For>
                </tbody>
            </table>
        </Show>
    }
    .into_any()
}

/// One of them. The row stays the same while its figures change, so that its button can be used.
#[component]
fn RunningRow(
    id: Uuid,
    operations: RwSignal<Operations>,
    failure: RwSignal<Option<Failure>>,
    renew: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let found = move || operations.with(|now| now.running.iter().find(|one| one.id == id).cloned());
    let now = Memo::new(move |_| found());
    let shown = move |of: fn(&RunningGeneration) -> String| {
        move || now.with(|now| now.as_ref().map(of).unwrap_or_default())
    };
    let state = move || {
        now.with(|now| {
            let now = now.as_ref()?;
            let place = now.place.map(|place| (words.place)(place));
            Some(place.unwrap_or_else(|| (texts.state)(now.state).to_owned()))
        })
    };
    let spent = move || {
        now.with(|now| now.as_ref().and_then(|now| cost(&now.usage)))
            .unwrap_or_else(|| "–".to_owned())
    };
    let written = move || {
        let tokens = now.with(|now| now.as_ref().map_or(0, |now| now.usage.completion));
        format!("{} {}", count(tokens), texts.tokens_unit)
    };
    let (article, topic) = found().map(|one| (one.article_id, one.topic)).unwrap_or_default();
    let stopping = RwSignal::new(false);
    let stop = Callback::new(move |()| {
        act(stopping, failure, api::cancel(id), move |()| renew.run(()));
    });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <a href=format!("/articles/{article}")>{topic}</a>
            </th>
            {cell(texts.filter_state, view! { <span class="state running">{state}</span> })}
            {cell(texts.model, shown(|now| now.model.clone().unwrap_or_else(|| "–".to_owned())))}
            {cell(words.elapsed, shown(|now| duration(now.elapsed_ms / 1000 * 1000)))}
            {cell(texts.written, written)} {cell(texts.cost, spent)}
            <td role="cell" class="act">
                <StopButton stopping stop />
            </td>
        </tr>
    }
    .into_any()
}
