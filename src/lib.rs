//! Inkstream turns a topic into a publishable technical article, live.
//!
//! One crate, three builds. [`article`] is the shared core: what an article is, what is asked for
//! and what happens on the way, without I/O. [`renderer`] sets it in a page while it arrives, here and
//! (feature `embed`) in other people's pages. `app` is the interface, rendered by the server and
//! brought to life by the browser. `server` (feature `ssr`) takes a brief through four stages,
//! streams it out of an append-only log, and keeps it.
//!
//! Start reading at `server::pipeline::run` for the way of an article, and at [`article::event`]
//! for what the browser hears of it.

// The types of Leptos views nest deeply.
#![recursion_limit = "256"]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may")
)]

// Without it client and server render different trees.
#[cfg(not(any(erase_components, doc, doctest)))]
compile_error!("--cfg erase_components of .cargo/config.toml is missing: is RUSTFLAGS set?");

#[cfg(any(feature = "hydrate", feature = "ssr"))]
pub mod app;
pub mod article;
pub mod renderer;
#[cfg(feature = "ssr")]
pub mod server;

/// Where the browser's client starts. Settles when the page is taken over.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    app::start::start().await;
}
