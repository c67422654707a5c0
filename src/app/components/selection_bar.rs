//! What can be done with several articles at once, and undone.

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use super::library_row::Row;
use crate::app::api::{self, Failure};
use crate::app::preferences::use_texts;
use crate::article::library::SelectionOutcome;

/// See the module.
#[component]
pub fn SelectionBar(
    /// The articles that are selected.
    selected: RwSignal<Vec<Uuid>>,
    /// All rows.
    rows: RwSignal<Vec<Row>>,
    /// Where a failure is said.
    failure: RwSignal<Option<Failure>>,
    /// How many articles there are in all, where that is known.
    total: RwSignal<Option<u32>>,
    /// Loads the list anew.
    reload: Callback<()>,
    /// Brings what the list shows up to date.
    renew: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let busy = RwSignal::new(false);
    let deleted = RwSignal::new(Vec::<Uuid>::new());
    let delete = move |_| {
        let ids = selected.get_untracked();
        act(busy, failure, async move { api::delete_articles(&ids).await }, move |done| {
            rows.update(|rows| Row::remove(rows, &done));
            selected.update(|selected| selected.retain(|id| !done.contains(id)));
            total.update(|total| *total = total.map(|it| it.saturating_sub(done.len() as u32)));
            deleted.set(done);
        });
    };
    let undo = move |_| {
        let ids = deleted.get_untracked();
        act(busy, failure, async move { api::restore_articles(&ids).await }, move |done| {
            deleted.update(|ids| ids.retain(|id| !done.contains(id)));
            total.update(|total| *total = total.map(|it| it.saturating_add(done.len() as u32)));
            // Those that could not be restored can be tried again; loading anew would forget them.
            if deleted.with_untracked(Vec::is_empty) { reload } else { renew }.run(());
        });
    };
    view! {
        <Show when=move || !deleted.with(Vec::is_empty)>
            <p class="note">
                <span role="status">{move || (texts.deleted_several)(deleted.with(Vec::len))}</span>
                <button type="button" class="btn" disabled=move || busy.get() on:click=undo>
                    {texts.undo}
                </button>
            </p>
        </Show>
        <Selected selected label=texts.selection>
            <button type="button" class="btn" disabled=move || busy.get() on:click=delete>
                {texts.delete_selected}
            </button>
        </Selected>
    }
    .into_any()
}

/// How many are selected, what can be done with them, and the way out of it. Nothing while none is.
#[component]
pub fn Selected(
    /// Those that are selected.
    selected: RwSignal<Vec<Uuid>>,
    /// What it is called for those who do not see it.
    label: &'static str,
    /// What can be done.
    children: ChildrenFn,
) -> impl IntoView {
    let texts = use_texts();
    view! {
        <Show when=move || !selected.with(Vec::is_empty)>
            <div class="selection actions" role="group" aria-label=label>
                <span class="num" role="status">
                    {move || (texts.selected)(selected.with(Vec::len))}
                </span>
                {children()}
                <button
                    type="button"
                    class="btn quiet"
                    on:click=move |_| selected.set(Vec::new())
                >
                    {texts.select_none}
                </button>
            </div>
        </Show>
    }
    .into_any()
}

/// Does it, and calls `done` with the articles that it was done with. Why it was not done with
/// another is said.
fn act(
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    act: impl Future<Output = Result<SelectionOutcome, Failure>> + 'static,
    done: impl FnOnce(Vec<Uuid>) + 'static,
) {
    busy.set(true);
    failure.set(None);
    spawn_local(async move {
        let answer = act.await;
        // The page may have been left meanwhile.
        if busy.try_set(false).is_some() {
            return;
        }
        match answer {
            Ok(outcome) => {
                let (ids, problem) = outcome.parted();
                failure.set(problem.map(Failure::Problem));
                done(ids);
            }
            Err(failed) => failure.set(Some(failed)),
        }
    });
}
