//! The HTTP API as the browser calls it.

use gloo_net::http::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::i18n::Texts;
use super::page_data::{LibraryQuery, OperationsData};
use crate::article::brief::Brief;
use crate::article::comparison::{ComparedText, TextComparison};
use crate::article::connection::ConnectionTest;
use crate::article::dead_letter::{DeadLetterPage, Replay, ReplaySelection};
use crate::article::edit::ArticleEdit;
use crate::article::event::Routed;
use crate::article::generation::{ArticlePage, Attempt, Generation};
use crate::article::json;
use crate::article::library::{Selection, SelectionOutcome};
use crate::article::problem::{Code, Problem, ProblemBody, ProblemKind};

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    /// No answer came: whether the server acted is not known.
    Unreachable,
    /// An answer came that is not what the API says.
    Malformed,
    /// The server says no, and why.
    Problem(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Failure {
    /// The code of what the server says.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Unreachable | Self::Malformed => None,
        }
    }

    /// The HTTP status of a page that shows it instead of what was asked for.
    pub fn status(&self) -> u16 {
        self.code().unwrap_or(Code::Internal).status()
    }

    /// What happened, and what can be done.
    pub fn words(&self, texts: &Texts) -> (String, String) {
        match self {
            Self::Unreachable => {
                (texts.network_failed.to_owned(), texts.network_failed_hint.to_owned())
            }
            Self::Malformed => (texts.bad_answer.to_owned(), texts.bad_answer_hint.to_owned()),
            Self::Problem(problem) => (texts.problem)(problem),
        }
    }

    /// What the provider of a model said of it, or what was seen of it, shortened and in English.
    pub fn said_upstream(&self, texts: &Texts) -> Option<String> {
        let Self::Problem(problem) = self else { return None };
        let (what, _) = (texts.problem)(problem);
        let is_more = problem.code.kind() == ProblemKind::UpstreamError && problem.message != what;
        is_more.then(|| problem.message.clone())
    }

    /// Whether the server has settled that it did nothing. After anything else it may have acted.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.code.status() < 500)
    }

    /// The id under which the server logged it, where there is one.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) if !problem.request_id.is_empty() => Some(&problem.request_id),
            _ => None,
        }
    }
}

/// What is needed of a generation that has begun.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Begun {
    /// What it writes.
    pub article_id: Uuid,
}

/// Asks for an article; with `article` for a new revision of it.
///
/// # Errors
/// See [`Failure`].
pub async fn create(
    brief: &Brief,
    article: Option<Uuid>,
    idempotency_key: &str,
) -> Result<Begun, Failure> {
    let path = match article {
        None => "/api/v1/generations".to_owned(),
        Some(article) => format!("/api/v1/articles/{article}/generations"),
    };
    let body = serde_json::to_string(brief).map_err(|_| Failure::Malformed)?;
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", idempotency_key)];
    read(&send(Method::POST, &path, &headers, Some(&body)).await?).await
}

/// Which models would write a brief, and what it would probably cost.
///
/// # Errors
/// See [`Failure`].
pub async fn estimate(brief: &Brief) -> Result<Routed, Failure> {
    read(&send_json(Method::POST, "/api/v1/estimate", brief).await?).await
}

/// The resource of a generation.
///
/// # Errors
/// See [`Failure`].
pub async fn generation(id: Uuid, until: &web_sys::AbortSignal) -> Result<Generation, Failure> {
    let path = format!("/api/v1/generations/{id}");
    let response = fetch(Method::GET, &path, &[], None, Some(until)).await?;
    read(&accepted(response).await?).await
}

/// The attempts of a generation so far.
///
/// # Errors
/// See [`Failure`].
pub async fn attempts(id: Uuid) -> Result<Vec<Attempt>, Failure> {
    #[derive(Deserialize)]
    struct Tried {
        attempts: Vec<Attempt>,
    }
    let tried = within::<Tried>(STATUS_PATIENCE_MS, &format!("/api/v1/generations/{id}")).await?;
    Ok(tried.attempts)
}

