//! What happened, what it means for the text, what can be done.

use leptos::prelude::*;

use crate::app::api::Failure;
use crate::app::navigation::{Place, use_navigation};
use crate::app::preferences::use_texts;
use crate::article::problem::Code;

/// A failure in words. `meaning`: what it means for the text, where it means something.
#[component]
pub fn ProblemNote(
    /// What failed.
    failure: Failure,
    /// What it means for the text.
    #[prop(optional, into)]
    meaning: String,
    /// Whether a text was to be sent.
    #[prop(optional)]
    typed: bool,
    /// What can be done at once.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let texts = use_texts();
    let (what, remedy) = failure.words(texts);
    let request = failure.request_id().map(|id| {
        view! { <span class="faint request">{(texts.request_id)(id)}</span> }
    });
    let words = failure.said_upstream(texts).map(|words| view! { <q lang="en">{words}</q> });
    let signed_out =
        matches!(&failure, Failure::Problem(problem) if problem.code == Code::AccessTokenNeeded);
    // Elsewhere the server says it.
    let kept = match &failure {
        Failure::Unreachable if typed => texts.typed_is_kept.to_owned(),
        _ => String::new(),
    };
    let said: String = [meaning, kept, remedy]
        .into_iter()
        .filter(|sentence| !sentence.is_empty())
        .flat_map(|sentence| [texts.between.to_owned(), sentence])
        .collect();
    view! {
        <div class="note warn" role="alert">
            <span>
                <b>{what}</b>
                {said}
                {words}
                {request}
            </span>
            {signed_out.then(|| view! { <SignInLink /> })}
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// The way back in where the session is over: what was typed is kept, and one comes back to it.
#[component]
pub fn SignInLink() -> impl IntoView {
    let texts = use_texts();
    let place = use_navigation().place();
    let href = move || {
        let here = place.with(Place::address);
        format!("/sign-in?to={}", String::from(js_sys::encode_uri_component(&here)))
    };
    view! {
        <a class="btn" rel="external" href=href>
            {texts.sign_in}
        </a>
    }
    .into_any()
}
