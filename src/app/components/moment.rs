//! A moment in time: UTC in the server's page, the reader's own once the browser is there.

use leptos::prelude::*;

use crate::app::format::{local, utc};
use crate::app::preferences::use_locale;

/// See the module.
#[component]
pub fn Moment(
    /// Milliseconds since 1970.
    at: i64,
) -> impl IntoView {
    let locale = use_locale();
    let shown = RwSignal::new(format!("{} UTC", utc(at)));
    Effect::new(move || shown.set(local(at, locale)));
    view! { <time datetime=format!("{}Z", utc(at).replace(' ', "T"))>{shown}</time> }
}
