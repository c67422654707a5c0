//! What is asked for twice is written once: identical briefs in flight share a stream, and a text
//! that was written lately is given again.
//!
//! The key is a hash of everything that shapes a text. The demo is left out: it costs nothing, and
//! is there to be watched. So is what goes on from a text. Who has a text already and wants another
//! (`refresh`, a regeneration, a dead letter that is tried again) is given only what was begun after
//! that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use icu_normalizer::ComposingNormalizerBorrowed;
use moka::sync::Cache;

use super::Job;
use super::flight::Flight;
use super::preprocess::Prepared;
use super::route::Route;
use crate::article::brief::Brief;
use crate::article::event::{Event, Highlight, Notice, NoticeKind, Usage};
use crate::server::config::{CacheConfig, Protocol};

/// What a cached text takes besides its own bytes, roughly.
const ENTRY_BYTES: usize = 256;

/// What a span of colour takes, roughly.
const SPAN_BYTES: usize = 40;

/// A hash of everything that shapes a text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// What is being written, and what was written lately.
pub struct Coalescing {
    flights: Mutex<HashMap<Key, Arc<Flight>>>,
    texts: Option<Cache<Key, Arc<CachedText>>>,
}

/// A text that was written lately.
#[derive(Debug)]
pub struct CachedText {
    /// The text.
    pub text: String,
    /// When it was begun (Unix ms).
    pub begun_at: i64,
    /// The model that wrote its end.
    pub model: String,
    /// What the model is paid in.
    pub currency: Option<String>,
    /// The colours of its code.
    pub highlights: Vec<Highlight>,
}

/// What there is of a text that is asked for.
pub enum Found {
    /// It was written lately.
    Text(Arc<CachedText>),
    /// It is being written, and the job reads along.
    Flight(Arc<Flight>),
    /// Nothing: it is to be written now, and others may read along.
    New(Arc<Flight>),
}

impl Coalescing {
    /// With nothing in it.
    pub fn new(config: &CacheConfig) -> Self {
        let texts = config.enabled.then(|| {
            // One number bounds both: an entry weighs at least its share of all bytes.
            let share = u32::try_from(config.max_bytes / config.max_entries.max(1));
            let share = share.unwrap_or(u32::MAX);
            let weight = move |_: &Key, text: &Arc<CachedText>| {
                let spans: usize = text.highlights.iter().map(|line| line.spans.len()).sum();
                let bytes = text.text.len() + spans * SPAN_BYTES + ENTRY_BYTES;
                u32::try_from(bytes).unwrap_or(u32::MAX).max(share)
            };
            let cache = Cache::builder().weigher(weight).max_capacity(config.max_bytes as u64);
            cache.time_to_live(config.ttl.max(Duration::from_millis(1))).build()
        });
        Self { flights: Mutex::default(), texts }
    }

    /// Looks for what a job asks for. Of any number that ask at once, one is to write.
    pub fn find(&self, job: &Arc<Job>, route: &Route) -> Found {
        let Some(key) = Key::of(job, route) else {
            return Found::New(Arc::new(Flight::new(job, None)));
        };
        let mut flights = self.lock();
        let joined =
            |flight: &&Arc<Flight>| is_late_enough(job, flight.begun_at) && flight.join(job);
        if let Some(flight) = flights.get(&key).filter(joined) {
            return Found::Flight(Arc::clone(flight));
        }
        // Looked for behind the flight, which leaves its text here before it ends.
        if let Some(text) = self.text(&key, job) {
            return Found::Text(text);
        }
        let flight = Arc::new(Flight::new(job, Some(key)));
        flights.insert(key, Arc::clone(&flight));
        Found::New(flight)
    }

    /// Whether what a job asks for is being written, or was written lately: then it costs nothing.
    pub fn is_there(&self, job: &Job, route: &Route) -> bool {
        let Some(key) = Key::of(job, route) else { return false };
        let is_written =
            self.lock().get(&key).is_some_and(|flight| is_late_enough(job, flight.begun_at));
        is_written || self.text(&key, job).is_some()
    }

