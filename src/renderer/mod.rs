//! The renderer: sets an article in the page while its text arrives.
//!
//! [`DomWriter`] applies the parser's patches to nodes. The application drives it from the events
//! of a generation; `stream` (feature `embed`) is the same for other people's pages, where
//! `element.js` makes `<article-renderer>` of it.

mod code;
mod dom_writer;
mod footnotes;
mod groups;
mod inlines;
#[cfg(feature = "embed")]
pub mod stream;

pub use dom_writer::{DomWriter, copy_button, make_scrollable};

use wasm_bindgen::JsValue;

/// Says on the console what the browser refused.
fn warn(what: &str, error: &JsValue) {
    web_sys::console::warn_2(&what.into(), error);
}
