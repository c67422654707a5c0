//! An article: while it is written, and after.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::id_in;
use super::not_found::ProblemPage;
use crate::app::components::article_view::ArticleView;
use crate::app::fetched::fetched;
use crate::app::page_data::load_article;
use crate::article::problem::Code;

/// See the module.
#[component]
pub fn ArticlePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let article = params.with(|params| params.get("id")).unwrap_or_default();
        (article, query.with(|query| query.get("revision")))
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
        Err(problem) => view! { <ProblemPage problem /> }.into_any(),
    };
    view! {
        {data.view(|| view! { <main id="content" class="page"></main> }.into_any(), show)}
    }
    .into_any()
}
