//! The headings of an article, at its side; on a phone folded, so that the article comes first.

use leptos::prelude::*;

use crate::app::preferences::use_texts;
use crate::article::event::OutlineEntry;

/// Where the outline stands at the side; the same as in `style/layout.css`.
const WIDE: &str = "(min-width: 62.01rem)";

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
    // What a wide page always shows is not folded for those who listen, either.
    let wide = RwSignal::new(false);
    Effect::new(move || {
        let query = window().match_media(WIDE).ok().flatten();
        wide.set(query.is_some_and(|query| query.matches()));
    });
    let indexed = move || entries.get().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <nav class="outline" aria-label=texts.sections class:hidden=move || entries.get().is_empty()>
            <details prop:open=wide>
                <summary tabindex=move || wide.get().then_some("-1")>
                    <h2>{texts.outline}</h2>
                </summary>
                <ol>
                    <For
                        each=indexed
                        key=|(index, entry)| (*index, entry.anchor.clone())
                        let((_, entry))
                    >
                        {
                            let anchor = entry.anchor.clone();
                            let is_current = move || {
                                current
                                    .with(|current| current.as_ref() == Some(&anchor))
                                    .then_some("true")
                            };
                            view! {
                                <li class:in2=entry.level == 3 aria-current=is_current>
                                    <a href=format!("#{}", entry.anchor)>{entry.text}</a>
                                </li>
                            }
                        }
                    </For>
                </ol>
            </details>
        </nav>
    }
    .into_any()
}
