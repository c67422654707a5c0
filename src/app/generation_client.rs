//! Follows a generation: reads its events by `fetch`, and mends the line whenever it breaks.
//!
//! The cursor is the whole state: whatever happens, the next request asks for what comes after
//! the last event that was taken in. So the same code starts, resumes after a lost network, wakes
//! with the laptop, and comes back to a tab that was hidden.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::api;
use super::lumps::Lumps;
use super::progress::Connection;
use crate::article::event::{Event, GenerationState};
use crate::article::problem::Problem;
use crate::article::sse::Decoder;

/// A line that is silent for so long is given up. The server's heartbeat comes twice as often.
const SILENCE_MS: f64 = 30_000.0;
/// How often the silence is measured.
const CHECK_MS: u64 = 5_000;
/// A tab that is hidden for so long gives its connection back: a browser has six for a server.
const HIDDEN_MS: i32 = 20_000;
/// How often a hidden tab asks whether the generation has ended, for the tab's title.
const HIDDEN_POLL_MS: i32 = 15_000;
/// The first and the longest pause before another try.
const BACKOFF_MS: (i32, i32) = (500, 10_000);

/// What is heard of a generation.
#[derive(Debug)]
pub enum Heard {
    /// The next event.
    Event(Event),
    /// It ended while nobody looked; the events follow when the tab is shown.
    EndedUnseen(GenerationState),
    /// The server has no more events for this cursor, or does not know it: what counts now is the
    /// resource.
    Reload,
    /// The server wants to know first who asks; nothing more is heard.
    SignedOut(Problem),
    /// Events arrive in lumps: something on the way gathers them.
    Lumps,
}

/// A generation that is being followed, until this is dropped.
pub struct Watch {
    line: Rc<Line>,
    interval: Option<IntervalHandle>,
    listeners: Vec<WindowListenerHandle>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("generation", &self.line.generation).finish_non_exhaustive()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.line.dropped.set(true);
        self.line.hang_up();
        self.line.wake();
        if let Some(interval) = self.interval.take() {
            interval.clear();
        }
        for listener in self.listeners.drain(..) {
            listener.remove();
        }
    }
}

/// Follows `generation` from behind `cursor`. `hear` is called for everything in order, each event
/// once; `connection` says how the line is.
pub fn watch(
    generation: Uuid,
    cursor: u64,
    connection: RwSignal<Connection>,
    hear: impl Fn(Heard) + 'static,
) -> Watch {
    let line = Rc::new(Line {
        generation,
        cursor: Cell::new(cursor),
        connection,
        hear: Box::new(hear),
        dropped: Cell::new(false),
        // A tab that is opened in the background takes no connection before it is looked at.
        released: Cell::new(document().hidden()),
        last_byte: Cell::new(now()),
        request: RefCell::new(None),
        sleeper: RefCell::new(None),
        hidden_timer: RefCell::new(None),
    });

    let checked = Rc::clone(&line);
    let check = move || {
        if checked.request.borrow().is_some() && now() - checked.last_byte.get() > SILENCE_MS {
            checked.say(Connection::Reconnecting);
            checked.hang_up();
        }
    };
    let interval = set_interval_with_handle(check, std::time::Duration::from_millis(CHECK_MS)).ok();

    let (visible, online, offline) = (Rc::clone(&line), Rc::clone(&line), Rc::clone(&line));
    let listeners = vec![
        window_event_listener_untyped("visibilitychange", move |_| visible.visibility_changed()),
        window_event_listener_untyped("online", move |_| {
            // What was open before the network changed is dead, though nothing may say so for long.
            online.hang_up();
            online.wake();
        }),
        window_event_listener_untyped("offline", move |_| offline.say(Connection::Offline)),
    ];

    line.visibility_changed();
    leptos::task::spawn_local(run(Rc::clone(&line)));
    Watch { line, interval, listeners }
}

struct Line {
    generation: Uuid,
    cursor: Cell<u64>,
    connection: RwSignal<Connection>,
    hear: Box<dyn Fn(Heard)>,
    dropped: Cell<bool>,
    /// The tab is hidden and has given its connection back.
    released: Cell<bool>,
    last_byte: Cell<f64>,
    request: RefCell<Option<web_sys::AbortController>>,
    sleeper: RefCell<Option<js_sys::Function>>,
    hidden_timer: RefCell<Option<TimeoutHandle>>,
}

/// How one connection came to its end.
enum End {
    /// The last event was heard.
    Finished,
    /// The server answered that there is nothing behind this cursor.
    Nothing,
    /// The session is over.
    SignedOut(Problem),
    /// Anything else. `heard`: whether it was good for something.
    Broken { heard: bool },
}

async fn run(line: Rc<Line>) {
    let mut failures = 0;
    while !line.dropped.get() {
        if line.released.get() {
            line.sleep(HIDDEN_POLL_MS).await;
            line.ask_for_the_end().await;
            continue;
        }
        match line.connect().await {
            _ if line.dropped.get() => break,
            End::Finished => {
                line.say(Connection::Idle);
                break;
            }
            End::Nothing => {
                line.say(Connection::Idle);
                (line.hear)(Heard::Reload);
                break;
            }
            End::SignedOut(problem) => {
                line.say(Connection::Idle);
                (line.hear)(Heard::SignedOut(problem));
                break;
            }
            End::Broken { heard } => {
                failures = if heard { 0 } else { failures + 1 };
                if line.released.get() {
                    continue;
                }
                let online = web_sys::window().is_none_or(|window| window.navigator().on_line());
                line.say(if online { Connection::Reconnecting } else { Connection::Offline });
                line.sleep(backoff(failures)).await;
            }
        }
    }
}

fn backoff(failures: i32) -> i32 {
    BACKOFF_MS.0.saturating_mul(1 << failures.clamp(0, 8)).min(BACKOFF_MS.1)
}

