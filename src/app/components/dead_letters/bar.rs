//! What can be done with several dead letters at once.

use leptos::prelude::*;
use uuid::Uuid;

use super::{Done, Letters};
use crate::app::api::{self, Failure};
use crate::app::components::confirm::Confirm;
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
        <Show when=move || !selected.with(Vec::is_empty)>
            <div class="selection actions" role="group" aria-label=words.selection>
                <span class="num" role="status">
                    {move || (texts.selected)(selected.with(Vec::len))}
                </span>
                <button type="button" class="btn" disabled=move || busy.get() on:click=replay>
                    {words.replay_selected}
                </button>
                <Confirm
                    action=words.discard_selected
                    ask=words.discard_selected_ask
                    title=String::new()
                    confirmed=discard
                />
                <button
                    type="button"
                    class="btn quiet"
                    on:click=move |_| selected.set(Vec::new())
                >
                    {texts.select_none}
                </button>
            </div>
        </Show>
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
    let (fine, failed): (Vec<_>, Vec<_>) =
        answer?.results.into_iter().partition(|one| one.error.is_none());
    match failed.into_iter().find_map(|one| one.error) {
        Some(problem) if fine.is_empty() => Err(Failure::Problem(problem)),
        _ => {
            let ids: Vec<Uuid> = fine.into_iter().map(|one| one.id).collect();
            let done = done(ids.len());
            Ok((ids, done))
        }
    }
}
