//! A brief while it is being typed: every field as text, so that nothing typed is ever lost.

use serde::{Deserialize, Serialize};

use crate::article::brief::{Brief, FindingKind, Format, Priority, Range, Style};

/// The fields of the form that hold text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What the article is about.
    Topic,
    /// Who reads it.
    Audience,
    /// The tools it uses.
    TechStack,
    /// What readers know already.
    Prerequisites,
    /// How long following it takes.
    Duration,
    /// Its language.
    Language,
    /// Its length.
    Length,
    /// Its tone.
    Tone,
    /// The form that the model writes in; empty: Markdown.
    Format,
    /// The model that is tried first.
    Model,
    /// How much the answer is worth; empty: as the configuration says.
    Priority,
    /// See [`Brief::temperature`].
    Temperature,
    /// See [`Brief::top_p`].
    TopP,
    /// See [`Brief::max_tokens`].
    MaxTokens,
    /// See [`Brief::frequency_penalty`].
    FrequencyPenalty,
    /// See [`Brief::presence_penalty`].
    PresencePenalty,
    /// Stop sequences, one a line.
    Stop,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Topic,
        Self::Audience,
        Self::TechStack,
        Self::Prerequisites,
        Self::Duration,
        Self::Language,
        Self::Length,
        Self::Tone,
        Self::Format,
        Self::Model,
        Self::Priority,
        Self::Temperature,
        Self::TopP,
        Self::MaxTokens,
        Self::FrequencyPenalty,
        Self::PresencePenalty,
        Self::Stop,
    ];

    /// Its name in a brief.
    pub fn param(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Audience => "audience",
            Self::TechStack => "tech_stack",
            Self::Prerequisites => "prerequisites",
            Self::Duration => "duration",
            Self::Language => "language",
            Self::Length => "length",
            Self::Tone => "tone",
            Self::Format => "format",
            Self::Model => "model",
            Self::Priority => "priority",
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::MaxTokens => "max_tokens",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty => "presence_penalty",
            Self::Stop => "stop",
        }
    }
}

/// Why a field is refused, or remarked on.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldFault {
    /// What the brief's own rules find.
    Finding(FindingKind),
    /// Not a number.
    NotANumber,
    /// Not a whole number.
    NotWhole,
}

/// The form's content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BriefDraft {
    /// The kind of article.
    pub style: Style,
    topic: String,
    audience: String,
    tech_stack: String,
    prerequisites: String,
    duration: String,
    language: String,
    length: String,
    tone: String,
    format: String,
    model: String,
    priority: String,
    temperature: String,
    top_p: String,
    max_tokens: String,
    frequency_penalty: String,
    presence_penalty: String,
    stop: String,
    refresh: bool,
}

impl BriefDraft {
    /// The text of a field.
    pub fn get(&self, field: Field) -> &str {
        match field {
            Field::Topic => &self.topic,
            Field::Audience => &self.audience,
            Field::TechStack => &self.tech_stack,
            Field::Prerequisites => &self.prerequisites,
            Field::Duration => &self.duration,
            Field::Language => &self.language,
            Field::Length => &self.length,
            Field::Tone => &self.tone,
            Field::Format => &self.format,
            Field::Model => &self.model,
            Field::Priority => &self.priority,
            Field::Temperature => &self.temperature,
            Field::TopP => &self.top_p,
            Field::MaxTokens => &self.max_tokens,
            Field::FrequencyPenalty => &self.frequency_penalty,
            Field::PresencePenalty => &self.presence_penalty,
            Field::Stop => &self.stop,
        }
    }

    /// Replaces the text of a field.
    pub fn set(&mut self, field: Field, text: String) {
        let slot = match field {
            Field::Topic => &mut self.topic,
            Field::Audience => &mut self.audience,
            Field::TechStack => &mut self.tech_stack,
            Field::Prerequisites => &mut self.prerequisites,
            Field::Duration => &mut self.duration,
            Field::Language => &mut self.language,
            Field::Length => &mut self.length,
            Field::Tone => &mut self.tone,
            Field::Format => &mut self.format,
            Field::Model => &mut self.model,
            Field::Priority => &mut self.priority,
            Field::Temperature => &mut self.temperature,
            Field::TopP => &mut self.top_p,
            Field::MaxTokens => &mut self.max_tokens,
            Field::FrequencyPenalty => &mut self.frequency_penalty,
            Field::PresencePenalty => &mut self.presence_penalty,
            Field::Stop => &mut self.stop,
        };
        *slot = text;
    }

