//! `inkstream generate`: one article, to the terminal or into a pipe.
//!
//! Standard output carries the text and nothing else, or with `--json` one event per line.
//! Ctrl-C is Stop: upstream is closed, the text so far stays in the database.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};
use uuid::Uuid;

use super::output::{Output, Unwritten};
use super::{Failure, GenerateArgs, note, storage};
use crate::article::brief::{Brief, Style};
use crate::article::event::{Event, NOBODY_ASKED, Seq, Stage, Usage};
use crate::article::measure::is_cjk;
use crate::server::config::Config;
use crate::server::error::RequestId;
use crate::server::event_log::{Follower, LogEvent};
use crate::server::generations::{Followed, Generations, Request};
use crate::server::state::AppState;

/// What a shell reports for a program that ended by SIGINT (128 + 2).
const INTERRUPTED: u8 = 130;

/// Writes the article.
///
/// # Errors
/// It cannot even be begun: the brief or the model is wrong, or the database cannot be used.
pub async fn run(config: Config, args: GenerateArgs) -> Result<ExitCode, Failure> {
    let (brief, json) = brief(args)?;
    let mut interrupts = Interrupts::take()?;
    let output = Output::start()?;
    let state = AppState::start(config).await.map_err(storage)?;
    let ended = write(&state.generations, brief, json, output, &mut interrupts).await;
    state.shutdown().await;
    ended
}

fn brief(args: GenerateArgs) -> Result<(Brief, bool), Failure> {
    let brief = Brief {
        topic: args.topic,
        style: Style::parse(&args.style).unwrap_or_default(),
        audience: args.audience,
        tech_stack: args.tech_stack,
        prerequisites: args.prerequisites,
        duration: args.duration,
        language: args.language,
        length: args.length,
        tone: args.tone,
        model: args.model,
        temperature: args.temperature,
        top_p: args.top_p,
        max_tokens: args.max_tokens,
        ..Brief::default()
    };
    brief.check()?;
    Ok((brief, args.json))
}

async fn write(
    generations: &Generations,
    brief: Brief,
    json: bool,
    output: Output,
    interrupts: &mut Interrupts,
) -> Result<ExitCode, Failure> {
    let request = Request { request_id: RequestId::fresh().0, ..Request::default() };
    let id = generations.create(brief, request).await?;
    let Followed::Reader(follower) = generations.follow(id, Seq(0)).await? else {
        return Err("the generation ended before it began".into());
    };
    let mut run = Run {
        generations,
        id,
        json,
        output: Some(output),
        stopped: None,
        done: false,
        figures: None,
    };
    run.follow(follower, interrupts).await;
    // The last words are on their way; whoever reads slowly can still interrupt.
    if let Some(output) = run.output.take() {
        tokio::select! {
            written = output.finish() => {
                if let Err(why) = written {
                    run.stopped.get_or_insert(Stopped::Unwritten(why));
                }
            }
            () = interrupts.next() => run.stopped = Some(Stopped::Interrupted),
        }
    }
    Ok(match run.stopped {
        Some(Stopped::Unwritten(why @ Unwritten::Failed(_))) => {
            let kept = "The article is kept as far as it was written: `inkstream serve` shows it.";
            return Err(format!("{why}. {kept}").into());
        }
        _ if run.done => ExitCode::SUCCESS,
        Some(Stopped::Interrupted) => ExitCode::from(INTERRUPTED),
        Some(Stopped::Unwritten(Unwritten::ReaderGone)) | None => ExitCode::FAILURE,
    })
}

/// One article on its way to standard output.
struct Run<'a> {
    generations: &'a Generations,
    id: Uuid,
    json: bool,
    /// Gone when nobody reads it any more, or after an interruption.
    output: Option<Output>,
    stopped: Option<Stopped>,
    done: bool,
    /// The latest usage; it grows all the time, and only the last one is told.
    figures: Option<String>,
}

/// Why an article was stopped from here.
enum Stopped {
    Interrupted,
    Unwritten(Unwritten),
}

