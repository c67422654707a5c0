//! The shared core: what an article is, what is asked for, what happens on the way.
//!
//! Everything that crosses the wire or is shown on both sides is defined here once, and compiled
//! into the server and into the browser's client alike. Nothing in `article/` does I/O, reads a
//! clock or draws a random number.

pub mod brief;
pub mod comparison;
pub mod connection;
pub mod dead_letter;
pub mod document;
pub mod edit;
pub mod event;
pub mod generation;
pub mod html;
pub mod html_writer;
pub mod json;
pub mod library;
pub mod markdown;
pub mod markdown_writer;
pub mod measure;
pub mod operations;
pub mod parser;
#[cfg(test)]
mod patch_contract;
pub mod problem;
pub mod seam_place;
pub mod sse;
