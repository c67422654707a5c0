//! (generations)
