//! The service behind the generations' API, the pages and the command line.
//!
//! Every generation runs in a task of its own, which outlives the request that asked for it, and
//! writes to a log in memory. One writer takes all logs to the store in batches (`writer`). What
//! has ended leaves memory as soon as it is stored whole, and is read from the store from then on.

mod admitted;
mod follow;
mod live;
mod recover;
mod replay;
mod writer;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use admitted::Admitted;
pub use follow::Followed;
use live::Live;
pub use replay::dead_letter_not_found;

use super::budget::Reservation;
use super::clock::now_ms;
use super::config::{Config, ModelConfig};
use super::error::internal;
use super::event_log::EventLog;
use super::pipeline::coalescing::Coalescing;
use super::pipeline::preprocess::{language_of, prepare};
use super::pipeline::route::{Route, choose, expected_cost};
use super::pipeline::tokens::TokenEstimate;
use super::pipeline::{Job, Progress, Providers, StopReason, StopSignal};
use super::resilience::{Health, Line};
use super::store::records::{Created, IdempotencyKey, StoredGeneration};
use super::store::{Store, StoreError, owners};
use crate::article::brief::Brief;
use crate::article::event::{Event, GenerationState, Routed, Seq};
use crate::article::generation::Generation;
use crate::article::operations::RunningGeneration;
use crate::article::problem::{Code, Problem};

/// How many generations may wait for a place for each one that has one.
const WAITING_PER_PLACE: usize = 5;

/// How long running generations are given to end at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(15);

