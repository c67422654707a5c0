//! The few figures that say whether all is well.

use leptos::prelude::*;

use crate::app::format::{count, money};
use crate::app::preferences::use_texts;
use crate::article::operations::{Operations, Spending};

/// See the module.
#[component]
pub fn Glance(
    /// What is going on.
    operations: RwSignal<Operations>,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let queue = Memo::new(move |_| operations.with(|now| now.queue));
    let running = move || operations.with(|now| count(now.running.len() as u64));
    let letters = Memo::new(move |_| operations.with(|now| now.dead_letters));
    let spending = Memo::new(move |_| operations.with(|now| now.spending.clone()));
    let places = move || {
        let queue = queue.get();
        (words.queue)(queue.taken, queue.places, queue.waiting)
    };
    let costs = move || {
        let Spending { costs, .. } = spending.get();
        let costs: Vec<String> =
            costs.iter().map(|amount| money(amount.cost, &amount.currency)).collect();
        if costs.is_empty() { words.spent_nothing.to_owned() } else { costs.join(" + ") }
    };
    let budget = move || {
        let budget = spending.get().budget?;
        let shown = |amount| money(amount, &budget.currency);
        Some((words.budget)(&shown(budget.used), &shown(budget.limit)))
    };
    view! {
        <dl class="glance num" aria-label=words.at_a_glance>
            <div>
                <dt>{words.running}</dt>
                <dd>{running} <small>{words.server}" "{places}</small></dd>
            </div>
            <div class:due=move || letters.get() != 0>
                <dt>{words.letters}</dt>
                <dd>{move || count(letters.get().into())}</dd>
            </div>
            <div>
                <dt>{words.spent}</dt>
                <dd>{costs} <small>{budget}</small></dd>
            </div>
        </dl>
    }
    .into_any()
}
