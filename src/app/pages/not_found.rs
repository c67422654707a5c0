//! What is shown where there is nothing.

use leptos::prelude::*;

use crate::app::api::Failure;
use crate::app::components::problem_note::SignInLink;
use crate::app::page_data::set_status;
use crate::app::preferences::use_texts;
use crate::app::title::Title;
use crate::article::problem::Code;

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
    failure: Failure,
) -> impl IntoView {
    let texts = use_texts();
    set_status(failure.status());
    let missing = matches!(
        failure.code(),
        Some(Code::ArticleNotFound | Code::GenerationNotFound | Code::RevisionNotFound)
    );
    if missing {
        let hint = texts.article_not_found_hint.to_owned();
        return view! { <Empty title=texts.article_not_found hint /> }.into_any();
    }
    let (what, remedy) = failure.words(texts);
    let hint = format!("{what} {remedy}");
    if failure.code() == Some(Code::AccessTokenNeeded) && cfg!(not(feature = "ssr")) {
        return view! {
            <Empty title=texts.failed_to_load hint>
                <SignInLink />
            </Empty>
        }
        .into_any();
    }
    // An empty address is the page's own.
    view! {
        <Empty title=texts.failed_to_load hint>
            <a class="btn primary" rel="external" href="">
                {texts.load_again}
            </a>
        </Empty>
    }
    .into_any()
}

#[component]
fn Empty(
    title: &'static str,
    hint: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let texts = use_texts();
    view! {
        <Title text=format!("{title} · Inkstream") />
        <main id="content" class="page empty">
            <h1 class="ask">{title}</h1>
            <p class="muted">{hint}</p>
            <p class="actions">
                {children.map(|children| children())}
                <a class="btn" href="/">
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
