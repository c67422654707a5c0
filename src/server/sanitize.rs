//! (sanitize)
