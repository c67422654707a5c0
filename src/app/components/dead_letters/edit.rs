//! The brief of a dead letter, to be changed before it is tried again.

use leptos::prelude::*;

use super::{Done, Letters};
use crate::app::api;
use crate::app::brief_draft::BriefDraft;
use crate::app::components::brief_form::BriefForm;
use crate::app::page_data::LetterData;
use crate::app::preferences::use_texts;
use crate::app::sending::Sending;
use crate::article::brief::Brief;
use crate::article::dead_letter::Replay;

/// See the module.
#[component]
pub fn EditLetter(
    /// The letter.
    data: LetterData,
    /// All letters.
    letters: Letters,
    /// Whether this is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let LetterData { letter, compose } = data;
    let summary = letter.summary;
    let draft = RwSignal::new(BriefDraft::from_brief(&letter.brief));
    let from_text = RwSignal::new(false);
    let sending = Sending::default();
    let (id, title) = (summary.id, summary.title);
    let submit = Callback::new(move |brief: Brief| {
        let (from_text, title) = (from_text.get_untracked(), title.clone());
        let ask = async move |brief: Brief, key: String| {
            let replay = Replay { brief: Some(brief), model: None, from_text };
            api::replay(id, &replay, &key).await
        };
        sending.send_by(brief, ask, move |begun| {
            open.set(false);
            letters.settled(&[id], Done::Replayed(title, begun.article_id));
        });
    });
    let choice = summary.has_text.then(|| {
        view! {
            <label class="choice">
                <input
                    type="checkbox"
                    prop:checked=from_text
                    on:change=move |event| {
                        sending.forget();
                        from_text.set(event_target_checked(&event));
                    }
                />
                {words.from_text_choice}
            </label>
        }
    });
    view! {
        <section class="regenerate" aria-label=words.edit_title>
            <BriefForm draft data=compose sending submit_label=texts.rewrite submit>
                {choice}
                <button type="button" class="btn quiet" on:click=move |_| open.set(false)>
                    {texts.cancel}
                </button>
            </BriefForm>
        </section>
    }
    .into_any()
}
