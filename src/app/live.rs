//! An article on the page: what is known of it as signals, and what feeds them.

use std::ops::ControlFlow;

use leptos::logging::warn;
use leptos::prelude::*;
use leptos::reactive::send_wrapper_ext::SendOption;
use leptos::task::spawn_local;
use web_sys::Element;

use super::acting;
use super::api::{self, Failure};
use super::article_writer::{ArticleWriter, Written};
use super::components::attempts::is_worth_telling;
use super::components::code_copy;
use super::follow_end::FollowEnd;
use super::generation_client::{Heard, Watch, watch};
use super::i18n::Texts;
use super::page_data::{ArticleData, load_article};
use super::parts;
use super::progress::{Connection, Progress};
use crate::article::event::{Event, GenerationState, NoticeKind, OutlineEntry};
use crate::article::generation::Attempt;

/// A heading that stands higher in the window, in CSS pixels, has been reached.
const PASSED: f64 = 140.0;

/// The signals of one article on the page.
#[derive(Clone, Copy)]
pub struct Live {
    /// What the page was opened with; renewed when the generation has ended.
    pub data: RwSignal<ArticleData>,
    /// What is known of the generation.
    pub progress: RwSignal<Progress>,
    /// The calls to models so far.
    pub attempts: RwSignal<Vec<Attempt>>,
    /// How the line is.
    pub connection: RwSignal<Connection>,
    /// The headings so far.
    pub outline: RwSignal<Vec<OutlineEntry>>,
    /// The anchor of the section that is read, or written where the end is followed.
    pub section: RwSignal<Option<String>>,
    /// Whether any text is there.
    pub has_text: RwSignal<bool>,
    /// Whether the end of the text is followed.
    pub following: RwSignal<bool>,
    /// Whether stopping is under way.
    pub stopping: RwSignal<bool>,
    /// What failed that a button was pressed for.
    pub failure: RwSignal<Option<Failure>>,
    /// How it ended, where that is known before its last event was read.
    pub ended_unseen: RwSignal<Option<GenerationState>>,
    /// Whether events arrive in lumps.
    pub lumps: RwSignal<bool>,
    /// Whether it ended while the reader was here, rather than before.
    pub ended_here: RwSignal<bool>,
    /// Whether something that a button was pressed for is under way.
    pub busy: RwSignal<bool>,
    /// Both belong to the browser's one thread. The server's many threads hold and drop `None`.
    writer: StoredValue<SendOption<ArticleWriter>>,
    watch: StoredValue<SendOption<Watch>>,
}

impl Live {
    /// For what a page was opened with.
    pub fn new(data: ArticleData) -> Self {
        Self {
            progress: RwSignal::new(data.progress.clone()),
            attempts: RwSignal::new(data.generation.attempts.clone()),
            connection: RwSignal::new(Connection::Idle),
            outline: RwSignal::new(data.outline.clone()),
            section: RwSignal::new(None),
            has_text: RwSignal::new(!data.text.is_empty()),
            following: RwSignal::new(true),
            stopping: RwSignal::new(false),
            failure: RwSignal::new(None),
            ended_unseen: RwSignal::new(None),
            lumps: RwSignal::new(false),
            ended_here: RwSignal::new(false),
            busy: RwSignal::new(false),
            writer: StoredValue::new(SendOption::new_local(None)),
            watch: StoredValue::new(SendOption::new_local(None)),
            data: RwSignal::new(data),
        }
    }

    /// Whether it is being written on this page.
    pub fn running(self) -> bool {
        self.progress.with(|progress| !progress.state.is_ended())
    }

    /// Whether there is more to tell of how it was written than one call that went well.
    pub fn took_more(self) -> bool {
        self.attempts.with(|tried| is_worth_telling(tried))
            || self.progress.with(Progress::came_from_cache)
            || self.data.with(|data| !data.seams.is_empty())
    }

