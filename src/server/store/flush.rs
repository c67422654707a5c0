//! What the writer brings, all in one transaction: beginnings, stretches of logs, ends.
//!
//! With many generations at once most of the cost of a commit is the commit; so what has gathered
//! goes together. Everything here can be done again when the outcome was not known.

use std::collections::{HashMap, HashSet};

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::db::transaction;
use super::records::{
    ArticleRef, EndedGeneration, EventBatch, Flush, NewDeadLetter, NewGeneration, NewRevision,
};
use super::{Store, StoreError, encoding};
use crate::article::event::{GenerationState, Usage};
use crate::article::generation::Attempt;

/// Rows of one insert. Only these sizes, so that the same few statements are used again.
const INSERT_SIZES: [usize; 4] = [256, 32, 4, 1];

/// Runs `$body` for pieces of `$rows` of few sizes, `$chunk` standing for each.
macro_rules! in_chunks {
    ($rows:expr, |$chunk:ident| $body:expr) => {{
        let mut rows = $rows;
        for size in INSERT_SIZES {
            while rows.len() >= size {
                let ($chunk, rest) = rows.split_at(size);
                rows = rest;
                $body;
            }
        }
    }};
}

/// Inserts generations that begin, each with a new article.
macro_rules! insert_beginnings {
    ($connection:expr, $beginnings:expr) => {{
        let beginnings: &[Beginning<'_>] = $beginnings;
        in_chunks!(beginnings, |chunk| {
            let mut articles = QueryBuilder::new(
                "INSERT INTO articles (id, title, style, language, newest_generation_id,
                     created_at, updated_at) ",
            );
            articles.push_values(chunk, |mut row, it| {
                row.push_bind(it.article)
                    .push_bind(encoding::text(it.title).into_owned())
                    .push_bind(it.style)
                    .push_bind(it.language)
                    .push_bind(it.new.id)
                    .push_bind(it.new.created_at)
                    .push_bind(it.new.created_at);
            });
            articles.push(" ON CONFLICT (id) DO NOTHING");
            articles.build().execute(&mut *$connection).await?;
            let mut generations = QueryBuilder::new(
                "INSERT INTO generations (id, article_id, state, owner, text, last_seq, brief,
                     usage, attempts, warnings, continues, created_at) ",
            );
            let usage = encoding::json(&Usage::default())?;
            let attempts = encoding::json::<[Attempt]>(&[])?;
            generations.push_values(chunk, |mut row, it| {
                row.push_bind(it.new.id)
                    .push_bind(it.article)
                    .push_bind(GenerationState::Running.as_str())
                    .push_bind(it.new.owner)
                    .push_bind("")
                    .push_bind(0_i64)
                    .push_bind(&it.brief)
                    .push_bind(usage.clone())
                    .push_bind(attempts.clone())
                    .push_bind(&it.warnings)
                    .push_bind(it.new.continues)
                    .push_bind(it.new.created_at);
            });
            generations.push(" ON CONFLICT (id) DO NOTHING");
            generations.build().execute(&mut *$connection).await?;
        });
    }};
}

/// Inserts stretches of logs. One that is there already is left alone, or replaced by one that
/// reaches further.
macro_rules! insert_events {
    ($connection:expr, $batches:expr) => {{
        let batches: &[&EventBatch] = $batches;
        in_chunks!(batches, |chunk| {
            let mut insert =
                QueryBuilder::new("INSERT INTO events (generation_id, first_seq, last_seq, data) ");
            insert.push_values(chunk, |mut row, batch| {
                row.push_bind(batch.generation)
                    .push_bind(batch.first_seq.cast_signed())
                    .push_bind(batch.last_seq.cast_signed())
                    .push_bind(encoding::text(&batch.json).into_owned());
            });
            insert.push(
                " ON CONFLICT (generation_id, first_seq) DO UPDATE
                 SET last_seq = excluded.last_seq, data = excluded.data
                 WHERE events.last_seq < excluded.last_seq",
            );
            insert.build().execute(&mut *$connection).await?;
        });
    }};
}

