//! The box by which a row of a list is selected.

use leptos::prelude::*;
use uuid::Uuid;

use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// See the module.
#[component]
pub fn Pick(
    /// The row.
    id: Uuid,
    /// What it is called.
    title: String,
    /// All that are selected.
    selected: RwSignal<Vec<Uuid>>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let change = move |_| {
        selected.update(|selected| {
            let before = selected.len();
            selected.retain(|known| *known != id);
            if selected.len() == before {
                selected.push(id);
            }
        });
    };
    view! {
        <input
            type="checkbox"
            class="pick"
            aria-label=(texts.select_article)(&title)
            disabled=move || hydrated.not_yet()
            prop:checked=move || selected.with(|selected| selected.contains(&id))
            on:change=change
        />
    }
    .into_any()
}
