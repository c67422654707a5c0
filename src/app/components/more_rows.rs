//! The next page of a list, behind what is shown of it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::api::Failure;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// See the module. Nothing where the list is shown whole.
#[component]
pub fn MoreRows<Ask, Answer, Page, Take>(
    /// Where the next page begins.
    next: RwSignal<Option<String>>,
    /// Where it is said why it did not come.
    failure: RwSignal<Option<Failure>>,
    /// Asks for the page at a cursor.
    ask: Ask,
    /// Takes a page in, and gives where the next begins.
    take: Take,
) -> impl IntoView
where
    Ask: Fn(String) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Result<Page, Failure>> + 'static,
    Page: 'static,
    Take: Fn(Page) -> Option<String> + Copy + Send + Sync + 'static,
{
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let loading = RwSignal::new(false);
    let load = move |_| {
        let Some(cursor) = next.get_untracked() else { return };
        loading.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = ask(cursor).await;
            // The page may have been left meanwhile.
            if loading.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(page) => next.set(take(page)),
                Err(failed) => failure.set(Some(failed)),
            }
        });
    };
    view! {
        <Show when=move || next.with(Option::is_some)>
            <button
                type="button"
                class="btn more-rows"
                disabled=move || hydrated.not_yet() || loading.get()
                on:click=load
            >
                {move || if loading.get() { texts.loading } else { texts.show_more }}
            </button>
        </Show>
    }
    .into_any()
}