impl Run<'_> {
    async fn follow(&mut self, mut follower: Follower, interrupts: &mut Interrupts) {
        loop {
            let events = tokio::select! {
                events = follower.next() => events,
                () = interrupts.next() => {
                    // Who asks twice does not want to wait.
                    if self.stopped.is_some() {
                        return;
                    }
                    self.stop(Stopped::Interrupted).await;
                    continue;
                }
            };
            let Some(events) = events else { return };
            for event in events {
                self.show(&event, interrupts).await;
            }
        }
    }

    async fn show(&mut self, entry: &LogEvent, interrupts: &mut Interrupts) {
        let event = match Event::parse(&entry.name, &entry.data) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(error_type = "internal", cause = %error, "an event of ours is broken");
                None
            }
        };
        let mut text = None;
        match event {
            Some(Event::Delta { text: delta }) => text = Some(delta),
            Some(Event::Usage { usage, first_token_ms, writing_ms }) => {
                self.figures = Some(figures(&usage, first_token_ms, writing_ms));
            }
            Some(event) => {
                self.done |= matches!(event, Event::Done { .. });
                if event.final_state().is_some()
                    && let Some(figures) = self.figures.take()
                {
                    note(&figures);
                }
                if let Some(line) = describe(&event) {
                    note(&line);
                }
            }
            None => {}
        }
        if self.json {
            let name = serde_json::Value::from(entry.name.as_str());
            text = Some(format!(
                "{{\"seq\":{},\"event\":{name},\"data\":{}}}\n",
                entry.seq.0, entry.data
            ));
        }
        let (Some(text), Some(output)) = (text, &self.output) else { return };
        let stopped = tokio::select! {
            written = output.write(text) => written.err().map(Stopped::Unwritten),
            () = interrupts.next(), if self.stopped.is_none() => Some(Stopped::Interrupted),
        };
        if let Some(stopped) = stopped {
            self.output = None;
            self.stop(stopped).await;
        }
    }

    async fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() {
            self.stopped = Some(why);
            // It may have ended in the meantime; its last event tells.
            if let Err(problem) = self.generations.cancel(self.id).await {
                tracing::debug!(%problem, "there was nothing to stop");
            }
        }
    }
}

/// What a person at the terminal is told of an event.
fn describe(event: &Event) -> Option<String> {
    Some(match event {
        Event::Accepted { article, .. } => format!("article {article}"),
        Event::Stage { stage, .. } => match stage {
            Stage::Preprocess => "preparing the brief",
            Stage::Route => "choosing a model",
            Stage::Generate => "writing",
            Stage::Postprocess => "finishing",
        }
        .to_owned(),
        Event::Routed(routed) => {
            let why: Vec<&str> = routed.reasons.iter().map(|one| one.message.as_str()).collect();
            format!("model {}: {}", routed.model, why.join(" "))
        }
        Event::Notice(notice) => format!("notice: {}", notice.message),
        Event::Meta(meta) => {
            let unit = if meta.title.chars().any(is_cjk) { "characters" } else { "words" };
            format!("{}: {} {unit}, {} min to read", meta.title, meta.words, meta.reading_minutes)
        }
        Event::Done { .. } => "done".to_owned(),
        Event::Cancelled { upstream_closed_ms: Some(NOBODY_ASKED), .. } => {
            "stopped while no model was asked; the text so far is kept".to_owned()
        }
        Event::Cancelled { upstream_closed_ms: Some(ms), .. } => {
            format!("stopped; upstream was closed within {ms:.1} ms, the text so far is kept")
        }
        Event::Cancelled { upstream_closed_ms: None, .. } => {
            "stopped; it goes on for another request, the text so far is kept".to_owned()
        }
        Event::Rejected { findings } => format!("rejected: {}", findings.join("; ")),
        Event::Failed { problem, .. } => format!("failed: {problem}"),
        Event::Interrupted { .. } => "interrupted; the text so far is kept".to_owned(),
        Event::Delta { .. }
        | Event::Reasoning { .. }
        | Event::Highlight(_)
        | Event::Usage { .. } => return None,
    })
}

fn figures(usage: &Usage, first_token_ms: Option<u64>, writing_ms: u64) -> String {
    let about = if usage.estimated { "about " } else { "" };
    let mut line =
        format!("{about}{} tokens of prompt, {} of answer", usage.prompt, usage.completion);
    if let Some(first) = first_token_ms {
        let _ = write!(line, "; first token after {first} ms");
    }
    if writing_ms > 0 {
        let rate = usage.completion as f64 * 1000.0 / writing_ms as f64;
        let _ = write!(line, "; {rate:.0} tokens per second");
    }
    if let (Some(cost), Some(currency)) = (usage.cost, &usage.currency) {
        let _ = write!(line, "; {:.6} {currency}", cost as f64 / 1e6);
    }
    line
}

/// SIGINT and SIGTERM, which both mean Stop here.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn take() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
