//! What the pages show, from the same services as the API: the server asks them directly, the
//! browser by way of `/page-data`.

#[cfg(feature = "ssr")]
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::api::Failure;
use super::progress::Progress;
use crate::article::brief::{Format, Priority, Style};
use crate::article::comparison::Comparison;
use crate::article::connection::Connections;
use crate::article::dead_letter::{DeadLetter, DeadLetterPage};
use crate::article::event::{Highlight, Meta, OutlineEntry};
use crate::article::generation::{
    ArticlePage, ArticleSummary, Generation, RevisionSummary, UnixMs,
};
use crate::article::operations::Operations;
use crate::article::seam_place::SeamPlace;

/// What a page shows, or why it cannot.
pub type PageResult<T> = Result<T, Failure>;

/// A model that can be asked for by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelOption {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it is one of the demo's.
    pub demo: bool,
}

/// What the form of a brief has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComposeData {
    /// The configured models.
    pub models: Vec<ModelOption>,
    /// Whether nothing but the demo is configured.
    pub demo_only: bool,
    /// The first model of each style's route.
    pub first: Vec<(Style, String)>,
    /// The priorities that have models of their own and can be asked for.
    #[serde(default)]
    pub priorities: Vec<Priority>,
}

impl ComposeData {
    /// The model that a style would be written by.
    pub fn first_of(&self, style: Style) -> Option<&str> {
        self.first.iter().find(|(known, _)| *known == style).map(|(_, model)| model.as_str())
    }

    /// Whether a model is one of the demo's.
    pub fn is_demo(&self, name: &str) -> bool {
        self.models.iter().any(|model| model.demo && model.name == name)
    }
}

/// What the library is asked for, as it stands in the page's address. What is `None` narrows
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "ssr", derive(Deserialize))]
pub struct LibraryQuery {
    /// What is searched for.
    pub q: Option<String>,
    /// A state's name.
    pub state: Option<String>,
    /// A style's name.
    pub style: Option<String>,
    /// A language.
    pub language: Option<String>,
}

impl LibraryQuery {
    /// Reads it from the parts of an address.
    pub fn of(part: impl Fn(&str) -> Option<String>) -> Self {
        let asked = Self {
            q: part("q"),
            state: part("state"),
            style: part("style"),
            language: part("language"),
        };
        asked.tidied()
    }

    /// The same without what is empty.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        for part in [&mut self.q, &mut self.state, &mut self.style, &mut self.language] {
            part.take_if(|part| part.trim().is_empty());
        }
        self
    }

    /// What there is of it, by name.
    fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("q", &self.q),
            ("state", &self.state),
            ("style", &self.style),
            ("language", &self.language),
        ]
        .into_iter()
        .filter_map(|(name, part)| Some((name, part.as_deref()?)))
    }

    /// The query string of an address, with `further` parts; empty or beginning with `?`. For the
    /// browser alone.
    pub fn query_string(&self, further: Option<(&'static str, &str)>) -> String {
        let mut string = String::new();
        for (name, part) in self.parts().chain(further) {
            string.push(if string.is_empty() { '?' } else { '&' });
            string.push_str(name);
            string.push('=');
            string.push_str(&String::from(js_sys::encode_uri_component(part)));
        }
        string
    }

    /// The page's address. For the browser alone.
    pub fn address(&self) -> String {
        format!("/articles{}", self.query_string(None))
    }
}

/// What the library shows first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LibraryData {
    /// Its first page.
    pub page: ArticlePage,
    /// How many articles there are in all, where that is known.
    pub count: Option<u32>,
}

/// What the page of an article shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArticleData {
    /// The article.
    pub article: ArticleSummary,
    /// The generation that is shown: the newest while it is written and where it left no text,
    /// else the one that made the revision. Its `text` is empty: see [`Self::text`].
    pub generation: Generation,
    /// What is known of that generation.
    pub progress: Progress,
    /// The revision that is shown; `None` while one is written.
    pub shown: Option<RevisionSummary>,
    /// All revisions, the newest first.
    pub revisions: Vec<RevisionSummary>,
    /// The text, in Markdown.
    pub text: String,
    /// The colours of its code.
    pub highlights: Vec<Highlight>,
    /// Its headings.
    pub outline: Vec<OutlineEntry>,
    /// What was derived from the finished text.
    pub meta: Option<Meta>,
    /// Where one answer ends in the text and the next begins; empty while it is written, and where
    /// a person wrote it.
    #[serde(default)]
    pub seams: Vec<SeamPlace>,
    /// For the form of the next revision.
    pub compose: ComposeData,
    /// The server's clock when this was put together.
    pub now: UnixMs,
    /// The text as sanitised HTML, for the server's page alone.
    #[serde(skip)]
    pub html: String,
}

impl ArticleData {
    /// Whether a person wrote the revision that is shown.
    pub fn is_by_hand(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.generation_id.is_none())
    }

    /// The form of the text: revisions are Markdown, what is being written is as the brief asked.
    pub fn format(&self) -> Format {
        match self.shown {
            Some(_) => Format::Markdown,
            None => self.generation.brief.format,
        }
    }

    /// The revision that readers see.
    pub fn current(&self) -> Option<Uuid> {
        self.revisions.iter().find(|revision| revision.current).map(|revision| revision.id)
    }
}

