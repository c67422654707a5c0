//! The append-only log of a generation, and its readers.
//!
//! A reader holds **a cursor, not a queue**: it sleeps until the log grows, then reads everything
//! behind its cursor, neighbouring deltas joined. A slow reader costs nothing but its own lag,
//! memory is bounded by the article, and resuming is the same as starting.
//!
//! Entries are small on purpose. All text is one string; of a delta the log keeps only where it
//! ends (4 bytes); everything else is kept as the JSON that goes out.

mod follower;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use serde_json::value::RawValue;
use slab::Slab;
use tokio::sync::Notify;

pub use follower::{CROWD, Follower, LogEvent};

use crate::article::event::{Event, GenerationState, Seq};

/// The largest delta that is sent, in bytes; with larger ones slow links never get past one.
pub const MAX_DELTA_BYTES: usize = 16 * 1024;

/// How much unstored log makes the writer come early, in bytes.
const EARLY_FLUSH_BYTES: usize = 4 * 1024;

/// The log of one generation.
#[derive(Debug, Default)]
pub struct EventLog {
    inner: Mutex<Inner>,
    flush: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    /// All deltas, joined.
    text: String,
    /// For each event, in order of seq, how many bytes of `text` there are after it. An event that
    /// adds none is found in `others`.
    text_ends: Vec<u32>,
    /// The events that are not deltas, in order of seq.
    others: Vec<Other>,
    /// What readers may see: all of it but for a last event that is not stored yet.
    published: usize,
    /// How many events the store has.
    stored: usize,
    /// Bytes of text that the store has.
    stored_text: usize,
    /// The state that the last event gave it.
    end: Option<GenerationState>,
    /// Nothing will come any more, though it has not ended: readers end where it stops.
    abandoned: bool,
    /// Whether many logs are written together with this one.
    in_crowd: bool,
    /// A place for every reader; a waker in it while the reader sleeps.
    readers: Slab<Option<Waker>>,
}

#[derive(Debug)]
struct Other {
    seq: u64,
    name: Box<str>,
    data: Box<str>,
}

/// An event as [`EventLog::unstored`] gave it.
enum StoredEntry<'a> {
    Delta(String),
    Other { name: String, data: &'a str, end: Option<GenerationState> },
}

impl<'a> StoredEntry<'a> {
    /// A delta is a string, anything else a name and its data.
    fn read(entry: &'a RawValue) -> Result<Self, serde_json::Error> {
        if entry.get().starts_with('"') {
            return serde_json::from_str(entry.get()).map(Self::Delta);
        }
        let (name, data): (String, &RawValue) = serde_json::from_str(entry.get())?;
        let end = Event::parse(&name, data.get())?.and_then(|event| event.final_state());
        Ok(Self::Other { name, data: data.get(), end })
    }
}

/// What a reader sees of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventView<'a> {
    /// A `delta`, perhaps of several joined.
    Delta(&'a str),
    /// Any other event: its name and its JSON.
    Other(&'a str, &'a str),
}

/// A stretch of the log that the store does not have yet.
#[derive(Debug)]
pub struct Unstored {
    /// The seq of its first event.
    pub first_seq: u64,
    /// The seq of its last event.
    pub last_seq: u64,
    /// Its events as [`EventLog::restore`] reads them.
    pub json: String,
}

impl EventLog {
    /// An empty log that calls for the writer through `flush` when much is unstored.
    pub fn new(flush: Arc<Notify>) -> Self {
        Self { inner: Mutex::default(), flush }
    }

