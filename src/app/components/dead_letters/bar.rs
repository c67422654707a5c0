//! What can be done with several dead letters at once.

use leptos::prelude::*;

use super::{Done, Letters};
use crate::app::api;
use crate::app::components::confirm::Confirm;
use crate::app::components::selection_bar::Selected;
use crate::app::preferences::use_texts;

/// See the module. Nothing while none is selected.
#[component]
pub fn LettersBar(
    /// All letters.
    letters: Letters,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let busy = RwSignal::new(false);
    let selected = letters.selected;
    let replay = move |_| {
        let replay = api::replay_letters(selected.get_untracked());
        letters.act_on_several(busy, replay, Done::ReplayedSeveral);
    };
    let discard = Callback::new(move |()| {
        let discard = api::discard_letters(selected.get_untracked());
        letters.act_on_several(busy, discard, Done::Discarded);
    });
    view! {
        <Selected selected label=words.selection>
            <button type="button" class="btn" disabled=move || busy.get() on:click=replay>
                {words.replay_selected}
            </button>
            <Confirm
                action=words.discard_selected
                ask=words.discard_selected_ask
                title=String::new()
                confirmed=discard
            />
        </Selected>
    }
    .into_any()
}
