//! What is shown where there is nothing.

use leptos::prelude::*;

use crate::app::page_data::set_status;
use crate::app::preferences::use_texts;
use crate::app::title::Title;
use crate::article::problem::{Code, Problem};

/// No such page.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let texts = use_texts();
    set_status(404);
    view! { <Empty title=texts.not_found_title hint=texts.not_found_hint.to_owned() /> }
}

/// A page whose data could not be had.
#[component]
pub fn ProblemPage(
    /// Why.
    problem: Problem,
) -> impl IntoView {
    let texts = use_texts();
    set_status(problem.code.status());
    let missing = matches!(
        problem.code,
        Code::ArticleNotFound | Code::GenerationNotFound | Code::RevisionNotFound
    );
    let (title, hint) = if missing {
        (texts.article_not_found, texts.article_not_found_hint.to_owned())
    } else {
        let (what, remedy) = (texts.problem)(&problem);
        (texts.failed_to_load, format!("{what} {remedy}"))
    };
    view! { <Empty title hint /> }
}

#[component]
fn Empty(title: &'static str, hint: String) -> impl IntoView {
    let texts = use_texts();
    view! {
        <Title text=format!("{title} · Inkstream") />
        <main id="content" class="page empty">
            <h1 class="ask">{title}</h1>
            <p class="muted">{hint}</p>
            <p class="actions">
                <a class="btn primary" href="/">
                    {texts.write}
                </a>
                <a class="btn" href="/articles">
                    {texts.to_library}
                </a>
            </p>
        </main>
    }
    .into_any()
}
