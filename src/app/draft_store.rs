//! What is typed into the compose page, kept in the browser until it was sent.

use leptos::logging::warn;
use leptos::prelude::*;

use super::brief_draft::{BriefDraft, Field};

const KEY: &str = "inkstream.draft";

fn storage() -> Option<web_sys::Storage> {
    // A browser can be told to keep nothing; then a draft lives as long as the page.
    window().local_storage().ok().flatten()
}

/// The draft of an earlier visit.
pub fn load() -> Option<BriefDraft> {
    let kept = storage()?.get_item(KEY).ok().flatten()?;
    serde_json::from_str(&kept).ok()
}

/// Keeps the draft.
pub fn save(draft: &BriefDraft) {
    if let (Some(storage), Ok(json)) = (storage(), serde_json::to_string(draft))
        && storage.set_item(KEY, &json).is_err()
    {
        warn!("the draft could not be kept: the browser's storage is full");
    }
}

/// Forgets the draft: it was sent.
pub fn clear() {
    if let Some(storage) = storage()
        && storage.remove_item(KEY).is_err()
    {
        warn!("the sent draft could not be removed");
    }
}

/// What was typed into the server's page before the browser took it over. To be asked for while
/// the page is taken over, before its fields are.
pub fn typed_early() -> BriefDraft {
    let mut draft = BriefDraft::default();
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let field = document().get_element_by_id("brief-topic");
        let field = field.and_then(|field| field.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
        if let Some(field) = field {
            draft.set(Field::Topic, field.value());
        }
    }
    #[cfg(not(feature = "hydrate"))]
    draft.set(Field::Topic, String::new());
    draft
}
