//! What pages show, put together from the services that stand behind the API.

use uuid::Uuid;

use super::articles::ListRequest;
use super::clock::now_ms;
use super::config::{Protocol, of_style};
use super::error::internal;
use super::event_log::EventView;
use super::generations::Followed;
use super::sanitize::clean_article;
use super::state::AppState;
use crate::app::page_data::{
    ArticleData, CompareData, ComposeData, LETTERS_PAGE, LetterData, LibraryData, LibraryQuery,
    ModelOption, OperationsData,
};
use crate::app::progress::Progress;
use crate::article::brief::{Priority, Style};
use crate::article::event::{Event, Highlight, Seq};
use crate::article::generation::{Generation, RevisionSummary};
use crate::article::html_writer::to_html;
use crate::article::measure::outline;
use crate::article::parser::parse;
use crate::article::problem::Problem;
use crate::article::seam_place::places;

/// How many articles the library shows at first, and with every further page.
const LIBRARY_PAGE: u32 = 20;

/// What the form of a brief has to know of the configuration.
pub fn compose(state: &AppState) -> ComposeData {
    let config = &state.config;
    let models = config.models.values().map(|model| ModelOption {
        name: model.name.clone(),
        demo: config
            .providers
            .get(&model.provider)
            .is_some_and(|provider| provider.protocol == Protocol::Demo),
    });
    let first = |style| Some((style, of_style(&config.routes, style).first()?.clone()));
    ComposeData {
        models: models.collect(),
        demo_only: config.demo_only,
        first: Style::ALL.into_iter().filter_map(first).collect(),
        priorities: [Priority::Fast, Priority::Premium]
            .into_iter()
            .filter(|priority| config.routing.priorities.contains_key(priority.as_str()))
            .collect(),
    }
}

/// The first page of the library, of all articles or of those that were asked for.
///
/// # Errors
/// What was asked for is not understood, or the store cannot be read.
pub async fn library(state: &AppState, asked: &LibraryQuery) -> Result<LibraryData, Problem> {
    let request = ListRequest {
        q: asked.q.as_deref(),
        state: asked.state.as_deref(),
        style: asked.style.as_deref(),
        language: asked.language.as_deref(),
    };
    let filter = request.filter(LIBRARY_PAGE)?;
    let page = state.articles(&filter).await?;
    let count = match (&filter.query, &page.next) {
        (_, None) => u32::try_from(page.items.len()).ok(),
        (None, Some(_)) => Some(state.count_articles(&filter).await?),
        // Counting all hits would take longer than finding the first.
        (Some(_), Some(_)) => None,
    };
    Ok(LibraryData { page, count })
}

/// What is going on, with the newest dead letters.
///
/// # Errors
/// The store cannot be read.
pub async fn operations(state: &AppState) -> Result<OperationsData, Problem> {
    let letters = state.dead_letters(None, LETTERS_PAGE).await?;
    Ok(OperationsData { operations: state.operations().await?, letters })
}

/// A dead letter that is opened.
///
/// # Errors
/// There is none, or the store cannot be read.
pub async fn letter(state: &AppState, id: Uuid) -> Result<LetterData, Problem> {
    Ok(LetterData { letter: state.dead_letter(id).await?, compose: compose(state) })
}

