//! A line to take elsewhere.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::code_copy::copy_text;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// A line of code with the button that copies it.
#[component]
pub fn CopiedLine(
    /// The line.
    #[prop(into)]
    line: String,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let said = RwSignal::new(None::<bool>);
    let text = line.clone();
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            said.try_set(Some(copy_text(&text).await));
        });
    };
    let label = move || match said.get() {
        None => texts.copy,
        Some(true) => texts.copied,
        Some(false) => texts.copy_failed,
    };
    let name = format!("{}: {line}", texts.copy);
    view! {
        <p class="line-to-copy">
            <code>{line}</code>
            <button
                type="button"
                class="btn quiet"
                aria-label=name
                disabled=move || hydrated.not_yet()
                on:click=copy
            >
                <span aria-live="polite">{label}</span>
            </button>
        </p>
    }
    .into_any()
}
