//! The time of day, as the store and the API keep it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::article::generation::UnixMs;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX)
}
