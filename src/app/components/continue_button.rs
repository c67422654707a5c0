//! Continue.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::app::api::{self, Failure};
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
    let navigate = use_navigate();
    let home = move || {
        let article = live.data.with_untracked(|data| data.article.id);
        navigate(&format!("/articles/{article}"), Default::default());
        reload.run(());
    };
    // Sent again after a lost answer, it must not be written twice.
    let key = StoredValue::new(None::<String>);
    let go_on = move || {
        let generation = live.data.with_untracked(|data| data.generation.id);
        let unanswered = key.get_value().unwrap_or_else(api::idempotency_key);
        key.set_value(Some(unanswered.clone()));
        live.act(home.clone(), async move {
            let answer = api::continue_from(generation, &unanswered).await;
            if answer.as_ref().err().is_none_or(Failure::is_final) {
                key.try_set_value(None);
            }
            answer.map(drop)
        });
    };
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
            {
                let go_on = go_on.clone();
                view! {
                    <button
                        type="button"
                        class="btn primary"
                        disabled=move || hydrated.not_yet() || live.busy.get()
                        on:click=move |_| go_on()
                    >
                        {move || {
                            if live.has_text.get() { texts.continue_writing } else { texts.try_again }
                        }}
                    </button>
                }
            }
        </Show>
    }
    .into_any()
}
