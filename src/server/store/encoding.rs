//! How values are written into columns that every database accepts.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::types::Json;

use super::StoreError;
use crate::article::event::GenerationState;

/// Text without U+0000, which PostgreSQL refuses.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// A value of a JSON column.
pub(super) type JsonText = Json<Box<RawValue>>;

/// JSON without U+0000, which PostgreSQL refuses in JSONB even when it is escaped.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<JsonText, StoreError> {
    let unwritable = |error: serde_json::Error| StoreError::unreadable(error.to_string());
    let json = serde_json::to_string(value).map_err(unwritable)?;
    RawValue::from_string(without_escaped_nul(json)).map(Json).map_err(unwritable)
}

fn without_escaped_nul(json: String) -> String {
    const NUL: &str = "\\u0000";
    if !json.contains(NUL) {
        return json;
    }
    let mut clean = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix(NUL) {
            rest = after;
        } else {
            // A backslash and what it escapes belong together: `\\u0000` is no NUL.
            let end = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            clean.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    clean.push_str(rest);
    clean
}

/// Reads a state's stored name.
pub(super) fn state(name: &str) -> Result<GenerationState, StoreError> {
    GenerationState::parse(name)
        .ok_or_else(|| StoreError::unreadable(format!("`{name}` is not a state of a generation")))
}

/// A count that the interface gives as 32 bits.
pub(super) fn count(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn nul_goes_and_what_only_looks_like_it_stays() {
        let written = json(&"a\0b\\u0000\u{1}\\\0").unwrap();
        let read: String = serde_json::from_str(written.0.get()).unwrap();
        assert_eq!(read, "ab\\u0000\u{1}\\");
    }
}