impl Line {
    async fn connect(&self) -> End {
        let Some(signal) = self.begin_request() else {
            return End::Broken { heard: false };
        };
        self.last_byte.set(now());
        let end = self.read(&signal).await;
        self.hang_up();
        end
    }

    /// The signal that [`Self::hang_up`] gives.
    fn begin_request(&self) -> Option<web_sys::AbortSignal> {
        let controller = web_sys::AbortController::new().ok()?;
        let signal = controller.signal();
        self.request.replace(Some(controller));
        Some(signal)
    }

    async fn read(&self, signal: &web_sys::AbortSignal) -> End {
        let mut heard = false;
        let Ok(response) = api::events(self.generation, self.cursor.get(), signal).await else {
            return End::Broken { heard };
        };
        match response.status() {
            200 => {}
            401 => match api::problem_of(&response).await {
                Some(problem) => return End::SignedOut(problem),
                None => return End::Broken { heard },
            },
            204 | 400 | 404 | 410 => return End::Nothing,
            _ => return End::Broken { heard },
        }
        let Some(body) = response.body() else {
            return End::Broken { heard };
        };
        let Ok(reader) = body.get_reader().dyn_into::<web_sys::ReadableStreamDefaultReader>()
        else {
            return End::Broken { heard };
        };
        self.say(Connection::Live);
        let mut decoder = Decoder::new();
        let mut lumps = Lumps::new(now());
        while let Some(bytes) = next_chunk(&reader).await {
            self.last_byte.set(now());
            if self.dropped.get() {
                return End::Broken { heard };
            }
            self.say(Connection::Live);
            heard = true;
            let Ok(events) = decoder.push(&bytes) else {
                leptos::logging::warn!("an event is larger than any that this server sends");
                return End::Broken { heard: false };
            };
            if lumps.read(now(), events.len()) && !document().hidden() {
                (self.hear)(Heard::Lumps);
            }
            for event in events {
                let seq = event.id.as_deref().and_then(|id| id.parse().ok());
                if self.take(&event.event, &event.data, seq) {
                    return End::Finished;
                }
            }
        }
        End::Broken { heard }
    }

    /// Takes in one event; says whether it was the last.
    fn take(&self, name: &str, data: &str, seq: Option<u64>) -> bool {
        let Some(seq) = seq.filter(|seq| *seq > self.cursor.get()) else {
            return false;
        };
        self.cursor.set(seq);
        match Event::parse(name, data) {
            Ok(Some(event)) => {
                let last = event.final_state().is_some();
                (self.hear)(Heard::Event(event));
                last
            }
            // A kind that a newer server knows.
            Ok(None) => false,
            Err(error) => {
                leptos::logging::warn!("event {seq} ({name}) cannot be read: {error}");
                false
            }
        }
    }

    /// A hidden tab holds no stream; but its title shall say when the article is there.
    async fn ask_for_the_end(&self) {
        if !self.released.get() || self.dropped.get() {
            return;
        }
        let Some(signal) = self.begin_request() else { return };
        // A failure here costs nothing: it is asked again, and the stream brings it in the end. Nor
        // does a network that has gone silent: whoever comes back to the tab hangs up.
        let answer = api::generation(self.generation, &signal).await;
        self.request.take();
        if let Ok(generation) = answer
            && generation.state.is_ended()
            && !self.dropped.get()
        {
            (self.hear)(Heard::EndedUnseen(generation.state));
            while self.released.get() && !self.dropped.get() {
                self.sleep(i32::MAX).await;
            }
        }
    }

    fn visibility_changed(self: &Rc<Self>) {
        if let Some(timer) = self.hidden_timer.take() {
            timer.clear();
        }
        if document().hidden() {
            let line = Rc::clone(self);
            let release = move || {
                line.released.set(true);
                line.hang_up();
                line.say(Connection::Idle);
            };
            let after = std::time::Duration::from_millis(HIDDEN_MS.unsigned_abs().into());
            self.hidden_timer.replace(set_timeout_with_handle(release, after).ok());
        } else {
            self.released.set(false);
            if now() - self.last_byte.get() > SILENCE_MS {
                self.hang_up();
            }
            self.wake();
        }
    }

    fn say(&self, connection: Connection) {
        // The page that shows it may be gone already.
        if self.connection.try_get_untracked().is_some_and(|known| known != connection) {
            self.connection.set(connection);
        }
    }

    /// Ends the request that is under way, if any.
    fn hang_up(&self) {
        if let Some(controller) = self.request.take() {
            controller.abort();
        }
    }

    /// Waits for so many milliseconds, or until [`Self::wake`].
    async fn sleep(&self, ms: i32) {
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            if let Some(window) = web_sys::window()
                && window
                    .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms)
                    .is_err()
            {
                leptos::logging::warn!("the browser sets no timer");
            }
            self.sleeper.replace(Some(resolve));
        });
        // It is resolved, never rejected.
        let _resolved = JsFuture::from(promise).await;
    }

    fn wake(&self) {
        if let Some(resolve) = self.sleeper.take()
            && let Err(error) = resolve.call0(&JsValue::NULL)
        {
            leptos::logging::warn!("waking failed: {error:?}");
        }
    }
}

/// The next bytes of a body; `None` at its end and when the line broke.
async fn next_chunk(reader: &web_sys::ReadableStreamDefaultReader) -> Option<Vec<u8>> {
    let result = JsFuture::from(reader.read()).await.ok()?;
    let value = js_sys::Reflect::get(&result, &"value".into()).ok()?;
    Some(value.dyn_into::<js_sys::Uint8Array>().ok()?.to_vec())
}

fn now() -> f64 {
    js_sys::Date::now()
}
