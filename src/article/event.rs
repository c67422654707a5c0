//! What happens to a generation, in order: the entries of its log and the events on the wire.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::json::{self, Unreadable};
use super::problem::Problem;

/// The place of an event in its generation's log. Starts at 1, has no holes; 0 is "before the
/// first".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Seq(pub u64);

/// One stage of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Stage {
    /// Normalise, detect the language, compose the prompt.
    Preprocess,
    /// Choose the models to ask, in order.
    Route,
    /// Ask, and stream the answer.
    Generate,
    /// Parse, sanitise, colour, derive title and outline.
    Postprocess,
}

impl Usage {
    /// The sum of the usage of several attempts. Where one that used tokens has no price, or they
    /// are paid in different currencies, their cost has no sum.
    pub fn sum<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self { cost: Some(0), ..Self::default() };
        for part in parts {
            sum.prompt = sum.prompt.saturating_add(part.prompt);
            sum.completion = sum.completion.saturating_add(part.completion);
            let used = part.prompt > 0 || part.completion > 0;
            sum.estimated |= part.estimated && used;
            let paid = part.cost.is_some_and(|cost| cost != 0);
            let other_currency = paid && sum.currency.is_some() && sum.currency != part.currency;
            match part.cost {
                None if used => sum.cost = None,
                _ if other_currency => sum.cost = None,
                cost => {
                    sum.cost =
                        sum.cost.zip(cost.or(Some(0))).map(|(sum, cost)| sum.saturating_add(cost))
                }
            }
            if sum.currency.is_none() || paid && !other_currency {
                sum.currency.clone_from(&part.currency);
            }
        }
        if sum.cost.is_none() {
            sum.currency = None;
        }
        sum
    }
}

impl Stage {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Preprocess, Self::Route, Self::Generate, Self::Postprocess];
}

/// Where a generation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum GenerationState {
    /// Waits in line for a place.
    Queued,
    /// Is being written.
    Running,
    /// Complete.
    Done,
    /// Stopped by a person.
    Cancelled,
    /// Refused by a filter.
    Rejected,
    /// Every attempt failed.
    Failed,
    /// Its server went away.
    Interrupted,
}

impl GenerationState {
    /// Whether nothing can happen to it any more.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// The state's name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            "rejected" => Self::Rejected,
            "failed" => Self::Failed,
            "interrupted" => Self::Interrupted,
            _ => return None,
        })
    }
}

/// Tokens and money, the total so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer, reasoning included.
    pub completion: u64,
    /// Millionths of `currency`; null where the model has no price.
    pub cost: Option<i64>,
    /// ISO 4217, for example `CNY`; null where the model has no price.
    pub currency: Option<String>,
    /// Whether any part was estimated by us rather than reported by the provider.
    pub estimated: bool,
}

/// The models that may be asked, and why in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Routed {
    /// The model that is asked first: the first candidate that neither keeps failing nor has a full
    /// line before it, or the first of all where there is none such.
    pub model: String,
    /// All models in the order in which they would be asked.
    pub candidates: Vec<String>,
    /// One sentence for each fact that shaped the order.
    pub reasons: Vec<RouteReason>,
    /// What that model is expected to use.
    pub estimate: Estimate,
    /// The prompt template by style, language and version, for example `technical.zh@1`.
    #[serde(default)]
    pub template: String,
}

/// Why the candidates stand in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RouteReason {
    /// A stable name that the interface translates: `brief_model`, `style_route`, `default_route`,
    /// `demo_only`, `cheapest`, `priority`, `long_brief`, `too_small`, `breaker_open`, `line_full`.
    pub code: String,
    /// The same in English.
    pub message: String,
    /// The model that is not asked, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What a generation is expected to use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Estimate {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer.
    pub completion: u64,
    /// Millionths of `currency`; null where the model has no price.
    pub cost: Option<i64>,
    /// ISO 4217; null where the model has no price.
    pub currency: Option<String>,
}

