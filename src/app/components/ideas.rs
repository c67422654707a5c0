//! Topics to start from.

use leptos::prelude::*;

use crate::app::i18n::{IDEAS, Idea};
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// Four topics; choosing one fills the form.
#[component]
pub fn Ideas(
    /// Called with what was chosen.
    choose: Callback<Idea>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let ideas = IDEAS
        .into_iter()
        .map(|idea| {
            view! {
                <li>
                    <button
                        type="button"
                        lang=idea.lang
                        disabled=move || hydrated.not_yet()
                        on:click=move |_| choose.run(idea)
                    >
                        <b>{idea.topic}</b>
                        <span class="muted">{idea.about}</span>
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <h2 class="small">{texts.ideas}</h2>
        <ul class="ideas">{ideas}</ul>
    }
    .into_any()
}
