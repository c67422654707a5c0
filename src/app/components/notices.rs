//! What happened on the way that changed neither the text nor the state.

use leptos::prelude::*;

use crate::app::preferences::use_texts;
use crate::app::progress::Progress;
use crate::article::brief::Warning;

/// Retries, changes of the model, seams; remarks on the brief; what the model thought first.
#[component]
pub fn Notices(
    /// What is known of the generation.
    progress: RwSignal<Progress>,
    /// What in the brief is allowed but unusual.
    warnings: Vec<Warning>,
) -> impl IntoView {
    let texts = use_texts();
    let notices = Memo::new(move |_| {
        progress.with(|p| p.notices.iter().map(texts.notice).collect::<Vec<_>>())
    });
    let list = move || {
        let notices = notices.get();
        (!notices.is_empty()).then(|| {
            let items = notices.into_iter().map(|text| view! { <li>{text}</li> }).collect_view();
            view! {
                <h2>{texts.notices}</h2>
                <ul class="notices">{items}</ul>
            }
        })
    };
    let unusual = (!warnings.is_empty()).then(|| {
        let items = warnings
            .iter()
            .map(|warning| view! { <li>{(texts.warning)(&warning.param, &warning.message)}</li> })
            .collect_view();
        view! {
            <h2>{texts.warnings}</h2>
            <ul class="notices">{items}</ul>
        }
    });
    let thought = Memo::new(move |_| progress.with(|p| p.reasoning.clone()));
    let has_thought = Memo::new(move |_| !thought.with(String::is_empty));
    view! {
        {list}
        {unusual}
        <Show when=move || has_thought.get()>
            <details class="reasoning">
                <summary>{texts.reasoning}</summary>
                <p>{thought}</p>
            </details>
        </Show>
    }
    .into_any()
}
