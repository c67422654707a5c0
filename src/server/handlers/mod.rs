//! One file per resource: each handler extracts, calls a service, and answers.

pub mod health;
