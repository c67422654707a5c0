//! That another revision is the one that readers see, and what can be done about it.

use leptos::prelude::*;

use crate::app::api;
use crate::app::live::Live;
use crate::app::navigation::use_navigation;
use crate::app::page_data::{ArticleData, compare_address};
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// See the module. `reload` renews the whole page.
#[component]
pub fn OldRevision(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let navigation = use_navigation();
    let home = Callback::new(move |()| {
        let article = live.data.with_untracked(|data| data.article.id);
        navigation.go(&format!("/articles/{article}"));
        reload.run(());
    });
    let make_current = move |_| {
        let (article, shown) =
            live.data.with_untracked(|data| (data.article.id, data.shown.as_ref().map(|it| it.id)));
        if let Some(shown) = shown {
            live.act(move || home.run(()), api::restore_revision(article, shown));
        }
    };
    view! {
        <div class="note">
            <span>{texts.not_current}</span>
            <button
                type="button"
                class="btn"
                disabled=move || hydrated.not_yet() || live.busy.get()
                on:click=make_current
            >
                {texts.make_current}
            </button>
            <a class="btn quiet" href=move || live.data.with(with_current)>
                {texts.compare_with_current}
            </a>
            <a class="btn quiet" href=move || live.data.with(|d| format!("/articles/{}", d.article.id))>
                {texts.back_to_current}
            </a>
        </div>
    }
    .into_any()
}

/// The page that compares the revision that is shown with the one that readers see.
fn with_current(data: &ArticleData) -> String {
    compare_address(data.article.id, data.shown.as_ref().map(|shown| shown.id), data.current())
}
