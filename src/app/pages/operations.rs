//! What is going on: what runs, how the models do, what failed for good and waits for someone.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use super::not_found::ProblemPage;
use crate::app::api::{self, Failure};
use crate::app::components::dead_letters::Letters;
use crate::app::components::dead_letters::list::{LettersList, Opened};
use crate::app::components::operations::glance::Glance;
use crate::app::components::operations::health::{Breakers, Providers};
use crate::app::components::operations::running::Running;
use crate::app::components::problem_note::ProblemNote;
use crate::app::fetched::fetched;
use crate::app::navigation::{Step, use_navigation, use_place};
use crate::app::page_data::{OperationsData, load_letter, load_operations};
use crate::app::preferences::use_texts;
use crate::app::title::Title;

/// How often the figures are renewed, while somebody looks.
const RENEW: Duration = Duration::from_secs(2);

/// See the module. `?letter=` names the dead letter that is opened.
#[component]
pub fn OperationsPage() -> impl IntoView {
    let texts = use_texts();
    let place = use_place();
    let open = Memo::new(move |_| {
        place.with(|place| place.part("letter").and_then(|id| id.parse::<Uuid>().ok()))
    });
    let data = fetched(|| (), |()| load_operations());
    let opened = fetched(
        move || open.get(),
        |open| async move {
            match open {
                Some(id) => Some((id, load_letter(id).await)),
                None => None,
            }
        },
    );
    let show = move |data| match data {
        Ok(data) => view! { <Operations data open opened /> }.into_any(),
        Err(failure) => view! { <ProblemPage failure /> }.into_any(),
    };
    view! {
        <Title text=format!("{} · Inkstream", texts.operations.title) />
        {data.view(|| view! { <main id="content" class="page"></main> }.into_any(), show)}
    }
    .into_any()
}

#[component]
fn Operations(data: OperationsData, open: Memo<Option<Uuid>>, opened: Opened) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    let operations = RwSignal::new(data.operations);
    let stale = RwSignal::new(None::<Failure>);
    let failure = RwSignal::new(None::<Failure>);
    let asking = StoredValue::new(false);
    // Whether someone has done something since it was asked.
    let again = StoredValue::new(false);
    let renew = RwSignal::new(None::<Callback<()>>);
    let ask_anew = Callback::new(move |()| {
        if let Some(Some(renew)) = renew.try_get_untracked() {
            renew.run(());
        }
    });
    let navigation = use_navigation();
    let close = Callback::new(move |()| {
        navigation.step("/operations", Step { replace: true, scroll: false });
    });
    let letters = Letters::new(data.letters, open, close, ask_anew);
    renew.set(Some(Callback::new(move |()| {
        if asking.try_get_value() != Some(false) {
            again.try_set_value(true);
            return;
        }
        asking.set_value(true);
        spawn_local(async move {
            let answer = api::operations().await;
            // The page may have been left meanwhile.
            if asking.try_set_value(false).is_some() {
                return;
            }
            let outdated = again.get_value();
            again.set_value(false);
            match answer {
                // What comes may be older than what was done meanwhile.
                Ok(_) if outdated => ask_anew.run(()),
                Ok(OperationsData { operations: now, letters: page }) => {
                    stale.set(None);
                    operations.set(now);
                    letters.take(page);
                }
                Err(failed) => stale.set(Some(failed)),
            }
        });
    })));
    let look = move || {
        if !document().hidden() && asking.try_get_value() == Some(false) {
            ask_anew.run(());
        }
    };
    Effect::new(move || {
        let Ok(ticking) = set_interval_with_handle(look, RENEW) else { return };
        // Who comes back to the tab sees what is now.
        let shown = window_event_listener_untyped("visibilitychange", move |_| look());
        on_cleanup(move || {
            ticking.clear();
            shown.remove();
        });
    });
    let said = move || {
        let (what, _) = stale.get()?.words(texts);
        Some(view! { <p class="line-state">{(words.stale)(&what)}</p> })
    };
    view! {
        <main id="content" class="page operations">
            <h1 class="ask">{words.title}</h1>
            <div role="status">{said}</div>
            <Glance operations />
            <section aria-labelledby="ops-running">
                <h2 id="ops-running">{words.running}</h2>
                {move || failure.get().map(|failure| view! { <ProblemNote failure /> })}
                <Running operations failure renew=ask_anew />
            </section>
            <section aria-labelledby="ops-letters">
                <h2 id="ops-letters">{words.letters}</h2>
                <LettersList letters opened />
            </section>
            <section aria-labelledby="ops-providers">
                <h2 id="ops-providers">{words.providers}</h2>
                <Providers operations />
            </section>
            <section aria-labelledby="ops-breakers">
                <h2 id="ops-breakers">{words.breakers}</h2>
                <Breakers operations />
            </section>
        </main>
    }
    .into_any()
}
