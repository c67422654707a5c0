//! Says plainly that a demo is a demo.

use leptos::prelude::*;

use crate::app::preferences::use_texts;

/// Shown where nothing but the demo is configured.
#[component]
pub fn DemoNote() -> impl IntoView {
    let texts = use_texts();
    view! {
        <p class="note">
            <span>{texts.demo_only}</span>
            <a class="btn quiet" href="/models">
                {texts.connect_model}
            </a>
        </p>
    }
    .into_any()
}