/// The colours of one finished line of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Highlight {
    /// Which code block: the how-manieth of the document, from 0.
    pub block: u32,
    /// Which line of it, from 0.
    pub line: u32,
    /// From the line's start: class (`k` keyword, `s` string, `n` number, `f` function, `c`
    /// comment, or empty) and length in UTF-16 units. Together they cover the line without its
    /// line break.
    pub spans: Vec<(String, u32)>,
}

/// Something the reader should know that changes neither the text nor the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Notice {
    /// What kind of thing it is.
    pub kind: NoticeKind,
    /// The model it concerns, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The same in English.
    pub message: String,
    /// Why: the code of an error; `length` where an answer reached its end; `breaker_open` or
    /// `line_full` where the model that was to be asked cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Milliseconds until it happens, where it is to happen later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// The place in line, from 1, of what waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

impl Notice {
    /// Whether this is why.
    pub fn is_reason(&self, reason: &str) -> bool {
        self.reason.as_deref() == Some(reason)
    }

    /// Of a kind, with its words in English.
    pub fn new(kind: NoticeKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, model: None, message, reason: None, wait_ms: None, position: None }
    }

    /// About a model.
    #[must_use]
    pub fn about(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }
}

/// The kinds of [`Notice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum NoticeKind {
    /// A fresh try at the same model.
    Retry,
    /// A fresh try at another model.
    Failover,
    /// A try that goes on from the text so far.
    Continued,
    /// A stored answer was used.
    Cached,
    /// Somebody else asked for the same, and both read one stream.
    Shared,
    /// It waits in line for a place.
    Queued,
    /// The brief's own `max_tokens` ended the text.
    MaxTokens,
    /// A kind that this version does not know.
    #[serde(other)]
    Other,
}

/// What is derived from a finished text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Meta {
    /// The first heading, or the topic where there is none.
    pub title: String,
    /// The first paragraph, shortened to a search engine's description.
    pub summary: String,
    /// The title as part of a URL: lower-case ASCII letters, digits and hyphens.
    pub slug: String,
    /// Empty until tags are derived.
    pub tags: Vec<String>,
    /// The headings of levels 2 and 3.
    pub outline: Vec<OutlineEntry>,
    /// Words; in Chinese each character counts as one.
    pub words: u32,
    /// Unicode scalar values that are neither white space nor markup.
    pub characters: u32,
    /// Minutes, rounded up.
    pub reading_minutes: u32,
    /// Where one answer ends in the text and the next begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seams: Vec<Seam>,
}

/// A place where one answer ends in a text and the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Seam {
    /// Where, in bytes (UTF-8) of the generation's text.
    pub offset: u64,
    /// The model before it; null where it is not known.
    pub from: Option<String>,
    /// The model behind it.
    pub to: String,
    /// Why the answer before it ended: `length`, `continued` where a person went on from it, or the
    /// code of an error.
    pub reason: String,
}

/// One line of an outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OutlineEntry {
    /// 1 to 6.
    pub level: u8,
    /// The heading's text without markup.
    pub text: String,
    /// The heading's `id` in the page.
    pub anchor: String,
}

/// `upstream_closed_ms` where a generation was stopped while no model was being asked.
pub const NOBODY_ASKED: f64 = 0.0;

