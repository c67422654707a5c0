//! On a phone, everything beside the article in one bar at the bottom.

use leptos::prelude::*;

use super::stop_button::StopButton;
use crate::app::format::{cost, count, speed};
use crate::app::live::Live;
use crate::app::preferences::use_texts;

/// State, figures, Stop.
#[component]
pub fn LiveBar(
    /// The article.
    live: Live,
    /// Called when Stop is pressed.
    stop: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let Live { progress, connection, stopping, .. } = live;
    let state = move || (texts.state)(progress.with(|p| p.state));
    let figures = move || {
        progress.with(|p| {
            let mut figures = vec![format!("{} {}", count(p.usage.completion), texts.tokens_unit)];
            figures.extend(speed(p.usage.completion, p.writing_ms).map(|rate| format!("{rate}/s")));
            figures.extend(cost(&p.usage));
            figures.join(" · ")
        })
    };
    // What happened is said until the writing goes on.
    let seen = StoredValue::new((0, 0));
    let news = move || {
        progress.with(|p| {
            let (notices, written) = (p.notices.len(), p.usage.completion);
            if seen.get_value().0 != notices {
                seen.set_value((notices, written));
            }
            p.notices.last().filter(|_| seen.get_value().1 == written).map(texts.notice)
        })
    };
    view! {
        <div class="live-bar">
            <b class="alive">{state}</b>
            <span class="num faint">{figures}</span>
            <StopButton stopping stop />
            <span class="bar-news">{news}</span>
            <span class="line-state">{move || (texts.connection)(connection.get())}</span>
        </div>
    }
    .into_any()
}
