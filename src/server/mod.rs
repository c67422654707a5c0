//! The server: takes a brief through four stages, streams what comes of it, and keeps it.
//!
//! Handlers extract, call and answer; [`generations`] is the service behind them; [`pipeline`]
//! does the work in a task of its own, outside any request; [`event_log`] is what readers follow;
//! only [`store`] knows SQL; only [`providers`] know model APIs.

pub mod articles;
pub mod auth;
pub mod budget;
pub mod cli;
pub mod client;
pub mod clock;
pub mod comparison;
pub mod config;
pub mod connections;
pub mod dead_letters;
pub mod edits;
pub mod error;
pub mod event_log;
pub mod export;
pub mod extract;
pub mod generations;
pub mod handlers;
pub mod highlight;
pub mod indexing;
pub mod operations;
pub mod pages;
pub mod pipeline;
pub mod providers;
pub mod resilience;
pub mod router;
pub mod sanitize;
pub mod search;
pub mod security;
pub mod selection;
pub mod serve;
pub mod shell;
pub mod site;
pub mod slug;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod turns;
