//! Two texts of one article, and which is to be the newest.

use leptos::prelude::*;

use crate::app::preferences::use_texts;

/// See the module.
#[component]
pub fn EditConflict(
    /// Title and text that the person has.
    mine: (String, String),
    /// Title and text that were saved meanwhile.
    theirs: (String, String),
    /// Whether saving is under way.
    #[prop(into)]
    busy: Signal<bool>,
    /// Saves the person's text over the other.
    keep_mine: Callback<()>,
    /// Gives the person's text up.
    take_theirs: Callback<()>,
    /// Goes back to the editor.
    back: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let side = |label: &'static str, (title, text): (String, String)| {
        view! {
            <div class="side-text">
                <b>{label}</b>
                <span class="muted">{title}</span>
                <textarea readonly spellcheck="false" aria-label=label prop:value=text></textarea>
            </div>
        }
    };
    view! {
        <section class="conflict" aria-labelledby="conflict-title">
            <h2 id="conflict-title">{texts.conflict_title}</h2>
            <p class="muted" role="alert">
                {texts.conflict_note}
            </p>
            <div class="both">
                {side(texts.conflict_mine, mine)} {side(texts.conflict_theirs, theirs)}
            </div>
            <p class="actions">
                <button
                    type="button"
                    class="btn primary"
                    disabled=busy
                    on:click=move |_| keep_mine.run(())
                >
                    {texts.keep_mine}
                </button>
                <button
                    type="button"
                    class="btn"
                    disabled=busy
                    on:click=move |_| take_theirs.run(())
                >
                    {texts.take_theirs}
                </button>
                <button type="button" class="btn quiet" on:click=move |_| back.run(())>
                    {texts.back_to_editing}
                </button>
            </p>
        </section>
    }
    .into_any()
}
