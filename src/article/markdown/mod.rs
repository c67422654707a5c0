//! The incremental Markdown parser.
