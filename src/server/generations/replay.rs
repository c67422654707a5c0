//! Trying a dead letter again.
//!
//! The letter is settled before anything begins, so that of two who try at once one does; where
//! nothing can begin, it is given back. Who asks again with the same key gets what came of the
//! first.

use tokio::sync::Mutex;
use uuid::Uuid;

use super::super::clock::now_ms;
use super::super::error::internal;
use super::super::store::dead_letters::Settled;
use super::super::store::records::Created;
use super::{Generations, Request, key_reused};
use crate::article::brief::Brief;
use crate::article::dead_letter::{DeadLetter, Replay};
use crate::article::problem::{Code, Problem};

/// One replay begins after the other: the second with the same key finds what the first has made.
static BEGINNING: Mutex<()> = Mutex::const_new(());

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
        let service = self.clone();
        // In a task of its own: a client that leaves must not leave a letter that is settled by
        // nothing.
        let replayed = self
            .0
            .tasks
            .spawn(async move { service.settle_and_begin(letter, replay, request).await });
        replayed.await.unwrap_or_else(|error| {
            tracing::error!(error_type = "internal", dead_letter.id = %letter, %error,
                "a dead letter could not be replayed");
            Err(internal())
        })
    }

    /// Settles an open letter. Its article and its text stay.
    ///
    /// # Errors
    /// There is no such letter, it was settled before, or the store cannot be written.
    pub async fn discard(&self, letter: Uuid) -> Result<(), Problem> {
        match self.0.store.settle_dead_letter(letter, now_ms()).await {
            Ok(Settled::Now) => Ok(()),
            Ok(Settled::Before) => Err(settled()),
            Ok(Settled::NotFound) => Err(dead_letter_not_found()),
            Err(error) => Err(error.to_problem()),
        }
    }

    async fn settle_and_begin(
        &self,
        id: Uuid,
        replay: Replay,
        request: Request,
    ) -> Result<Uuid, Problem> {
        let _beginning = BEGINNING.lock().await;
        if let Some(key) = &request.idempotency {
            let made = self.0.store.made_by_key(key, now_ms()).await;
            match made.map_err(|error| error.to_problem())? {
                Created::Repeated(earlier) => return Ok(earlier),
                Created::KeyReused => return Err(key_reused()),
                _ => {}
            }
        }
        let letter = self.0.store.dead_letter(id).await.map_err(|error| error.to_problem())?;
        let letter = letter.ok_or_else(dead_letter_not_found)?;
        let brief = brief_of(&letter, &replay)?;
        self.check_model(&brief)?;
        self.discard(id).await?;
        let request = Request { article: Some(letter.summary.article_id), ..request };
        let begun = match replay.from_text {
            false => self.begin(brief, request, None).await,
            true => match self.get(letter.summary.generation_id).await {
                Ok(earlier) => self.begin(brief, request, Some(earlier)).await,
                Err(problem) => Err(problem),
            },
        };
        let noted = self.0.store.note_replay(id, begun.as_ref().ok().copied()).await;
        if let Err(error) = noted {
            tracing::error!(error_type = "storage", dead_letter.id = %id, %error,
                resolution = error.resolution(),
                "what became of a dead letter could not be written; its article has its text");
        }
        begun
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

fn settled() -> Problem {
    Problem::new(
        Code::DeadLetterSettled,
        "The dead letter was replayed or discarded before.",
        "GET it for what became of it; its article has its text and can be regenerated.",
    )
}
