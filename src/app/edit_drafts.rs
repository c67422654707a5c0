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
    /// The title that the article had when the editor was opened.
    pub base_title: String,
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
            base_title: data.article.title.clone(),
            title: data.article.title.clone(),
            text: data.text.clone(),
        })
    }

    /// Base, moment, both titles and the text, a line each: none of the first four has a line
    /// break.
    fn encode(&self) -> String {
        let (base, at) = (self.base.to_string(), self.at.to_string());
        [base.as_str(), &at, &self.base_title, &self.title, &self.text].join("\n")
    }

    fn decode(editor: &str, kept: &str) -> Option<Self> {
        let mut parts = kept.splitn(5, '\n');
        let mut next = || parts.next();
        Some(Self {
            editor: editor.to_owned(),
            base: next()?.parse().ok()?,
            at: next()?.parse().ok()?,
            base_title: next()?.to_owned(),
            title: next()?.to_owned(),
            text: next()?.to_owned(),
        })
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn prefix(article: Uuid) -> String {
    format!("inkstream.draft.{article}.")
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

/// A draft that another editor goes on from. It stays until that editor has kept its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    editor: String,
    kept: String,
}

/// Takes a draft over into a new editor, as it is kept now, which may be another text than the one
/// that was read before: its own editor may still be open in another tab. `None`: it is gone.
pub fn take(article: Uuid, draft: &EditDraft) -> Option<(EditDraft, Taken)> {
    let kept = kept(article, &draft.editor)?;
    let now = EditDraft::decode(&draft.editor, &kept)?;
    let taken = Taken { editor: now.editor, kept };
    Some((EditDraft { editor: api::idempotency_key(), ..now }, taken))
}

/// Forgets a draft that was taken over, unless its own editor has gone on writing.
pub fn forget_taken(article: Uuid, taken: &Taken) {
    if kept(article, &taken.editor).as_ref() == Some(&taken.kept) {
        forget(article, &taken.editor);
    }
}

/// Forgets a draft, unless it has changed since it was read.
pub fn discard(article: Uuid, draft: &EditDraft) {
    let now = kept(article, &draft.editor).and_then(|it| EditDraft::decode(&draft.editor, &it));
    if now.is_some_and(|now| now.at == draft.at) {
        forget(article, &draft.editor);
    }
}

fn kept(article: Uuid, editor: &str) -> Option<String> {
    storage()?.get_item(&(prefix(article) + editor)).ok().flatten()
}

/// Whether any draft of an article is kept.
pub fn are_kept(article: Uuid) -> bool {
    let Some(storage) = storage() else { return false };
    let of_article =
        |index| storage.key(index).ok().flatten().is_some_and(|it| is_key_of(article, &it));
    (0..storage.length().unwrap_or_default()).any(of_article)
}

/// Whether a key of the browser's storage is that of a draft of an article.
pub fn is_key_of(article: Uuid, key: &str) -> bool {
    key.starts_with(&prefix(article))
}

/// The drafts of an article, the newest first.
pub fn all(article: Uuid) -> Vec<EditDraft> {
    let (Some(storage), prefix) = (storage(), prefix(article)) else { return Vec::new() };
    let draft_at = |index| {
        let key = storage.key(index).ok().flatten()?;
        let editor = key.strip_prefix(&prefix)?;
        let kept = storage.get_item(&key).ok().flatten()?;
        EditDraft::decode(editor, &kept)
    };
    let mut drafts: Vec<EditDraft> =
        (0..storage.length().unwrap_or_default()).filter_map(draft_at).collect();
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.at));
    drafts
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
            base_title: "Locks".to_owned(),
            title: "锁".to_owned(),
            text: "# a\n\nb\n".to_owned(),
        };
        assert_eq!(EditDraft::decode("e", &draft.encode()), Some(draft));
        assert_eq!(EditDraft::decode("e", "broken"), None);
    }
}
