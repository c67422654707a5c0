//! Keeps the end of the growing text in view, until the reader scrolls up.
//!
//! The reader is told apart from ourselves by comparing positions: where we scrolled to is known,
//! so any other place is the reader's doing.

use std::cell::Cell;

use leptos::prelude::*;
use web_sys::Element;

/// So much room stays between the end of the text and the end of the window, in CSS pixels.
const MARGIN: f64 = 120.0;

/// See the module.
#[derive(Debug)]
pub struct FollowEnd {
    following: RwSignal<bool>,
    /// Where the page stood when it was last looked at.
    known: Cell<f64>,
}

impl FollowEnd {
    /// `following` says whether the end is followed, for a button that takes the reader back there.
    pub fn new(following: RwSignal<bool>) -> Self {
        Self { following, known: Cell::new(position()) }
    }

    /// Whether the page that this belongs to was left.
    pub fn is_over(&self) -> bool {
        self.following.try_get_untracked().is_none()
    }

    /// To be called after text was written; `end` stands at its end.
    pub fn written(&self, end: &Element) {
        if self.following.try_get_untracked() == Some(true) {
            self.show(end);
        }
    }

    /// Goes to the end, and follows it from there.
    pub fn jump(&self, end: &Element) {
        self.following.set(true);
        self.show(end);
    }

    /// To be called when the page was scrolled, by whomever.
    pub fn scrolled(&self, end: &Element) {
        let (before, now) = (self.known.replace(position()), position());
        let Some(following) = self.following.try_get_untracked() else { return };
        // Half a pixel of rounding is nobody's doing.
        if now < before - 1.0 && following {
            self.following.set(false);
        } else if now > before + 1.0 && !following && below_window(end) <= MARGIN {
            self.following.set(true);
        }
    }

    /// Whether the end of the text is in the window now.
    pub fn in_view(end: &Element) -> bool {
        below_window(end) <= MARGIN
    }

    fn show(&self, end: &Element) {
        let below = below_window(end);
        if below > 0.0
            && let Some(window) = web_sys::window()
        {
            window.scroll_by_with_x_and_y(0.0, below);
            self.known.set(position());
        }
    }
}

/// How far the end of the text is from where it should stand at the lowest.
fn below_window(end: &Element) -> f64 {
    let height = web_sys::window()
        .and_then(|window| window.inner_height().ok()?.as_f64())
        .unwrap_or_default();
    end.get_bounding_client_rect().bottom() + MARGIN - height
}

fn position() -> f64 {
    web_sys::window().and_then(|window| window.scroll_y().ok()).unwrap_or_default()
}
