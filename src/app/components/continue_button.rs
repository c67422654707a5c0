//! Continue.

use leptos::prelude::*;

use crate::app::go_on::use_go_on;
use crate::app::live::Live;
use crate::app::page_data::ArticleData;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;
use crate::article::event::GenerationState;

/// Goes on from the text so far; nothing where there is nothing to go on from.
#[component]
pub fn ContinueButton(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let go_on = use_go_on(live, reload);
    let possible = Memo::new(move |_| {
        if live.data.with(ArticleData::is_by_hand) {
            return false;
        }
        live.progress.with(|progress| {
            matches!(
                progress.state,
                GenerationState::Cancelled | GenerationState::Failed | GenerationState::Interrupted
            )
        })
    });
    view! {
        <Show when=move || possible.get()>
            <button
                type="button"
                class="btn primary"
                disabled=move || hydrated.not_yet() || live.busy.get()
                on:click=move |_| go_on.run(None)
            >
                {move || if live.has_text.get() { texts.continue_writing } else { texts.try_again }}
            </button>
        </Show>
    }
    .into_any()
}
