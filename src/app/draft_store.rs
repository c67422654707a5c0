//! What is typed into the compose page, kept in the browser until it was sent.

use leptos::logging::warn;
use leptos::prelude::*;

use super::brief_draft::{BriefDraft, Field};
use super::use_hydrated;
use crate::article::brief::Style;
use crate::article::json;

const KEY: &str = "inkstream.draft";

fn storage() -> Option<web_sys::Storage> {
    // A browser can be told to keep nothing; then a draft lives as long as the page.
    window().local_storage().ok().flatten()
}

/// The draft of an earlier visit.
pub fn load() -> Option<BriefDraft> {
    let kept = storage()?.get_item(KEY).ok().flatten()?;
    json::read(&kept).ok()
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

/// What was typed into the server's page before the browser took it over, or put there by a browser
/// that came back to the page. To be asked for while the page is taken over, before its fields are.
pub fn typed_early() -> BriefDraft {
    let mut draft = BriefDraft::default();
    if cfg!(feature = "ssr") || !use_hydrated().is_taking_over() {
        return draft;
    }
    for field in Field::ALL {
        if let Some(typed) = value_of(&format!("#brief-{}", field.param())) {
            draft.set(field, typed);
        }
    }
    let style = value_of("input[name=style]:checked");
    draft.style = style.and_then(|style| Style::parse(&style)).unwrap_or_default();
    draft
}

/// What stands in a field of the page.
fn value_of(selector: &str) -> Option<String> {
    let field = document().query_selector(selector).ok().flatten()?;
    js_sys::Reflect::get(&field, &"value".into()).ok()?.as_string()
}
