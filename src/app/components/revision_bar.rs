//! Which revision this is, how it came about, and where to go from it.

use leptos::prelude::*;
use uuid::Uuid;

use super::continue_button::ContinueButton;
use super::moment::Moment;
use crate::app::format::{cost, count};
use crate::app::i18n::Texts;
use crate::app::live::Live;
use crate::app::page_data::{ArticleData, compare_address};
use crate::app::parts;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;
use crate::article::generation::RevisionSummary;

/// See the module. `reload` renews the whole page.
#[component]
pub fn RevisionBar(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
    /// Whether the form for the next revision is open.
    regenerating: RwSignal<bool>,
    /// Opens the editor.
    edit: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let which = move || {
        live.data.with(|data| match &data.shown {
            Some(shown) => (texts.revision_of)(shown.number, data.revisions.len()),
            None if live.running() => (texts.revision_number)(next_number(&data.revisions)),
            None => (texts.state)(live.progress.with(|progress| progress.state)).to_owned(),
        })
    };
    let how = move || {
        if live.data.with(ArticleData::is_by_hand) {
            return texts.edited_by_hand.to_owned();
        }
        let (state, usage) = live.progress.with(|it| (it.state, it.usage.clone()));
        if !state.is_ended() {
            return texts.being_written.to_owned();
        }
        let mut facts = vec![(texts.ended_after)(state, &count(usage.completion))];
        facts.extend(cost(&usage));
        facts.join(" · ")
    };
    let waiting = move || hydrated.not_yet() || live.busy.get();
    view! {
        <div class="revisions">
            <b>{which}</b>
            <span class="muted num">{how}</span>
            <span class="end">
                <Show when=move || !live.running() && live.data.with(|it| it.shown.is_some())>
                    <button
                        type="button"
                        class="btn quiet"
                        disabled=waiting
                        on:click=move |_| edit.run(())
                    >
                        {texts.edit}
                    </button>
                </Show>
                <Show when=move || !live.running()>
                    <button
                        type="button"
                        class="btn quiet"
                        disabled=waiting
                        aria-expanded=move || regenerating.get().to_string()
                        on:click=move |_| regenerating.update(|open| *open = !*open)
                    >
                        {texts.regenerate}
                    </button>
                </Show>
                <ContinueButton live reload />
            </span>
            <RevisionList live />
        </div>
        {parts::old_revision(live, reload)}
    }
    .into_any()
}

fn next_number(revisions: &[RevisionSummary]) -> u32 {
    revisions.iter().map(|revision| revision.number).max().unwrap_or_default() + 1
}

fn number_of(numbers: &[(u32, Uuid)], id: Uuid) -> Option<u32> {
    numbers.iter().find(|(_, known)| *known == id).map(|(number, _)| *number)
}

/// Who made a revision, how it went, and what it cost.
pub fn how_made(revision: &RevisionSummary, texts: &Texts) -> String {
    if revision.generation_id.is_none() {
        return texts.edited_by_hand.to_owned();
    }
    let style = revision.brief.as_ref().map(|brief| (texts.style)(brief.style).to_owned());
    let state = revision.state.map(|state| (texts.state)(state).to_owned());
    let parts = [state, style, revision.model.clone(), cost(&revision.usage)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The other revisions, each a click away.
#[component]
fn RevisionList(live: Live) -> impl IntoView {
    let texts = use_texts();
    move || {
        let (article, shown, revisions) = live.data.with(|data| {
            (data.article.id, data.shown.as_ref().map(|it| it.id), data.revisions.clone())
        });
        (revisions.len() > 1).then(|| {
            let numbers: Vec<_> = revisions.iter().map(|it| (it.number, it.id)).collect();
            let item = |revision: RevisionSummary| {
                let here = (shown == Some(revision.id)).then_some("page");
                let href = if revision.current {
                    format!("/articles/{article}")
                } else {
                    format!("/articles/{article}?revision={}", revision.id)
                };
                // With the one that is shown, or what is shown with the one before it.
                let other = shown.filter(|shown| *shown != revision.id);
                let compare = match (other, other.and_then(|other| number_of(&numbers, other))) {
                    (Some(other), Some(number)) if number < revision.number => {
                        Some(compare_address(article, Some(other), Some(revision.id)))
                    }
                    (Some(other), _) => {
                        Some(compare_address(article, Some(revision.id), Some(other)))
                    }
                    (None, _) => None,
                };
                let made = how_made(&revision, texts);
                view! {
                    <li>
                        <a href=href aria-current=here>
                            {(texts.revision_number)(revision.number)}
                        </a>
                        <span class="faint num">
                            {made} " · " <Moment at=revision.created_at />
                        </span>
                        {compare.map(|href| view! { <a class="compare" href=href>{texts.compare}</a> })}
                    </li>
                }
            };
            view! {
                <details class="revision-list">
                    <summary>{texts.revisions}</summary>
                    <ol>{revisions.into_iter().map(item).collect_view()}</ol>
                </details>
            }
        })
    }
}
