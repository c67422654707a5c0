//! Light, dark, or as the system has it.

use leptos::prelude::*;

use crate::app::preferences::{Preferences, Theme, keep, use_texts};
use crate::app::use_hydrated;

/// Goes on to the next theme, without a reload.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let theme = RwSignal::new(use_context::<Preferences>().unwrap_or_default().theme);
    let switch = move |_| {
        let next = theme.get_untracked().next();
        keep("theme", next.name().unwrap_or_default());
        if let Some(root) = document().document_element() {
            let shown = match next.name() {
                Some(name) => root.set_attribute("data-theme", name),
                None => root.remove_attribute("data-theme"),
            };
            if let Err(error) = shown {
                leptos::logging::warn!("the theme could not be shown: {error:?}");
            }
        }
        theme.set(next);
    };
    let label = move || (texts.theme)(theme.get());
    // Half for the system's, empty for light, full for dark.
    let fill = move || match theme.get() {
        Theme::System => "M8 1a7 7 0 0 1 0 14z",
        Theme::Light => "",
        Theme::Dark => "M8 1a7 7 0 0 1 0 14a7 7 0 0 1 0-14z",
    };
    view! {
        <button
            type="button"
            class="btn quiet icon"
            aria-label=label
            title=label
            disabled=move || hydrated.not_yet()
            on:click=switch
        >
            <svg viewBox="0 0 16 16" aria-hidden="true">
                <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.4" />
                <path d=fill fill="currentColor" />
            </svg>
        </button>
    }
    .into_any()
}
