//! The operations page in English.

use super::OperationsTexts;
use crate::app::format::count;
use crate::article::generation::AttemptOutcome;
use crate::article::operations::BreakerState;

pub(in crate::app::i18n) static TEXTS: OperationsTexts = OperationsTexts {
    nav: "Operations",
    nav_short: "Ops",
    title: "Operations",
    stale: |why| format!("These figures are not up to date. {why}"),
    at_a_glance: "At a glance",

    running: "Being written",
    nothing_runs: "Nothing is being written right now.",
    begin: "Write an article",
    elapsed: "For",
    place: |place| format!("place {place} in line"),
    server: "Server",
    queue: |taken, places, waiting| {
        let (taken, places) = (count(taken.into()), count(places.into()));
        match waiting {
            0 => format!("{taken} of {places}"),
            waiting => format!("{taken} of {places}, {} waiting", count(waiting.into())),
        }
    },
    no_queue: "no limit",
    in_use: "In use",
    spent: "Cost today (UTC)",
    spent_nothing: "nothing",
    budget: |used, limit| format!("{used} of {limit} spent or set aside"),

    providers: "Providers",
    provider: "Provider",
    outcomes: "Last attempts",
    outcome_counts: |succeeded, failed| match failed {
        0 => format!("{succeeded} fine"),
        failed => format!("{succeeded} fine, {failed} failed"),
    },
    never_asked: "not asked yet",
    first_token: "First token",
    percentiles: |half, most| format!("half within {half}, 95 % within {most}"),
    last_error: "Last error",
    no_error: "none",
    breakers: "Circuit breakers",
    breakers_closed: |models| match models {
        1 => "The model is asked as usual.".to_owned(),
        models => format!("All {models} models are asked as usual."),
    },
    breaker: |state| match state {
        BreakerState::Closed => "asked as usual",
        BreakerState::HalfOpen => "asked once, to see whether it works again",
        BreakerState::Open => "left alone, because it kept failing",
    },
    breaker_until: |wait| format!("tried again in {wait}"),

    letters: "Dead letters",
    letters_lead: "Articles that no model could write, after every attempt. Brief, prompt and text are kept.",
    no_letters: "No dead letters",
    no_letters_hint: "Everything that was asked for was written, or somebody has seen to it.",
    attempt_count: |attempts| match attempts {
        1 => "1 attempt".to_owned(),
        attempts => format!("{attempts} attempts"),
    },
    without_text: "no text",
    replay: "Write afresh",
    from_text: "Go on from its text",
    from_text_choice: "Go on from the text so far",
    edit: "Edit the brief",
    edit_title: "Edit the brief, and try again",
    discard: "Discard",
    discard_ask: "Discard it? The article stays.",
    selection: "Selected dead letters",
    replay_selected: "Write them afresh",
    discard_selected: "Discard them",
    discard_selected_ask: "Discard them? The articles stay.",
    replayed: |title| format!("“{title}” is being written again."),
    replayed_several: |articles| match articles {
        1 => "1 article is being written again.".to_owned(),
        articles => format!("{articles} articles are being written again."),
    },
    discarded: |letters| match letters {
        1 => "1 dead letter is discarded; its article stays.".to_owned(),
        letters => format!("{letters} dead letters are discarded; their articles stay."),
    },
    was_replayed: "Somebody has tried this again already.",
    was_discarded: "This was discarded. The article stays.",
    to_article: "To the article",
    brief: "Brief",
    prompt: |template| format!("Prompt, by the template {template}"),
    system_message: "System message",
    user_message: "User message",
    attempts: "Attempts",
    no_attempts: "No model was asked.",
    started: "Begun",
    outcome: "Outcome",
    ended: |outcome| match outcome {
        None => "running",
        Some(AttemptOutcome::Complete) => "complete",
        Some(AttemptOutcome::Length) => "reached its length",
        Some(AttemptOutcome::Cancelled) => "stopped",
        Some(AttemptOutcome::Refused) => "refused",
        Some(AttemptOutcome::Failed) => "failed",
        Some(AttemptOutcome::Interrupted) => "interrupted",
    },
    text: "Text so far",
};
