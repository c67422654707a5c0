//! A text, to take elsewhere.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::code_copy::copy_text;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// How long the button says that the text was copied.
const SAID_FOR: Duration = Duration::from_secs(3);

/// Copies a text and says whether that worked.
#[component]
pub fn CopyButton(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// What the button says.
    label: &'static str,
    /// What it is called where several stand on a page.
    #[prop(optional)]
    name: Option<String>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let class = if name.is_some() { "btn quiet" } else { "btn" };
    let said = RwSignal::new(None::<bool>);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let copied = copy_text(&text).await;
            // The page may be gone by then.
            if said.try_set(Some(copied)).is_none() {
                set_timeout(
                    move || {
                        said.try_set(None);
                    },
                    SAID_FOR,
                );
            }
        });
    };
    let says = move || match said.get() {
        None => label,
        Some(true) => texts.copied,
        Some(false) => texts.copy_failed,
    };
    view! {
        <button
            type="button"
            class=class
            aria-label=name
            disabled=move || hydrated.not_yet()
            on:click=copy
        >
            <span aria-live="polite">{says}</span>
        </button>
    }
    .into_any()
}

/// A line of code with the button that copies it.
#[component]
pub fn CopiedLine(
    /// The line.
    #[prop(into)]
    line: String,
) -> impl IntoView {
    let texts = use_texts();
    let name = format!("{}: {line}", texts.copy);
    view! {
        <p class="line-to-copy">
            <code>{line.clone()}</code>
            <CopyButton text=Signal::stored(line) label=texts.copy name />
        </p>
    }
    .into_any()
}
