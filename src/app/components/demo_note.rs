//! Says plainly that a demo is a demo.

use leptos::prelude::*;

use crate::app::preferences::use_texts;

/// Shown where nothing but the demo is configured.
#[component]
pub fn DemoNote() -> impl IntoView {
    view! {
        <p class="note">
            <span>{use_texts().demo_only}</span>
        </p>
    }
    .into_any()
}
