//! The pages, one a file.

mod article;
mod compare;
mod compose;
mod connect;
mod library;
mod not_found;

pub use article::ArticlePage;
pub use compare::ComparePage;
pub use compose::ComposePage;
pub use connect::ConnectPage;
pub use library::LibraryPage;
pub use not_found::{NotFoundPage, ProblemPage};
