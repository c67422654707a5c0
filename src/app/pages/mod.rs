//! The pages, one a file.

use uuid::Uuid;

use crate::article::problem::{Code, Problem};

mod article;
mod compare;
mod compose;
mod connect;
mod library;
mod not_found;
mod operations;

pub use article::ArticlePage;
pub use compare::ComparePage;
pub use compose::ComposePage;
pub use connect::ConnectPage;
pub use library::LibraryPage;
pub use not_found::{NotFoundPage, ProblemPage};
pub use operations::OperationsPage;

/// An id that stands in an address. What is none names nothing that exists.
fn id_in(text: &str, missing: Code) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| Problem::new(missing, String::new(), String::new()))
}
