//! The headings of an article, at its side.

use leptos::prelude::*;

use crate::app::preferences::use_texts;
use crate::article::event::OutlineEntry;

/// Fills while the article is written. `current`: the anchor of the section that is read or
/// written.
#[component]
pub fn Outline(
    /// The headings.
    #[prop(into)]
    entries: Signal<Vec<OutlineEntry>>,
    /// The anchor of the section that is read or written.
    #[prop(into)]
    current: Signal<Option<String>>,
) -> impl IntoView {
    let texts = use_texts();
    let indexed = move || entries.get().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <nav class="outline" aria-label=texts.sections class:hidden=move || entries.get().is_empty()>
            <h2>{texts.outline}</h2>
            <ol>
                <For each=indexed key=|(index, entry)| (*index, entry.anchor.clone()) let((_, entry))>
                    {
                        let anchor = entry.anchor.clone();
                        let is_current = move || {
                            current.with(|current| current.as_ref() == Some(&anchor)).then_some("true")
                        };
                        view! {
                            <li class:in2=entry.level == 3 aria-current=is_current>
                                <a href=format!("#{}", entry.anchor)>{entry.text}</a>
                            </li>
                        }
                    }
                </For>
            </ol>
        </nav>
    }
    .into_any()
}