/// Stops a generation; the answer comes once upstream is closed.
///
/// # Errors
/// See [`Failure`].
pub async fn cancel(id: Uuid) -> Result<(), Failure> {
    let path = format!("/api/v1/generations/{id}/cancel");
    send(Method::POST, &path, &[], None).await.map(drop)
}

/// Goes on from where a generation ended, or from the seam at an offset of its text.
///
/// # Errors
/// See [`Failure`].
pub async fn continue_from(
    id: Uuid,
    seam: Option<u64>,
    idempotency_key: &str,
) -> Result<(), Failure> {
    let from = seam.map(|offset| format!("?from={offset}")).unwrap_or_default();
    let path = format!("/api/v1/generations/{id}/continue{from}");
    let headers = [("Idempotency-Key", idempotency_key)];
    send(Method::POST, &path, &headers, None).await.map(drop)
}

/// Makes an old revision the one that readers see.
///
/// # Errors
/// See [`Failure`].
pub async fn restore_revision(article: Uuid, revision: Uuid) -> Result<(), Failure> {
    let path = format!("/api/v1/articles/{article}/revisions/{revision}/restore");
    send(Method::POST, &path, &[], None).await.map(drop)
}

/// Asks a model of a provider for a few tokens.
///
/// # Errors
/// See [`Failure`].
pub async fn test_connection(provider: &str, model: &str) -> Result<ConnectionTest, Failure> {
    let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
    let path = format!("/api/v1/providers/{}/test?model={}", encoded(provider), encoded(model));
    read(&send(Method::POST, &path, &[], None).await?).await
}

/// The revision that stands in the way of an edit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Theirs {
    /// Its id.
    pub id: Uuid,
    /// Its text.
    pub text: String,
    /// What was derived from it.
    pub meta: TheirMeta,
}

/// What the editor shows of [`Theirs`] besides its text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TheirMeta {
    /// Its title.
    pub title: String,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// It is the current revision.
    Done,
    /// Another revision has become the current one meanwhile; nothing was changed.
    Conflict(Theirs),
}

#[derive(Deserialize)]
struct Conflict {
    current: Theirs,
}

/// Saves a person's text, and the title where it has changed. `base`: the revision that was edited.
///
/// # Errors
/// See [`Failure`].
pub async fn save_edit(
    article: Uuid,
    base: Uuid,
    title: Option<&str>,
    text: &str,
) -> Result<Saved, Failure> {
    let edit = ArticleEdit { title: title.map(str::to_owned), text: Some(text.to_owned()) };
    let body = serde_json::to_string(&edit).map_err(|_| Failure::Malformed)?;
    let tag = format!("\"{base}\"");
    let headers = [("Content-Type", "application/json"), ("If-Match", tag.as_str())];
    let path = format!("/api/v1/articles/{article}");
    let response = fetch(Method::PATCH, &path, &headers, Some(&body), None).await?;
    match response.status() {
        412 => Ok(Saved::Conflict(read::<Conflict>(&response).await?.current)),
        _ => accepted(response).await.map(|_| Saved::Done),
    }
}

/// What saving a text would change of an article.
///
/// # Errors
/// See [`Failure`].
pub async fn compare_text(article: Uuid, text: String) -> Result<TextComparison, Failure> {
    let path = format!("/api/v1/articles/{article}/compare");
    read(&send_json(Method::POST, &path, &ComparedText { text }).await?).await
}

/// A page of the library. Without a cursor the first.
///
/// # Errors
/// See [`Failure`].
pub async fn articles(asked: &LibraryQuery, cursor: Option<&str>) -> Result<ArticlePage, Failure> {
    let query = asked.query_string(cursor.map(|cursor| ("cursor", cursor)));
    read(&send(Method::GET, &format!("/api/v1/articles{query}"), &[], None).await?).await
}

