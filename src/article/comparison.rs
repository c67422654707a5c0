//! Two revisions of an article, or one and a text that is not saved, side by side.

use serde::{Deserialize, Serialize};

use super::generation::RevisionSummary;

/// What became of one revision's text in another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// The revision that is compared.
    pub from: RevisionSummary,
    /// The revision that it is compared with.
    pub to: RevisionSummary,
    /// How many words (in Chinese, words of the dictionary) only `to` has.
    pub added: u32,
    /// How many words only `from` has.
    pub removed: u32,
    /// Both texts in their order, block by block.
    pub rows: Vec<Row>,
}

/// What a text that is not saved would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TextComparison {
    /// The article's current revision, which the text is compared with.
    pub from: RevisionSummary,
    /// How many words (in Chinese, words of the dictionary) only the text has.
    pub added: u32,
    /// How many words only the revision has.
    pub removed: u32,
    /// Both in their order, block by block; `to` is the text.
    pub rows: Vec<Row>,
}

/// A text that is to be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ComparedText {
    /// Markdown, as it would be saved.
    pub text: String,
}

/// A block of one text or of both: what stands between two blank lines of the Markdown source, or
/// a fenced block of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Row {
    /// What became of it.
    pub change: Change,
    /// How it is set.
    pub look: Look,
    /// Its source in `from`, in order; empty where it is only in `to`, and where it is the same.
    pub from: Vec<Piece>,
    /// Its source in `to`, in order; empty where it is only in `from`.
    pub to: Vec<Piece>,
}

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Change {
    /// Both have it.
    Same,
    /// Both have it, with other words.
    Changed,
    /// Only `to` has it.
    Added,
    /// Only `from` has it.
    Removed,
}

/// How a block's source is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Look {
    /// As a heading.
    Heading,
    /// As running text.
    Text,
    /// As code.
    Code,
}

/// A stretch of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Piece {
    /// The source.
    pub text: String,
    /// Whether the other revision has it not.
    pub changed: bool,
}
