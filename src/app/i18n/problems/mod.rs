//! What the server says has failed, in words.

pub(super) mod en;
pub(super) mod zh;