/// Inserts revisions of different articles, and makes them their current ones.
macro_rules! insert_revisions {
    ($connection:expr, $made:expr) => {{
        let made: &Vec<MadeRevision<'_>> = $made;
        in_chunks!(made.as_slice(), |chunk| {
            // The article's row is written first: it keeps others from taking the same number.
            let mut articles = QueryBuilder::new(
                "UPDATE articles SET current_revision_id = r.column2, updated_at = r.column3,
                     style = r.column5, language = r.column6,
                     title = CASE WHEN r.column4 = '' OR titled_by_person THEN title
                         ELSE r.column4 END FROM (",
            );
            articles.push_values(chunk, |mut row, it| {
                row.push_bind(it.article)
                    .push_bind(it.new.id)
                    .push_bind(it.ended.ended_at)
                    .push_bind(encoding::text(&it.new.meta.title).into_owned())
                    .push_bind(&it.new.style)
                    .push_bind(&it.new.language);
            });
            articles.push(") AS r WHERE articles.id = r.column1");
            articles.build().execute(&mut *$connection).await?;
            let mut revisions = QueryBuilder::new(
                "INSERT INTO revisions (id, article_id, number, generation_id, title, words, text,
                     html, meta, highlights, created_at, style, language)
                 SELECT r.column1, r.column2,
                     (SELECT COALESCE(max(n.number), 0) + 1 FROM revisions n
                      WHERE n.article_id = r.column2),
                     r.column3, r.column4, r.column5, r.column6, r.column7, r.column8, r.column9,
                     r.column10, r.column11, r.column12 FROM (",
            );
            revisions.push_values(chunk, |mut row, it| {
                row.push_bind(it.new.id)
                    .push_bind(it.article)
                    .push_bind(it.ended.id)
                    .push_bind(encoding::text(&it.new.meta.title).into_owned())
                    .push_bind(i64::from(it.new.meta.words))
                    .push_bind(encoding::text(&it.new.text).into_owned())
                    .push_bind(encoding::text(&it.new.html).into_owned())
                    .push_bind(&it.meta)
                    .push_bind(&it.highlights)
                    .push_bind(it.ended.ended_at)
                    .push_bind(&it.new.style)
                    .push_bind(&it.new.language);
            });
            revisions.push(") AS r");
            revisions.build().execute(&mut *$connection).await?;
        });
    }};
}

/// Ends generations with the rest of their logs, and makes their revisions. Gives the articles of
/// those that it ended, by generation: the others had ended, or are not there.
macro_rules! end {
    ($connection:expr, $ends:expr) => {{
        let ends: &[EndedGeneration] = $ends;
        let mut articles: HashMap<Uuid, Uuid> = HashMap::new();
        in_chunks!(ends, |chunk| {
            let mut rows = Vec::with_capacity(chunk.len());
            for ended in chunk {
                let error = ended.error.as_ref().map(encoding::json).transpose()?;
                let (usage, attempts) =
                    (encoding::json(&ended.usage)?, encoding::json(&ended.attempts)?);
                rows.push((ended, usage, attempts, error, encoding::json(&ended.seams)?));
            }
            let mut update = QueryBuilder::new(
                "UPDATE generations SET state = e.column2, text = e.column3, last_seq = e.column4,
                     model = e.column5, usage = e.column6, attempts = e.column7, error = e.column8,
                     revision_id = e.column9, ended_at = e.column10, seams = e.column11 FROM (",
            );
            update.push_values(rows, |mut row, (ended, usage, attempts, error, seams)| {
                row.push_bind(ended.id)
                    .push_bind(ended.state.as_str())
                    .push_bind(encoding::text(&ended.text).into_owned())
                    .push_bind(ended.last_seq.cast_signed())
                    .push_bind(&ended.model)
                    .push_bind(usage)
                    .push_bind(attempts)
                    .push_bind(error)
                    .push_bind(ended.revision.as_ref().map(|revision| revision.id))
                    .push_bind(ended.ended_at)
                    .push_bind(seams);
            });
            update.push(
                ") AS e WHERE generations.id = e.column1 AND generations.ended_at IS NULL
                 RETURNING id, article_id",
            );
            let ended: Vec<(Uuid, Uuid)> =
                update.build_query_as().fetch_all(&mut *$connection).await?;
            articles.extend(ended);
        });
        let states: Vec<(Uuid, &EndedGeneration)> =
            ends.iter().filter_map(|ended| Some((*articles.get(&ended.id)?, ended))).collect();
        in_chunks!(states.as_slice(), |chunk| {
            let mut update = QueryBuilder::new("UPDATE articles SET state = e.column3 FROM (");
            update.push_values(chunk, |mut row, (article, ended)| {
                row.push_bind(*article).push_bind(ended.id).push_bind(ended.state.as_str());
            });
            update.push(
                ") AS e WHERE articles.id = e.column1
                 AND articles.newest_generation_id = e.column2",
            );
            update.build().execute(&mut *$connection).await?;
        });
        let ended_here = ends.iter().filter(|ended| articles.contains_key(&ended.id));
        let batches: Vec<&EventBatch> = ended_here.flat_map(|ended| &ended.batches).collect();
        insert_events!($connection, &batches);
        let letters: Vec<(&EndedGeneration, &NewDeadLetter)> = ends
            .iter()
            .filter(|ended| articles.contains_key(&ended.id))
            .filter_map(|ended| Some((ended, ended.dead_letter.as_ref()?)))
            .collect();
        in_chunks!(letters.as_slice(), |chunk| {
            let mut insert = QueryBuilder::new(
                "INSERT INTO dead_letters (id, generation_id, system_prompt, user_prompt, template,
                     created_at) ",
            );
            insert.push_values(chunk, |mut row, (ended, letter)| {
                row.push_bind(letter.id)
                    .push_bind(ended.id)
                    .push_bind(encoding::text(&letter.system).into_owned())
                    .push_bind(encoding::text(&letter.user).into_owned())
                    .push_bind(&letter.template)
                    .push_bind(ended.ended_at);
            });
            insert.build().execute(&mut *$connection).await?;
        });
        let mut rest: Vec<MadeRevision<'_>> = Vec::new();
        for ended in ends {
            if let (Some(article), Some(new)) = (articles.get(&ended.id), &ended.revision) {
                rest.push(MadeRevision::of(*article, ended, new)?);
            }
        }
        while !rest.is_empty() {
            // Two revisions of one article are not numbered by one statement.
            let mut seen = HashSet::new();
            let (made, later) = rest.into_iter().partition(|made| seen.insert(made.article));
            rest = later;
            insert_revisions!($connection, &made);
        }
        articles
    }};
}

/// A generation that begins, with what of it is written into columns.
struct Beginning<'a> {
    new: &'a NewGeneration,
    article: Uuid,
    title: &'a str,
    style: &'a str,
    language: &'a str,
    brief: encoding::JsonText,
    warnings: encoding::JsonText,
}

