//! Where a setting was made, and what is wrong with it.

use std::fmt;

/// What the embedded defaults are called in place of a file's name.
pub(super) const BUILT_IN: &str = "built-in defaults";

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A line of a file.
    Line {
        /// The file as it was named.
        file: String,
        /// From 1.
        line: usize,
    },
    /// A file as a whole.
    File(String),
    /// A variable of the environment or of `.env`.
    Variable(String),
}

impl Location {
    /// Whether nobody set it.
    pub(super) fn is_built_in(&self) -> bool {
        matches!(self, Self::Line { file, .. } if file == BUILT_IN)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } => write!(f, "{file}:{line}"),
            Self::File(file) => f.write_str(file),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// A configuration that cannot be used: where, why, and what to do.
///
/// No value is ever part of the text where it could be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message} {resolution}")]
pub struct ConfigError {
    /// Where.
    pub location: Location,
    /// What is wrong, in one sentence that names the key.
    pub message: String,
    /// What to do about it.
    pub resolution: String,
}

impl ConfigError {
    /// An error at a place.
    pub fn new(
        location: &Location,
        message: impl Into<String>,
        resolution: impl Into<String>,
    ) -> Self {
        Self { location: location.clone(), message: message.into(), resolution: resolution.into() }
    }
}

/// The candidate that `name` is most likely a misspelling of: at most two edits away, or one for
/// names of up to four letters.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = if name.chars().count() <= 4 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words
/// (optimal string alignment distance).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_finds_its_word_and_another_word_does_not() {
        let known = ["listen", "data_dir", "site_dir"];
        assert_eq!(closest("lisen", known), Some("listen"));
        assert_eq!(closest("litsen", known), Some("listen"));
        assert_eq!(closest("Data_Dir", known), Some("data_dir"));
        assert_eq!(closest("colour", known), None);
        assert_eq!(closest("top", ["id"]), None);
    }
}