/// Gives an article another title. Answers with the title as it is kept.
///
/// # Errors
/// See [`Failure`].
pub async fn rename_article(id: Uuid, title: String) -> Result<String, Failure> {
    #[derive(serde::Deserialize)]
    struct Renamed {
        title: String,
    }
    let edit = ArticleEdit { title: Some(title), text: None };
    let answer = send_json(Method::PATCH, &format!("/api/v1/articles/{id}"), &edit).await?;
    read::<Renamed>(&answer).await.map(|renamed| renamed.title)
}

/// Deletes several articles; [`restore_articles`] undoes it.
///
/// # Errors
/// See [`Failure`].
pub async fn delete_articles(ids: &[Uuid]) -> Result<SelectionOutcome, Failure> {
    let selection = Selection { ids: ids.to_vec() };
    read(&send_json(Method::POST, "/api/v1/articles/delete", &selection).await?).await
}

/// Undoes [`delete_articles`].
///
/// # Errors
/// See [`Failure`].
pub async fn restore_articles(ids: &[Uuid]) -> Result<SelectionOutcome, Failure> {
    let selection = Selection { ids: ids.to_vec() };
    read(&send_json(Method::POST, "/api/v1/articles/restore", &selection).await?).await
}

/// Deletes an article; [`restore_article`] undoes it.
///
/// # Errors
/// See [`Failure`].
pub async fn delete_article(id: Uuid) -> Result<(), Failure> {
    send(Method::DELETE, &format!("/api/v1/articles/{id}"), &[], None).await.map(drop)
}

/// Undoes [`delete_article`].
///
/// # Errors
/// See [`Failure`].
pub async fn restore_article(id: Uuid) -> Result<(), Failure> {
    send(Method::POST, &format!("/api/v1/articles/{id}/restore"), &[], None).await.map(drop)
}

/// What is going on, once more.
///
/// # Errors
/// See [`Failure`]; unreachable is also who does not answer in time.
pub async fn operations() -> Result<OperationsData, Failure> {
    within(STATUS_PATIENCE_MS, "/page-data/operations").await
}

/// A further page of the dead letters.
///
/// # Errors
/// See [`Failure`].
pub async fn dead_letters(cursor: &str) -> Result<DeadLetterPage, Failure> {
    let path = format!("/api/v1/dead-letters?cursor={cursor}");
    read(&send(Method::GET, &path, &[], None).await?).await
}

/// Tries a dead letter again.
///
/// # Errors
/// See [`Failure`].
pub async fn replay(
    letter: Uuid,
    replay: &Replay,
    idempotency_key: &str,
) -> Result<Begun, Failure> {
    let path = format!("/api/v1/dead-letters/{letter}/replay");
    let body = serde_json::to_string(replay).map_err(|_| Failure::Malformed)?;
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", idempotency_key)];
    read(&send(Method::POST, &path, &headers, Some(&body)).await?).await
}

/// Tries several dead letters again, afresh.
///
/// # Errors
/// See [`Failure`].
pub async fn replay_letters(ids: Vec<Uuid>) -> Result<SelectionOutcome, Failure> {
    let selection = ReplaySelection { ids, from_text: false };
    read(&send_json(Method::POST, "/api/v1/dead-letters/replay", &selection).await?).await
}

/// Discards several dead letters.
///
/// # Errors
/// See [`Failure`].
pub async fn discard_letters(ids: Vec<Uuid>) -> Result<SelectionOutcome, Failure> {
    let selection = Selection { ids };
    read(&send_json(Method::POST, "/api/v1/dead-letters/discard", &selection).await?).await
}

/// How long an answer may take, in milliseconds: longer than anything that the server takes its time
/// for, which is the test of a model. What then comes of it is not known, as without a network.
const ANSWER_PATIENCE_MS: u32 = 75_000;
/// How long a page waits for its data, in milliseconds: one that never comes must not stay blank.
#[cfg(not(feature = "ssr"))]
const PAGE_PATIENCE_MS: u32 = 15_000;
/// How long a question for what is being written may take, in milliseconds.
const STATUS_PATIENCE_MS: u32 = 8_000;

