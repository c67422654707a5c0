//! The server, tested from outside: a real listener, a real database, a real socket upstream.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may")]

mod bad_input;
mod commands;
mod config;
mod edits;
mod faults;
mod library;
mod lifecycle;
mod process;
mod providers;
mod security;
mod store;
mod support;
mod upstream;
