//! Stop.

use leptos::prelude::*;

use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// Says that it is stopping until upstream is closed.
#[component]
pub fn StopButton(
    /// Whether stopping is under way.
    #[prop(into)]
    stopping: Signal<bool>,
    /// Called when pressed.
    stop: Callback<()>,
    /// Whether to name the key that does the same.
    #[prop(optional)]
    with_key: bool,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    view! {
        <button
            type="button"
            class="btn live"
            disabled=move || hydrated.not_yet() || stopping.get()
            on:click=move |_| stop.run(())
        >
            {move || if stopping.get() { texts.stopping } else { texts.stop }}
            {with_key.then(|| view! { <kbd>"Esc"</kbd> })}
        </button>
    }
    .into_any()
}
