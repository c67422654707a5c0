//! What a person asks for, and the one set of limits for form, API and pipeline.
//!
//! The names and ranges of the sampling parameters are those of the OpenAI chat completions API;
//! the advised ranges are narrower and only lead to a [`Warning`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::{Code, Problem};

/// The longest topic, in Unicode scalar values.
pub const TOPIC_MAX_CHARS: usize = 500;
/// The longest of the other free texts, in Unicode scalar values.
pub const TEXT_MAX_CHARS: usize = 500;
/// The longest stop sequence, in Unicode scalar values.
pub const STOP_MAX_CHARS: usize = 200;
/// How many stop sequences the API takes.
pub const STOP_MAX: usize = 4;
/// The longest article that can be asked for, in words (in Chinese, characters).
pub const LENGTH_MAX: u32 = 50_000;
/// The largest `max_tokens` that is passed on, in tokens.
pub const MAX_TOKENS_MAX: u32 = 1_000_000;

/// `temperature` where the brief names none.
pub const DEFAULT_TEMPERATURE: f64 = 0.7;
/// `top_p` where the brief names none.
pub const DEFAULT_TOP_P: f64 = 0.95;
/// `max_tokens` where the brief names none, in tokens.
pub const DEFAULT_MAX_TOKENS: u32 = 4096;
/// `frequency_penalty` and `presence_penalty` where the brief names none.
pub const DEFAULT_PENALTY: f64 = 0.1;

/// What the API takes as `temperature`.
pub const TEMPERATURE: Range = Range { min: 0.0, max: 2.0 };
/// What is advised as `temperature`.
pub const TEMPERATURE_ADVISED: Range = Range { min: 0.3, max: 0.9 };
/// What the API takes as `top_p`.
pub const TOP_P: Range = Range { min: 0.0, max: 1.0 };
/// What is advised as `top_p`.
pub const TOP_P_ADVISED: Range = Range { min: 0.7, max: 1.0 };
/// What the API takes as either penalty.
pub const PENALTY: Range = Range { min: -2.0, max: 2.0 };

/// A closed range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

impl Range {
    fn contains(self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}

/// The kind of article, which chooses the prompt template and the route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Style {
    /// Explains how something works, in depth.
    #[default]
    Technical,
    /// Teaches how to do something, step by step.
    Tutorial,
    /// Maps a field and compares what is in it.
    Overview,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Technical, Self::Tutorial, Self::Overview];

    /// The style's name on the wire, in the configuration and in template file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Tutorial => "tutorial",
            Self::Overview => "overview",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.as_str() == name)
    }
}

/// The form of the model's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Format {
    /// CommonMark with GitHub's extensions.
    #[default]
    Markdown,
    /// HTML; what an article can consist of is kept of it, and as a revision it is Markdown.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Markdown, Self::Html];

    /// The format's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// How much an answer is worth, for the choice of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Priority {
    /// Quick and cheap.
    Fast,
    /// As the configuration says.
    Default,
    /// The best there is.
    Premium,
}

impl Priority {
    /// Its name on the wire and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Default => "default",
            Self::Premium => "premium",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Fast, Self::Default, Self::Premium].into_iter().find(|it| it.as_str() == name)
    }
}

/// What a person asks for. A field that is `None` was not asked for: the defaults above apply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Brief {
    /// What the article is about; 1 to 500 characters, verbatim.
    #[cfg_attr(feature = "ssr", schema(required = true, min_length = 1, max_length = 500))]
    pub topic: String,
    /// The kind of article.
    pub style: Style,
    /// Who reads it.
    #[cfg_attr(feature = "ssr", schema(max_length = 500))]
    pub audience: Option<String>,
    /// The tools and languages it should use.
    #[cfg_attr(feature = "ssr", schema(max_length = 500))]
    pub tech_stack: Option<String>,
    /// What readers know already.
    #[cfg_attr(feature = "ssr", schema(max_length = 500))]
    pub prerequisites: Option<String>,
    /// How long reading or following it should take, in words: "15 minutes".
    #[cfg_attr(feature = "ssr", schema(max_length = 500))]
    pub duration: Option<String>,
    /// BCP 47; that of the topic where it is not named.
    #[cfg_attr(feature = "ssr", schema(max_length = 35))]
    pub language: Option<String>,
    /// Words or, in Chinese, characters.
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 50000))]
    pub length: Option<u32>,
    /// The tone of voice.
    #[cfg_attr(feature = "ssr", schema(max_length = 500))]
    pub tone: Option<String>,
    /// The form of the answer.
    pub format: Format,
    /// A model to try before the style's route.
    pub model: Option<String>,
    /// 0 to 2; 0.3 to 0.9 is advised.
    #[cfg_attr(feature = "ssr", schema(minimum = 0, maximum = 2))]
    pub temperature: Option<f64>,
    /// 0 to 1; 0.7 and more is advised.
    #[cfg_attr(feature = "ssr", schema(minimum = 0, maximum = 1))]
    pub top_p: Option<f64>,
    /// The longest answer, in tokens.
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 1000000))]
    pub max_tokens: Option<u32>,
    /// -2 to 2.
    #[cfg_attr(feature = "ssr", schema(minimum = -2, maximum = 2))]
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    #[cfg_attr(feature = "ssr", schema(minimum = -2, maximum = 2))]
    pub presence_penalty: Option<f64>,
    /// The answer ends before any of these; at most 4.
    #[cfg_attr(feature = "ssr", schema(max_items = 4))]
    pub stop: Vec<String>,
    /// How much the answer is worth.
    pub priority: Option<Priority>,
    /// Whether a stored answer may not be used.
    pub refresh: bool,
}

