//! Where the browser's client starts.

use std::time::Duration;

use leptos::mount::hydrate_body;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{App, parts};

/// The first and the longest pause before a part of the client is asked for again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Takes over the page that the server rendered, once the part of it is there.
pub async fn start() {
    console_error_panic_hook::set_once();
    let path = window().location().pathname().unwrap_or_default();
    let mut pause = FIRST_PAUSE;
    while parts::load(&path).await.is_err() {
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(2 * pause);
    }
    // A task of its own: making the program ready took one already, and slow devices should get to
    // hear a touch in between.
    set_timeout(|| hydrate_body(App), Duration::ZERO);
}

async fn sleep(pause: Duration) {
    let slept = js_sys::Promise::new(&mut |wake, _| {
        set_timeout(
            move || {
                // It resolves a promise, which cannot fail.
                let _ = wake.call0(&JsValue::NULL);
            },
            pause,
        );
    });
    // It is resolved, never rejected.
    let _ = JsFuture::from(slept).await;
}
