//! One dead letter in the list.

use leptos::prelude::*;

use super::list::Opened;
use super::opened::OpenedLetter;
use super::{Done, Letters};
use crate::app::api::{self, Failure};
use crate::app::components::confirm::Confirm;
use crate::app::components::moment::Moment;
use crate::app::components::pick::Pick;
use crate::app::format::cost;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;
use crate::article::dead_letter::{DeadLetterSummary, Replay};
use crate::article::problem::Problem;

/// See the module. Its title opens and closes it, by way of the page's address, so that it works
/// without JavaScript and can be linked to.
#[component]
pub fn LetterRow(
    /// The letter.
    letter: DeadLetterSummary,
    /// All letters.
    letters: Letters,
    /// What there is of the one that is opened.
    opened: Opened,
) -> impl IntoView {
    let id = letter.id;
    let is_open = Memo::new(move |_| letters.open.get() == Some(id));
    let selected = letters.selected;
    let href = move || match is_open.get() {
        true => "/operations".to_owned(),
        false => format!("/operations?letter={id}"),
    };
    view! {
        <li class:opened=move || is_open.get()>
            <Pick id title=letter.title.clone() selected />
            <div class="what">
                <a
                    href=href
                    data-noscroll=""
                    aria-expanded=move || if is_open.get() { "true" } else { "false" }
                >
                    {letter.title.clone()}
                </a>
                <LetterError error=letter.error.clone() />
                <LetterFacts letter=letter.clone() />
            </div>
            <LetterActions letter letters />
            <Show when=move || is_open.get()>
                <OpenedLetter opened letters />
            </Show>
        </li>
    }
    .into_any()
}

/// Why it failed, in the reader's language, with the provider's own words.
#[component]
pub fn LetterError(
    /// Why.
    error: Option<Problem>,
) -> impl IntoView {
    let texts = use_texts();
    error.map(|error| {
        let failure = Failure::Problem(error);
        let ((what, _), words) = (failure.words(texts), failure.said_upstream(texts));
        view! {
            <p class="letter-error">
                {what} {words.map(|words| view! { <q lang="en">{words}</q> })}
            </p>
        }
    })
}

#[component]
fn LetterFacts(letter: DeadLetterSummary) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let without_text = (!letter.has_text).then_some(words.without_text);
    let model = letter.model.map(|model| view! { <span>{model}</span> });
    view! {
        <p class="faint facts-line num">
            <span>
                <Moment at=letter.created_at />
            </span>
            {model}
            <span>{(words.attempt_count)(letter.attempt_count)}</span>
            {cost(&letter.usage).map(|cost| view! { <span>{cost}</span> })}
            {without_text.map(|said| view! { <span>{said}</span> })}
        </p>
    }
}

/// What can be done with a letter.
#[component]
pub fn LetterActions(
    /// The letter.
    letter: DeadLetterSummary,
    /// All letters.
    letters: Letters,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let words = texts.operations;
    let busy = RwSignal::new(false);
    let key = StoredValue::new(None::<(Replay, String)>);
    let (id, title, has_text) = (letter.id, letter.title.clone(), letter.has_text);
    let letter = StoredValue::new(letter);
    let replay = move |from_text| {
        letter.with_value(|letter| {
            letters.replay(letter, Replay { from_text, ..Replay::default() }, busy, key);
        });
    };
    let discard = Callback::new(move |()| {
        letters.act_on_several(busy, api::discard_letters(vec![id]), Done::Discarded);
    });
    let named = |action: &str| format!("{action}: {title}");
    let (afresh, onward) = (named(words.replay), named(words.from_text));
    view! {
        <div class="actions">
            {has_text
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="btn"
                            aria-label=onward
                            disabled=move || hydrated.not_yet() || busy.get()
                            on:click=move |_| replay(true)
                        >
                            {words.from_text}
                        </button>
                    }
                })}
            <button
                type="button"
                class="btn"
                aria-label=afresh
                disabled=move || hydrated.not_yet() || busy.get()
                on:click=move |_| replay(false)
            >
                {words.replay}
            </button>
            <Confirm action=words.discard ask=words.discard_ask title confirmed=discard />
        </div>
    }
    .into_any()
}