    /// Brings the article to life in `root`; `rendered` says whether the server has put it there.
    /// `reload` is called when the page no longer fits what the server has.
    pub fn start(self, root: Element, rendered: bool, texts: &'static Texts, reload: Callback<()>) {
        let running = self.running_untracked();
        if !running && rendered {
            code_copy::bring_to_life(&root, texts);
            return;
        }
        parts::write(self, root, texts, reload, move || {
            match self.failure.try_set(Some(Failure::Unreachable)) {
                None => ControlFlow::Continue(()),
                // The page was left.
                Some(_) => ControlFlow::Break(()),
            }
        });
    }

    /// Writes what there is into `root`, and then what comes.
    pub(super) fn write(self, root: Element, texts: &'static Texts, reload: Callback<()>) {
        // The page may have been left while the program for this came.
        let Some(failure) = self.failure.try_get_untracked() else { return };
        if failure == Some(Failure::Unreachable) {
            self.failure.set(None);
        }
        let running = self.running_untracked();
        let (text, format, highlights, generation) = self.data.with_untracked(|data| {
            let (highlights, generation) = (data.highlights.clone(), data.generation.clone());
            (data.text.clone(), data.format(), highlights, generation)
        });
        let follow = FollowEnd::new(self.following);
        let tell = move |written: Written<'_>| self.written(written);
        let paper = root.clone();
        let writer = match ArticleWriter::new(root, format, texts.copy, follow, tell) {
            Ok(writer) => writer,
            Err(error) => {
                warn!("the article cannot be shown: {error:?}");
                return;
            }
        };
        // Text that was there before is not followed: who opens a page begins at its top.
        self.following.set(text.is_empty());
        let there = (!text.is_empty()).then_some(Event::Delta { text });
        lay_out_once(paper);
        writer.write_now(there.into_iter().chain(highlights.into_iter().map(Event::Highlight)));
        if !running {
            writer.finish();
            return;
        }
        writer.show_cursor();
        self.following.set(writer.end_in_view());
        let hearing = writer.clone();
        let hear = move |heard: Heard| match heard {
            Heard::Event(event) => {
                if let Some(state) = event.final_state() {
                    // In a hidden tab there is no frame to say it.
                    self.ended_unseen.set(Some(state));
                }
                hearing.push(event);
            }
            Heard::EndedUnseen(state) => self.ended_unseen.set(Some(state)),
            Heard::SignedOut(problem) => self.failure.set(Some(Failure::Problem(problem))),
            Heard::Lumps => self.lumps.set(true),
            Heard::Reload => reload.run(()),
        };
        let line = watch(generation.id, generation.last_seq.0, self.connection, hear);
        self.writer.set_value(SendOption::new_local(Some(writer)));
        self.watch.set_value(SendOption::new_local(Some(line)));
    }

    fn written(self, written: Written<'_>) {
        if self.outline.with_untracked(|known| known.len() != written.outline.len()) {
            self.outline.set(written.outline.to_vec());
            self.find_section();
        }
        let delta = |event: &Event| matches!(event, Event::Delta { text } if !text.is_empty());
        if !self.has_text.get_untracked() && written.events.iter().any(delta) {
            self.has_text.set(true);
        }
        let told = |event: &&Event| !matches!(event, Event::Delta { .. } | Event::Highlight(_));
        if !written.events.iter().any(|event| told(&event)) {
            return;
        }
        self.progress.update(|progress| written.events.iter().for_each(|it| progress.apply(it)));
        if written.events.iter().any(|event| event.final_state().is_some()) {
            self.stopping.set(false);
            self.ended_here.set(true);
            self.renew();
        } else if written.events.iter().any(tells_of_an_attempt) {
            self.ask_for_attempts();
        }
    }

    /// No event tells what an attempt came to. That they cannot be had now costs nothing: the end
    /// brings them, too.
    fn ask_for_attempts(self) {
        let generation = self.data.with_untracked(|data| data.generation.id);
        spawn_local(async move {
            let Ok(attempts) = api::attempts(generation).await else { return };
            let running = |progress: &Progress| !progress.state.is_ended();
            if self.progress.try_with_untracked(running) == Some(true) {
                self.attempts.set(attempts);
            }
        });
    }

