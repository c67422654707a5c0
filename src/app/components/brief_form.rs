//! The form of a brief: for a new article, and for a new revision of one.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::field::{BriefField, ChoiceField, Entry, Form};
use super::problem_note::ProblemNote;
use super::sampling_fields::SamplingFields;
use super::style_choice::StyleChoice;
use super::topic_field::TopicField;
use super::writer_line::{WRITER_LINE, WriterLine};
use crate::app::brief_draft::{BriefDraft, Field, FieldFault};
use crate::app::focus::focus;
use crate::app::page_data::ComposeData;
use crate::app::preferences::use_texts;
use crate::app::sending::Sending;
use crate::app::use_hydrated;
use crate::article::brief::{Brief, FindingKind, Format};

/// Languages that are offered by name. Any other can still come from an earlier brief.
pub const LANGUAGES: [(&str, &str); 7] = [
    ("zh-CN", "中文"),
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("ja", "日本語"),
    ("ko", "한국어"),
];

/// See the module.
#[component]
pub fn BriefForm(
    /// The form's content.
    draft: RwSignal<BriefDraft>,
    /// What can be chosen.
    data: ComposeData,
    /// The state of sending it.
    sending: Sending,
    /// What the main button says.
    submit_label: &'static str,
    /// Called with a brief that has no fault.
    submit: Callback<Brief>,
    /// Further buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let tried = RwSignal::new(false);
    let faults = Memo::new(move |_| {
        let mut faults = draft.with(|draft| draft.to_brief().1);
        // An empty form is not a fault before somebody wants to send it.
        if !tried.get() {
            let blank = FieldFault::Finding(FindingKind::Blank);
            faults.retain(|(param, fault)| !(*param == "topic" && *fault == blank));
        }
        faults
    });
    let form = Form { draft, faults };
    let send = move || {
        tried.set(true);
        let (brief, faults) = draft.with_untracked(BriefDraft::to_brief);
        let at = |field: &Field| faults.iter().any(|(param, _)| *param == field.param());
        match Field::ALL.into_iter().find(at) {
            None => submit.run(brief),
            // In the next frame, when the fold over the field is open.
            Some(field) => request_animation_frame(move || focus_field(field.param())),
        }
    };
    let keydown = move |event: KeyboardEvent| {
        // While a word is composed, Enter belongs to the input method.
        if event.key() != "Enter" || event.is_composing() || event.key_code() == 229 {
            return;
        }
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            send();
        } else if is_input(&event) {
            // Enter in a field would press the button; only the button itself does.
            event.prevent_default();
        }
    };

    let auto = |shown: &str| vec![(String::new(), shown.to_owned())];
    let named = |(tag, name): (&str, &str)| (tag.to_owned(), name.to_owned());
    let mut languages = auto(texts.language_of_topic);
    languages.extend(LANGUAGES.map(named));
    let mut formats = auto("Markdown");
    formats.push((Format::Html.as_str().to_owned(), "HTML".to_owned()));
    let mut models = auto(texts.model_by_style);
    models.extend(data.models.iter().map(|model| (model.name.clone(), model.name.clone())));
    let mut priorities = auto(texts.priority_by_configuration);
    priorities.extend(
        data.priorities.iter().map(|it| (it.as_str().to_owned(), (texts.priority)(*it).to_owned())),
    );
    let priority = (priorities.len() > 1)
        .then(|| view! { <ChoiceField form field=Field::Priority options=priorities /> });

    // Whatever was filled in before, and whatever is wrong, shall not hide behind a fold. It is
    // never closed but by the reader.
    let unfolded_early = unfolded_early();
    let unfolded = Memo::new(move |open| {
        let fault = || faults.with(|faults| faults.iter().any(|(param, _)| *param != "topic"));
        let wanted = || draft.with(BriefDraft::has_details) || (tried.get() && fault());
        open.map_or(unfolded_early, |open| *open) || wanted()
    });
    view! {
        <form
            class="sheet"
            novalidate
            on:submit=move |event| event.prevent_default()
            on:keydown=keydown
        >
            <TopicField draft fault=Signal::derive(move || form.fault(Field::Topic)) />
            <div class="row">
                <StyleChoice draft />
            </div>
            <details class="more" prop:open=move || unfolded.get()>
                <summary>{texts.more}</summary>
                <fieldset class="fields">
                    <legend>{texts.details}</legend>
                    <BriefField form field=Field::Audience />
                    <BriefField form field=Field::TechStack />
                    <BriefField form field=Field::Prerequisites />
                    <BriefField form field=Field::Duration />
                    <ChoiceField form field=Field::Language options=languages />
                    <BriefField form field=Field::Length entry=Entry::Whole />
                    <BriefField form field=Field::Tone />
                    <ChoiceField form field=Field::Format options=formats />
                    <ChoiceField form field=Field::Model options=models />
                    {priority}
                </fieldset>
                <SamplingFields form />
            </details>
            <div class="row last">
                <WriterLine draft data sent=sending.busy />
                <span class="end">
                    {children.map(|children| children())}
                    <button
                        type="button"
                        class="btn primary"
                        aria-describedby=WRITER_LINE
                        disabled=move || hydrated.not_yet() || sending.busy.get()
                        on:click=move |_| send()
                    >
                        {move || if sending.busy.get() { texts.submitting } else { submit_label }}
                        <kbd>"Ctrl ↵"</kbd>
                    </button>
                </span>
            </div>
        </form>
        {move || sending.failure.get().map(|failure| view! { <ProblemNote failure typed=true /> })}
    }
    .into_any()
}

/// Whether the key was pressed in a field of one line.
fn is_input(event: &KeyboardEvent) -> bool {
    event_target::<web_sys::Element>(event).tag_name().eq_ignore_ascii_case("input")
}

fn focus_field(param: &str) {
    if !focus(&format!("brief-{param}")) {
        leptos::logging::warn!("the field {param} could not be focused");
    }
}

/// Whether the reader has unfolded the server's form before the browser takes it over.
fn unfolded_early() -> bool {
    let open = || document().query_selector("details.more[open]");
    cfg!(feature = "hydrate")
        && use_hydrated().is_taking_over()
        && open().is_ok_and(|open| open.is_some())
}
