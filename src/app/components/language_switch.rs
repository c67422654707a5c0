//! From one language of the interface to the other.

use leptos::prelude::*;

use crate::app::preferences::{keep, use_locale, use_texts};
use crate::app::use_hydrated;

/// Names the other language, in that language.
#[component]
pub fn LanguageSwitch() -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let other = use_locale().other();
    let switch = move |_| {
        keep("lang", other.tag());
        // Every text of the page changes; the draft is kept, so nothing is lost on the way.
        if let Err(error) = location().reload() {
            leptos::logging::warn!("the page could not be reloaded: {error:?}");
        }
    };
    view! {
        <button
            type="button"
            class="btn quiet"
            lang=other.tag()
            aria-label=texts.switch_language
            disabled=move || hydrated.not_yet()
            on:click=switch
        >
            {texts.other_language}
        </button>
    }
    .into_any()
}
