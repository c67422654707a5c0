//! Where the browser's client starts.

use std::ops::ControlFlow;
use std::time::Duration;

use leptos::mount::hydrate_body;
use leptos::prelude::*;

use super::i18n::Texts;
use super::navigation::Place;
use super::preferences::Preferences;
use super::{App, parts};

/// Takes over the page that the server rendered, once the parts of it are there.
pub async fn start() {
    console_error_panic_hook::set_once();
    let here = Place::of_this_page();
    let page = here.page();
    let locale = Preferences::of_this_page().locale;
    let load = || -> parts::Opening<&'static Texts> {
        Box::pin(async move {
            if let Some(page) = page {
                parts::load(page).await?;
            }
            parts::words(locale).await
        })
    };
    // It is tried until it comes.
    let Some(texts) = parts::persist(load, || ControlFlow::Continue(())).await else { return };
    // A task of its own: making the program ready took one already, and slow devices should get to
    // hear a touch in between.
    parts::sleep(Duration::ZERO).await;
    // Who went Back meanwhile gets the page that they went to, which is loaded anew.
    if Place::of_this_page() == here {
        hydrate_body(move || view! { <App texts /> });
    }
}
