//! What is being written elsewhere, wherever one is; and that the server cannot be reached.

use leptos::prelude::*;

use super::problem_note::ProblemNote;
use super::stop_button::StopButton;
use crate::app::acting::act;
use crate::app::api::{self, Failure, RunningArticle};
use crate::app::navigation::use_navigation;
use crate::app::preferences::use_texts;
use crate::app::site_status::{SiteStatus, use_site_status};

/// The articles that are being written, but for the one that is on the screen: how many, and each
/// with its Stop.
#[component]
pub fn RunningArticles() -> impl IntoView {
    let texts = use_texts();
    let place = use_navigation().place();
    let path = Memo::new(move |_| place.with(|here| here.path.clone()));
    let status = use_site_status();
    let list_of_them = NodeRef::<leptos::html::Details>::new();
    let close = move || {
        if let Some(list) = list_of_them.get_untracked()
            && list.remove_attribute("open").is_err()
        {
            leptos::logging::warn!("the list could not be closed");
        }
    };
    // Whoever goes elsewhere has perhaps just begun one.
    Effect::new(move || {
        path.track();
        close();
        if let Some(status) = status {
            status.ask();
        }
    });
    let elsewhere = Memo::new(move |_| {
        let mut running = status.map(|status| status.running.get()).unwrap_or_default();
        path.with(|here| running.retain(|one| *here != format!("/articles/{}", one.id)));
        running
    });
    let failure = RwSignal::new(None::<Failure>);
    let list = move || {
        let row = |article| view! { <RunningRow article status failure /> };
        elsewhere.get().into_iter().map(row).collect_view()
    };
    view! {
        <Show when=move || elsewhere.with(|running| !running.is_empty())>
            <details
                class="running"
                node_ref=list_of_them
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        event.prevent_default();
                        close();
                    }
                }
            >
                <summary class="btn quiet" aria-label=move || (texts.running)(elsewhere.with(Vec::len))>
                    <span class="pulse" aria-hidden="true"></span>
                    <span class="num">{move || elsewhere.with(Vec::len)}</span>
                </summary>
                <div class="running-list">
                    <p class="faint">{move || (texts.running)(elsewhere.with(Vec::len))}</p>
                    {move || failure.get().map(|failure| view! { <ProblemNote failure /> })}
                    <ul>{list}</ul>
                </div>
            </details>
        </Show>
    }
    .into_any()
}

#[component]
fn RunningRow(
    article: RunningArticle,
    status: Option<SiteStatus>,
    /// Where a failure is said.
    failure: RwSignal<Option<Failure>>,
) -> impl IntoView {
    let RunningArticle { id, title, language, generation_id } = article;
    let stopping = RwSignal::new(false);
    let stop = Callback::new(move |()| {
        act(stopping, failure, api::cancel(generation_id), move |()| {
            if let Some(status) = status {
                status.ask();
            }
        });
    });
    view! {
        <li>
            <a href=format!("/articles/{id}") lang=language>
                {title}
            </a>
            <StopButton stopping stop />
        </li>
    }
    .into_any()
}

/// Says that the server cannot be reached, until it can. An article that is being written says it
/// itself.
#[component]
pub fn UnreachableLine() -> impl IntoView {
    let texts = use_texts();
    let status = use_site_status();
    let shown = move || status.is_some_and(|status| status.unreachable.get());
    view! {
        <div role="status">
            <Show when=shown>
                <p class="exposed unreachable">{texts.unreachable}</p>
            </Show>
        </div>
    }
    .into_any()
}
