//! What has to wait until a page is in place.

use leptos::prelude::*;

/// So long a page may take for it, in milliseconds: networks are slow.
const PATIENCE_MS: f64 = 10_000.0;

/// Calls `act`, now and with each frame, until it says that it is done, or too long has passed.
pub fn when_there(act: impl Fn() -> bool + 'static) {
    until(js_sys::Date::now() + PATIENCE_MS, act);
}

fn until(late: f64, act: impl Fn() -> bool + 'static) {
    if !act() && js_sys::Date::now() < late {
        request_animation_frame(move || until(late, act));
    }
}