/// Something in a brief that is allowed but unusual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Warning {
    /// The field.
    pub param: String,
    /// What is unusual about it, and what to expect.
    pub message: String,
}

/// Why a field of a brief is refused or remarked on. The interface words it in the reader's
/// language; [`Finding::message`] is the English of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The field.
    pub param: &'static str,
    /// What is the matter with it.
    pub kind: FindingKind,
}

/// See [`Finding`].
#[derive(Clone, Debug, PartialEq)]
pub enum FindingKind {
    /// Nothing but white space.
    Blank,
    /// More characters than the limit.
    TooLong {
        /// How many there are.
        chars: usize,
        /// How many there may be.
        max: usize,
    },
    /// More entries than the limit.
    TooMany {
        /// How many there may be.
        max: usize,
    },
    /// A number outside what the API takes.
    OutOfRange(Range),
    /// A number outside what is advised.
    Unusual(Range),
    /// Not a language tag (BCP 47).
    NotALanguage,
    /// A character that texts cannot hold: U+0000.
    NulCharacter,
}

impl Finding {
    /// The finding in English: what is wrong and what is expected.
    pub fn message(&self) -> String {
        let Self { param, kind } = self;
        match kind {
            FindingKind::Blank => format!("`{param}` is empty."),
            FindingKind::TooLong { chars, max } => {
                format!("`{param}` has {chars} characters; the limit is {max}.")
            }
            FindingKind::TooMany { max } => format!("`{param}` has more than {max} entries."),
            FindingKind::OutOfRange(Range { min, max }) => {
                format!("`{param}` is outside its range, {min} to {max}.")
            }
            FindingKind::Unusual(Range { min, max }) => format!(
                "`{param}` is outside the advised range, {min} to {max}; it was accepted as it is."
            ),
            FindingKind::NotALanguage => {
                format!("`{param}` is not a language tag such as `en` or `zh-CN` (BCP 47).")
            }
            FindingKind::NulCharacter => format!("`{param}` contains the character U+0000."),
        }
    }

    fn resolution(&self) -> String {
        let Self { param, kind } = self;
        match kind {
            FindingKind::Blank => format!("Put 1 to {TOPIC_MAX_CHARS} characters into `{param}`."),
            FindingKind::TooLong { max, .. } => {
                format!("Shorten `{param}` to {max} characters or fewer.")
            }
            FindingKind::TooMany { max } => format!("Send at most {max} entries in `{param}`."),
            FindingKind::OutOfRange(Range { min, max })
            | FindingKind::Unusual(Range { min, max }) => {
                format!("Choose a value from {min} to {max}, or leave `{param}` out.")
            }
            FindingKind::NotALanguage => {
                format!("Use a tag such as `en` or `zh-CN`, or leave `{param}` out.")
            }
            FindingKind::NulCharacter => format!("Remove U+0000 from `{param}`."),
        }
    }

    fn into_problem(self) -> Problem {
        Problem::new(Code::InvalidBrief, self.message(), self.resolution()).with_param(self.param)
    }
}

impl Brief {
    /// How much the person wrote, in Unicode scalar values of all fields with words.
    pub fn written_chars(&self) -> usize {
        let fields =
            [&self.audience, &self.tech_stack, &self.prerequisites, &self.duration, &self.tone];
        let fields = fields.into_iter().flatten().chain([&self.topic]);
        fields.map(|text| text.chars().count()).sum()
    }

