//! All open dead letters, newest first; one of them may be opened.

use leptos::prelude::*;
use uuid::Uuid;

use super::bar::LettersBar;
use super::opened::OpenedLetter;
use super::row::LetterRow;
use super::{Done, Letters};
use crate::app::api;
use crate::app::components::more_rows::MoreRows;
use crate::app::components::problem_note::ProblemNote;
use crate::app::fetched::Fetched;
use crate::app::page_data::{LetterData, PageResult};
use crate::app::preferences::use_texts;
use crate::article::dead_letter::DeadLetterPage;

/// The letter that is opened, and what there is of it.
pub type Opened = Fetched<Option<(Uuid, PageResult<LetterData>)>>;

/// See the module.
#[component]
pub fn LettersList(
    /// The letters.
    letters: Letters,
    /// What there is of the one that is opened.
    opened: Opened,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let ask = |cursor: String| async move { api::dead_letters(&cursor).await };
    let take = move |page: DeadLetterPage| {
        letters.rows.update(|rows| rows.extend(page.items));
        page.next
    };
    let empty = Memo::new(move |_| letters.rows.with(Vec::is_empty));
    // One that is not in the list, because it is old or settled, is shown before it.
    let apart = Memo::new(move |_| {
        let open = letters.open.get()?;
        letters.rows.with(|rows| rows.iter().all(|row| row.id != open)).then_some(open)
    });
    let said = move || {
        letters.done.get().map(|done| match done {
            Done::Replayed(title, article) => view! {
                <span>{(words.replayed)(&title)}</span>
                <a class="btn" href=format!("/articles/{article}")>
                    {words.to_article}
                </a>
            }
            .into_any(),
            Done::ReplayedSeveral(articles) => {
                view! { <span>{(words.replayed_several)(articles)}</span> }.into_any()
            }
            Done::Discarded(letters) => {
                view! { <span>{(words.discarded)(letters)}</span> }.into_any()
            }
        })
    };
    view! {
        <div role="status">
            {move || said().map(|said| view! { <p class="note">{said}</p> })}
        </div>
        {move || letters.failure.get().map(|failure| view! { <ProblemNote failure /> })}
        {move || {
            apart.get().map(|_| view! { <div class="apart"><OpenedLetter opened letters /></div> })
        }}
        <LettersBar letters />
        <Show
            when=move || !empty.get()
            fallback=move || {
                view! {
                    <p class="quiet-line">
                        <b>{words.no_letters}</b>
                        {texts.between}
                        {words.no_letters_hint}
                    </p>
                }
            }
        >
            <p class="muted">{words.letters_lead}</p>
            <ul class="articles letters">
                <For each=move || letters.rows.get() key=|row| row.id let(letter)>
                    <LetterRow letter letters opened />
                </For>
            </ul>
        </Show>
        <MoreRows next=letters.next failure=letters.failure ask take />
    }
    .into_any()
}
