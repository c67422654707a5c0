//! One article in the list.

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use super::confirm::ConfirmDelete;
use super::moment::Moment;
use super::pick::Pick;
use super::row_title::{RowTitle, marked};
use super::stop_button::StopButton;
use crate::app::api::{self, Failure};
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;
use crate::article::brief::Style;
use crate::article::event::GenerationState;
use crate::article::generation::{ArticleSummary, UnixMs};
use crate::article::library::Stretch;

/// An article in the list, or the place where it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    article: ArticleSummary,
    deleted: bool,
}

impl Row {
    /// An article that is there.
    pub fn new(article: ArticleSummary) -> Self {
        Self { article, deleted: false }
    }

    /// Whether it is only the place where an article was.
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// Whether it is being written.
    pub fn is_writing(&self) -> bool {
        !self.deleted && !self.article.state.is_ended()
    }

    /// What makes a row a different one for the page.
    pub fn key(&self) -> (Uuid, GenerationState, String, UnixMs, bool) {
        let article = &self.article;
        (article.id, article.state, article.title.clone(), article.updated_at, self.deleted)
    }

    /// Takes over the newest page; rows behind it stay, and so does the place of a deleted one.
    pub fn renew(rows: &mut Vec<Self>, newest: Vec<ArticleSummary>) {
        let mut renewed: Vec<Self> = newest.into_iter().map(Self::new).collect();
        for (index, row) in rows.drain(..).enumerate() {
            if !renewed.iter().any(|known| known.article.id == row.article.id) {
                let place = if row.deleted { index.min(renewed.len()) } else { renewed.len() };
                renewed.insert(place, row);
            }
        }
        *rows = renewed;
    }

    /// Gives an article another title.
    pub fn rename(rows: &mut [Self], id: Uuid, title: String) {
        if let Some(row) = rows.iter_mut().find(|row| row.article.id == id) {
            row.article.title = title;
            // What was marked in the title before stands in it no more.
            if let Some(hit) = &mut row.article.hit {
                hit.title = vec![Stretch { text: row.article.title.clone(), hit: false }];
            }
        }
    }

    /// Takes articles out.
    pub fn remove(rows: &mut Vec<Self>, ids: &[Uuid]) {
        rows.retain(|row| !ids.contains(&row.article.id));
    }

    /// Adds a further page.
    pub fn append(rows: &mut Vec<Self>, more: Vec<ArticleSummary>) {
        for article in more {
            if !rows.iter().any(|known| known.article.id == article.id) {
                rows.push(Self::new(article));
            }
        }
    }
}

/// See the module.
#[component]
pub fn LibraryRow(
    /// The row.
    row: Row,
    /// All rows.
    rows: RwSignal<Vec<Row>>,
    /// The articles that are selected.
    selected: RwSignal<Vec<Uuid>>,
    /// Where a failure is said.
    failure: RwSignal<Option<Failure>>,
    /// Renews the list.
    renew: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let busy = RwSignal::new(false);
    let renaming = RwSignal::new(false);
    let Row { article, deleted } = row;
    let id = article.id;
    let mark = move |deleted: bool| {
        rows.update(|rows| {
            if let Some(row) = rows.iter_mut().find(|row| row.article.id == id) {
                row.deleted = deleted;
            }
        });
    };
    if deleted {
        let undo = move |_| {
            act(busy, failure, api::restore_article(id), move |()| mark(false));
        };
        return view! {
            <li class="deleted">
                <span class="muted" role="status">{(texts.deleted)(&article.title)}</span>
                <button type="button" class="btn" disabled=move || busy.get() on:click=undo>
                    {texts.undo}
                </button>
            </li>
        }
        .into_any();
    }
    let delete = Callback::new(move |()| {
        act(busy, failure, api::delete_article(id), move |()| {
            selected.update(|selected| selected.retain(|known| *known != id));
            mark(true);
        });
    });
    let rename = Callback::new(move |title: String| {
        act(busy, failure, api::rename_article(id, title), move |title| {
            rows.update(|rows| Row::rename(rows, id, title));
        });
    });
    let generation = article.generation_id;
    let stop = Callback::new(move |()| {
        act(busy, failure, api::cancel(generation), move |()| {
            // Whoever left the list needs no new one.
            let _gone = renew.try_run(());
        });
    });
    let writing = !article.state.is_ended();
    let style = Style::parse(&article.style).map(texts.style);
    let words = (article.words > 0).then(|| {
        view! { <span class="num">{(texts.words)(article.words, &article.language)}</span> }
    });
    let state = (texts.state)(article.state);
    let snippet = article.hit.as_ref().map(|hit| hit.snippet.clone()).filter(|it| !it.is_empty());
    let snippet = snippet.map(|snippet| {
        view! {
            <p class="snippet" lang=article.language.clone()>
                {marked(snippet)}
            </p>
        }
    });
    view! {
        <li class:writing=writing>
            <Pick id title=article.title.clone() selected />
            <div class="what">
                <RowTitle article=article.clone() renaming rename />
                {snippet}
                <p class="faint facts-line">
                    <span class=format!("state {}", article.state.as_str())>{state}</span>
                    {style.map(|style| view! { <span>{style}</span> })}
                    {words}
                    <span class="num"><Moment at=article.created_at /></span>
                </p>
            </div>
            <div class="actions">
                {writing.then(|| view! { <StopButton stopping=busy stop /> })}
                <button
                    type="button"
                    class="btn quiet"
                    aria-label=format!("{}: {}", texts.rename, article.title)
                    disabled=move || hydrated.not_yet() || busy.get()
                    on:click=move |_| renaming.set(true)
                >
                    {texts.rename}
                </button>
                <ConfirmDelete title=article.title confirmed=delete />
            </div>
        </li>
    }
    .into_any()
}

