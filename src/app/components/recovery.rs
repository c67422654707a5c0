//! What it took to write a text, and the ways to have it, or the rest of it, anew. Most articles
//! took one call, and most readers never unfold this: it comes to life later.

use leptos::prelude::*;

use super::attempts::Attempts;
use super::seams::Seams;
use super::write_anew::WriteAnew;
use crate::app::live::Live;

/// See the module. `reload` renews the whole page.
#[component]
pub fn Recovery(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    view! {
        <WriteAnew live reload />
        <Attempts live />
        <Seams live reload />
    }
    .into_any()
}

/// Whether one of these folds is open on the page: one that takes its place stays open.
pub fn is_open(selector: &str) -> bool {
    let find = || document().query_selector(selector).ok().flatten();
    cfg!(not(feature = "ssr")) && find().is_some_and(|fold| fold.has_attribute("open"))
}
