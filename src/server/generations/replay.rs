//! Trying a dead letter again.
//!
//! The letter is settled with the generation that tries it, in one transaction: of two who try at
//! once one does, and where nothing can begin it stays open. Who asks again with the same key gets
//! what came of the first.

use uuid::Uuid;

use super::super::clock::now_ms;
use super::super::store::dead_letters::Settled;
use super::{Generations, Request};
use crate::article::brief::Brief;
use crate::article::dead_letter::{DeadLetter, Replay};
use crate::article::problem::{Code, Problem};

impl Generations {
    /// Writes a new revision for the article of a dead letter, and gives the generation's id. The
    /// letter is settled.
    ///
    /// # Errors
    /// There is no such letter; it was settled before; brief or model are not accepted; the server
    /// is full, shuts down or cannot write. The letter stays as it was.
    pub async fn replay(
        &self,
        letter: Uuid,
        replay: Replay,
        request: Request,
    ) -> Result<Uuid, Problem> {
        let found = self.0.store.dead_letter(letter).await.map_err(|error| error.to_problem())?;
        let found = found.ok_or_else(dead_letter_not_found)?;
        let brief = brief_of(&found, &replay)?;
        self.check_model(&brief)?;
        // Replays of one brief share what is written from now on.
        let request = Request {
            article: Some(found.summary.article_id),
            settles: Some(letter),
            newer_than: Some(found.summary.created_at),
            ..request
        };
        let earlier = match replay.from_text {
            false => None,
            true => Some(self.get(found.summary.generation_id).await?),
        };
        self.begin(brief, request, earlier).await
    }

    /// Settles an open letter. Its article and its text stay.
    ///
    /// # Errors
    /// There is no such letter, it was settled before, or the store cannot be written.
    pub async fn discard(&self, letter: Uuid) -> Result<(), Problem> {
        match self.0.store.settle_dead_letter(letter, now_ms()).await {
            Ok(Settled::Now) => Ok(()),
            Ok(Settled::Before) => Err(letter_settled()),
            Ok(Settled::NotFound) => Err(dead_letter_not_found()),
            Err(error) => Err(error.to_problem()),
        }
    }
}

/// What is asked for this time.
fn brief_of(letter: &DeadLetter, replay: &Replay) -> Result<Brief, Problem> {
    let mut brief = replay.brief.clone().unwrap_or_else(|| letter.brief.clone());
    if replay.model.is_some() {
        brief.model.clone_from(&replay.model);
    }
    brief.check()?;
    if replay.from_text && !letter.text.is_empty() && brief.format != letter.brief.format {
        let format = letter.brief.format.as_str();
        return Err(Problem::new(
            Code::InvalidBrief,
            format!("The text so far is {format}: it cannot go on in another format."),
            format!("Leave `format` at \"{format}\", or begin afresh."),
        )
        .with_param("format"));
    }
    Ok(brief)
}

/// The answer where a dead letter is not there.
pub fn dead_letter_not_found() -> Problem {
    Problem::new(
        Code::DeadLetterNotFound,
        "There is no such dead letter.",
        "GET /api/v1/dead-letters lists those that are open; those of a deleted article come back \
         with it.",
    )
    .with_param("id")
}

/// The answer where a dead letter is no longer open.
pub fn letter_settled() -> Problem {
    Problem::new(
        Code::DeadLetterSettled,
        "The dead letter was replayed or discarded before.",
        "GET it for what became of it; its article has its text and can be regenerated.",
    )
}
