//! A dead letter that is opened: everything that is known of it.

use leptos::prelude::*;

use super::Letters;
use super::list::Opened;
use super::row::{LetterActions, LetterError};
use crate::app::brief_draft::{BriefDraft, Field};
use crate::app::components::moment::Moment;
use crate::app::components::operations::{cell, columns};
use crate::app::components::problem_note::ProblemNote;
use crate::app::format::{cost, count, duration};
use crate::app::page_data::LetterData;
use crate::app::preferences::use_texts;
use crate::app::{parts, use_hydrated};
use crate::article::brief::Brief;
use crate::article::dead_letter::{DeadLetter, SentPrompt};
use crate::article::generation::Attempt;

/// See the module.
#[component]
pub fn OpenedLetter(
    /// What there is of it.
    opened: Opened,
    /// All letters.
    letters: Letters,
) -> impl IntoView {
    let show = move |opened| match opened {
        // What came before is another's.
        Some((id, data)) if letters.open.get_untracked() == Some(id) => match data {
            Ok(data) => view! { <Letter data letters /> }.into_any(),
            Err(failure) => view! { <ProblemNote failure /> }.into_any(),
        },
        _ => ().into_any(),
    };
    view! { <div class="letter">{opened.view(|| ().into_any(), show)}</div> }.into_any()
}

#[component]
fn Letter(data: LetterData, letters: Letters) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let words = texts.operations;
    let editing = RwSignal::new(false);
    let DeadLetter { summary, brief, prompt, attempts, text } = data.letter.clone();
    let listed = letters.rows.with_untracked(|rows| rows.iter().any(|row| row.id == summary.id));
    let article = format!("/articles/{}", summary.article_id);
    let settled = summary.settled_at.map(|_| match summary.replayed_by {
        Some(_) => words.was_replayed,
        None => words.was_discarded,
    });
    let can_act = settled.is_none();
    // In the list it has a title and buttons already.
    let head = (!listed).then(|| {
        view! {
            <h3 class="title">{summary.title.clone()}</h3>
            <LetterError error=summary.error.clone() />
            {can_act.then(|| view! { <LetterActions letter=summary.clone() letters /> })}
        }
    });
    let text = match text.is_empty() {
        true => view! { <p class="faint">{texts.ended_without_text}</p> }.into_any(),
        false => view! { <pre tabindex="0">{text}</pre> }.into_any(),
    };
    let edit = can_act.then(|| {
        view! {
            <button
                type="button"
                class="btn"
                disabled=move || hydrated.not_yet() || editing.get()
                on:click=move |_| editing.set(true)
            >
                {words.edit}
            </button>
        }
    });
    view! {
        {head}
        {settled.map(|said| view! { <p class="note">{said}</p> })}
        <p class="actions">
            {edit} <a class="btn quiet" href=article>
                {words.to_article}
            </a>
        </p>
        <Show when=move || editing.get()>{parts::letter_form(data.clone(), letters, editing)}</Show>
        <h3>{words.brief}</h3>
        <BriefFacts brief />
        <h3>{words.attempts}</h3>
        <Attempts attempts />
        <h3>{words.text}</h3>
        {text}
        <Prompt prompt />
    }
    .into_any()
}

/// What of a brief was filled in.
#[component]
fn BriefFacts(brief: Brief) -> impl IntoView {
    let texts = use_texts();
    let draft = BriefDraft::from_brief(&brief);
    let line = |label: &'static str, value: String| {
        view! {
            <div>
                <dt>{label}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let filled = Field::ALL.into_iter().filter(|field| !draft.get(*field).is_empty());
    let lines = filled
        .map(|field| line((texts.field)(field).label, draft.get(field).to_owned()))
        .collect_view();
    view! {
        <dl class="brief-facts">
            {line(texts.style_label, (texts.style)(brief.style).to_owned())} {lines}
        </dl>
    }
}

/// Every try, with its outcome and its cost.
#[component]
fn Attempts(attempts: Vec<Attempt>) -> impl IntoView {
    let texts = use_texts();
    let words = texts.operations;
    if attempts.is_empty() {
        return view! { <p class="faint">{words.no_attempts}</p> }.into_any();
    }
    let row = |attempt: Attempt| {
        let Attempt { model, outcome, error, usage, first_token_ms, started_at, .. } = attempt;
        let failed = error.is_some();
        let ended = (!failed).then(|| (words.ended)(outcome));
        let dash = || "–".to_owned();
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">
                    {model}
                </th>
                {cell(words.started, view! { <Moment at=started_at /> })}
                {cell(words.outcome, view! { {ended} <LetterError error /> })}
                {cell(words.first_token, first_token_ms.map_or_else(dash, duration))}
                {cell(
                    texts.written,
                    format!("{} {}", count(usage.completion), texts.tokens_unit),
                )} {cell(texts.cost, cost(&usage).unwrap_or_else(dash))}
            </tr>
        }
    };
    let names =
        [texts.model, words.started, words.outcome, words.first_token, texts.written, texts.cost];
    view! {
        <table class="stacking num" role="table" aria-label=words.attempts>
            {columns(names)}
            <tbody role="rowgroup">{attempts.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// What the models were sent, folded.
#[component]
fn Prompt(prompt: SentPrompt) -> impl IntoView {
    let words = use_texts().operations;
    let SentPrompt { system, user, template } = prompt;
    view! {
        <details>
            <summary>{(words.prompt)(&template)}</summary>
            <h4>{words.system_message}</h4>
            <pre tabindex="0">{system}</pre>
            <h4>{words.user_message}</h4>
            <pre tabindex="0">{user}</pre>
        </details>
    }
}