/// What the page that compares two revisions shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareData {
    /// The article.
    pub article: ArticleSummary,
    /// Number and id of every revision, the newest first.
    pub numbers: Vec<(u32, Uuid)>,
    /// The two.
    pub comparison: Comparison,
}

/// How many dead letters are shown at first.
pub const LETTERS_PAGE: u32 = 20;

/// What the operations page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationsData {
    /// What is going on.
    pub operations: Operations,
    /// The first page of the dead letters.
    pub letters: DeadLetterPage,
}

/// What is shown of a dead letter that is opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LetterData {
    /// The letter.
    pub letter: DeadLetter,
    /// For the form of its brief.
    pub compose: ComposeData,
}

/// Sets the status of the page's answer. In the browser there is none to set.
pub fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    {
        let status = axum::http::StatusCode::from_u16(status);
        if let (Some(response), Ok(status)) =
            (use_context::<leptos_axum::ResponseOptions>(), status)
        {
            response.set_status(status);
        }
    }
    #[cfg(not(feature = "ssr"))]
    let _: u16 = status;
}

/// What the compose page shows.
///
/// # Errors
/// It could not be asked for.
pub async fn load_compose() -> PageResult<ComposeData> {
    #[cfg(feature = "ssr")]
    {
        Ok(crate::server::pages::compose(&expect_context()))
    }
    #[cfg(not(feature = "ssr"))]
    fetch("/page-data/compose".to_owned()).await
}

/// What the page that connects models shows.
///
/// # Errors
/// It could not be asked for.
pub async fn load_connections() -> PageResult<Connections> {
    #[cfg(feature = "ssr")]
    {
        Ok(expect_context::<crate::server::state::AppState>().connections())
    }
    #[cfg(not(feature = "ssr"))]
    fetch("/page-data/connections".to_owned()).await
}

/// What the operations page shows.
///
/// # Errors
/// The server's, or it could not be asked for.
pub async fn load_operations() -> PageResult<OperationsData> {
    #[cfg(feature = "ssr")]
    {
        Ok(crate::server::pages::operations(&expect_context()).await?)
    }
    #[cfg(not(feature = "ssr"))]
    fetch("/page-data/operations".to_owned()).await
}

/// What is shown of a dead letter that is opened.
///
/// # Errors
/// The server's, or it could not be asked for.
pub async fn load_letter(id: Uuid) -> PageResult<LetterData> {
    #[cfg(feature = "ssr")]
    {
        Ok(crate::server::pages::letter(&expect_context(), id).await?)
    }
    #[cfg(not(feature = "ssr"))]
    fetch(format!("/page-data/dead-letters/{id}")).await
}

/// What the library shows first.
///
/// # Errors
/// The server's, or it could not be asked for.
pub async fn load_library(asked: LibraryQuery) -> PageResult<LibraryData> {
    #[cfg(feature = "ssr")]
    {
        Ok(crate::server::pages::library(&expect_context(), &asked).await?)
    }
    #[cfg(not(feature = "ssr"))]
    fetch(format!("/page-data/library{}", asked.query_string(None))).await
}

/// What the page of an article shows: of its current revision, or of the one that is named.
///
/// # Errors
/// The server's, or it could not be asked for.
pub async fn load_article(article: Uuid, revision: Option<Uuid>) -> PageResult<ArticleData> {
    #[cfg(feature = "ssr")]
    {
        Ok(crate::server::pages::article(&expect_context(), article, revision).await?)
    }
    #[cfg(not(feature = "ssr"))]
    {
        let path = format!("/page-data/articles/{article}");
        let named = revision.map(|revision| format!("{path}?revision={revision}"));
        fetch(named.unwrap_or(path)).await
    }
}

/// What the page that compares two revisions shows; where they are not named, the current one and
/// the one before it.
///
/// # Errors
/// The server's, or it could not be asked for.
pub async fn load_comparison(
    article: Uuid,
    from: Option<Uuid>,
    to: Option<Uuid>,
) -> PageResult<CompareData> {
    #[cfg(feature = "ssr")]
    {
        Ok(crate::server::pages::compare(&expect_context(), article, from, to).await?)
    }
    #[cfg(not(feature = "ssr"))]
    {
        fetch(format!("/page-data{}", compare_address(article, from, to))).await
    }
}

/// The address of the page that compares two revisions.
pub fn compare_address(article: Uuid, from: Option<Uuid>, to: Option<Uuid>) -> String {
    let mut address = format!("/articles/{article}/compare");
    for (name, id) in [("from", from), ("to", to)] {
        if let Some(id) = id {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&format!("{name}={id}"));
        }
    }
    address
}

/// Asks for a page's data. On the server what loads it may change threads; in the browser there is
/// only one.
#[cfg(not(feature = "ssr"))]
fn fetch<T>(path: String) -> impl Future<Output = PageResult<T>> + Send
where
    T: serde::de::DeserializeOwned,
{
    send_wrapper::SendWrapper::new(async move { super::api::page_data(&path).await })
}
