//! The server, tested from outside: a real listener, a real database, a real socket upstream.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may")]

mod access;
mod bad_input;
mod budget;
mod commands;
mod comparison;
mod config;
mod connections;
mod dead_letters;
mod doctor;
mod edits;
mod faults;
mod hosting;
mod html;
mod library;
mod lifecycle;
mod operations;
mod process;
mod providers;
mod resilience;
mod security;
mod store;
mod support;
mod upstream;