    /// This draft with what was typed into another over it.
    pub fn with_typed(mut self, typed: &Self) -> Self {
        for field in Field::ALL {
            if !typed.get(field).is_empty() {
                self.set(field, typed.get(field).to_owned());
            }
        }
        if typed.style != Style::default() {
            self.style = typed.style;
        }
        self
    }

    /// The draft that [`Self::to_brief`] turns into this brief.
    pub fn from_brief(brief: &Brief) -> Self {
        fn shown<T: ToString>(value: Option<&T>) -> String {
            value.map(T::to_string).unwrap_or_default()
        }
        Self {
            style: brief.style,
            topic: brief.topic.clone(),
            audience: shown(brief.audience.as_ref()),
            tech_stack: shown(brief.tech_stack.as_ref()),
            prerequisites: shown(brief.prerequisites.as_ref()),
            duration: shown(brief.duration.as_ref()),
            language: shown(brief.language.as_ref()),
            length: shown(brief.length.as_ref()),
            tone: shown(brief.tone.as_ref()),
            format: match brief.format {
                Format::Markdown => String::new(),
                format => format.as_str().to_owned(),
            },
            model: shown(brief.model.as_ref()),
            priority: brief.priority.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            temperature: shown(brief.temperature.as_ref()),
            top_p: shown(brief.top_p.as_ref()),
            max_tokens: shown(brief.max_tokens.as_ref()),
            frequency_penalty: shown(brief.frequency_penalty.as_ref()),
            presence_penalty: shown(brief.presence_penalty.as_ref()),
            stop: brief
                .stop
                .iter()
                .map(|sequence| sequence.replace('\\', "\\\\").replace('\n', "\\n"))
                .collect::<Vec<_>>()
                .join("\n"),
            refresh: brief.refresh,
        }
    }

