//! (highlight)