    /// Asks the server for everything around the text, which stays as it is.
    fn renew(self) {
        let Some(article) = self.data.try_with_untracked(|data| data.article.id) else {
            return;
        };
        spawn_local(async move {
            match load_article(article, None).await {
                Ok(data) => {
                    // Who stopped a page may have left it.
                    if self.data.try_get_untracked().is_some() {
                        self.attempts.set(data.generation.attempts.clone());
                        self.data.set(data);
                    }
                }
                Err(failure) => {
                    if self.failure.try_get_untracked().is_some() {
                        self.failure.set(Some(failure));
                    }
                }
            }
        });
    }

    /// Stops the generation.
    pub fn stop(self) {
        if self.stopping.get_untracked() {
            return;
        }
        self.stopping.set(true);
        self.failure.set(None);
        let generation = self.data.with_untracked(|data| data.generation.id);
        spawn_local(async move {
            if let Err(failure) = api::cancel(generation).await {
                // It ended in the same moment: its last event says how.
                let ended = matches!(
                    &failure,
                    Failure::Problem(problem)
                        if problem.code == crate::article::problem::Code::GenerationEnded
                );
                if self.stopping.try_set(false).is_none() && !ended {
                    self.failure.set(Some(failure));
                }
            }
        });
    }

    /// Does what a button was pressed for, and then calls `done`.
    /// `done` is called where the button is no more, too: it must not need what went with it.
    pub fn act(
        self,
        done: impl FnOnce() + 'static,
        act: impl Future<Output = Result<(), Failure>> + 'static,
    ) {
        acting::act(self.busy, self.failure, act, move |()| done());
    }

    /// The page was scrolled.
    pub fn scrolled(self) {
        self.with_writer(ArticleWriter::scrolled);
        self.find_section();
    }

    /// The section whose heading was the last to pass under the bar on top.
    fn find_section(self) {
        let passed = |anchor: &str| {
            let heading = document().get_element_by_id(anchor);
            heading.is_some_and(|heading| heading.get_bounding_client_rect().top() < PASSED)
        };
        let section = self.outline.try_with_untracked(|outline| {
            if self.running_untracked() && self.following.get_untracked() {
                return outline.last().map(|entry| entry.anchor.clone());
            }
            let passed = |entry: &&OutlineEntry| passed(&entry.anchor);
            outline.iter().take_while(passed).last().map(|entry| entry.anchor.clone())
        });
        if let Some(section) = section
            && self.section.with_untracked(|known| *known != section)
        {
            self.section.set(section);
        }
    }

    /// The same, without subscribing to it.
    pub fn running_untracked(self) -> bool {
        self.progress.with_untracked(|progress| !progress.state.is_ended())
    }

    /// Takes the reader to the end of the text.
    pub fn jump_to_end(self) {
        self.with_writer(ArticleWriter::jump_to_end);
    }

    fn with_writer(self, act: impl FnOnce(&ArticleWriter)) {
        let writer = self.writer.try_with_value(|writer| (**writer).clone()).flatten();
        if let Some(writer) = writer {
            act(&writer);
        }
    }
}

/// Whether one attempt has ended and another follows.
fn tells_of_an_attempt(event: &Event) -> bool {
    use NoticeKind::{Continued, Failover, Retry};
    matches!(event, Event::Notice(notice) if matches!(notice.kind, Continued | Failover | Retry))
}

/// Has the browser lay out all of a text that is there already, out of sight too: the page is as high
/// as it will be, and whoever comes back to it finds their place.
fn lay_out_once(paper: Element) {
    // Where a class cannot be set, heights are guessed.
    _ = paper.class_list().add_1("opening");
    // With the second frame the first has been shown, and the browser keeps the heights.
    request_animation_frame(move || {
        request_animation_frame(move || _ = paper.class_list().remove_1("opening"));
    });
}