    /// The brief as far as it can be read, and what is the matter with which field. The brief may
    /// be sent when there is no fault.
    pub fn to_brief(&self) -> (Brief, Vec<(&'static str, FieldFault)>) {
        let mut faults = Vec::new();
        let brief = Brief {
            topic: self.topic.clone(),
            style: self.style,
            audience: text(&self.audience),
            tech_stack: text(&self.tech_stack),
            prerequisites: text(&self.prerequisites),
            duration: text(&self.duration),
            language: text(&self.language),
            length: whole(&self.length, "length", &mut faults),
            tone: text(&self.tone),
            format: Format::parse(&self.format).unwrap_or_default(),
            model: text(&self.model),
            priority: Priority::parse(&self.priority),
            temperature: number(&self.temperature, "temperature", &mut faults),
            top_p: number(&self.top_p, "top_p", &mut faults),
            max_tokens: whole(&self.max_tokens, "max_tokens", &mut faults),
            frequency_penalty: number(&self.frequency_penalty, "frequency_penalty", &mut faults),
            presence_penalty: number(&self.presence_penalty, "presence_penalty", &mut faults),
            stop: self.stop.lines().filter(|line| !line.is_empty()).map(unescape).collect(),
            refresh: self.refresh,
        };
        let findings = brief.faults().into_iter();
        faults.extend(findings.map(|found| (found.param, FieldFault::Finding(found.kind))));
        (brief, faults)
    }

    /// The advised range that a field of this draft leaves, where it does.
    pub fn remark(&self, field: Field) -> Option<Range> {
        self.to_brief().0.remarks().into_iter().find_map(|remark| match remark.kind {
            FindingKind::Unusual(range) if remark.param == field.param() => Some(range),
            _ => None,
        })
    }

    /// Whether anything below the fold is filled in.
    pub fn has_details(&self) -> bool {
        Field::ALL.into_iter().any(|field| field != Field::Topic && !self.get(field).is_empty())
    }
}

fn text(typed: &str) -> Option<String> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

type Faults = Vec<(&'static str, FieldFault)>;

fn number(typed: &str, param: &'static str, faults: &mut Faults) -> Option<f64> {
    // A decimal comma is what half the world types.
    let typed = text(typed)?.replace(',', ".");
    let read = decimal(&typed);
    if read.is_none() {
        faults.push((param, FieldFault::NotANumber));
    }
    read
}

/// Reads a plain decimal number. Not `str::parse`, which brings tables for every exponent there is:
/// 12 KB of the client's download.
fn decimal(typed: &str) -> Option<f64> {
    /// So many digits are exact in an `f64`, as is the power of ten under them; so their quotient
    /// is the number nearest to what was typed. What a fraction has beyond them is left out.
    const EXACT_DIGITS: usize = 15;
    let (unsigned, sign) = match typed.strip_prefix('-') {
        Some(unsigned) => (unsigned, -1.0),
        None => (typed.strip_prefix('+').unwrap_or(typed), 1.0),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(EXACT_DIGITS.checked_sub(whole.len())?)];
    let value = |digits: &str| digits.bytes().fold(0.0, |sum, b| sum * 10.0 + f64::from(b - b'0'));
    let ten_to_the = fraction.bytes().fold(1.0, |power, _| power * 10.0);
    Some(sign * (value(whole) * ten_to_the + value(fraction)) / ten_to_the)
}

fn whole(typed: &str, param: &'static str, faults: &mut Faults) -> Option<u32> {
    let read = text(typed)?.parse().ok();
    if read.is_none() {
        faults.push((param, FieldFault::NotWhole));
    }
    read
}

/// `\n` stands for a line break, which cannot be typed in a field of lines; `\\` for itself.
fn unescape(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('\\') => plain.push('\\'),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(field: Field, typed: &str) -> BriefDraft {
        let mut draft = BriefDraft::from_brief(&Brief::on("A topic"));
        draft.set(field, typed.to_owned());
        draft
    }

    #[test]
    fn a_brief_survives_the_way_into_the_form_and_back() {
        let brief = Brief {
            style: Style::Tutorial,
            audience: Some("beginners".to_owned()),
            length: Some(1500),
            temperature: Some(0.35),
            stop: vec!["\n\n".to_owned(), "a\\nb".to_owned()],
            priority: Some(Priority::Premium),
            refresh: true,
            ..Brief::on("A topic")
        };
        let (again, faults) = BriefDraft::from_brief(&brief).to_brief();
        assert_eq!((again, faults), (brief, Vec::new()));
    }

    #[test]
    fn what_is_no_number_is_said_at_its_field() {
        let (_, faults) = draft(Field::Temperature, "warm").to_brief();
        assert_eq!(faults, [("temperature", FieldFault::NotANumber)]);
        let (_, faults) = draft(Field::Length, "1.5").to_brief();
        assert_eq!(faults, [("length", FieldFault::NotWhole)]);
    }

    #[test]
    fn a_decimal_comma_is_read() {
        assert_eq!(draft(Field::TopP, "0,8").to_brief().0.top_p, Some(0.8));
    }

    #[test]
    fn a_number_is_read_as_the_nearest_there_is() {
        for typed in ["0", "1", "-0.5", "+2", ".7", "1.", "0.1", "0.35", "1.95", "12.3456789"] {
            assert_eq!(decimal(typed), typed.parse().ok(), "{typed}");
        }
        let third = decimal("0.33333333333333333333").unwrap();
        assert!((third - 1.0 / 3.0).abs() < 1e-14, "{third}");
        for typed in ["", "-", ".", "1e3", "0x1", "1.2.3", "inf", "NaN", "1234567890123456"] {
            assert_eq!(decimal(typed), None, "{typed}");
        }
    }

    #[test]
    fn an_unusual_value_is_remarked_on_and_accepted() {
        let draft = draft(Field::Temperature, "1.5");
        assert!(draft.to_brief().1.is_empty());
        assert!(draft.remark(Field::Temperature).is_some());
        assert!(draft.remark(Field::TopP).is_none());
    }

    #[test]
    fn what_was_typed_stands_over_what_was_there_and_leaves_the_rest() {
        let mut kept = draft(Field::Audience, "beginners");
        kept.style = Style::Tutorial;
        let mut typed = BriefDraft::default();
        typed.set(Field::Topic, "Another topic".to_owned());
        let both = kept.with_typed(&typed);
        assert_eq!(both.get(Field::Topic), "Another topic");
        assert_eq!(both.get(Field::Audience), "beginners");
        assert_eq!(both.style, Style::Tutorial);
        typed.style = Style::Overview;
        assert_eq!(both.with_typed(&typed).style, Style::Overview);
    }

    #[test]
    fn every_field_keeps_its_own_text() {
        let mut draft = BriefDraft::default();
        for field in Field::ALL {
            draft.set(field, field.param().to_owned());
        }
        for field in Field::ALL {
            assert_eq!(draft.get(field), field.param());
        }
    }
}
