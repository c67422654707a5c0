//! What finding, renaming and tidying up of articles is said with.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::problem::Problem;

/// A part of a text, and whether it is what was searched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stretch {
    /// The part; plain text.
    pub text: String,
    /// Whether it was searched for.
    pub hit: bool,
}

/// Where a search hit an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Hit {
    /// The whole title.
    pub title: Vec<Stretch>,
    /// The text around the first hit in it; empty where only the title was hit.
    pub snippet: Vec<Stretch>,
}

/// Articles that are deleted or restored together, or dead letters that are discarded together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Selection {
    /// 1 to 100 of them.
    pub ids: Vec<Uuid>,
}

/// What became of each of a [`Selection`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SelectionOutcome {
    /// In the order in which they were named, each once.
    pub results: Vec<SelectedOutcome>,
}

impl SelectionOutcome {
    /// Those with which it was done, and why it was not with the first of the others.
    pub fn parted(self) -> (Vec<Uuid>, Option<Problem>) {
        let (done, others): (Vec<_>, Vec<_>) =
            self.results.into_iter().partition(|one| one.error.is_none());
        let done = done.into_iter().map(|one| one.id).collect();
        (done, others.into_iter().find_map(|one| one.error))
    }
}

/// What became of one of a [`Selection`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SelectedOutcome {
    /// Which.
    pub id: Uuid,
    /// Why nothing was done with it; null where it was.
    pub error: Option<Problem>,
}
