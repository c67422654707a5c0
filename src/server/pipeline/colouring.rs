//! Colours the code of a text while it is written, away from the tasks that move tokens.
//!
//! A text without code costs nothing: the highlighter is not even made before something like a
//! fence has been seen. At most one piece of work per generation is under way on a blocking thread;
//! what comes meanwhile is taken together in the next.

use tokio::task::JoinHandle;

use crate::article::brief::Format;
use crate::article::event::{Event, Highlight};
use crate::server::highlight::LiveHighlighter;

/// Where a text is read from and its colours are written to.
pub trait Sheet {
    /// The text from a byte offset on.
    fn text_from(&self, offset: usize) -> String;
    /// Writes an event.
    fn push(&self, event: &Event);
}

/// The colouring of one text.
#[derive(Default)]
pub struct Colouring {
    format: Format,
    /// At rest between two pieces of work.
    idle: Option<Box<LiveHighlighter>>,
    work: Option<JoinHandle<(Box<LiveHighlighter>, Vec<Highlight>)>>,
    /// Bytes of the text that have been handed over.
    handed: usize,
    /// Whether something like code has been seen.
    code_seen: bool,
    /// A piece of work failed: the text matters more than its colours, and goes on without them.
    broken: bool,
}

impl Colouring {
    /// Of a text that begins.
    pub fn new(format: Format) -> Self {
        Self { format, idle: None, work: None, handed: 0, code_seen: false, broken: false }
    }

    /// Looks at new text, and begins to work when a line of code may have ended.
    pub fn see(&mut self, new: &str, log: &impl Sheet) {
        if self.broken {
            return;
        }
        if !self.code_seen {
            self.code_seen = match self.format {
                // A fence, or indentation.
                Format::Markdown => {
                    new.bytes().any(|byte| matches!(byte, b'`' | b'~' | b'\t'))
                        || new.contains("  ")
                }
                // What may be the beginning of `<pre>`, also cut in two.
                Format::Html => new.contains('<'),
            };
        }
        if self.code_seen && new.contains('\n') && self.work.is_none() {
            self.begin(log);
        }
    }

    /// Waits for the work under way and writes its colours to the log. Never ready without work;
    /// dropping the future loses nothing.
    pub async fn advance(&mut self, log: &impl Sheet) {
        let Some(work) = &mut self.work else {
            return std::future::pending().await;
        };
        let done = work.await;
        self.work = None;
        self.take(done, log);
        if !self.broken && log.text_from(self.handed).contains('\n') {
            self.begin(log);
        }
    }

    /// Colours what is left of a text that has ended.
    pub async fn finish(mut self, log: &impl Sheet) {
        if let Some(work) = self.work.take() {
            self.take(work.await, log);
        }
        if !self.code_seen || self.broken {
            return;
        }
        let rest = log.text_from(self.handed);
        let mut highlighter = self.highlighter();
        let work = tokio::task::spawn_blocking(move || {
            let mut highlights = highlighter.push(&rest);
            highlights.extend(highlighter.finish());
            (highlighter, highlights)
        });
        self.take(work.await, log);
    }

    fn highlighter(&mut self) -> Box<LiveHighlighter> {
        self.idle.take().unwrap_or_else(|| Box::new(LiveHighlighter::new(self.format)))
    }

    fn begin(&mut self, log: &impl Sheet) {
        let text = log.text_from(self.handed);
        self.handed += text.len();
        let mut highlighter = self.highlighter();
        self.work = Some(tokio::task::spawn_blocking(move || {
            let highlights = highlighter.push(&text);
            (highlighter, highlights)
        }));
    }

    fn take(
        &mut self,
        done: Result<(Box<LiveHighlighter>, Vec<Highlight>), tokio::task::JoinError>,
        log: &impl Sheet,
    ) {
        match done {
            Ok((highlighter, highlights)) => {
                self.idle = Some(highlighter);
                for highlight in highlights {
                    log.push(&Event::Highlight(highlight));
                }
            }
            Err(error) => {
                tracing::error!(error_type = "highlighter", error = %error, "colouring stopped");
                self.broken = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::event_log::EventLog;

    impl Sheet for EventLog {
        fn text_from(&self, offset: usize) -> String {
            Self::text_from(self, offset)
        }
        fn push(&self, event: &Event) {
            Self::push(self, event);
        }
    }

    #[tokio::test]
    async fn after_a_piece_that_failed_nothing_is_coloured_with_a_state_that_is_lost() {
        let log = EventLog::default();
        let mut colouring = Colouring::new(Format::Markdown);
        let text = "```rust\nfn a() {}\n";
        log.push_delta(text);
        colouring.see(text, &log);
        assert!(colouring.work.is_some(), "a line of code was to be coloured");
        let failed = tokio::spawn(async { panic!("a highlighter that fails") }).await;
        colouring.work = None;
        colouring.take(failed, &log);
        let rest = "```\n\nProse with `code`.\n";
        log.push_delta(rest);
        colouring.see(rest, &log);
        assert!(colouring.work.is_none(), "nothing more is begun");
        colouring.finish(&log).await;
        assert!(log.data_of("highlight").is_empty(), "nor at the end");
    }
}
