//! What has to wait until a page is in place.

use leptos::prelude::*;

/// For so many frames a page may take for it: about ten seconds, as networks are slow.
const FRAMES: u16 = 600;

/// Calls `act`, now and with each frame, until it says that it is done, or too long has passed.
pub fn when_there(act: impl Fn() -> bool + 'static) {
    within(FRAMES, act);
}

fn within(frames: u16, act: impl Fn() -> bool + 'static) {
    if !act() && frames > 0 {
        request_animation_frame(move || within(frames - 1, act));
    }
}
