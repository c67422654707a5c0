//! An article: while it is written, and after.

use leptos::prelude::*;

use super::id_in;
use super::not_found::ProblemPage;
use crate::app::components::article_view::ArticleView;
use crate::app::fetched::fetched;
use crate::app::navigation::use_place;
use crate::app::page_data::load_article;
use crate::article::problem::Code;

/// See the module.
#[component]
pub fn ArticlePage() -> impl IntoView {
    let place = use_place();
    let asked = Memo::new(move |_| {
        place.with(|place| (place.article().to_owned(), place.part("revision")))
    });
    let data = fetched(
        move || asked.get(),
        |(article, revision)| async move {
            let article = id_in(&article, Code::ArticleNotFound)?;
            let revision = revision.map(|id| id_in(&id, Code::RevisionNotFound)).transpose()?;
            load_article(article, revision).await
        },
    );
    let reload = Callback::new(move |()| data.reload());
    let show = move |data| match data {
        Ok(data) => view! { <ArticleView data reload /> }.into_any(),
        Err(failure) => view! { <ProblemPage failure /> }.into_any(),
    };
    view! {
        {data.view(|| view! { <main id="content" class="page"></main> }.into_any(), show)}
    }
    .into_any()
}
