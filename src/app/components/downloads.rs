//! The article as a file. Plain links, so they work without JavaScript.

use leptos::prelude::*;

use crate::app::live::Live;
use crate::app::preferences::use_texts;

/// Markdown with front matter, and a page that stands alone; of the revision that is shown.
#[component]
pub fn Downloads(
    /// The article.
    live: Live,
) -> impl IntoView {
    let texts = use_texts();
    let link = move |format: &'static str, label: &'static str| {
        let address = move || {
            live.data.with(|data| {
                let id = data.article.id;
                let mut address = format!("/api/v1/articles/{id}/export?format={format}");
                if let Some(shown) = data.shown.as_ref().filter(|shown| !shown.current) {
                    address.push_str(&format!("&revision={}", shown.id));
                }
                address
            })
        };
        view! {
            <a class="btn quiet" href=address download="">
                {label}
            </a>
        }
    };
    (link("markdown", texts.download_markdown), link("html", texts.download_html)).into_any()
}