/// Unlike [`crate::app::acting::act`] it is carried through where the row is no more: the list renews
/// itself, and has the row anew.
fn act<T: 'static>(
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    act: impl Future<Output = Result<T, Failure>> + 'static,
    done: impl FnOnce(T) + 'static,
) {
    busy.set(true);
    failure.set(None);
    spawn_local(async move {
        let answer = act.await;
        busy.try_set(false);
        match answer {
            Ok(answer) => done(answer),
            Err(failed) => {
                failure.try_set(Some(failed));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::library::Hit;

    fn article(id: u128, state: GenerationState) -> ArticleSummary {
        ArticleSummary {
            id: Uuid::from_u128(id),
            title: id.to_string(),
            state,
            generation_id: Uuid::from_u128(id),
            style: "technical".to_owned(),
            language: "en".to_owned(),
            words: 0,
            revisions: 1,
            created_at: 0,
            updated_at: 0,
            hit: None,
        }
    }

    fn ids(rows: &[Row]) -> Vec<u128> {
        rows.iter().map(|row| row.article.id.as_u128()).collect()
    }

    #[test]
    fn renewing_keeps_later_pages_and_the_place_of_what_was_deleted() {
        let old = |id| Row::new(article(id, GenerationState::Done));
        let mut rows = vec![old(5), old(4), old(3), old(2)];
        rows[1].deleted = true;
        let newest = [6, 5, 3].map(|id| article(id, GenerationState::Running)).to_vec();
        Row::renew(&mut rows, newest);
        assert_eq!(ids(&rows), [6, 4, 5, 3, 2]);
        assert!(rows[1].deleted);
        assert!(rows[0].is_writing());
    }

    #[test]
    fn a_new_title_takes_the_place_of_what_was_marked() {
        let mut rows = vec![Row::new(article(2, GenerationState::Done))];
        rows[0].article.hit = Some(Hit { title: Vec::new(), snippet: Vec::new() });
        Row::rename(&mut rows, Uuid::from_u128(2), "new".to_owned());
        let hit = rows[0].article.hit.as_ref().unwrap();
        assert_eq!((rows[0].article.title.as_str(), hit.title[0].text.as_str()), ("new", "new"));
        Row::remove(&mut rows, &[Uuid::from_u128(2)]);
        assert_eq!(ids(&rows), [0_u128; 0]);
    }

    #[test]
    fn a_further_page_repeats_nothing() {
        let mut rows = vec![Row::new(article(2, GenerationState::Done))];
        Row::append(&mut rows, [2, 1].map(|id| article(id, GenerationState::Done)).to_vec());
        assert_eq!(ids(&rows), [2, 1]);
    }
}
