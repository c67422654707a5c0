//! The interface in English.

use super::texts::{FieldText, StageState, Texts};
use crate::app::brief_draft::{Field, FieldFault};
use crate::app::format::{count, duration};
use crate::app::preferences::Theme;
use crate::app::progress::Connection;
use crate::article::brief::{FindingKind, Priority, Range, Style};
use crate::article::event::{GenerationState, Notice, NoticeKind, RouteReason, Stage};
use crate::article::generation::AttemptOutcome;

/// The words of the interface.
pub static TEXTS: Texts = Texts {
    other_language: "中文",
    between: " ",
    skip_to_content: "Skip to the content",
    main_navigation: "Main",
    write: "Write",
    library: "Library",
    running: |count| match count {
        1 => "1 article is being written".to_owned(),
        count => format!("{count} articles are being written"),
    },
    unreachable: "The server cannot be reached. What you typed is kept; this goes on by itself as soon as it can.",
    keys_title: "Keys",
    keys: &[
        (&["Ctrl", "Enter"], "start writing, or write again"),
        (&["Esc"], "stop writing; close what is open"),
        (&["Ctrl", "K"], "search the library, from anywhere"),
        (&["/"], "search, where the field is on the page"),
        (&["n"], "a new article"),
        (&["l"], "the library"),
        (&["Ctrl", "S"], "save, in the editor"),
        (&["?"], "these keys"),
    ],
    keys_letters: "Keys without Ctrl work",
    close: "Close",
    load_again: "Load again",
    client_late: "The buttons of this page do not work yet: the program behind them has not come. Read on, or load the page again.",
    part_missing: "A part of this page could not be loaded.",
    part_missing_hint: "The connection broke, or the server was updated. Load the page again; what you typed is kept.",
    models: "Models",
    switch_language: "切换到中文",
    theme,
    needs_javascript: "Writing needs JavaScript. Finished articles can be read without it, in the library.",

    compose_title: "Write an article",
    site_description: "Inkstream turns a topic into a technical article, live: it is set while a model writes it, can be stopped, continued and corrected, and is never lost.",
    ask: "What should we write?",
    style_label: "Style",
    style,
    more: "More",
    details: "For whom, and how",
    sampling: "Sampling",
    field,
    advised: |range| format!("Advised: {} to {}.", range.min, range.max),
    unusual: |range| {
        format!(
            "Outside the advised {} to {}. It will be used as it is; expect unusual text.",
            range.min, range.max
        )
    },
    fault,
    characters_left: |left| format!("{left} characters left"),
    characters_over: |over| format!("{over} characters too many"),
    language_of_topic: "That of the topic",
    model_by_style: "Chosen by style",
    priority_by_configuration: "By the configuration",
    priority: |priority| match priority {
        Priority::Fast => "Fast",
        Priority::Default => "Usual",
        Priority::Premium => "Premium",
    },
    will_write: |model| format!("{model} will write"),
    will_write_demo: |model| format!("{model} · a sample on the nearest topic · free"),
    submit: "Write",
    submitting: "Sending…",
    rewrite: "Write again",
    ideas: "Or start from one of these",
    demo_only: "No model is connected yet. The demo writes a sample article, so you can try everything: stopping, continuing, even a failing model (under More). To connect one, put its key into .env and start again.",

    outline: "On this page",
    sections: "Sections",
    progress: "Progress",
    facts: "Figures",
    stage: |stage| match stage {
        Stage::Preprocess => "Prepare",
        Stage::Route => "Choose a model",
        Stage::Generate => "Write",
        Stage::Postprocess => "Finish",
    },
    stage_state: |state| match state {
        StageState::Pending => "pending",
        StageState::Now => "in progress",
        StageState::Done => "done",
        StageState::Stopped => "ended here",
    },
    first_token: "First token",
    speed: "Speed",
    speed_unit: "tok/s",
    written: "Written",
    tokens_unit: "tok",
    cost: "Cost",
    tokens: "Tokens",
    in_all: "In all",
    attempts: "Attempts",
    outcome: |outcome| match outcome {
        None => "is writing",
        Some(AttemptOutcome::Complete) => "finished",
        Some(AttemptOutcome::Length) => "reached the end of its answer",
        Some(AttemptOutcome::Cancelled) => "was stopped by you",
        Some(AttemptOutcome::Refused) => "refused",
        Some(AttemptOutcome::Failed) => "failed",
        Some(AttemptOutcome::Interrupted) => "was cut off when the server stopped",
    },
    seams: "Seams",
    seam_at: |percent| format!("{percent}%"),
    seam_between: |from, to| match from {
        Some(from) if from == to => format!("{to} was asked again:"),
        Some(from) => format!("{from} handed over to {to}:"),
        None => format!("{to} went on:"),
    },
    seam_why: |reason| format!("{}.", why(reason)),
    write_from_here: "Write from here anew",
    write_anew: "Write it anew",
    cost_unknown: "no price",
    cost_free: "free",
    cost_estimate: |amount| format!("about {amount} in all"),
    cost_about: |amount| format!("about {amount}"),
    model: "Model",
    route_reason,
    notices: "On the way",
    notice,
    warnings: "Unusual in the brief",
    warning: |param, message| match param {
        "temperature" => {
            "The temperature is outside the advised range; it was used as it is.".to_owned()
        }
        "top_p" => "top_p is outside the advised range; it was used as it is.".to_owned(),
        _ => message.to_owned(),
    },
    reasoning: "What the model thought first",
    stop: "Stop",
    stopping: "Stopping…",
    jump_to_end: "To the end",
    lumps: "The text arrives in lumps: a proxy on the way gathers it. In nginx, set proxy_buffering off for this site, and do not compress text/event-stream.",
    connection: |connection| match connection {
        Connection::Idle | Connection::Live => "",
        Connection::Reconnecting => {
            "The connection is lost. Reconnecting; the article is safe and goes on from the same character."
        }
        Connection::Offline => {
            "This device is offline. The server keeps writing; the page goes on by itself once the network is back."
        }
    },
    state,
    waiting: "Waiting in line for a free place.",
    started: "Writing has begun.",
    ended: |state| match state {
        GenerationState::Done => "The article is finished.",
        GenerationState::Cancelled => "Writing was stopped. The text so far is kept.",
        GenerationState::Failed => "Writing failed. The text so far is kept.",
        GenerationState::Interrupted => "Writing was interrupted. The text so far is kept.",
        GenerationState::Rejected => "The brief was rejected.",
        GenerationState::Queued | GenerationState::Running => "",
    },
    title_writing: |title| format!("● Writing: {title}"),
    title_ended: |state, title| match state {
        GenerationState::Done => format!("✓ Done: {title}"),
        other => format!("{}: {title}", state_word(other)),
    },
    minutes_to_read: |minutes| format!("{minutes} min read"),
    words: |words, language| {
        let unit = if language.starts_with("zh") { "characters" } else { "words" };
        format!("{} {unit}", count(u64::from(words)))
    },
    machine_written: "machine-written",
    being_written: "being written",
    revision_of: |number, all| format!("Revision {number} of {all}"),
    revision_number: |number| format!("Revision {number}"),
    ended_after: |state, tokens| match state {
        GenerationState::Done => format!("finished, {tokens} tokens"),
        GenerationState::Cancelled => format!("stopped by you after {tokens} tokens"),
        GenerationState::Failed => format!("failed after {tokens} tokens"),
        GenerationState::Interrupted => format!("interrupted after {tokens} tokens"),
        GenerationState::Rejected => "rejected".to_owned(),
        GenerationState::Queued | GenerationState::Running => String::new(),
    },
    left_to_others: "Stopped here. The same is being written for another request, for which it goes \
                     on.",
    upstream_closed: |ms| format!("Stopped. The connection to the model was closed in {ms}."),
    nobody_asked: "Stopped. No model was being asked at that moment.",
    not_current: "This is not the revision that readers see.",
    make_current: "Make this the current one",
    back_to_current: "Back to the current one",
    revisions: "Revisions",
    compare: "Compare",
    compare_with_current: "Compare with the current one",
    compare_older: "On the left",
    compare_newer: "On the right",
    words_changed: |added, removed| {
        format!("{} words added, {} removed", count(added.into()), count(removed.into()))
    },
    nothing_changed: "The two texts are the same.",
    unchanged_blocks: |blocks| match blocks {
        1 => "1 unchanged block".to_owned(),
        blocks => format!("{blocks} unchanged blocks"),
    },
    only_here: |number| format!("not in revision {number}"),
    current_one: "current",
    back_to_article: "Back to the article",
    continue_writing: "Continue",
    regenerate: "Regenerate",
    regenerate_title: "Write it again",
    regenerate_note: "This makes a new revision. The others stay, one click away.",
    cancel: "Cancel",
    copy: "Copy",
    copied: "Copied",
    copy_failed: "Not copied: select the text and copy it by hand.",
    copy_markdown: "Copy Markdown",
    download_markdown: "Download Markdown",
    no_text_yet: "Nothing is written yet.",
    ended_without_text: "No text was written.",
    text_kept: "The text so far is kept as a revision.",
    nothing_written: "Nothing had been written yet, so nothing is lost.",
    rejected: |findings| format!("The brief was rejected: {findings}."),
    interrupted: "The server stopped while this was being written.",
    tags: "Tags",

    // Connecting models.
    connect_model: "Connect a model",
    connect_nothing: "No model is connected yet; the built-in demo writes. One line connects a real one.",
    connect_found: "This was found in the configuration, in the environment and on this machine.",
    connect_routes: "What writes what",
    connect_then: |models| format!("further candidates: {models}"),
    connect_providers: "Connected",
    connect_demo: "built in; needs no key, costs nothing, writes samples",
    connect_with_key: "with a key",
    connect_without_key: "without a key",
    connect_no_models: "It has no model yet. Load one there and start Inkstream again, or add a [[models]] entry to inkstream.toml.",
    connect_model_of: |provider| format!("Model of {provider}"),
    connect_test: "Test",
    connect_testing: "Asking…",
    connect_works: |model, time| format!("{model} answers; the first word came after {time}."),
    connect_more: "Connect another",
    connect_how: "Put the line with your key into a file named .env in the directory where the server is started, or into its environment, and start it again. Models, prices and routes come with the key.",
    connect_other: "Any other server",
    connect_other_how: "vLLM, LM Studio, LiteLLM and whatever else speaks OpenAI's chat completions: its address, up to /v1, and the name of a model. If it wants a key, OPENAI_API_KEY as well.",
    connect_local: "Ollama or llama.cpp on this machine",
    connect_local_how: "Found by itself on its usual port (11434, 8080) when nothing else is connected. Pull a model, and start Inkstream again.",

    // The article's page, and correcting it.
    download_html: "Download HTML",
    edit: "Edit",
    edit_title: "Title",
    edit_text: "Text, in Markdown",
    edit_write: "Write",
    edit_preview: "Preview",
    edit_save: "Save",
    edit_saving: "Saving…",
    edit_leave: "Close",
    edited_by_hand: "edited by hand",
    named: |title| format!("named “{title}”"),
    draft_kept: |at| format!("Not saved yet; kept in this browser, {at}"),
    draft_not_kept: "This browser keeps no drafts. Save before you leave.",
    draft_here: |at| format!("Your unsaved text of {at} is here."),
    draft_behind: "The article has changed since; when you save, you will see both.",
    drafts_older: |older| match older {
        1 => "An older one is kept, too, and comes after it.".to_owned(),
        older => format!("{older} older ones are kept, too, and come after it."),
    },
    draft_go_on: "Go on editing",
    draft_discard: "Discard it",
    saved_elsewhere: "The article was saved somewhere else meanwhile. Your text is kept.",
    show_both: "Show both",
    conflict_title: "Two texts",
    conflict_note: "The article was changed while you edited it. Nothing is lost: here are both.",
    conflict_mine: "Yours",
    conflict_theirs: "The saved one",
    not_in_theirs: "not in the saved one",
    not_in_mine: "not in yours",
    keep_mine: "Keep mine as the newest",
    take_theirs: "Take the saved one",
    back_to_editing: "Back to editing",

    library_empty: "Nothing here yet",
    library_empty_hint: "Every article that is written is kept here, also the unfinished ones.",
    start_first: "Write the first one",
    delete: "Delete",
    delete_ask: "Delete this article?",
    keep: "Keep",
    deleted: |title| format!("“{title}” is deleted."),
    undo: "Undo",
    show_more: "Show more",
    loading: "Loading…",
    updated: "Changed",
    // The library: finding, renaming, several at once.
    search: "Search",
    search_placeholder: "Search titles and texts",
    filter_state: "State",
    filter_language: "Language",
    all_states: "Any state",
    all_styles: "Any style",
    all_languages: "Any language",
    articles_in_all: |articles| match articles {
        1 => "1 article".to_owned(),
        more => format!("{} articles", count(u64::from(more))),
    },
    found: |articles| format!("{} found", count(u64::from(articles))),
    found_more_than: |articles| {
        format!("More than {} found, the newest first", count(u64::from(articles)))
    },
    nothing_found: "No article fits",
    nothing_found_for: |query| format!("Nothing found for “{query}”"),
    nothing_found_hint: "All words have to be in the title or the text. Try fewer or other words, a * behind the beginning of a word, or another filter.",
    show_all: "Show all articles",
    rename: "Rename",
    new_title_of: |title| format!("New title of “{title}”"),
    select_article: |title| format!("Select “{title}”"),
    selection: "Selected articles",
    selected: |articles| format!("{articles} selected"),
    select_none: "Select none",
    delete_selected: "Delete them",
    deleted_several: |articles| match articles {
        1 => "1 article is deleted.".to_owned(),
        more => format!("{more} articles are deleted."),
    },

    operations: &super::operations::EN,

    // Signing in, and what the connection is.
    sign_in: "Sign in",
    sign_out: "Sign out",
    plain_http: "This connection is not encrypted: others on the network can read along.",
    understood: "Understood",

    not_found_title: "There is no such page",
    not_found_hint: "The address may be mistyped, or the page has moved.",
    article_not_found: "There is no such article",
    article_not_found_hint: "It may have been deleted, or the address is incomplete.",
    failed_to_load: "This page could not be loaded",
    to_library: "To the library",
    try_again: "Try again",
    network_failed: "The server could not be reached.",
    network_failed_hint: "Check the connection and try again.",
    typed_is_kept: "What you typed is still here.",
    bad_answer: "The server's answer could not be understood.",
    bad_answer_hint: "Reload the page; it may be older than the server.",
    problem: super::problems::en::words,
    request_id: |id| format!("Request {id}"),
};

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "Theme: as the system",
        Theme::Light => "Theme: light",
        Theme::Dark => "Theme: dark",
    }
}

