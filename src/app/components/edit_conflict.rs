//! Two texts of one article, and which is to be the newest.

use leptos::prelude::*;

use super::compared_rows::ComparedRows;
use crate::app::preferences::use_texts;
use crate::article::comparison::{Change, Look, Piece, Row};

/// What the person has, and what was saved meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoTexts {
    /// The text that the person has.
    pub mine: String,
    /// The text that was saved.
    pub theirs: String,
    /// The saved title and the person's, where the person has changed it.
    pub titles: Option<(String, String)>,
    /// The saved text beside the person's, block by block. `None`: it is not known how they differ,
    /// and both are shown as they are.
    pub rows: Option<Vec<Row>>,
}

/// See the module.
#[component]
pub fn EditConflict(
    /// Both.
    both: TwoTexts,
    /// The article's.
    language: String,
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
    let TwoTexts { mine, theirs, titles, rows } = both;
    let shown = match rows {
        Some(rows) => {
            let rows = titles.map(changed_title).into_iter().chain(rows).collect();
            let not_in = (texts.not_in_theirs.to_owned(), texts.not_in_mine.to_owned());
            view! {
                <div class="differences" tabindex="0" role="region" aria-label=texts.conflict_title>
                    <p class="pair names">
                        <b>{texts.conflict_theirs}</b>
                        <b>{texts.conflict_mine}</b>
                    </p>
                    <div class="compared" lang=language>
                        <ComparedRows rows not_in />
                    </div>
                </div>
            }
            .into_any()
        }
        None => {
            let side = |label: &'static str, text: String| {
                view! {
                    <div class="side-text">
                        <b>{label}</b>
                        <textarea
                            readonly
                            spellcheck="false"
                            aria-label=label
                            prop:value=text
                        ></textarea>
                    </div>
                }
            };
            view! {
                <div class="both">
                    {side(texts.conflict_theirs, theirs)} {side(texts.conflict_mine, mine)}
                </div>
            }
            .into_any()
        }
    };
    view! {
        <section class="conflict" aria-labelledby="conflict-title">
            <h2 id="conflict-title">{texts.conflict_title}</h2>
            <p class="muted" role="alert">
                {texts.conflict_note}
            </p>
            {shown}
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

/// Two titles as a block that was changed.
fn changed_title((from, to): (String, String)) -> Row {
    let whole = |text| vec![Piece { text, changed: true }];
    Row { change: Change::Changed, look: Look::Heading, from: whole(from), to: whole(to) }
}