    /// The names of all fields, in the order of the documentation.
    pub const FIELDS: [&'static str; 19] = [
        "topic",
        "style",
        "audience",
        "tech_stack",
        "prerequisites",
        "duration",
        "language",
        "length",
        "tone",
        "format",
        "model",
        "temperature",
        "top_p",
        "max_tokens",
        "frequency_penalty",
        "presence_penalty",
        "stop",
        "priority",
        "refresh",
    ];

    /// A brief that asks for an article on `topic` and leaves the rest to the defaults.
    pub fn on(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), ..Self::default() }
    }

    /// Reads and checks a brief from JSON.
    ///
    /// # Errors
    /// The first thing that is wrong, naming the field and the remedy.
    pub fn from_json(json: &[u8]) -> Result<Self, Problem> {
        let value: Value = serde_json::from_slice(json).map_err(|error| {
            Problem::new(
                Code::InvalidJson,
                format!("The body is not valid JSON: {error}."),
                "Send a JSON object such as {\"topic\": \"How DNS works\"}.",
            )
        })?;
        let Value::Object(mut fields) = value else {
            return Err(Problem::new(
                Code::InvalidBrief,
                "The body is JSON, but not an object.",
                "Send a JSON object such as {\"topic\": \"How DNS works\"}.",
            ));
        };
        if let Some(name) = fields.keys().find(|name| !Self::FIELDS.contains(&name.as_str())) {
            return Err(unknown_field(name));
        }
        if !fields.contains_key("topic") {
            return Err(Problem::new(
                Code::InvalidBrief,
                "`topic` is missing.",
                format!("Put 1 to {TOPIC_MAX_CHARS} characters into `topic`."),
            )
            .with_param("topic"));
        }
        let brief = Self {
            topic: take(&mut fields, "topic", "a string")?.unwrap_or_default(),
            style: take(&mut fields, "style", "\"technical\", \"tutorial\" or \"overview\"")?
                .unwrap_or_default(),
            audience: take(&mut fields, "audience", "a string")?,
            tech_stack: take_text(&mut fields, "tech_stack")?,
            prerequisites: take_text(&mut fields, "prerequisites")?,
            duration: take_text(&mut fields, "duration")?,
            language: take(&mut fields, "language", "a language tag such as \"zh-CN\"")?,
            length: take(&mut fields, "length", "a whole number from 1 to 50000")?,
            tone: take(&mut fields, "tone", "a string")?,
            format: take(&mut fields, "format", "\"markdown\" or \"html\"")?.unwrap_or_default(),
            model: take(&mut fields, "model", "the name of a configured model")?,
            temperature: take(&mut fields, "temperature", "a number from 0 to 2")?,
            top_p: take(&mut fields, "top_p", "a number from 0 to 1")?,
            max_tokens: take(&mut fields, "max_tokens", "a whole number from 1 to 1000000")?,
            frequency_penalty: take(&mut fields, "frequency_penalty", "a number from -2 to 2")?,
            presence_penalty: take(&mut fields, "presence_penalty", "a number from -2 to 2")?,
            stop: match fields.remove("stop") {
                Some(Value::String(one)) => vec![one],
                Some(other) => read("stop", other, "a string or a list of up to 4 strings")?
                    .unwrap_or_default(),
                None => Vec::new(),
            },
            priority: take(&mut fields, "priority", "\"fast\", \"default\" or \"premium\"")?,
            refresh: take(&mut fields, "refresh", "true or false")?.unwrap_or_default(),
        };
        brief.check()?;
        Ok(brief)
    }

    /// Checks a brief that was made in code, by the same rules.
    ///
    /// # Errors
    /// The first thing that is wrong, naming the field and the remedy.
    pub fn check(&self) -> Result<(), Problem> {
        match self.faults().into_iter().next() {
            Some(fault) => Err(fault.into_problem()),
            None => Ok(()),
        }
    }

    /// Everything that keeps this brief from being accepted.
    pub fn faults(&self) -> Vec<Finding> {
        let mut faults = Vec::new();
        let mut fault = |param, kind| faults.push(Finding { param, kind });
        if self.topic.trim().is_empty() {
            fault("topic", FindingKind::Blank);
        }
        let texts = [
            ("topic", Some(&self.topic), TOPIC_MAX_CHARS),
            ("audience", self.audience.as_ref(), TEXT_MAX_CHARS),
            ("tech_stack", self.tech_stack.as_ref(), TEXT_MAX_CHARS),
            ("prerequisites", self.prerequisites.as_ref(), TEXT_MAX_CHARS),
            ("duration", self.duration.as_ref(), TEXT_MAX_CHARS),
            ("tone", self.tone.as_ref(), TEXT_MAX_CHARS),
            ("model", self.model.as_ref(), TEXT_MAX_CHARS),
        ]
        .into_iter()
        .filter_map(|(param, text, max)| Some((param, text?, max)))
        .chain(self.stop.iter().map(|stop| ("stop", stop, STOP_MAX_CHARS)));
        for (param, text, max) in texts {
            let chars = text.chars().count();
            if chars > max {
                fault(param, FindingKind::TooLong { chars, max });
            }
            if text.contains('\0') {
                fault(param, FindingKind::NulCharacter);
            }
        }
        if self.language.as_deref().is_some_and(|tag| !is_language_tag(tag)) {
            fault("language", FindingKind::NotALanguage);
        }
        if self.stop.len() > STOP_MAX {
            fault("stop", FindingKind::TooMany { max: STOP_MAX });
        }
        if self.stop.iter().any(String::is_empty) {
            fault("stop", FindingKind::Blank);
        }
        let numbers = [
            ("length", self.length.map(f64::from), 1.0, f64::from(LENGTH_MAX)),
            ("temperature", self.temperature, TEMPERATURE.min, TEMPERATURE.max),
            ("top_p", self.top_p, TOP_P.min, TOP_P.max),
            ("max_tokens", self.max_tokens.map(f64::from), 1.0, f64::from(MAX_TOKENS_MAX)),
            ("frequency_penalty", self.frequency_penalty, PENALTY.min, PENALTY.max),
            ("presence_penalty", self.presence_penalty, PENALTY.min, PENALTY.max),
        ];
        for (param, value, min, max) in numbers {
            let range = Range { min, max };
            if value.is_some_and(|value| !range.contains(value)) {
                fault(param, FindingKind::OutOfRange(range));
            }
        }
        faults
    }

    /// Everything that is accepted but unusual.
    pub fn remarks(&self) -> Vec<Finding> {
        [
            ("temperature", self.temperature, TEMPERATURE_ADVISED),
            ("top_p", self.top_p, TOP_P_ADVISED),
        ]
        .into_iter()
        .filter(|(_, value, advised)| value.is_some_and(|value| !advised.contains(value)))
        .map(|(param, _, advised)| Finding { param, kind: FindingKind::Unusual(advised) })
        .collect()
    }

    /// The remarks in the words of the API.
    pub fn warnings(&self) -> Vec<Warning> {
        let warning =
            |remark: Finding| Warning { param: remark.param.to_owned(), message: remark.message() };
        self.remarks().into_iter().map(warning).collect()
    }
}