/// An article with its current revision, or the one that is named; while its newest generation is
/// being written, and none is named, with that.
///
/// # Errors
/// There is no such article or revision, or the store cannot be read.
pub async fn article(
    state: &AppState,
    id: Uuid,
    revision: Option<Uuid>,
) -> Result<ArticleData, Problem> {
    let newest = state.article(id).await?.summary.generation_id;
    let newest = state.generations.get(newest).await?;
    // Read after the generation, so that one that has just ended has its revision here.
    let article = state.article(id).await?;
    let revisions = state.revisions(id).await?;
    let writes = !newest.state.is_ended();
    let shown = match revision {
        Some(revision) => Some(state.revision(id, revision).await?),
        None => article.revision.filter(|_| !writes),
    };
    let summary = shown
        .as_ref()
        .and_then(|shown| revisions.iter().find(|known| known.id == shown.id))
        .cloned();
    let mut generation = match shown.as_ref().and_then(|shown| shown.generation_id) {
        Some(maker) if maker != newest.id => state.generations.get(maker).await?,
        _ => newest,
    };
    let (progress, highlights) = history(state, &generation).await?;
    let data = |text: String, generation, summary: Option<RevisionSummary>| ArticleData {
        article: article.summary.clone(),
        generation,
        progress: progress.clone(),
        shown: summary,
        revisions,
        text,
        highlights: Vec::new(),
        outline: Vec::new(),
        meta: None,
        seams: Vec::new(),
        compose: compose(state),
        now: now_ms(),
        html: String::new(),
    };
    let written = std::mem::take(&mut generation.text);
    let format = generation.brief.format;
    let Some(shown) = shown else {
        // A long text takes a while, and would keep the streams of others waiting.
        let rendered = tokio::task::spawn_blocking(move || {
            let document = parse(format, &written);
            let html = clean_article(&to_html(&document, &highlights));
            (html, outline(&document), written, highlights)
        });
        let (html, outline, written, highlights) = rendered.await.map_err(|error| {
            tracing::error!(error_type = "internal", %error, "a text could not be rendered");
            internal()
        })?;
        return Ok(ArticleData { html, outline, highlights, ..data(written, generation, None) });
    };
    let html = state.store.revision_html(shown.id).await.map_err(|error| error.to_problem())?;
    let own = shown.generation_id == Some(generation.id);
    let seams = if own { places(&written, &generation.seams) } else { Vec::new() };
    let mut data = data(shown.text, generation, summary);
    data.seams = seams;
    // What was stored is the output of the same sanitiser.
    data.html = html.unwrap_or_default();
    data.outline = shown.meta.outline.clone();
    data.highlights = shown.highlights;
    data.meta = Some(shown.meta);
    Ok(data)
}

/// Two revisions of an article side by side; see [`AppState::compare`].
///
/// # Errors
/// There is no such article or revision, or the store cannot be read.
pub async fn compare(
    state: &AppState,
    id: Uuid,
    from: Option<Uuid>,
    to: Option<Uuid>,
) -> Result<CompareData, Problem> {
    let revisions = state.revisions(id).await?;
    let comparison = state.compare_among(&revisions, from, to).await?;
    let article = state.article(id).await?.summary;
    let numbers = revisions.iter().map(|revision| (revision.number, revision.id)).collect();
    Ok(CompareData { article, numbers, comparison })
}

/// Folds the log of a generation, as far as its resource goes, into what the page shows of it.
async fn history(
    state: &AppState,
    generation: &Generation,
) -> Result<(Progress, Vec<Highlight>), Problem> {
    let mut progress = Progress::of(generation);
    let mut highlights = Vec::new();
    let Followed::Reader(mut reader) = state.generations.follow(generation.id, Seq(0)).await?
    else {
        return Ok((progress, highlights));
    };
    let mut read = Seq(0);
    while read < generation.last_seq {
        let more = reader
            .read(|seq, view| {
                read = seq;
                if let EventView::Other(name, data) = view
                    && seq <= generation.last_seq
                {
                    match Event::parse(name, data) {
                        Ok(Some(Event::Highlight(highlight))) => highlights.push(highlight),
                        Ok(Some(event)) => progress.apply(&event),
                        Ok(None) => {}
                        Err(error) => {
                            tracing::error!(
                                error_type = "log_unreadable",
                                generation.id = %generation.id,
                                seq = seq.0,
                                %error,
                                resolution = "the page is shown without this event",
                                "an event of a stored log cannot be read"
                            );
                        }
                    }
                }
            })
            .await;
        if !more {
            break;
        }
    }
    Ok((progress, highlights))
}
