//! The way from a text that was given a second time to one that is written for this reader.

use leptos::prelude::*;

use super::problem_note::ProblemNote;
use crate::app::live::Live;
use crate::app::navigation::use_navigation;
use crate::app::preferences::use_texts;
use crate::app::progress::Progress;
use crate::app::sending::Sending;
use crate::app::use_hydrated;

/// Nothing where the text did not come from the cache. `reload` renews the whole page.
#[component]
pub fn WriteAnew(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let cached = Memo::new(move |_| live.progress.with(Progress::came_from_cache));
    let sending = Sending::default();
    let navigation = use_navigation();
    let write = Callback::new(move |()| {
        let (article, mut brief) =
            live.data.with_untracked(|data| (data.article.id, data.generation.brief.clone()));
        brief.refresh = true;
        sending.send(brief, Some(article), move |_| {
            navigation.go(&format!("/articles/{article}"));
            reload.run(());
        });
    });
    view! {
        <Show when=move || cached.get()>
            <p class="anew">
                <button
                    type="button"
                    class="btn"
                    disabled=move || hydrated.not_yet() || sending.busy.get()
                    on:click=move |_| write.run(())
                >
                    {move || if sending.busy.get() { texts.submitting } else { texts.write_anew }}
                </button>
            </p>
            {move || sending.failure.get().map(|failure| view! { <ProblemNote failure /> })}
        </Show>
    }
    .into_any()
}
