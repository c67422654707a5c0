//! A labelled field of the brief, with what is advised and what is wrong beside it.

use leptos::prelude::*;

use crate::app::brief_draft::{BriefDraft, Field, FieldFault};
use crate::app::preferences::use_texts;
use crate::article::brief::Range;

/// How a field is typed into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// Words.
    #[default]
    Text,
    /// A number with decimals.
    Decimal,
    /// A whole number.
    Whole,
    /// Several lines.
    Lines,
}

/// What is shared by all fields of one form.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The form's content.
    pub draft: RwSignal<BriefDraft>,
    /// What is wrong in it.
    pub faults: Memo<Vec<(&'static str, FieldFault)>>,
}

impl Form {
    /// What is wrong with a field.
    pub fn fault(self, field: Field) -> Option<FieldFault> {
        self.faults.with(|faults| {
            faults.iter().find(|(param, _)| *param == field.param()).map(|(_, fault)| fault.clone())
        })
    }
}

/// See the module.
#[component]
pub fn BriefField(
    /// The form.
    form: Form,
    /// Which field.
    field: Field,
    /// How it is typed into.
    #[prop(optional)]
    entry: Entry,
    /// The advised range.
    #[prop(optional)]
    advised: Option<Range>,
) -> impl IntoView {
    let texts = use_texts();
    let words = (texts.field)(field);
    let (id, hint_id) =
        (format!("brief-{}", field.param()), format!("brief-{}-hint", field.param()));
    let typed = move || form.draft.with(|draft| draft.get(field).to_owned());
    let input = move |event| {
        let typed = event_target_value(&event);
        form.draft.update(|draft| draft.set(field, typed));
    };
    let fault = Memo::new(move |_| form.fault(field));
    let remark = Memo::new(move |_| form.draft.with(|draft| draft.remark(field)));
    let message = move || match (fault.get(), remark.get()) {
        (Some(fault), _) => (texts.fault)(&fault),
        (None, Some(range)) => (texts.unusual)(range),
        (None, None) => String::new(),
    };
    let invalid = move || fault.get().is_some().to_string();
    let mode = match entry {
        Entry::Decimal => "decimal",
        Entry::Whole => "numeric",
        Entry::Text | Entry::Lines => "text",
    };
    let control = if entry == Entry::Lines {
        view! {
            <textarea
                id=id.clone()
                name=field.param()
                rows="2"
                aria-describedby=hint_id.clone()
                aria-invalid=invalid
                prop:value=typed
                on:input=input
            ></textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                id=id.clone()
                name=field.param()
                type="text"
                inputmode=mode
                autocomplete="off"
                placeholder=words.example
                aria-describedby=hint_id.clone()
                aria-invalid=invalid
                prop:value=typed
                on:input=input
            />
        }
        .into_any()
    };
    view! {
        <div class="field" class:wide=entry == Entry::Lines>
            <label for=id>{words.label}</label>
            {control}
            <p id=hint_id class="hint">
                {words.hint}
                " "
                {advised.map(|range| (texts.advised)(range))}
                <span class="message" class:bad=move || fault.get().is_some() aria-live="polite">
                    {message}
                </span>
            </p>
        </div>
    }
    .into_any()
}

/// A field whose value is chosen from a list. `options`: values with what is shown for them; the
/// empty value comes first.
#[component]
pub fn ChoiceField(
    /// The form.
    form: Form,
    /// Which field.
    field: Field,
    /// Values and what is shown for them.
    options: Vec<(String, String)>,
) -> impl IntoView {
    let texts = use_texts();
    let words = (texts.field)(field);
    let (id, hint_id) =
        (format!("brief-{}", field.param()), format!("brief-{}-hint", field.param()));
    let chosen = move || form.draft.with(|draft| draft.get(field).to_owned());
    // A value of an earlier brief that is not offered (any more) stays choosable.
    let current = form.draft.with_untracked(|draft| draft.get(field).to_owned());
    let known = options.iter().any(|(value, _)| *value == current);
    let options = options
        .into_iter()
        .chain((!known).then(|| (current.clone(), current)))
        .map(|(value, shown)| {
            let is = value.clone();
            view! {
                <option value=value prop:selected=move || chosen() == is>
                    {shown}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{words.label}</label>
            <select
                id=id
                name=field.param()
                aria-describedby=hint_id.clone()
                on:change=move |event| {
                    let value = event_target_value(&event);
                    form.draft.update(|draft| draft.set(field, value));
                }
            >
                {options}
            </select>
            <p id=hint_id class="hint">
                {words.hint}
            </p>
        </div>
    }
    .into_any()
}
