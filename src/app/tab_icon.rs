//! The icon of the tab: that something is written here, or how it ended while nobody looked.

use leptos::prelude::*;

use crate::article::event::GenerationState;

/// What the icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabIcon {
    /// Nothing in particular.
    Plain,
    /// An article is being written.
    Writing,
    /// It is done.
    Done,
    /// It ended otherwise.
    Failed,
}

impl TabIcon {
    /// How a generation ended.
    pub fn of_end(state: GenerationState) -> Self {
        match state {
            GenerationState::Done => Self::Done,
            _ => Self::Failed,
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Plain => "/favicon.svg",
            Self::Writing => "/favicon-writing.svg",
            Self::Done => "/favicon-done.svg",
            Self::Failed => "/favicon-failed.svg",
        }
    }

    /// Shows it. In the browser alone.
    pub fn show(self) {
        let Ok(Some(link)) = document().query_selector("link[rel='icon']") else { return };
        if link.get_attribute("href").as_deref() != Some(self.file())
            && link.set_attribute("href", self.file()).is_err()
        {
            leptos::logging::warn!("the tab's icon could not be changed");
        }
    }
}
