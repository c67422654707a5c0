//! All articles, newest first, those being written before all others.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::not_found::ProblemPage;
use crate::app::api::{self, Failure};
use crate::app::components::library_row::{LibraryRow, Row};
use crate::app::components::problem_note::ProblemNote;
use crate::app::page_data::load_library;
use crate::app::preferences::use_texts;
use crate::app::title::Title;
use crate::app::use_hydrated;
use crate::article::generation::ArticlePage;

/// How often the list is renewed while something in it is being written.
const RENEW: Duration = Duration::from_secs(5);

/// See the module.
#[component]
pub fn LibraryPage() -> impl IntoView {
    let texts = use_texts();
    let data = Resource::new(|| (), |()| load_library());
    view! {
        <Title text=format!("{} · Inkstream", texts.library) />
        <Suspense fallback=|| view! { <main id="content" class="page"></main> }>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(page) => view! { <Library page /> }.into_any(),
                    Err(problem) => view! { <ProblemPage problem /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Library(page: ArticlePage) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let next = RwSignal::new(page.next);
    let rows = RwSignal::new(page.items.into_iter().map(Row::new).collect::<Vec<_>>());
    let failure = RwSignal::new(None::<Failure>);
    let loading = RwSignal::new(false);

    let renew = Callback::new(move |()| {
        spawn_local(async move {
            // A failure here is silent: the list stays as it is and is renewed again soon.
            if let Ok(page) = api::articles(None).await
                && rows.try_get_untracked().is_some()
            {
                rows.update(|rows| Row::renew(rows, page.items));
            }
        });
    });
    let tick = move || {
        let writing = rows.try_with_untracked(|rows| rows.iter().any(Row::is_writing));
        if writing == Some(true) && !document().hidden() {
            renew.run(());
        }
    };
    Effect::new(move || {
        if let Ok(interval) = set_interval_with_handle(tick, RENEW) {
            on_cleanup(move || interval.clear());
        }
    });
    let more = move |_| {
        let cursor = next.get_untracked();
        loading.set(true);
        failure.set(None);
        spawn_local(async move {
            let answer = api::articles(cursor.as_deref()).await;
            // The page may have been left meanwhile.
            if loading.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(page) => {
                    next.set(page.next);
                    rows.update(|rows| Row::append(rows, page.items));
                }
                Err(problem) => failure.set(Some(problem)),
            }
        });
    };
    let empty = move || rows.with(Vec::is_empty);
    view! {
        <main id="content" class="page library">
            <h1 class="ask">{texts.library}</h1>
            {move || failure.get().map(|failure| view! { <ProblemNote failure /> })}
            <Show when=empty>
                <div class="nothing">
                    <p class="lead">{texts.library_empty}</p>
                    <p class="muted">{texts.library_empty_hint}</p>
                    <a class="btn primary" href="/">
                        {texts.start_first}
                    </a>
                </div>
            </Show>
            <ul class="articles">
                <For each=move || rows.get() key=Row::key let(row)>
                    <LibraryRow row rows failure renew />
                </For>
            </ul>
            <Show when=move || next.with(Option::is_some)>
                <button
                    type="button"
                    class="btn"
                    disabled=move || hydrated.not_yet() || loading.get()
                    on:click=more
                >
                    {move || if loading.get() { texts.loading } else { texts.show_more }}
                </button>
            </Show>
        </main>
    }
    .into_any()
}
