//! On a phone, everything beside the article in one bar at the bottom.

use leptos::prelude::*;

use super::stop_button::StopButton;
use crate::app::format::{cost, count, speed};
use crate::app::preferences::use_texts;
use crate::app::progress::{Connection, Progress};

/// State, figures, Stop.
#[component]
pub fn LiveBar(
    /// What is known of the generation.
    progress: RwSignal<Progress>,
    /// How the line is.
    connection: RwSignal<Connection>,
    /// Whether stopping is under way.
    #[prop(into)]
    stopping: Signal<bool>,
    /// Called when Stop is pressed.
    stop: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let state = move || (texts.state)(progress.with(|p| p.state));
    let figures = move || {
        progress.with(|p| {
            let mut figures = vec![format!("{} {}", count(p.usage.completion), texts.tokens_unit)];
            figures.extend(speed(p.usage.completion, p.writing_ms).map(|rate| format!("{rate}/s")));
            figures.extend(cost(&p.usage));
            figures.join(" · ")
        })
    };
    view! {
        <div class="live-bar">
            <b class="alive">{state}</b>
            <span class="num faint">{figures}</span>
            <StopButton stopping stop />
            <span class="line-state">{move || (texts.connection)(connection.get())}</span>
        </div>
    }
    .into_any()
}