/// One entry of a generation's log.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The generation exists. Always seq 1.
    Accepted {
        /// The generation.
        generation: Uuid,
        /// The article it writes for.
        article: Uuid,
    },
    /// A stage begins.
    Stage {
        /// Which.
        stage: Stage,
        /// Milliseconds since the generation was accepted.
        elapsed_ms: u64,
    },
    /// The models were chosen.
    Routed(Routed),
    /// More text.
    Delta {
        /// The text, to be appended to what is there.
        text: String,
    },
    /// More of what the model thought before it wrote.
    Reasoning {
        /// The text, to be appended to what is there.
        text: String,
    },
    /// A finished line of code got its colours.
    Highlight(Highlight),
    /// Something the reader should know.
    Notice(Notice),
    /// Tokens and money so far.
    Usage {
        /// The totals.
        usage: Usage,
        /// Milliseconds from the upstream request to the first token; null before it.
        first_token_ms: Option<u64>,
        /// Milliseconds since the first token.
        writing_ms: u64,
    },
    /// What was derived from the text.
    Meta(Meta),
    /// Complete.
    Done {
        /// The revision that holds the text.
        revision: Uuid,
    },
    /// Stopped by a person.
    Cancelled {
        /// Milliseconds from the wish to stop to the closed upstream connection; 0 ([`NOBODY_ASKED`])
        /// where there was none, in line or between attempts; null where the same is being written for another
        /// request, for which it stays open.
        upstream_closed_ms: Option<f64>,
        /// Tokens and money.
        usage: Usage,
    },
    /// Refused by a filter.
    Rejected {
        /// What the filter found.
        findings: Vec<String>,
    },
    /// Every attempt failed.
    Failed {
        /// The last attempt's error.
        problem: Problem,
        /// Where everything needed to try again is kept; null until dead letters are.
        dead_letter: Option<Uuid>,
    },
    /// The server went away while it was being written.
    Interrupted {
        /// Whether it was killed: then readers may have heard events that were lost, whose seqs
        /// this end and the `meta` before it have again.
        killed: bool,
    },
}

/// The JSON data of the events that are not a type of their own.
#[derive(Serialize, Deserialize)]
struct AcceptedData {
    generation: Uuid,
    article: Uuid,
}
#[derive(Serialize, Deserialize)]
struct StageData {
    stage: Stage,
    #[serde(default)]
    elapsed_ms: u64,
}
#[derive(Serialize, Deserialize)]
struct TextData<T> {
    text: T,
}
#[derive(Serialize, Deserialize)]
struct InterruptedData {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    killed: bool,
}
#[derive(Serialize, Deserialize)]
struct UsageData {
    #[serde(flatten)]
    usage: Usage,
    #[serde(default)]
    first_token_ms: Option<u64>,
    #[serde(default)]
    writing_ms: u64,
}
#[derive(Serialize, Deserialize)]
struct DoneData {
    revision: Uuid,
}
#[derive(Serialize, Deserialize)]
struct CancelledData {
    upstream_closed_ms: Option<f64>,
    usage: Usage,
}
#[derive(Serialize, Deserialize)]
struct RejectedData {
    findings: Vec<String>,
}
#[derive(Serialize, Deserialize)]
struct FailedData {
    problem: Problem,
    dead_letter: Option<Uuid>,
}

