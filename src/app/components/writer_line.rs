//! Who will write, and for how much: before anything is sent.

use leptos::prelude::*;

use crate::app::brief_draft::{BriefDraft, Field};
use crate::app::estimate::estimate_of;
use crate::app::format::money;
use crate::app::page_data::ComposeData;
use crate::app::preferences::use_texts;
use crate::article::event::Estimate;

/// The line's id, by which the button beside it is described.
pub const WRITER_LINE: &str = "brief-writer";

/// See the module.
#[component]
pub fn WriterLine(
    /// The form's content.
    draft: RwSignal<BriefDraft>,
    /// What can be chosen.
    data: ComposeData,
    /// Whether it is being sent.
    sent: RwSignal<bool>,
) -> impl IntoView {
    let texts = use_texts();
    // The demo costs nothing, as its own words say.
    let estimate = match data.demo_only {
        true => Signal::stored(None),
        false => estimate_of(draft, sent),
    };
    let price = move |Estimate { cost, currency, .. }: &Estimate| match (cost, currency) {
        (Some(0), _) => Some(texts.cost_free.to_owned()),
        (Some(cost), Some(currency)) => Some((texts.cost_about)(&money(*cost, currency))),
        _ => None,
    };
    let line = move || {
        let routed = estimate.get();
        draft.with(|draft| {
            let named = Some(draft.get(Field::Model)).filter(|name| !name.is_empty());
            let guess = || named.or_else(|| data.first_of(draft.style));
            let model = routed.as_ref().map(|routed| routed.model.as_str()).or_else(guess)?;
            if data.is_demo(model) {
                return Some((texts.will_write_demo)(model));
            }
            let mut parts = vec![(texts.will_write)(model)];
            parts.extend(routed.as_ref().and_then(|routed| price(&routed.estimate)));
            Some(parts.join(" · "))
        })
    };
    view! {
        <span id=WRITER_LINE class="writer faint num">
            {line}
        </span>
    }
    .into_any()
}