fn style(style: Style) -> &'static str {
    match style {
        Style::Technical => "Technical",
        Style::Tutorial => "Tutorial",
        Style::Overview => "Overview",
    }
}

fn state_word(state: GenerationState) -> &'static str {
    match state {
        GenerationState::Queued => "Waiting",
        GenerationState::Running => "Writing",
        GenerationState::Done => "Done",
        GenerationState::Cancelled => "Stopped",
        GenerationState::Rejected => "Rejected",
        GenerationState::Failed => "Failed",
        GenerationState::Interrupted => "Interrupted",
    }
}

fn state(state: GenerationState) -> &'static str {
    state_word(state)
}

fn field(field: Field) -> FieldText {
    let (label, hint, example) = match field {
        Field::Topic => (
            "Topic",
            "A topic, a question, or the points you want made.",
            "A topic, a question, or the points you want made…",
        ),
        Field::Audience => ("Audience", "Who reads it.", "backend developers new to Rust"),
        Field::TechStack => ("Tech stack", "Tools and languages it should use.", "Tokio, Axum"),
        Field::Prerequisites => ("Prerequisites", "What readers know already.", "threads, HTTP"),
        Field::Duration => {
            ("Duration", "How long reading or following it should take.", "15 minutes")
        }
        Field::Language => ("Language", "The article's language.", ""),
        Field::Length => ("Length", "Words; in Chinese, characters.", "1500"),
        Field::Tone => ("Tone", "How it should sound.", "calm and exact"),
        Field::Format => ("Format", "What the model writes in; the article is the same.", ""),
        Field::Model => ("Model", "Tried first, before those of the style.", ""),
        Field::Priority => ("Priority", "What counts: speed and cost, or the best text.", ""),
        Field::Temperature => {
            ("Temperature", "Higher is more varied, lower more predictable.", "0.7")
        }
        Field::TopP => {
            ("top_p", "Only the likeliest words up to this share are considered.", "0.95")
        }
        Field::MaxTokens => {
            ("max_tokens", "The longest answer, in tokens; the text ends there.", "4096")
        }
        Field::FrequencyPenalty => {
            ("Frequency penalty", "Higher repeats the same words less.", "0.1")
        }
        Field::PresencePenalty => {
            ("Presence penalty", "Higher moves on to new subjects sooner.", "0.1")
        }
        Field::Stop => (
            "Stop sequences",
            "The text ends before any of these. One a line, at most four; \\n is a line break.",
            "",
        ),
    };
    FieldText { label, hint, example }
}