/// What is needed of an article that is being written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RunningArticle {
    /// The article.
    pub id: Uuid,
    /// Its title so far.
    pub title: String,
    /// What it is written in.
    pub language: String,
    /// What writes it.
    pub generation_id: Uuid,
}

/// The articles that are being written.
///
/// # Errors
/// See [`Failure`]; unreachable is also who does not answer in time.
pub async fn running_articles() -> Result<Vec<RunningArticle>, Failure> {
    #[derive(Deserialize)]
    struct Running {
        items: Vec<RunningArticle>,
    }
    let path = "/api/v1/articles?state=queued,running&limit=100";
    Ok(within::<Running>(STATUS_PATIENCE_MS, path).await?.items)
}

/// Asks, but not for longer than so many milliseconds.
async fn within<T: DeserializeOwned>(patience_ms: u32, path: &str) -> Result<T, Failure> {
    let patience = web_sys::AbortSignal::timeout_with_u32(patience_ms);
    let response = fetch(Method::GET, path, &[], None, Some(&patience)).await?;
    read(&accepted(response).await?).await
}

/// What a page shows.
///
/// # Errors
/// See [`Failure`].
#[cfg(not(feature = "ssr"))]
pub async fn page_data<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    within(PAGE_PATIENCE_MS, path).await
}

/// Opens the event stream of a generation behind `after`. The answer can have any status.
///
/// # Errors
/// [`Failure::Unreachable`], also when `signal` ended it.
pub async fn events(
    id: Uuid,
    after: u64,
    signal: &web_sys::AbortSignal,
) -> Result<Response, Failure> {
    let path = format!("/api/v1/generations/{id}/events");
    let after = after.to_string();
    let headers = [("Accept", "text/event-stream"), ("Last-Event-ID", after.as_str())];
    fetch(Method::GET, &path, &headers, None, Some(signal)).await
}

/// A fresh key for `Idempotency-Key`. Not `crypto.randomUUID`, which plain HTTP does not have.
pub fn idempotency_key() -> String {
    let mut bytes = [0; 16];
    let filled = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        for byte in &mut bytes {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..256")]
            {
                *byte = (js_sys::Math::random() * 256.0) as u8;
            }
        }
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

async fn send_json(
    method: Method,
    path: &str,
    body: &impl serde::Serialize,
) -> Result<Response, Failure> {
    let body = serde_json::to_string(body).map_err(|_| Failure::Malformed)?;
    send(method, path, &[("Content-Type", "application/json")], Some(&body)).await
}

async fn send(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Response, Failure> {
    accepted(fetch(method, path, headers, body, None).await?).await
}

/// The answer, unless it is a refusal.
async fn accepted(response: Response) -> Result<Response, Failure> {
    if response.ok() {
        return Ok(response);
    }
    Err(match read::<ProblemBody>(&response).await {
        Ok(body) => Failure::Problem(body.error),
        Err(failure) => failure,
    })
}

/// What a refusal says, where this server wrote it.
pub async fn problem_of(refusal: &Response) -> Option<Problem> {
    read::<ProblemBody>(refusal).await.ok().map(|body| body.error)
}

async fn fetch(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
    signal: Option<&web_sys::AbortSignal>,
) -> Result<Response, Failure> {
    let patience = || web_sys::AbortSignal::timeout_with_u32(ANSWER_PATIENCE_MS);
    let signal = signal.cloned().unwrap_or_else(patience);
    let mut builder = RequestBuilder::new(path).method(method).abort_signal(Some(&signal));
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let request = match body {
        Some(body) => builder.body(body),
        None => builder.build(),
    };
    // The only reasons for a refusal here are an aborted signal and the network.
    let request = request.map_err(|_| Failure::Unreachable)?;
    request.send().await.map_err(|_| Failure::Unreachable)
}

async fn read<T: DeserializeOwned>(response: &Response) -> Result<T, Failure> {
    let text = response.text().await.map_err(|_| Failure::Unreachable)?;
    json::read(&text).map_err(|_| Failure::Malformed)
}
