//! (event_log)