fn fault(fault: &FieldFault) -> String {
    match fault {
        FieldFault::NotANumber => "This is not a number.".to_owned(),
        FieldFault::NotWhole => "This is not a whole number.".to_owned(),
        FieldFault::Finding(kind) => match kind {
            FindingKind::Blank => "Something has to stand here.".to_owned(),
            FindingKind::TooLong { chars, max } => {
                format!("{chars} characters; at most {max} are possible.")
            }
            FindingKind::TooMany { max } => format!("At most {max}."),
            FindingKind::OutOfRange(Range { min, max }) => {
                format!("Only {min} to {max} is possible.")
            }
            FindingKind::Unusual(Range { min, max }) => {
                format!("Outside the advised {min} to {max}.")
            }
            FindingKind::NotALanguage => {
                "This is not a language tag such as en or zh-CN.".to_owned()
            }
            FindingKind::NulCharacter => {
                "There is an invisible character (U+0000) in it; remove it.".to_owned()
            }
        },
    }
}

fn route_reason(reason: &RouteReason) -> String {
    let model = reason.model.as_deref().unwrap_or("a model");
    match reason.code.as_str() {
        "brief_model" => "named in the brief".to_owned(),
        "style_route" => "first for this style".to_owned(),
        "default_route" => "first by default".to_owned(),
        "demo_only" => "the demo, as no model is connected".to_owned(),
        "cheapest" => "the cheapest first".to_owned(),
        "priority" => "by the priority asked for".to_owned(),
        "long_brief" => "a long brief takes the best model".to_owned(),
        "breaker_open" => format!("{model} keeps failing"),
        "line_full" => format!("the line for {model} is full"),
        _ => reason.message.clone(),
    }
}