fn unknown_field(name: &str) -> Problem {
    let shown: String = name.chars().take(60).collect();
    Problem::new(
        Code::UnknownField,
        format!("`{shown}` is not a field of a brief."),
        format!("Remove it. The fields are: {}.", Brief::FIELDS.join(", ")),
    )
    .with_param(shown)
}

/// Takes a field out of the object. A field that is absent or null is `None`.
fn take<T: serde::de::DeserializeOwned>(
    fields: &mut Map<String, Value>,
    param: &'static str,
    expected: &str,
) -> Result<Option<T>, Problem> {
    match fields.remove(param) {
        None => Ok(None),
        Some(value) => read(param, value, expected),
    }
}

fn read<T: serde::de::DeserializeOwned>(
    param: &'static str,
    value: Value,
    expected: &str,
) -> Result<Option<T>, Problem> {
    serde_json::from_value(value).map_err(|_| {
        Problem::new(
            Code::InvalidBrief,
            format!("`{param}` has the wrong type or value."),
            format!("Send {expected}, or leave `{param}` out."),
        )
        .with_param(param)
    })
}

/// Takes a free text. Programs often hold these as a list or a number: both are taken as text.
fn take_text(
    fields: &mut Map<String, Value>,
    param: &'static str,
) -> Result<Option<String>, Problem> {
    match fields.remove(param) {
        Some(Value::Array(entries)) if entries.iter().all(Value::is_string) => {
            let entries: Vec<&str> = entries.iter().filter_map(Value::as_str).collect();
            Ok(Some(entries.join(", ")))
        }
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(value) => read(param, value, "a string"),
        None => Ok(None),
    }
}

/// Whether this has the form of a language tag: subtags of 1 to 8 letters or digits, the first of
/// 2 to 8 letters (RFC 5646, the part of its grammar that needs no registry).
pub fn is_language_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let first = subtags.next().unwrap_or_default();
    tag.len() <= 35
        && (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags
            .all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests;
