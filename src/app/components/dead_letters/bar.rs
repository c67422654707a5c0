//! What can be done with several dead letters at once.

use leptos::prelude::*;
use uuid::Uuid;

use super::{Done, Letters};
use crate::app::api::{self, Failure};
use crate::app::components::confirm::Confirm;
use crate::app::components::selection_bar::Selected;
use crate::app::preferences::use_texts;
use crate::article::library::SelectionOutcome;

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
        letters.act(busy, api::replay_letters(selected.get_untracked()), |answer| {
            settled(answer, Done::ReplayedSeveral)
        });
    };
    let discard = Callback::new(move |()| {
        letters.act(busy, api::discard_letters(selected.get_untracked()), discarded);
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

/// The letters that were discarded.
pub(super) fn discarded(
    answer: Result<SelectionOutcome, Failure>,
) -> Result<(Vec<Uuid>, Done), Failure> {
    settled(answer, Done::Discarded)
}

/// The letters with which it was done, or why it was done with none.
fn settled(
    answer: Result<SelectionOutcome, Failure>,
    done: fn(usize) -> Done,
) -> Result<(Vec<Uuid>, Done), Failure> {
    let (ids, problem) = answer?.parted();
    match problem {
        Some(problem) if ids.is_empty() => Err(Failure::Problem(problem)),
        _ => {
            let done = done(ids.len());
            Ok((ids, done))
        }
    }
}