fn notice(notice: &Notice) -> String {
    let model = notice.model.as_deref().unwrap_or("the model");
    let why = why(notice.reason.as_deref().unwrap_or_default());
    // A moment is not worth a word.
    let wait = notice.wait_ms.filter(|ms| *ms >= 1000);
    let after =
        wait.map(|ms| format!(" after {}", duration(ms.next_multiple_of(100)))).unwrap_or_default();
    match notice.kind {
        NoticeKind::Failover | NoticeKind::Continued if notice.reason.is_none() => {
            format!("{model} is asked instead{after}.")
        }
        NoticeKind::Failover | NoticeKind::Continued if notice.is_reason("breaker_open") => {
            format!("The model before keeps failing: {model} is asked instead{after}.")
        }
        NoticeKind::Failover | NoticeKind::Continued if notice.is_reason("line_full") => {
            format!("The line for the model before is full: {model} is asked instead{after}.")
        }
        NoticeKind::Retry => format!("No text came: {why}. {model} is asked again{after}."),
        NoticeKind::Failover => format!("No text came: {why}. {model} takes over{after}."),
        NoticeKind::Continued if notice.is_reason("length") => {
            format!("The answer reached its length; {model} goes on from the same word.")
        }
        NoticeKind::Continued => {
            format!(
                "In the middle of the text {why}. {model} goes on from the same word{after}; \
                 nothing is lost."
            )
        }
        NoticeKind::Cached => {
            "This text was written lately for the same brief; it comes from the cache, for free."
                .to_owned()
        }
        NoticeKind::Shared => {
            "Somebody else asked for the same a moment ago; you read one stream.".to_owned()
        }
        NoticeKind::Queued => match notice.position {
            Some(position) => format!("Waiting in line, at place {position}."),
            None => "Waiting in line.".to_owned(),
        },
        NoticeKind::MaxTokens => "The text ends where max_tokens of the brief ends it.".to_owned(),
        NoticeKind::Other => notice.message.clone(),
    }
}

/// Why an answer ended or did not come, by the code of its error.
fn why(reason: &str) -> &'static str {
    match reason {
        "length" => "the answer reached its length",
        "continued" => "somebody pressed Continue",
        "upstream_unreachable" => "the provider could not be reached",
        "upstream_timeout" => "no answer came in time",
        "upstream_unauthorized" => "the provider refused the key",
        "upstream_rate_limited" => "the provider limits how often it may be asked",
        "upstream_rejected" => "the provider refused the request",
        "upstream_failed" => "the model failed",
        "upstream_truncated" => "the answer broke off",
        "upstream_malformed" => "the answer could not be understood",
        "context_too_small" => "the model cannot hold so much text",
        _ => "something went wrong",
    }
}
