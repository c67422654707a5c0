//! What the pages show, from the same services as the API: Leptos server functions.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::progress::Progress;
use crate::article::brief::Style;
use crate::article::event::{Highlight, Meta, OutlineEntry};
use crate::article::generation::{
    ArticlePage, ArticleSummary, Generation, RevisionSummary, UnixMs,
};
use crate::article::problem::Problem;

/// What a page shows, or why it cannot.
pub type PageResult<T> = Result<T, Problem>;

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
    /// For the form of the next revision.
    pub compose: ComposeData,
    /// The server's clock when this was put together.
    pub now: UnixMs,
    /// The text as sanitised HTML, for the server's page alone.
    #[serde(skip)]
    pub html: String,
}

/// One error instead of two: what the page cannot show, and why it could not even ask.
///
/// # Errors
/// The problem of either.
pub fn flatten<T>(answer: Result<PageResult<T>, ServerFnError>) -> PageResult<T> {
    answer.unwrap_or_else(|error| {
        Err(Problem::new(
            crate::article::problem::Code::Internal,
            format!("The page's data could not be had: {error}."),
            "Reload the page.",
        ))
    })
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
#[server(prefix = "/page-data", endpoint = "compose", input = GetUrl)]
pub async fn load_compose() -> Result<PageResult<ComposeData>, ServerFnError> {
    let state = expect_context::<crate::server::state::AppState>();
    Ok(Ok(crate::server::pages::compose(&state)))
}

/// What the library shows first.
#[server(prefix = "/page-data", endpoint = "library", input = GetUrl)]
pub async fn load_library(
    /// What is searched for.
    q: Option<String>,
    /// Only in this state.
    state: Option<String>,
    /// Only in this style.
    style: Option<String>,
    /// Only in this language.
    language: Option<String>,
) -> Result<PageResult<LibraryData>, ServerFnError> {
    let app = expect_context::<crate::server::state::AppState>();
    let asked = LibraryQuery { q, state, style, language };
    Ok(crate::server::pages::library(&app, &asked).await)
}

/// What the page of an article shows: of its current revision, or of the one that is named.
#[server(prefix = "/page-data", endpoint = "article", input = GetUrl)]
pub async fn load_article(
    /// The article.
    article: Uuid,
    /// One of its revisions.
    revision: Option<Uuid>,
) -> Result<PageResult<ArticleData>, ServerFnError> {
    let state = expect_context::<crate::server::state::AppState>();
    Ok(crate::server::pages::article(&state, article, revision).await)
}
