//! Stage 4: makes a revision of the text: typed document, safe HTML, title, outline, counts.

use tokio::task::JoinError;
use uuid::Uuid;

use super::generate::{Outcome, Transcript, seams_of};
use super::preprocess::prepare;
use super::template::Prompt;
use super::{Ending, Job, StopReason};
use crate::article::brief::{Brief, Format};
use crate::article::document::Document;
use crate::article::edit::one_line;
use crate::article::event::{Event, Highlight, Meta, Stage};
use crate::article::markdown_writer::to_markdown;
use crate::article::problem::Problem;
use crate::article::{html, html_writer, markdown, measure};
use crate::server::sanitize::clean_article;
use crate::server::slug::slug;
use crate::server::store::records::{NewDeadLetter, NewRevision};

/// The longest summary, in characters: what search engines show of a description.
const SUMMARY_MAX_CHARS: usize = 160;

/// Runs the stage. Every generation that ended with text gets a revision, however it ended.
pub async fn run(job: &Job, transcript: Transcript) -> Ending {
    job.begin(Stage::Postprocess);
    let made = match (&transcript.flight, &transcript.outcome) {
        // Who shared the writing shares what it became: it is made once.
        (Some(flight), Outcome::Complete) if flight.is_shared() => {
            let made = flight.revision.get_or_try_init(|| make(job)).await.cloned();
            made.map(|made| made.map(|made| NewRevision { id: Uuid::now_v7(), ..made }))
        }
        _ => make(job).await,
    };
    let (mut revision, broken) = match made {
        Ok(revision) => (revision, None),
        Err(error) => (None, Some(internal(&error))),
    };
    if let Some(revision) = &mut revision {
        revision.meta.seams = seams_of(job);
        job.log.push(&Event::Meta(revision.meta.clone()));
    }
    let usage = job.progress().usage.clone();
    let mut dead_letter = None;
    let mut failed = |problem: Problem| {
        let letter = dead_letter.insert(letter(job));
        (Event::Failed { problem: problem.clone(), dead_letter: Some(letter.id) }, Some(problem))
    };
    let (last, error) = match (broken, transcript.outcome, &revision) {
        (Some(problem), _, _) => failed(problem),
        (None, Outcome::Failed(problem), _) => failed(problem),
        (None, Outcome::Stopped { stop, upstream_closed_ms }, _) => match stop.reason {
            StopReason::Cancelled => (Event::Cancelled { upstream_closed_ms, usage }, None),
            StopReason::Interrupted => (Event::Interrupted { killed: false }, None),
        },
        (None, Outcome::Refused(words), _) => (Event::Rejected { findings: vec![words] }, None),
        (None, Outcome::Complete, Some(revision)) => (Event::Done { revision: revision.id }, None),
        (None, Outcome::Complete, None) => failed(blank()),
    };
    Ending { last, error, revision, dead_letter }
}

/// Makes a revision of a job's text, away from the tasks that move tokens.
async fn make(job: &Job) -> Result<Option<NewRevision>, JoinError> {
    let text = job.log.text();
    let highlights = highlights(job);
    let (format, kind) = (job.brief.format, Kind::of(job));
    tokio::task::spawn_blocking(move || revision(text, format, highlights, kind)).await
}

/// What is kept of a job to try it again: what a model was asked.
fn letter(job: &Job) -> NewDeadLetter {
    let Prompt { system, user, template } = prepare(&job.brief, &job.language).prompt;
    NewDeadLetter { id: Uuid::now_v7(), system, user, template }
}

/// What a text was written as.
#[derive(Clone, Debug)]
pub struct Kind {
    /// The title of a text without a heading.
    pub topic: String,
    /// The style's name.
    pub style: String,
    /// BCP 47.
    pub language: String,
}

impl Kind {
    /// What a job's text is written as.
    pub fn of(job: &Job) -> Self {
        Self::asked(&job.brief, job.language.clone())
    }

    /// What a brief asks for; `language` is that of the text.
    pub fn asked(brief: &Brief, language: String) -> Self {
        Self { topic: brief.topic.clone(), style: brief.style.as_str().to_owned(), language }
    }
}

/// A revision of a text of some form, or `None` where there is nothing to keep. Revisions are Markdown, so that
/// whatever came as HTML is corrected, compared and searched like everything else.
pub fn revision(
    text: String,
    format: Format,
    highlights: Vec<Highlight>,
    kind: Kind,
) -> Option<NewRevision> {
    let text = match format {
        Format::Markdown => text,
        Format::Html => to_markdown(&html::parse(&text)),
    };
    if text.trim().is_empty() {
        return None;
    }
    let document = markdown::parse(&text);
    let html = clean_article(&html_writer::to_html(&document, &highlights));
    Some(revision_of(text, &document, html, highlights, kind))
}

/// A revision of a text that was parsed, with its HTML.
pub fn revision_of(
    text: String,
    document: &Document,
    html: String,
    highlights: Vec<Highlight>,
    kind: Kind,
) -> NewRevision {
    let Kind { topic, style, language } = kind;
    let title = one_line(measure::title(document).as_deref().unwrap_or(&topic));
    let counts = measure::count(document);
    let meta = Meta {
        slug: slug(&title),
        summary: measure::summary(document, SUMMARY_MAX_CHARS),
        title,
        tags: Vec::new(),
        outline: measure::outline(document),
        words: counts.words(),
        characters: counts.characters(),
        reading_minutes: counts.reading_minutes(),
        seams: Vec::new(),
    };
    NewRevision { id: Uuid::now_v7(), text, html, style, language, meta, highlights }
}

/// The colours of a job's code, as its log has them.
pub fn highlights(job: &Job) -> Vec<Highlight> {
    let data = job.log.data_of("highlight");
    data.iter().filter_map(|json| serde_json::from_str(json).ok()).collect()
}

fn internal(error: &JoinError) -> Problem {
    tracing::error!(error_type = "postprocess", error = %error, "a text could not be processed");
    Problem::new(
        crate::article::problem::Code::Internal,
        "The text was written but could not be processed.",
        "The text is kept in the generation's log; report this with the request id.",
    )
}

fn blank() -> Problem {
    Problem::new(
        crate::article::problem::Code::UpstreamFailed,
        "The model's answer was nothing but white space.",
        "Try again, or choose another model.",
    )
}
