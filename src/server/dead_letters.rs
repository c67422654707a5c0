//! The service behind the dead letters' API and page.

use uuid::Uuid;

use super::generations::{Request, dead_letter_not_found};
use super::selection;
use super::state::AppState;
use super::store::StoreError;
use crate::article::dead_letter::{DeadLetter, DeadLetterPage, Replay, ReplaySelection};
use crate::article::library::{SelectedOutcome, Selection, SelectionOutcome};
use crate::article::problem::{Code, Problem};

fn problem(error: StoreError) -> Problem {
    error.to_problem()
}

impl AppState {
    /// A page of the open dead letters, newest first.
    ///
    /// # Errors
    /// The cursor is none of ours, or the store cannot be read.
    pub async fn dead_letters(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<DeadLetterPage, Problem> {
        self.store.dead_letters(cursor, limit).await.map_err(problem)
    }

    /// A dead letter with everything that is known of it, also a settled one.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn dead_letter(&self, id: Uuid) -> Result<DeadLetter, Problem> {
        self.store.dead_letter(id).await.map_err(problem)?.ok_or_else(dead_letter_not_found)
    }

    /// Settles a dead letter without trying it again. Its article keeps its text.
    ///
    /// # Errors
    /// There is none, it was settled before, or the store cannot be written.
    pub async fn discard_dead_letter(&self, id: Uuid) -> Result<(), Problem> {
        self.generations.discard(id).await
    }

    /// Discards several; one that cannot be discarded keeps nothing else from being so.
    ///
    /// # Errors
    /// There are none or too many.
    pub async fn discard_dead_letters(
        &self,
        selection: Selection,
    ) -> Result<SelectionOutcome, Problem> {
        let mut results = Vec::new();
        for id in each_once(selection.ids)? {
            results.push(SelectedOutcome { id, error: self.discard_dead_letter(id).await.err() });
        }
        Ok(SelectionOutcome { results })
    }

    /// Replays several, each with its own brief; one that cannot be replayed keeps nothing else from
    /// being so.
    ///
    /// # Errors
    /// There are none or too many.
    pub async fn replay_dead_letters(
        &self,
        selection: ReplaySelection,
        request_id: &str,
    ) -> Result<SelectionOutcome, Problem> {
        let ReplaySelection { ids, from_text } = selection;
        let mut results = Vec::new();
        for id in each_once(ids)? {
            let replay = Replay { from_text, ..Replay::default() };
            let request = Request { request_id: request_id.to_owned(), ..Request::default() };
            let error = self.generations.replay(id, replay, request).await.err();
            results.push(SelectedOutcome { id, error });
        }
        Ok(SelectionOutcome { results })
    }
}

/// The letters of a selection, each once.
fn each_once(ids: Vec<Uuid>) -> Result<Vec<Uuid>, Problem> {
    selection::each_once(ids, "dead letters", Code::InvalidParameter)
}
