//! Technical, tutorial or overview.

use leptos::prelude::*;

use crate::app::brief_draft::BriefDraft;
use crate::app::preferences::use_texts;
use crate::article::brief::Style;

/// Three radio buttons as one control.
#[component]
pub fn StyleChoice(
    /// The form's content.
    draft: RwSignal<BriefDraft>,
) -> impl IntoView {
    let texts = use_texts();
    let choices = Style::ALL
        .into_iter()
        .map(|style| {
            view! {
                <label>
                    <input
                        type="radio"
                        name="style"
                        value=style.as_str()
                        checked=style == Style::default()
                        prop:checked=move || draft.with(|draft| draft.style == style)
                        on:change=move |_| draft.update(|draft| draft.style = style)
                    />
                    {(texts.style)(style)}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="seg" aria-label=texts.style_label>
            {choices}
        </fieldset>
    }
    .into_any()
}
