//! The pages, one a file.

mod article;
mod compose;
mod library;
mod not_found;

pub use article::ArticlePage;
pub use compose::ComposePage;
pub use library::LibraryPage;
pub use not_found::{NotFoundPage, ProblemPage};