/// All generations: those that run here, and those that the store has.
#[derive(Clone)]
pub struct Generations(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    providers: Arc<Providers>,
    store: Store,
    data_dir: PathBuf,
    owner: owners::Owner,
    live: Mutex<HashMap<Uuid, Arc<Live>>>,
    copies: follow::Copies,
    /// Places to run in; who gets none waits.
    places: Line,
    health: Arc<Health>,
    coalescing: Arc<Coalescing>,
    /// Calls the writer: much is unstored, or something began.
    flush: Arc<Notify>,
    /// Calls the writer: something ended, or went away.
    ended: Notify,
    /// Serialises what is written of logs, so that a batch is never cut in two ways.
    writing: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// A generation to begin.
#[derive(Debug, Default)]
pub struct Request {
    /// The article it writes for; a new one where there is none.
    pub article: Option<Uuid>,
    /// What makes asking twice harmless.
    pub idempotency: Option<IdempotencyKey>,
    /// Of what others asked for, only what was begun after this will do (Unix ms); `None`: anything.
    pub newer_than: Option<i64>,
    /// The dead letter that is tried again.
    pub settles: Option<Uuid>,
    /// Whether the answer is the event stream itself, which need not wait for the store.
    pub streamed: bool,
    /// The id of the request that asks.
    pub request_id: String,
}

impl Generations {
    /// Starts the writer, and takes care of what an earlier process left unfinished.
    ///
    /// # Errors
    /// The store cannot be read, or no lock can be had in the data directory.
    pub async fn start(
        config: Arc<Config>,
        providers: Arc<Providers>,
        store: Store,
    ) -> Result<Self, StoreError> {
        let data_dir = config.server.data_dir.clone();
        let inner = Arc::new(Inner {
            owner: owners::Owner::register(&data_dir)?,
            places: Line::new(
                config.generation.max_concurrent,
                config.generation.max_concurrent * WAITING_PER_PLACE,
            ),
            health: Arc::new(Health::new(&config)),
            coalescing: Arc::new(Coalescing::new(&config.cache)),
            providers,
            live: Mutex::default(),
            copies: follow::Copies::default(),
            flush: Arc::new(Notify::new()),
            ended: Notify::new(),
            writing: tokio::sync::Mutex::new(()),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            config,
            store,
            data_dir,
        });
        let service = Self(inner);
        service.recover_orphans().await?;
        let writer = service.clone();
        service.0.tasks.spawn(async move { writer.keep_writing().await });
        Ok(service)
    }

    /// Begins to write an article, and gives the generation's id. The work goes on whether or not
    /// anyone waits for it.
    ///
    /// # Errors
    /// The brief names an unknown model; the key was used for something else; there is no such
    /// article; the server is full, shuts down or cannot write.
    pub async fn create(&self, brief: Brief, request: Request) -> Result<Uuid, Problem> {
        self.check_model(&brief)?;
        self.begin(brief, request, None).await
    }

    /// Which models would write a brief, and what it would probably cost.
    ///
    /// # Errors
    /// The brief names an unknown model.
    pub fn estimate(&self, brief: &Brief) -> Result<Routed, Problem> {
        self.check_model(brief)?;
        let prepared = prepare(brief, &language_of(brief));
        let chosen = choose(&self.0.config, brief, &prepared).pass_over(&self.0.health);
        Ok(chosen.routed(brief, &prepared))
    }

    /// Goes on from the text of a generation that ended before its article was whole, or from the
    /// seam at an offset of its text.
    ///
    /// # Errors
    /// There is no such generation; it runs, or is complete; it has no such seam.
    pub async fn continue_from(
        &self,
        id: Uuid,
        seam: Option<u64>,
        request: Request,
    ) -> Result<Uuid, Problem> {
        let mut earlier = self.get(id).await?;
        // Who tries again wants what the first try could not have had.
        let (article, newer_than) = (Some(earlier.article_id), earlier.ended_at);
        let request = Request { article, newer_than, ..request };
        if let Some(offset) = seam.filter(|_| earlier.state.is_ended()) {
            cut_at_seam(&mut earlier, offset)?;
            return self.begin(earlier.brief.clone(), request, Some(earlier)).await;
        }
        match earlier.state {
            GenerationState::Queued | GenerationState::Running => Err(Problem::new(
                Code::GenerationRunning,
                "The generation is still running.",
                "Stop it first, or wait for its end.",
            )),
            GenerationState::Done => Err(Problem::new(
                Code::GenerationEnded,
                "The article is complete: there is nothing to continue.",
                "Regenerate it for another version.",
            )),
            _ => self.begin(earlier.brief.clone(), request, Some(earlier)).await,
        }
    }

    /// Stops a generation and gives what became of it, once upstream is closed and the text so far
    /// is a revision.
    ///
    /// # Errors
    /// There is no such generation; it has ended; it runs in another process.
    pub async fn cancel(&self, id: Uuid) -> Result<Generation, Problem> {
        let Some(live) = self.live(id) else {
            let stored = self.get(id).await?;
            return Err(if stored.state.is_ended() { ended() } else { elsewhere() });
        };
        live.job.stop.stop(StopReason::Cancelled);
        live.ended.cancelled().await;
        let generation = live.resource();
        match generation.state {
            GenerationState::Cancelled => Ok(generation),
            _ => Err(ended()),
        }
    }

    /// The generation as it stands.
    ///
    /// # Errors
    /// There is none with this id, or the store cannot be read.
    pub async fn get(&self, id: Uuid) -> Result<Generation, Problem> {
        if let Some(live) = self.live(id) {
            return Ok(live.resource());
        }
        let stored = self.stored(id).await?;
        if stored.state.is_ended() {
            return Ok(resource(stored, None));
        }
        let log = self.stored_log(id).await?;
        Ok(resource(stored, Some(&log)))
    }

    /// How the models and providers have been doing.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// The line for a place to be written in.
    pub fn places(&self) -> &Line {
        &self.0.places
    }

    /// What those that run or wait here are doing, without their texts, the oldest first.
    pub fn at_work(&self) -> Vec<RunningGeneration> {
        let mut running: Vec<RunningGeneration> =
            self.all_live().iter().filter_map(|live| live.glance()).collect();
        running.sort_by_key(|one| one.id);
        running
    }

    /// All that run or wait here, the oldest first.
    pub fn running(&self) -> Vec<Generation> {
        let mut running: Vec<Generation> =
            self.all_live().iter().map(|live| live.resource()).collect();
        running.retain(|one| !one.state.is_ended());
        running.sort_by_key(|one| one.id);
        running
    }

    /// Whether the server is going away; readers end then.
    pub fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// Takes no more, ends what runs as interrupted with its text kept, and stores every log.
    pub async fn shutdown(&self) {
        let patience = match self.0.closing.is_cancelled() {
            false => SHUTDOWN_GRACE,
            // Asked a second time, it has been waited for already.
            true => Duration::ZERO,
        };
        self.0.closing.cancel();
        for live in self.all_live() {
            live.job.stop.stop(StopReason::Interrupted);
        }
        self.0.ended.notify_one();
        self.0.tasks.close();
        if tokio::time::timeout(patience, self.0.tasks.wait()).await.is_err() {
            tracing::error!(error_type = "shutdown", "some generations did not end in time");
        }
        if self.write().await.is_err() {
            tracing::error!(error_type = "storage", "a log is not stored whole");
        }
    }

    fn check_model(&self, brief: &Brief) -> Result<(), Problem> {
        let Some(model) = &brief.model else { return Ok(()) };
        if self.0.config.models.contains_key(model) {
            return Ok(());
        }
        let known: Vec<&str> = self.0.config.models.keys().map(String::as_str).collect();
        let shown: String = model.chars().take(100).collect();
        Err(Problem::new(
            Code::UnknownModel,
            format!("`{shown}` is not a configured model."),
            format!("Leave `model` out, or use one of: {}.", known.join(", ")),
        )
        .with_param("model"))
    }

    async fn begin(
        &self,
        brief: Brief,
        request: Request,
        continues: Option<Generation>,
    ) -> Result<Uuid, Problem> {
        let inner = &self.0;
        if inner.closing.is_cancelled() {
            return Err(Problem::new(
                Code::ShuttingDown,
                "The server is shutting down.",
                "Try again in a moment.",
            ));
        }
        let admitted = match self.admit(self.prepare(brief, &request, continues.as_ref())) {
            Ok(admitted) => admitted,
            Err(problem) => return self.made_before(&request).await.ok_or(problem),
        };
        if admitted.can_run_at_once(&request) {
            return Ok(admitted.run_at_once(request).await);
        }
        let id = admitted.live.job.id;
        // In a task of its own: a client that leaves while it waits must not leave half of it.
        let begun = inner.tasks.spawn(admitted.store_and_run(request));
        begun.await.unwrap_or_else(|error| {
            tracing::error!(error_type = "internal", generation.id = %id, error = %error,
                "a generation could not be begun");
            Err(internal())
        })
    }

    /// Gives a generation a place among those that are live, where there is one.
    fn admit(&self, live: Live) -> Result<Admitted, Problem> {
        let live = Arc::new(live);
        if self.0.health.has_lines() && self.all_lines_are_full(&live.job) {
            return Err(Problem::new(
                Code::Overloaded,
                "Too many articles wait for the models that may write this.",
                "Try again in a minute.",
            ));
        }
        let mut all = self.lock_live();
        if all.len() >= self.0.config.generation.max_concurrent * (1 + WAITING_PER_PLACE) {
            return Err(Problem::new(
                Code::Overloaded,
                "Too many articles are waiting to be written.",
                "Try again in a minute.",
            ));
        }
        all.insert(live.job.id, Arc::clone(&live));
        Ok(Admitted { service: self.clone(), live, begun: false })
    }

    /// Whether nobody who may write this has room for one more to wait.
    fn all_lines_are_full(&self, job: &Job) -> bool {
        let prepared = prepare(&job.brief, &job.language);
        let chosen = choose(&self.0.config, &job.brief, &prepared);
        let is_full = |model: &ModelConfig| {
            self.0.health.line(&model.provider).is_some_and(|line| line.is_full())
        };
        !chosen.candidates.is_empty() && chosen.candidates.iter().all(is_full)
    }

    /// Sets aside what a generation is expected to cost. Gives the generation that the same request
    /// made before, where there is no room for another: asking again for it costs nothing.
    async fn set_aside(&self, live: &Live, request: &Request) -> Result<Option<Uuid>, Problem> {
        let inner = &self.0;
        if inner.config.limits.daily_budget.is_none() {
            return Ok(None);
        }
        let job = &live.job;
        let so_far = TokenEstimate::of(&job.log.text());
        let prepared = prepare(&job.brief, &job.language);
        let chosen = choose(&inner.config, &job.brief, &prepared).pass_over(&inner.health);
        let expected = expected_cost(&job.brief, &prepared, chosen.first(), so_far);
        // What is there already costs nothing, and is given also where the day's money is used up.
        let route = Route { prepared, chosen };
        let is_there = inner.coalescing.is_there(job, &route);
        let expected = if is_there { 0 } else { expected };
        match Reservation::claim(&inner.config.limits, &inner.store, job.id, expected).await {
            Ok(reservation) => {
                if let Some(reservation) = reservation {
                    // It is set once, here.
                    let _ = job.reservation.set(reservation);
                }
                Ok(None)
            }
            Err(problem) => match self.made_before(request).await {
                Some(earlier) => Ok(Some(earlier)),
                None => Err(problem),
            },
        }
    }

    /// The generation that the same request made before: where there is no room for another, that
    /// is the answer all the same.
    async fn made_before(&self, request: &Request) -> Option<Uuid> {
        let key = request.idempotency.as_ref()?;
        match self.0.store.made_by_key(key, now_ms()).await {
            Ok(Created::Repeated(earlier)) => Some(earlier),
            _ => None,
        }
    }

    fn prepare(&self, brief: Brief, request: &Request, continues: Option<&Generation>) -> Live {
        let (id, article_id) = (Uuid::now_v7(), request.article.unwrap_or_else(Uuid::now_v7));
        let log = Arc::new(EventLog::new(Arc::clone(&self.0.flush)));
        log.push(&Event::Accepted { generation: id, article: article_id });
        let so_far = continues.map(|earlier| earlier.text.as_str()).unwrap_or_default();
        log.push_delta(so_far);
        Live::new(
            Job {
                id,
                continues: !so_far.is_empty(),
                earlier_seams: continues.map(|earlier| earlier.seams.clone()).unwrap_or_default(),
                earlier_model: continues.and_then(|earlier| earlier.model.clone()),
                newer_than: request.newer_than.or_else(|| brief.refresh.then(now_ms)),
                request_id: request.request_id.clone(),
                log,
                progress: Mutex::new(Progress::default()),
                stop: StopSignal::default(),
                reservation: std::sync::OnceLock::new(),
                accepted: tokio::time::Instant::now(),
                config: Arc::clone(&self.0.config),
                providers: Arc::clone(&self.0.providers),
                health: Arc::clone(&self.0.health),
                coalescing: Arc::clone(&self.0.coalescing),
                language: language_of(&brief),
                brief,
            },
            article_id,
            continues.map(|earlier| earlier.id),
            now_ms(),
        )
    }

    fn live(&self, id: Uuid) -> Option<Arc<Live>> {
        self.lock_live().get(&id).cloned()
    }

    fn all_live(&self) -> Vec<Arc<Live>> {
        self.lock_live().values().cloned().collect()
    }

    fn count_live(&self) -> usize {
        self.lock_live().len()
    }

    fn lock_live(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Arc<Live>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn stored(&self, id: Uuid) -> Result<StoredGeneration, Problem> {
        let found = self.0.store.generation(id).await.map_err(|error| error.to_problem())?;
        let stored = found.ok_or_else(|| {
            Problem::new(
                Code::GenerationNotFound,
                format!("There is no generation {id}."),
                "Check the id; GET /api/v1/articles lists what there is.",
            )
            .with_param("id")
        })?;
        if stored.state.is_ended() || owners::is_alive(&self.0.data_dir, stored.owner) {
            return Ok(stored);
        }
        self.recover(stored.id).await.map_err(|error| error.to_problem())?;
        let found = self.0.store.generation(id).await.map_err(|error| error.to_problem())?;
        Ok(found.unwrap_or(stored))
    }
}

/// Takes what stands behind a seam out of a generation.
fn cut_at_seam(generation: &mut Generation, offset: u64) -> Result<(), Problem> {
    let Some(at) = generation.seams.iter().position(|seam| seam.offset == offset) else {
        let seams: Vec<String> =
            generation.seams.iter().map(|seam| seam.offset.to_string()).collect();
        let remedy = match &seams[..] {
            [] => "The generation has no seams: leave `from` out.".to_owned(),
            seams => format!("Use the offset of one of its seams: {}.", seams.join(", ")),
        };
        let message = format!("There is no seam at {offset}.");
        return Err(Problem::new(Code::InvalidParameter, message, remedy).with_param("from"));
    };
    generation.text.truncate(usize::try_from(offset).unwrap_or(usize::MAX));
    generation.model = generation.seams[at].from.clone();
    generation.seams.truncate(at);
    Ok(())
}

/// The resource of a stored generation; of one that runs elsewhere with the log it has so far.
fn resource(stored: StoredGeneration, log: Option<&EventLog>) -> Generation {
    let (text, last_seq) = match log {
        Some(log) => (log.text(), log.last_seq()),
        None => (stored.text, Seq(stored.last_seq)),
    };
    Generation {
        id: stored.id,
        article_id: stored.article_id,
        state: stored.state,
        text,
        last_seq,
        model: stored.model,
        brief: stored.brief,
        usage: stored.usage,
        attempts: stored.attempts,
        seams: stored.seams,
        warnings: stored.warnings,
        continues: stored.continues,
        error: stored.error,
        revision_id: stored.revision_id,
        created_at: stored.created_at,
        ended_at: stored.ended_at,
    }
}

fn ended() -> Problem {
    Problem::new(
        Code::GenerationEnded,
        "The generation has ended already.",
        "Nothing is left to stop; GET the generation for its text.",
    )
}

fn elsewhere() -> Problem {
    Problem::new(
        Code::GenerationElsewhere,
        "The generation runs in another process, on the command line.",
        "Press Ctrl-C where `inkstream generate` runs.",
    )
}

fn key_reused() -> Problem {
    Problem::new(
        Code::IdempotencyKeyReused,
        "This Idempotency-Key was sent before with another body.",
        "Use a new key for a new request.",
    )
    .with_param("Idempotency-Key")
}

/// The answer where an article is not there.
pub fn no_article() -> Problem {
    Problem::new(
        Code::ArticleNotFound,
        "There is no such article.",
        "Check the id; a deleted article can be restored for a while.",
    )
    .with_param("id")
}
