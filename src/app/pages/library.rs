//! All articles, newest first, those being written before all others; or those that were found.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use crate::app::api::{self, Failure};
use crate::app::components::library_row::{LibraryRow, Row};
use crate::app::components::library_search::LibrarySearch;
use crate::app::components::more_rows::MoreRows;
use crate::app::components::problem_note::ProblemNote;
use crate::app::components::selection_bar::SelectionBar;
use crate::app::fetched::fetched;
use crate::app::navigation::use_place;
use crate::app::page_data::{LibraryData, LibraryQuery, PageResult, load_library, set_status};
use crate::app::preferences::use_texts;
use crate::app::title::Title;
use crate::article::generation::ArticlePage;

/// How often the list is renewed while something in it is being written.
const RENEW: Duration = Duration::from_secs(5);

/// See the module.
#[component]
pub fn LibraryPage() -> impl IntoView {
    let (texts, place) = (use_texts(), use_place());
    let asked = Memo::new(move |_| place.with(|place| LibraryQuery::of(|name| place.part(name))));
    let data = fetched(move || asked.get(), load_library);
    let reload = Callback::new(move |()| data.reload());
    let show = move |data: PageResult<LibraryData>| match data {
        Ok(data) => {
            let asked = asked.get_untracked();
            view! { <Library data asked reload /> }.into_any()
        }
        Err(failure) => {
            set_status(failure.status());
            view! {
                <ProblemNote failure>
                    <button type="button" class="btn" on:click=move |_| reload.run(())>
                        {texts.load_again}
                    </button>
                </ProblemNote>
            }
            .into_any()
        }
    };
    view! {
        <Title text=format!("{} · Inkstream", texts.library) />
        <main id="content" class="page library">
            <h1 class="ask">{texts.library}</h1>
            <LibrarySearch asked />
            {data.view(|| ().into_any(), show)}
        </main>
    }
    .into_any()
}

#[component]
fn Library(data: LibraryData, asked: LibraryQuery, reload: Callback<()>) -> impl IntoView {
    let texts = use_texts();
    let LibraryData { page, count } = data;
    // How many there are in all, with those that have been deleted in place.
    let total = RwSignal::new(count);
    let shown = page.items.len();
    let next = RwSignal::new(page.next);
    let rows = RwSignal::new(page.items.into_iter().map(Row::new).collect::<Vec<_>>());
    let selected = RwSignal::new(Vec::<Uuid>::new());
    let failure = RwSignal::new(None::<Failure>);
    let narrowed = asked != LibraryQuery::default();
    let asked = StoredValue::new(asked);

    let renew = Callback::new(move |()| {
        spawn_local(async move {
            let Some(asked) = asked.try_get_value() else { return };
            // A failure here is silent: the list stays as it is and is renewed again soon.
            if let Ok(page) = api::articles(&asked, None).await
                && rows.try_get_untracked().is_some()
            {
                rows.update(|rows| Row::renew(rows, page.items));
            }
        });
    });
    let tick = move || {
        let writing = rows.try_with_untracked(|rows| rows.iter().any(Row::is_writing));
        // A search stays in its own order, and the answer would only repeat it.
        let searched = asked.try_with_value(|asked| asked.q.is_some());
        if writing == Some(true) && searched == Some(false) && !document().hidden() {
            renew.run(());
        }
    };
    Effect::new(move || {
        if let Ok(interval) = set_interval_with_handle(tick, RENEW) {
            on_cleanup(move || interval.clear());
        }
    });
    let ask =
        move |cursor: String| async move { api::articles(&asked.get_value(), Some(&cursor)).await };
    let take = move |page: ArticlePage| {
        rows.update(|rows| Row::append(rows, page.items));
        page.next
    };
    let empty = move || rows.with(Vec::is_empty);
    let said = move || {
        let deleted = rows.with(|rows| rows.iter().filter(|row| row.is_deleted()).count());
        match total.get().map(|total| total.saturating_sub(deleted as u32)) {
            _ if shown == 0 => String::new(),
            Some(count) if narrowed => (texts.found)(count),
            Some(count) => (texts.articles_in_all)(count),
            None => (texts.found_more_than)(u32::try_from(shown).unwrap_or(u32::MAX)),
        }
    };
    view! {
        <p class="faint num count" role="status">
            {said}
        </p>
        {move || failure.get().map(|failure| view! { <ProblemNote failure /> })}
        <SelectionBar selected rows total failure reload renew />
        <Show when=empty>
            <Nothing narrowed query=asked.get_value().q />
        </Show>
        <ul class="articles">
            <For each=move || rows.get() key=Row::key let(row)>
                <LibraryRow row rows selected failure renew />
            </For>
        </ul>
        <MoreRows next failure ask take />
    }
    .into_any()
}

/// Why there is nothing, and the way on.
#[component]
fn Nothing(narrowed: bool, query: Option<String>) -> impl IntoView {
    let texts = use_texts();
    if !narrowed {
        return view! {
            <div class="nothing">
                <p class="lead">{texts.library_empty}</p>
                <p class="muted">{texts.library_empty_hint}</p>
                <a class="btn primary" href="/">
                    {texts.start_first}
                </a>
            </div>
        }
        .into_any();
    }
    let lead = match query {
        Some(query) => (texts.nothing_found_for)(&query),
        None => texts.nothing_found.to_owned(),
    };
    view! {
        <div class="nothing">
            <p class="lead">{lead}</p>
            <p class="muted">{texts.nothing_found_hint}</p>
            <a class="btn" href="/articles">
                {texts.show_all}
            </a>
        </div>
    }
    .into_any()
}