impl<'a> Beginning<'a> {
    fn of(new: &'a NewGeneration) -> Result<Option<Self>, StoreError> {
        let ArticleRef::New { id, title, style, language } = &new.article else {
            return Ok(None);
        };
        let (brief, warnings) = (encoding::json(&new.brief)?, encoding::json(&new.warnings)?);
        Ok(Some(Self { new, article: *id, title, style, language, brief, warnings }))
    }
}

/// A revision that a generation makes, with what of it is written into columns.
struct MadeRevision<'a> {
    article: Uuid,
    ended: &'a EndedGeneration,
    new: &'a NewRevision,
    meta: encoding::JsonText,
    highlights: encoding::JsonText,
}

impl<'a> MadeRevision<'a> {
    fn of(
        article: Uuid,
        ended: &'a EndedGeneration,
        new: &'a NewRevision,
    ) -> Result<Self, StoreError> {
        let (meta, highlights) = (encoding::json(&new.meta)?, encoding::json(&new.highlights)?);
        Ok(Self { article, ended, new, meta, highlights })
    }
}

impl Store {
    /// Stores all of it or nothing. Doing it again is harmless. Beginnings are of new articles and
    /// without a key. What an end's generation has unstored of its log comes in the end itself. The
    /// articles of both can be searched a moment later.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Defect`] when a generation of a stretch is not
    /// there.
    pub async fn flush(&self, flush: &Flush) -> Result<(), StoreError> {
        let beginnings: Vec<Option<Beginning<'_>>> =
            flush.beginnings.iter().map(|new| Beginning::of(new)).collect::<Result<_, _>>()?;
        let beginnings: Vec<Beginning<'_>> = beginnings.into_iter().flatten().collect();
        let batches: Vec<&EventBatch> = flush.batches.iter().collect();
        let ended = transaction!(&self.db, |connection| {
            insert_beginnings!(connection, &beginnings);
            insert_events!(connection, &batches);
            // One that had ended was stored by a flush whose outcome was not known.
            end!(connection, &flush.ends)
        });
        self.lagging.add(beginnings.iter().map(|begun| begun.article).chain(ended.into_values()));
        Ok(())
    }

    /// Stores how a generation ended, what is missing of its log, and the revision it made, all or
    /// none. Says whether this call ended it: `false`, and nothing is changed, when it had ended
    /// or is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing is stored, and the call can be made again.
    pub async fn end_generation(&self, ended: &EndedGeneration) -> Result<bool, StoreError> {
        let ends = std::slice::from_ref(ended);
        let ended = transaction!(&self.db, |connection| end!(connection, ends));
        let ended_here = !ended.is_empty();
        self.lagging.add(ended.into_values());
        Ok(ended_here)
    }

    /// Appends stretches of logs, all or none. Doing it again is harmless.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Defect`] when a generation is not there.
    pub async fn append_events(&self, batches: &[EventBatch]) -> Result<(), StoreError> {
        if batches.is_empty() {
            return Ok(());
        }
        let batches: Vec<&EventBatch> = batches.iter().collect();
        transaction!(&self.db, |connection| insert_events!(connection, &batches));
        Ok(())
    }
}