    /// The text that was written for it, where it will do for the job.
    fn text(&self, key: &Key, job: &Job) -> Option<Arc<CachedText>> {
        self.texts.as_ref()?.get(key).filter(|text| is_late_enough(job, text.begun_at))
    }

    /// Keeps a text that was written to its end.
    pub fn keep(&self, key: Key, text: CachedText) {
        if let Some(texts) = &self.texts {
            texts.insert(key, Arc::new(text));
        }
    }

    /// Nobody can join a writing any more.
    pub fn unlist(&self, key: Key, flight: &Flight) {
        let mut flights = self.lock();
        if flights.get(&key).is_some_and(|listed| std::ptr::eq(&**listed, flight)) {
            flights.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Flight>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what was begun then will do for a job.
fn is_late_enough(job: &Job, begun_at: i64) -> bool {
    job.newer_than.is_none_or(|limit| begun_at > limit)
}

impl CachedText {
    /// Gives it to a job, at once and for nothing.
    pub fn give(&self, job: &Job) {
        {
            let mut progress = job.progress();
            progress.model = Some(self.model.clone());
            progress.usage =
                Usage { cost: Some(0), currency: self.currency.clone(), ..Usage::default() };
        }
        let words =
            "This text was written lately for the same brief: it is given again, for nothing.";
        job.log.push(&Event::Notice(Notice::new(NoticeKind::Cached, words).about(&self.model)));
        job.log.push_delta(&self.text);
        for highlight in &self.highlights {
            job.log.push(&Event::Highlight(highlight.clone()));
        }
        let usage = job.progress().usage.clone();
        job.log.push(&Event::Usage { usage, first_token_ms: None, writing_ms: 0 });
    }
}

impl Key {
    /// Of what a job asks for; `None` where its text is to be its own.
    fn of(job: &Job, route: &Route) -> Option<Self> {
        let config = &job.config;
        let is_demo = |provider: &str| {
            config.providers.get(provider).is_some_and(|one| one.protocol == Protocol::Demo)
        };
        if job.continues || route.chosen.candidates.iter().all(|model| is_demo(&model.provider)) {
            return None;
        }
        // Prompt and sampling follow from the template and these. A field that is new has to be sorted
        // in here to compile.
        let Brief {
            topic,
            style,
            audience,
            tech_stack,
            prerequisites,
            duration,
            // Settled, with that of the topic.
            language: _,
            length,
            tone,
            format,
            // Among the candidates.
            model: _,
            temperature: _,
            top_p: _,
            max_tokens,
            frequency_penalty: _,
            presence_penalty: _,
            stop: _,
            priority: _,
            refresh: _,
        } = &job.brief;
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        let Prepared { language, prompt, sampling, prompt_tokens: _ } = &route.prepared;
        add(&prompt.template);
        add(language);
        add(&normalised(topic));
        for words in [audience, tech_stack, prerequisites, duration, tone] {
            add(&words.as_deref().map(normalised).unwrap_or_default());
        }
        add(&format!("{style:?} {length:?} {format:?} {max_tokens:?} {sampling:?}"));
        for model in &route.chosen.candidates {
            add(&model.name);
        }
        Some(Self(*hasher.finalize().as_bytes()))
    }
}

/// What a person wrote, without what makes no difference to a model: composition, and the kind and number of blanks
/// within a line.
fn normalised(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let mut normal = String::with_capacity(composed.len());
    for line in composed.lines() {
        // Indentation can mean something, as in code.
        normal.push_str(&line[..line.len() - line.trim_start().len()]);
        let words = line.split_whitespace();
        for (index, word) in words.enumerate() {
            if index > 0 {
                normal.push(' ');
            }
            normal.push_str(word);
        }
        normal.push('\n');
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_composition_make_no_difference_and_lines_do() {
        assert_eq!(normalised("Caf\u{e9}  au\tlait \r\nx"), normalised("Cafe\u{301} au lait\nx\n"));
        assert_ne!(normalised("a\nb"), normalised("a b"));
        assert_ne!(normalised("a"), normalised("A"));
    }
}