impl Event {
    /// The SSE `event:` name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Stage { .. } => "stage",
            Self::Routed(_) => "routed",
            Self::Delta { .. } => "delta",
            Self::Reasoning { .. } => "reasoning",
            Self::Highlight(_) => "highlight",
            Self::Notice(_) => "notice",
            Self::Usage { .. } => "usage",
            Self::Meta(_) => "meta",
            Self::Done { .. } => "done",
            Self::Cancelled { .. } => "cancelled",
            Self::Rejected { .. } => "rejected",
            Self::Failed { .. } => "failed",
            Self::Interrupted { .. } => "interrupted",
        }
    }

    /// The state that this event ends the generation with; `None` where it goes on.
    pub fn final_state(&self) -> Option<GenerationState> {
        match self {
            Self::Done { .. } => Some(GenerationState::Done),
            Self::Cancelled { .. } => Some(GenerationState::Cancelled),
            Self::Rejected { .. } => Some(GenerationState::Rejected),
            Self::Failed { .. } => Some(GenerationState::Failed),
            Self::Interrupted { .. } => Some(GenerationState::Interrupted),
            _ => None,
        }
    }

    /// The SSE `data:` line: JSON without a line break.
    pub fn data(&self) -> String {
        fn json(value: &impl Serialize) -> String {
            // Only maps with non-string keys and failing `Serialize` impls can fail: there are none.
            serde_json::to_string(value).unwrap_or_default()
        }
        match self {
            Self::Accepted { generation, article } => {
                json(&AcceptedData { generation: *generation, article: *article })
            }
            Self::Stage { stage, elapsed_ms } => {
                json(&StageData { stage: *stage, elapsed_ms: *elapsed_ms })
            }
            Self::Routed(routed) => json(routed),
            Self::Delta { text } | Self::Reasoning { text } => json(&TextData { text }),
            Self::Highlight(highlight) => json(highlight),
            Self::Notice(notice) => json(notice),
            Self::Usage { usage, first_token_ms, writing_ms } => json(&UsageData {
                usage: usage.clone(),
                first_token_ms: *first_token_ms,
                writing_ms: *writing_ms,
            }),
            Self::Meta(meta) => json(meta),
            Self::Done { revision } => json(&DoneData { revision: *revision }),
            Self::Cancelled { upstream_closed_ms, usage } => json(&CancelledData {
                upstream_closed_ms: *upstream_closed_ms,
                usage: usage.clone(),
            }),
            Self::Rejected { findings } => json(&RejectedData { findings: findings.clone() }),
            Self::Failed { problem, dead_letter } => {
                json(&FailedData { problem: problem.clone(), dead_letter: *dead_letter })
            }
            Self::Interrupted { killed } => json(&InterruptedData { killed: *killed }),
        }
    }

    /// Reads an event from its name and data. `Ok(None)`: a type that this version does not know,
    /// to be passed over.
    ///
    /// # Errors
    /// The data is not what the name promises.
    pub fn parse(name: &str, data: &str) -> Result<Option<Self>, Unreadable> {
        Ok(Some(match name {
            "accepted" => {
                let AcceptedData { generation, article } = json::read(data)?;
                Self::Accepted { generation, article }
            }
            "stage" => {
                let StageData { stage, elapsed_ms } = json::read(data)?;
                Self::Stage { stage, elapsed_ms }
            }
            "routed" => Self::Routed(json::read(data)?),
            "delta" => Self::Delta { text: json::read::<TextData<String>>(data)?.text },
            "reasoning" => Self::Reasoning { text: json::read::<TextData<String>>(data)?.text },
            "highlight" => Self::Highlight(json::read(data)?),
            "notice" => Self::Notice(json::read(data)?),
            "usage" => {
                let UsageData { usage, first_token_ms, writing_ms } = json::read(data)?;
                Self::Usage { usage, first_token_ms, writing_ms }
            }
            "meta" => Self::Meta(json::read(data)?),
            "done" => Self::Done { revision: json::read::<DoneData>(data)?.revision },
            "cancelled" => {
                let CancelledData { upstream_closed_ms, usage } = json::read(data)?;
                Self::Cancelled { upstream_closed_ms, usage }
            }
            "rejected" => Self::Rejected { findings: json::read::<RejectedData>(data)?.findings },
            "failed" => {
                let FailedData { problem, dead_letter } = json::read(data)?;
                Self::Failed { problem, dead_letter }
            }
            "interrupted" => {
                let InterruptedData { killed } = json::read(data)?;
                Self::Interrupted { killed }
            }
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_the_wire() {
        let events = [
            Event::Accepted { generation: Uuid::nil(), article: Uuid::max() },
            Event::Stage { stage: Stage::Generate, elapsed_ms: 12 },
            Event::Delta { text: "a\nb\u{2028}“c”".to_owned() },
            Event::Usage { usage: Usage::default(), first_token_ms: Some(3), writing_ms: 9 },
            Event::Highlight(Highlight { block: 1, line: 2, spans: vec![("k".to_owned(), 3)] }),
            Event::Cancelled { upstream_closed_ms: Some(0.25), usage: Usage::default() },
            Event::Interrupted { killed: false },
            Event::Interrupted { killed: true },
        ];
        for event in events {
            let data = event.data();
            assert!(!data.contains('\n'));
            assert_eq!(Event::parse(event.name(), &data).unwrap(), Some(event));
        }
    }

    #[test]
    fn an_unknown_type_is_passed_over_and_broken_data_is_not() {
        assert_eq!(Event::parse("from_the_future", "{}").unwrap(), None);
        assert!(Event::parse("delta", "{}").is_err());
    }
}
