//! The whole text, to take elsewhere.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::code_copy::copy_text;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// Copies the Markdown source and says whether that worked.
#[component]
pub fn CopyMarkdown(
    /// The source.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
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
                    std::time::Duration::from_secs(3),
                );
            }
        });
    };
    let label = move || match said.get() {
        None => texts.copy_markdown,
        Some(true) => texts.copied,
        Some(false) => texts.copy_failed,
    };
    view! {
        <button
            type="button"
            class="btn"
            disabled=move || hydrated.not_yet()
            on:click=copy
            aria-live="polite"
        >
            {label}
        </button>
    }
    .into_any()
}
