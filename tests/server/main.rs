//! The server, tested from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may")]

mod providers;
mod upstream;
