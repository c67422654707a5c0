//! One file per resource: each handler extracts, calls a service, and answers.

pub mod api_docs;
pub mod article_edits;
pub mod articles;
pub mod connections;
pub mod dead_letters;
pub mod events;
pub mod exports;
pub mod extract;
pub mod generations;
pub mod health;
pub mod openapi;
pub mod operations;
pub mod page_data;
