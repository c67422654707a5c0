//! What is known of a generation besides its text. The server folds a log into it for the page,
//! the browser goes on from there with the events that come.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::i18n::StageState;
use crate::article::event::{
    Event, GenerationState, Meta, Notice, NoticeKind, OutlineEntry, Routed, Stage, Usage,
};
use crate::article::generation::{AttemptOutcome, Generation};
use crate::article::problem::Problem;

/// How the browser hears of the generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// Nothing is to be heard, or not yet.
    #[default]
    Idle,
    /// Events come.
    Live,
    /// The line is silent or broken; it is being mended.
    Reconnecting,
    /// The browser says that there is no network.
    Offline,
}

/// When a stage began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTime {
    /// Which.
    pub stage: Stage,
    /// Milliseconds since the generation was accepted.
    pub began_ms: u64,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Where the generation stands.
    pub state: GenerationState,
    /// The stages that have begun, in order.
    pub stages: Vec<StageTime>,
    /// The choice of models.
    pub routed: Option<Routed>,
    /// The model that writes.
    pub model: Option<String>,
    /// Tokens and money so far.
    pub usage: Usage,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<u64>,
    /// Milliseconds since the first token, when the usage was counted.
    pub writing_ms: u64,
    /// What happened on the way.
    pub notices: Vec<Notice>,
    /// What the model thought before it wrote.
    pub reasoning: String,
    /// What was derived from the text.
    pub meta: Option<Meta>,
    /// Milliseconds from the wish to stop to the closed upstream connection.
    pub upstream_closed_ms: Option<f64>,
    /// Whether it was stopped and is written on for another request.
    pub goes_on_for_another: bool,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// What a filter found.
    pub findings: Vec<String>,
    /// The revision that holds the text.
    pub revision: Option<Uuid>,
    /// How long it took, in milliseconds; `None` while it runs.
    pub took_ms: Option<u64>,
}

impl Progress {
    /// Of a generation of which nothing is known but where it stands.
    pub fn new(state: GenerationState) -> Self {
        Self {
            state,
            stages: Vec::new(),
            routed: None,
            model: None,
            usage: Usage::default(),
            first_token_ms: None,
            writing_ms: 0,
            notices: Vec::new(),
            reasoning: String::new(),
            meta: None,
            upstream_closed_ms: None,
            goes_on_for_another: false,
            problem: None,
            findings: Vec::new(),
            revision: None,
            took_ms: None,
        }
    }

    /// What a generation's resource tells, for the time before its events are known.
    pub fn of(generation: &Generation) -> Self {
        let last = generation.attempts.last();
        let first_token_ms = generation.attempts.iter().find_map(|attempt| attempt.first_token_ms);
        let writing_ms = last
            .and_then(|attempt| Some((attempt.ended_at? - attempt.started_at, attempt)))
            .map(|(took, attempt)| {
                u64::try_from(took).unwrap_or(0).saturating_sub(attempt.first_token_ms.unwrap_or(0))
            });
        let took = generation.ended_at.map(|ended| ended - generation.created_at);
        Self {
            model: generation.model.clone(),
            usage: generation.usage.clone(),
            first_token_ms,
            writing_ms: writing_ms.unwrap_or(0),
            problem: generation.error.clone(),
            findings: refusal(generation).into_iter().collect(),
            revision: generation.revision_id,
            took_ms: took.and_then(|took| u64::try_from(took).ok()),
            ..Self::new(generation.state)
        }
    }

    /// Takes an event in. Text and colours are the article's affair.
    pub fn apply(&mut self, event: &Event) {
        if let Some(state) = event.final_state() {
            self.state = state;
        } else if self.state == GenerationState::Queued && matches!(event, Event::Stage { .. }) {
            self.state = GenerationState::Running;
        }
        // Only the latest place in line is of interest, and none once it has come forward.
        if self.notices.last().is_some_and(|last| last.kind == NoticeKind::Queued) {
            self.notices.pop();
        }
        match event {
            Event::Stage { stage, elapsed_ms } => {
                // A retry can come back to a stage; what counts is when it first began.
                if !self.stages.iter().any(|known| known.stage == *stage) {
                    self.stages.push(StageTime { stage: *stage, began_ms: *elapsed_ms });
                }
            }
            Event::Routed(routed) => {
                self.model = Some(routed.model.clone());
                self.routed = Some(routed.clone());
            }
            Event::Reasoning { text } => self.reasoning.push_str(text),
            Event::Notice(notice) => {
                if let Some(model) = &notice.model {
                    self.model = Some(model.clone());
                }
                self.notices.push(notice.clone());
            }
            Event::Usage { usage, first_token_ms, writing_ms } => {
                self.usage = usage.clone();
                self.first_token_ms = first_token_ms.or(self.first_token_ms);
                self.writing_ms = *writing_ms;
            }
            Event::Meta(meta) => self.meta = Some(meta.clone()),
            Event::Done { revision } => self.revision = Some(*revision),
            Event::Cancelled { upstream_closed_ms, usage } => {
                self.upstream_closed_ms = *upstream_closed_ms;
                self.goes_on_for_another = upstream_closed_ms.is_none();
                self.usage = usage.clone();
            }
            Event::Rejected { findings } => self.findings.clone_from(findings),
            Event::Failed { problem, .. } => self.problem = Some(problem.clone()),
            Event::Accepted { .. }
            | Event::Delta { .. }
            | Event::Highlight(_)
            | Event::Interrupted { .. } => {}
        }
    }

