//! The dead letters on the operations page: the list, one that is opened, what is done with them.

pub mod bar;
pub mod edit;
pub mod list;
pub mod opened;
pub mod row;

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use crate::app::api::{self, Failure};
use crate::app::page_data::LETTERS_PAGE;
use crate::article::dead_letter::{DeadLetterPage, DeadLetterSummary, Replay};
use crate::article::library::SelectionOutcome;

/// What was done last, to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// An article is being written again: its title, and which.
    Replayed(String, Uuid),
    /// So many are being written again.
    ReplayedSeveral(usize),
    /// So many letters are discarded.
    Discarded(usize),
}

/// The letters that are shown, and what happens to them. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Letters {
    /// The letters, newest first.
    pub rows: RwSignal<Vec<DeadLetterSummary>>,
    /// Where the next page begins.
    pub next: RwSignal<Option<String>>,
    /// Those that are selected.
    pub selected: RwSignal<Vec<Uuid>>,
    /// What was done last.
    pub done: RwSignal<Option<Done>>,
    /// Why the last action did not succeed.
    pub failure: RwSignal<Option<Failure>>,
    /// Which is opened.
    pub open: Memo<Option<Uuid>>,
    /// Closes it.
    pub close: Callback<()>,
    /// Asks for everything anew.
    pub renew: Callback<()>,
}

impl Letters {
    /// Of the first page.
    pub fn new(
        page: DeadLetterPage,
        open: Memo<Option<Uuid>>,
        close: Callback<()>,
        renew: Callback<()>,
    ) -> Self {
        Self {
            rows: RwSignal::new(page.items),
            next: RwSignal::new(page.next),
            selected: RwSignal::new(Vec::new()),
            done: RwSignal::new(None),
            failure: RwSignal::new(None),
            open,
            close,
            renew,
        }
    }

    /// Takes the first page over, as it is now. Further pages that were loaded stay.
    pub fn take(self, page: DeadLetterPage) {
        let DeadLetterPage { items, next } = page;
        let known = self.rows.get_untracked();
        let rows = renewed(&known, items, next.is_some());
        // What is behind the rows is known already where they go further than this page.
        if rows.len() <= LETTERS_PAGE as usize || next.is_none() {
            self.next.set(next);
        }
        if rows != known {
            let kept: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            self.rows.set(rows);
            self.selected.update(|selected| selected.retain(|id| kept.contains(id)));
        }
    }

    /// Takes letters out that are settled, closes what was opened of them, and says what was done.
    pub fn settled(self, ids: &[Uuid], done: Done) {
        self.rows.update(|rows| rows.retain(|row| !ids.contains(&row.id)));
        self.selected.update(|selected| selected.retain(|id| !ids.contains(id)));
        self.done.set(Some(done));
        if self.open.get_untracked().is_some_and(|open| ids.contains(&open)) {
            self.close.run(());
        }
        self.renew.run(());
    }

    /// Tries a letter again. The key stays the same until an answer has come, so that it is written
    /// once however often this is pressed.
    pub fn replay(
        self,
        letter: &DeadLetterSummary,
        replay: Replay,
        busy: RwSignal<bool>,
        key: StoredValue<Option<(Replay, String)>>,
    ) {
        let (id, title) = (letter.id, letter.title.clone());
        let unanswered = key.get_value().filter(|(known, _)| *known == replay);
        let sent = unanswered.map_or_else(api::idempotency_key, |(_, key)| key);
        key.set_value(Some((replay.clone(), sent.clone())));
        self.act(busy, async move { api::replay(id, &replay, &sent).await }, move |answer| {
            if answer.as_ref().err().is_none_or(Failure::is_final) {
                key.try_set_value(None);
            }
            answer.map(|begun| (vec![id], Done::Replayed(title, begun.article_id)))
        });
    }

    /// Does something with several letters, and says what was done with how many, and why it was not
    /// done with another.
    pub fn act_on_several(
        self,
        busy: RwSignal<bool>,
        action: impl Future<Output = Result<SelectionOutcome, Failure>> + 'static,
        done: fn(usize) -> Done,
    ) {
        self.act(busy, action, move |answer| {
            let (ids, problem) = answer?.parted();
            let failure = problem.map(Failure::Problem);
            match failure {
                Some(failure) if ids.is_empty() => Err(failure),
                failure => {
                    self.failure.try_set(failure);
                    let done = done(ids.len());
                    Ok((ids, done))
                }
            }
        });
    }

    /// Does something with letters; `settles` says which are settled by it, and what was done.
    fn act<T: 'static>(
        self,
        busy: RwSignal<bool>,
        action: impl Future<Output = Result<T, Failure>> + 'static,
        settles: impl FnOnce(Result<T, Failure>) -> Result<(Vec<Uuid>, Done), Failure> + 'static,
    ) {
        busy.set(true);
        self.failure.set(None);
        self.done.set(None);
        spawn_local(async move {
            let settles = settles(action.await);
            busy.try_set(false);
            // The page may have been left meanwhile.
            if self.rows.try_get_untracked().is_none() {
                return;
            }
            match settles {
                Ok((ids, done)) => self.settled(&ids, done),
                Err(failed) => {
                    self.failure.set(Some(failed));
                    // Somebody else may have settled it.
                    self.renew.run(());
                }
            }
        });
    }
}

/// The first page as it is now, and behind it what was known to come after it.
fn renewed(
    known: &[DeadLetterSummary],
    first: Vec<DeadLetterSummary>,
    has_more: bool,
) -> Vec<DeadLetterSummary> {
    let place = |letter: &DeadLetterSummary| (letter.created_at, letter.id);
    let Some(last) = first.last().map(place).filter(|_| has_more) else { return first };
    let later = known.iter().filter(|letter| place(letter) < last).cloned();
    first.into_iter().chain(later).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::event::Usage;

    fn letter(at: i64) -> DeadLetterSummary {
        DeadLetterSummary {
            id: Uuid::from_u128(at.unsigned_abs().into()),
            generation_id: Uuid::nil(),
            article_id: Uuid::nil(),
            title: String::new(),
            topic: String::new(),
            model: None,
            error: None,
            attempt_count: 1,
            usage: Usage::default(),
            has_text: false,
            created_at: at,
            settled_at: None,
            replayed_by: None,
        }
    }

    fn times(letters: &[DeadLetterSummary]) -> Vec<i64> {
        letters.iter().map(|letter| letter.created_at).collect()
    }

    #[test]
    fn what_is_settled_elsewhere_goes_and_further_pages_stay() {
        let known = [9, 8, 7, 6, 5].map(letter);
        let renewed_rows = renewed(&known, [10, 8, 7].map(letter).to_vec(), true);
        assert_eq!(times(&renewed_rows), [10, 8, 7, 6, 5]);
        // Without a further page there is nothing behind the first.
        assert_eq!(times(&renewed(&known, [10, 8].map(letter).to_vec(), false)), [10, 8]);
        assert!(renewed(&known, Vec::new(), false).is_empty());
    }
}
