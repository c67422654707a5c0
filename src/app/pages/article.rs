//! An article: while it is written, and after.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::not_found::ProblemPage;
use crate::app::components::article_view::ArticleView;
use crate::app::page_data::load_article;
use crate::article::problem::{Code, Problem};

/// See the module.
#[component]
pub fn ArticlePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        let article = params.with(|params| params.get("id")).unwrap_or_default();
        (article, query.with(|query| query.get("revision")))
    });
    let data = Resource::new(
        move || asked.get(),
        |(article, revision)| async move {
            let unknown = |code| Problem::new(code, String::new(), String::new());
            let article: Uuid = match article.parse() {
                Ok(article) => article,
                Err(_) => return Err(unknown(Code::ArticleNotFound)),
            };
            let revision = match revision.map(|revision| revision.parse::<Uuid>()).transpose() {
                Ok(revision) => revision,
                Err(_) => return Err(unknown(Code::RevisionNotFound)),
            };
            load_article(article, revision).await
        },
    );
    let reload = Callback::new(move |()| data.refetch());
    view! {
        <Transition fallback=|| view! { <main id="content" class="page"></main> }>
            {move || Suspend::new(async move {
                match data.await {
                    Ok(data) => view! { <ArticleView data reload /> }.into_any(),
                    Err(problem) => view! { <ProblemPage problem /> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}
