//! The sampling parameters, each with a word on what it does.

use leptos::prelude::*;

use super::field::{BriefField, Entry, Form};
use crate::app::brief_draft::Field;
use crate::app::preferences::use_texts;
use crate::article::brief::{TEMPERATURE_ADVISED, TOP_P_ADVISED};

/// See the module.
#[component]
pub fn SamplingFields(
    /// The form.
    form: Form,
) -> impl IntoView {
    view! {
        <fieldset class="fields">
            <legend>{use_texts().sampling}</legend>
            <BriefField
                form
                field=Field::Temperature
                entry=Entry::Decimal
                advised=TEMPERATURE_ADVISED
            />
            <BriefField form field=Field::TopP entry=Entry::Decimal advised=TOP_P_ADVISED />
            <BriefField form field=Field::MaxTokens entry=Entry::Whole />
            <BriefField form field=Field::FrequencyPenalty entry=Entry::Decimal />
            <BriefField form field=Field::PresencePenalty entry=Entry::Decimal />
            <BriefField form field=Field::Stop entry=Entry::Lines />
        </fieldset>
    }
    .into_any()
}