    /// The route, as long as nobody else had to take over.
    pub fn as_routed(&self) -> Option<&Routed> {
        self.routed.as_ref().filter(|routed| self.model.as_ref() == Some(&routed.model))
    }

    /// Whether all of the text was given a second time.
    pub fn came_from_cache(&self) -> bool {
        self.state.is_ended() && self.notices.iter().any(|it| it.kind == NoticeKind::Cached)
    }

    /// Where a stage stands.
    pub fn stage_state(&self, stage: Stage) -> StageState {
        // What there is of a text is finished in any case; it is the writing that was cut short.
        let passed = |time: &&StageTime| !self.state.is_ended() || time.stage != Stage::Postprocess;
        let last = self.stages.iter().rev().find(passed).map(|time| time.stage);
        match last {
            Some(now) if now == stage && !self.state.is_ended() => StageState::Now,
            Some(now) if now == stage && self.state != GenerationState::Done => StageState::Stopped,
            _ if self.stages.iter().any(|time| time.stage == stage) => StageState::Done,
            _ => StageState::Pending,
        }
    }

    /// How long a stage took, in milliseconds, or has taken when `elapsed_ms` have passed since
    /// the generation was accepted.
    pub fn stage_ms(&self, stage: Stage, elapsed_ms: Option<u64>) -> Option<u64> {
        let index = self.stages.iter().position(|time| time.stage == stage)?;
        let began = self.stages[index].began_ms;
        let next = self.stages.get(index + 1).map(|time| time.began_ms);
        Some(next.or(self.took_ms).or(elapsed_ms)?.saturating_sub(began))
    }

    /// The outline of the finished text, where there is one.
    pub fn outline(&self) -> Option<&[OutlineEntry]> {
        Some(&self.meta.as_ref()?.outline)
    }
}

/// The words of a model that would not write it.
fn refusal(generation: &Generation) -> Option<String> {
    let last = generation.attempts.last()?;
    let refused = last.outcome == Some(AttemptOutcome::Refused);
    Some(last.error.as_ref().filter(|_| refused)?.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress::new(GenerationState::Queued)
    }

    #[test]
    fn a_stage_takes_until_the_next_begins() {
        let mut progress = progress();
        progress.apply(&Event::Stage { stage: Stage::Preprocess, elapsed_ms: 0 });
        progress.apply(&Event::Stage { stage: Stage::Route, elapsed_ms: 40 });
        assert_eq!(progress.stage_ms(Stage::Preprocess, Some(90)), Some(40));
        assert_eq!(progress.stage_ms(Stage::Route, Some(90)), Some(50));
        assert_eq!(progress.stage_ms(Stage::Generate, Some(90)), None);
        assert_eq!(progress.stage_state(Stage::Preprocess), StageState::Done);
        assert_eq!(progress.stage_state(Stage::Route), StageState::Now);
    }

    #[test]
    fn a_stopped_generation_shows_where_it_stopped() {
        let mut progress = progress();
        progress.apply(&Event::Stage { stage: Stage::Generate, elapsed_ms: 9 });
        progress.apply(&Event::Stage { stage: Stage::Postprocess, elapsed_ms: 20 });
        progress
            .apply(&Event::Cancelled { upstream_closed_ms: Some(1.5), usage: Usage::default() });
        assert_eq!(progress.state, GenerationState::Cancelled);
        assert_eq!(progress.stage_state(Stage::Generate), StageState::Stopped);
        assert_eq!(progress.stage_state(Stage::Postprocess), StageState::Done);
        assert_eq!(progress.upstream_closed_ms, Some(1.5));
    }
}
