//! The interface, rendered on the server and brought to life in the browser.

use leptos::prelude::*;

/// The application.
#[component]
pub fn App() -> impl IntoView {
    view! { <main></main> }
}
