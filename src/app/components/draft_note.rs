//! Offers back what was typed into the editor and not saved.
//!
//! Few pages have a draft to offer, so what offers it comes when there is one.

use leptos::prelude::*;

use crate::app::edit_drafts::{self, EditDraft, Taken};
use crate::app::format::local;
use crate::app::live::Live;
use crate::app::parts;
use crate::app::preferences::{use_locale, use_texts};

/// Its place on the page, empty until the browser keeps a draft of the article.
#[component]
pub fn DraftPlace(
    /// The article.
    live: Live,
    /// The editor, opened by what it begins with.
    editing: RwSignal<Option<EditDraft>>,
    /// The draft that the editor goes on from.
    taken: StoredValue<Option<Taken>>,
) -> impl IntoView {
    let kept = RwSignal::new(false);
    let look = move || {
        let article = live.data.with_untracked(|data| data.article.id);
        if !kept.get_untracked() && edit_drafts::are_kept(article) {
            kept.set(true);
        }
    };
    Effect::new(move || {
        editing.track();
        look();
    });
    let told = window_event_listener(leptos::ev::storage, move |_| look());
    on_cleanup(move || told.remove());
    parts::draft_note(kept, live, editing, taken)
}

/// See the module. Only in the browser: the server knows nothing of drafts.
#[component]
pub fn DraftNote(
    /// The article.
    live: Live,
    /// The editor, opened by what it begins with.
    editing: RwSignal<Option<EditDraft>>,
    /// The draft that the editor goes on from.
    taken: StoredValue<Option<Taken>>,
) -> impl IntoView {
    let (texts, locale) = (use_texts(), use_locale());
    let drafts = RwSignal::new(Vec::<EditDraft>::new());
    let article = move || live.data.with_untracked(|data| data.article.id);
    let look = move || {
        if editing.with_untracked(Option::is_none) {
            drafts.set(edit_drafts::all(article()));
        }
    };
    Effect::new(move || {
        // Looked for again when the editor was left.
        editing.track();
        look();
    });
    // Another tab writes, saves or discards.
    let told = window_event_listener(leptos::ev::storage, move |event| {
        if event.key().is_none_or(|key| edit_drafts::is_key_of(article(), &key)) {
            look();
        }
    });
    on_cleanup(move || told.remove());
    move || {
        let (kept, older) = drafts.with(|all| Some((all.first()?.clone(), all.len() - 1)))?;
        let behind = live.data.with(|data| data.current() != Some(kept.base));
        let mut said = vec![(texts.draft_here)(&local(kept.at, locale))];
        said.extend(behind.then(|| texts.draft_behind.to_owned()));
        said.extend((older > 0).then(|| (texts.drafts_older)(older)));
        let said = said.join(texts.between);
        let shown = kept.clone();
        let go_on = move |_| match edit_drafts::take(article(), &shown) {
            Some((begin, from)) => {
                taken.set_value(Some(from));
                editing.set(Some(begin));
            }
            None => look(),
        };
        let discard = move |_| {
            edit_drafts::discard(article(), &kept);
            look();
        };
        (!live.running()).then(|| {
            view! {
                <div class="note draft">
                    <span>{said}</span>
                    <button type="button" class="btn" on:click=go_on>
                        {texts.draft_go_on}
                    </button>
                    <button type="button" class="btn quiet" on:click=discard>
                        {texts.draft_discard}
                    </button>
                </div>
            }
        })
    }
}