    /// A log read back from what [`Self::unstored`] gave.
    ///
    /// # Errors
    /// The JSON is not what was written.
    pub fn restore<'a>(batches: impl Iterator<Item = &'a str>) -> Result<Self, serde_json::Error> {
        let log = Self::default();
        for json in batches {
            log.absorb(log.last_seq().0 + 1, json)?;
        }
        Ok(log)
    }

    /// Appends what [`Self::unstored`] of another log gave, as stored, but for what is there
    /// already: a stretch may come again, and reach further.
    ///
    /// # Errors
    /// The JSON is not what was written.
    pub fn absorb(&self, first_seq: u64, json: &str) -> Result<(), serde_json::Error> {
        // All of it is read before anything is taken over.
        let entries: Vec<&RawValue> = serde_json::from_str(json)?;
        let entries = entries.into_iter().map(StoredEntry::read).collect::<Result<Vec<_>, _>>()?;
        let mut inner = self.lock();
        let known = (inner.text_ends.len() as u64 + 1).saturating_sub(first_seq) as usize;
        for entry in entries.into_iter().skip(known) {
            match entry {
                StoredEntry::Delta(text) => inner.push_text(&text),
                StoredEntry::Other { name, data, end } => {
                    inner.end = end;
                    inner.push_other(&name, data);
                }
            }
        }
        inner.published = inner.text_ends.len();
        inner.stored = inner.text_ends.len();
        inner.stored_text = inner.text.len();
        wake(inner);
        Ok(())
    }

    /// Appends text, as one delta or, above [`MAX_DELTA_BYTES`], several.
    pub fn push_delta(&self, text: &str) {
        let mut inner = self.lock();
        let mut rest = text;
        while rest.len() > MAX_DELTA_BYTES {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(MAX_DELTA_BYTES));
            inner.push_text(piece);
            rest = after;
        }
        if !rest.is_empty() {
            inner.push_text(rest);
        }
        inner.published = inner.text_ends.len();
        let unstored = inner.text.len() - inner.stored_text;
        wake(inner);
        if unstored >= EARLY_FLUSH_BYTES {
            self.flush.notify_one();
        }
    }

    /// Appends what another log has behind `after`, but for events whose names `keep` declines.
    pub fn copy(&self, other: &Self, after: Seq, keep: impl Fn(&str) -> bool) {
        enum Copied {
            Delta(String),
            Other(String, String),
        }
        let mut copied = Vec::new();
        other.read(after, usize::MAX, |_, view| {
            copied.push(match view {
                EventView::Delta(text) => Copied::Delta(text.to_owned()),
                EventView::Other(name, data) => Copied::Other(name.to_owned(), data.to_owned()),
            });
        });
        for event in copied {
            match event {
                Copied::Delta(text) => self.push_delta(&text),
                Copied::Other(name, data) if keep(&name) => {
                    let mut inner = self.lock();
                    inner.push_other(&name, &data);
                    inner.published = inner.text_ends.len();
                    wake(inner);
                }
                Copied::Other(..) => {}
            }
        }
    }

    /// Appends an event that is neither a delta nor a last one.
    pub fn push(&self, event: &Event) {
        if let Event::Delta { text } = event {
            return self.push_delta(text);
        }
        let mut inner = self.lock();
        inner.push_other(event.name(), &event.data());
        inner.published = inner.text_ends.len();
        wake(inner);
    }

    /// Appends the last event without showing it, so that it can be stored before anyone hears of
    /// it. [`Self::publish`] shows it.
    pub fn seal(&self, last: &Event) {
        let mut inner = self.lock();
        inner.push_other(last.name(), &last.data());
        inner.end = last.final_state();
    }

    /// Shows the last event to the readers.
    pub fn publish(&self) {
        let mut inner = self.lock();
        inner.published = inner.text_ends.len();
        wake(inner);
    }

    /// Ends the readers of a copy that nobody keeps up any more. They can ask again.
    pub fn abandon(&self) {
        let mut inner = self.lock();
        inner.abandoned = true;
        wake(inner);
    }

    /// Whether readers of this copy would hear of nothing new.
    pub fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    /// Many logs are written together with this one: its readers gather for longer.
    pub fn join_crowd(&self) {
        self.lock().in_crowd = true;
    }

    /// Everything that the store does not have, or `None`. Deltas are kept apart: each of their
    /// seqs stays a cursor.
    pub fn unstored(&self) -> Option<Unstored> {
        let inner = self.lock();
        let (from, to) = (inner.stored, inner.text_ends.len());
        if from == to {
            return None;
        }
        let mut json = String::with_capacity(64 + inner.text.len() - inner.stored_text);
        let mut others = inner.others_from(from);
        json.push('[');
        for index in from..to {
            if index > from {
                json.push(',');
            }
            match inner.delta_at(index) {
                Some(text) => push_json_string(&mut json, text),
                None => {
                    // Every event without text has its entry.
                    let Some(other) = others.next() else { break };
                    json.push('[');
                    push_json_string(&mut json, &other.name);
                    json.push(',');
                    json.push_str(&other.data);
                    json.push(']');
                }
            }
        }
        json.push(']');
        Some(Unstored { first_seq: from as u64 + 1, last_seq: to as u64, json })
    }

    /// Tells the log that the store has everything up to and including `seq`.
    pub fn mark_stored(&self, seq: u64) {
        let mut inner = self.lock();
        let index = seq as usize;
        if index > inner.stored && index <= inner.text_ends.len() {
            inner.stored = index;
            inner.stored_text = inner.text_ends[index - 1] as usize;
        }
    }

    /// Whether the store has all of it.
    pub fn is_stored(&self) -> bool {
        let inner = self.lock();
        inner.stored == inner.text_ends.len()
    }

    /// The text so far.
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// The text so far, from a byte offset on that lies on a character boundary.
    pub fn text_from(&self, offset: usize) -> String {
        self.lock().text.get(offset..).unwrap_or_default().to_owned()
    }

    /// The length of the text so far, in bytes.
    pub fn text_len(&self) -> usize {
        self.lock().text.len()
    }

    /// The seq of the last event, shown or not.
    pub fn last_seq(&self) -> Seq {
        Seq(self.lock().text_ends.len() as u64)
    }

    /// The text and the seq that belong together, and the state where it has ended, as readers may
    /// know them.
    pub fn snapshot(&self) -> (String, Seq, Option<GenerationState>) {
        let inner = self.lock();
        let over = inner.published == inner.text_ends.len();
        (inner.text.clone(), Seq(inner.published as u64), inner.end.filter(|_| over))
    }

    /// All events of one name, as JSON.
    pub fn data_of(&self, name: &str) -> Vec<String> {
        let inner = self.lock();
        let named = inner.others.iter().filter(|other| &*other.name == name);
        named.map(|other| other.data.to_string()).collect()
    }

    /// Shows everything behind the cursor to `visit`, in order, at most about `budget` bytes.
    /// Gives the new cursor, and whether the last event was shown.
    pub fn read(
        &self,
        after: Seq,
        budget: usize,
        visit: impl FnMut(Seq, EventView<'_>),
    ) -> (Seq, bool) {
        self.lock().read(after, budget, visit)
    }

    /// A reader that begins behind `after`.
    pub fn follow(self: &Arc<Self>, after: Seq) -> Follower {
        Follower::new(Arc::clone(self), after)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock is held leaves a log that is short, never one that is wrong.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the readers that sleep, once the log is free for them.
fn wake(mut inner: MutexGuard<'_, Inner>) {
    let mut sleeping = inner.readers.iter_mut().filter_map(|(_, reader)| reader.take());
    // Most logs have one reader: nothing is allocated for it.
    let first = sleeping.next();
    let others: Vec<Waker> = sleeping.collect();
    drop(inner);
    first.into_iter().chain(others).for_each(Waker::wake);
}

impl Inner {
    /// See [`EventLog::read`].
    fn read(
        &self,
        after: Seq,
        budget: usize,
        mut visit: impl FnMut(Seq, EventView<'_>),
    ) -> (Seq, bool) {
        let mut index = after.0 as usize;
        let mut spent = 0;
        let mut others = self.others_from(index).peekable();
        while index < self.published && spent < budget {
            if self.delta_at(index).is_none() {
                let Some(other) = others.next() else { break };
                visit(Seq(other.seq), EventView::Other(&other.name, &other.data));
                spent += other.data.len();
                index += 1;
                continue;
            }
            // All deltas up to the next other event, as far as they fit into one.
            let end_of_run = others.peek().map_or(self.published, |other| other.seq as usize - 1);
            let start = self.text_start(index);
            let fits = |end: &u32| *end as usize - start <= MAX_DELTA_BYTES;
            let count =
                self.text_ends[index..end_of_run.min(self.published)].partition_point(fits).max(1);
            index += count;
            let end = self.text_ends[index - 1] as usize;
            visit(Seq(index as u64), EventView::Delta(&self.text[start..end]));
            spent += end - start;
        }
        let ended = self.end.is_some() && index >= self.text_ends.len();
        (Seq(index as u64), ended || self.abandoned && index >= self.published)
    }

    /// Whether there is something behind the cursor, or never will be.
    fn has_more(&self, after: Seq) -> bool {
        let over = self.end.is_some() && self.published == self.text_ends.len();
        self.published as u64 > after.0 || over || self.abandoned
    }

    fn push_text(&mut self, text: &str) {
        self.text.push_str(text);
        self.text_ends.push(self.text.len() as u32);
    }

    fn push_other(&mut self, name: &str, data: &str) {
        self.text_ends.push(self.text.len() as u32);
        self.others.push(Other {
            seq: self.text_ends.len() as u64,
            name: name.into(),
            data: data.into(),
        });
    }

    fn text_start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.text_ends[before] as usize)
    }

    /// The text of the event at this index, where it is a delta.
    fn delta_at(&self, index: usize) -> Option<&str> {
        let (start, end) = (self.text_start(index), self.text_ends[index] as usize);
        (start < end).then(|| &self.text[start..end])
    }

    fn others_from(&self, index: usize) -> std::slice::Iter<'_, Other> {
        self.others[self.others.partition_point(|other| other.seq <= index as u64)..].iter()
    }
}

/// Writes a string as JSON.
pub fn push_json_string(json: &mut String, text: &str) {
    json.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        json.push_str(&text[plain..at]);
        plain = at + 1;
        if escaped.is_empty() {
            json.push_str(&format!("\\u{byte:04x}"));
        } else {
            json.push_str(escaped);
        }
    }
    json.push_str(&text[plain..]);
    json.push('"');
}

#[cfg(test)]
mod tests;
