//! What is typed into the editor of an article, kept in the browser until it is saved.
//!
//! Every editor that is open has a key of its own, so that two tabs never write over each other.

use leptos::logging::warn;
use leptos::prelude::*;
use uuid::Uuid;

use super::api;
use super::page_data::ArticleData;

/// A text that is not saved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditDraft {
    /// The editor that it belongs to.
    pub editor: String,
    /// The revision that it changes.
    pub base: Uuid,
    /// When it was last kept, in milliseconds since 1970; 0 for one that is not kept.
    pub at: i64,
    /// The title.
    pub title: String,
    /// The text.
    pub text: String,
}

impl EditDraft {
    /// A fresh one, of what a page shows; `None` where there is nothing to edit.
    pub fn of(data: &ArticleData) -> Option<Self> {
        Some(Self {
            editor: api::idempotency_key(),
            base: data.current()?,
            at: 0,
            title: data.article.title.clone(),
            text: data.text.clone(),
        })
    }

    /// Base, moment, title and text, a line each: neither of the first three has a line break.
    fn encode(&self) -> String {
        [&self.base.to_string(), &self.at.to_string(), &self.title, &self.text]
            .map(|it| &**it)
            .join("\n")
    }

    fn decode(editor: &str, kept: &str) -> Option<Self> {
        let mut parts = kept.splitn(4, '\n');
        let mut next = || parts.next();
        Some(Self {
            editor: editor.to_owned(),
            base: next()?.parse().ok()?,
            at: next()?.parse().ok()?,
            title: next()?.to_owned(),
            text: next()?.to_owned(),
        })
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn prefix(article: Uuid) -> String {
    format!("inkstream.edit.{article}.")
}

/// Keeps a draft; says whether the browser did.
pub fn keep(article: Uuid, draft: &EditDraft) -> bool {
    let key = prefix(article) + &draft.editor;
    storage().is_some_and(|storage| storage.set_item(&key, &draft.encode()).is_ok())
}

/// Forgets the draft of an editor.
pub fn forget(article: Uuid, editor: &str) {
    if let Some(storage) = storage()
        && storage.remove_item(&(prefix(article) + editor)).is_err()
    {
        warn!("a draft could not be removed");
    }
}

/// The newest draft of an article.
pub fn newest(article: Uuid) -> Option<EditDraft> {
    let (storage, prefix) = (storage()?, prefix(article));
    let mut newest: Option<EditDraft> = None;
    for index in 0..storage.length().ok()? {
        let Some(key) = storage.key(index).ok().flatten() else { continue };
        let Some(editor) = key.strip_prefix(&prefix) else { continue };
        let Some(kept) = storage.get_item(&key).ok().flatten() else { continue };
        if let Some(draft) = EditDraft::decode(editor, &kept)
            && newest.as_ref().is_none_or(|known| known.at < draft.at)
        {
            newest = Some(draft);
        }
    }
    newest
}

/// The key whose change tells other tabs that an article was saved.
pub fn saved_key(article: Uuid) -> String {
    format!("inkstream.saved.{article}")
}

/// Tells other tabs that an article was saved.
pub fn tell_saved(article: Uuid) {
    if let Some(storage) = storage() {
        let key = saved_key(article);
        // The moment makes it a change every time; it need not stay.
        let told = storage
            .set_item(&key, &js_sys::Date::now().to_string())
            .and_then(|()| storage.remove_item(&key));
        if told.is_err() {
            warn!("other tabs could not be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_comes_back_as_it_was_kept() {
        let draft = EditDraft {
            editor: "e".to_owned(),
            base: Uuid::from_u128(7),
            at: 1_709_210_096_789,
            title: "锁".to_owned(),
            text: "# a\n\nb\n".to_owned(),
        };
        assert_eq!(EditDraft::decode("e", &draft.encode()), Some(draft));
        assert_eq!(EditDraft::decode("e", "broken"), None);
    }
}
