//! The field for the topic.

use leptos::prelude::*;

use crate::app::brief_draft::{BriefDraft, Field, FieldFault};
use crate::app::focus::focus;
use crate::app::preferences::use_texts;
use crate::article::brief::{FindingKind, TOPIC_MAX_CHARS};

/// From so many characters on, those that are left are counted.
const COUNT_FROM: usize = TOPIC_MAX_CHARS * 4 / 5;

/// Focuses the topic; `false`: it is not on the page.
pub fn focus_topic() -> bool {
    focus("brief-topic")
}

/// A text area that says when the end of what fits comes near.
#[component]
pub fn TopicField(
    /// The form's content.
    draft: RwSignal<BriefDraft>,
    /// What is the matter with the topic.
    #[prop(into)]
    fault: Signal<Option<FieldFault>>,
) -> impl IntoView {
    let texts = use_texts();
    let words = (texts.field)(Field::Topic);
    let typed = move || draft.with(|draft| draft.get(Field::Topic).to_owned());
    let chars = Memo::new(move |_| draft.with(|draft| draft.get(Field::Topic).chars().count()));
    let counter = move || match chars.get() {
        over if over > TOPIC_MAX_CHARS => (texts.characters_over)(over - TOPIC_MAX_CHARS),
        near if near >= COUNT_FROM => (texts.characters_left)(TOPIC_MAX_CHARS - near),
        _ => String::new(),
    };
    let message = move || match fault.get() {
        // The counter says it already.
        None | Some(FieldFault::Finding(FindingKind::TooLong { .. })) => String::new(),
        Some(fault) => (texts.fault)(&fault),
    };
    let over = move || chars.get() > TOPIC_MAX_CHARS || fault.get().is_some();
    view! {
        <textarea
            id="brief-topic"
            name="topic"
            rows="3"
            aria-label=words.label
            aria-describedby="brief-topic-message"
            aria-invalid=move || fault.get().is_some().to_string()
            placeholder=words.example
            prop:value=typed
            on:input=move |event| {
                draft.update(|draft| draft.set(Field::Topic, event_target_value(&event)));
            }
        ></textarea>
        <p
            id="brief-topic-message"
            class="topic-message num"
            class:over=over
            aria-live="polite"
        >
            {counter}
            {message}
        </p>
    }
    .into_any()
}
