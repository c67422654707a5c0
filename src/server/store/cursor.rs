//! Where a page of the list of articles begins, as a text that callers only pass on.

use uuid::Uuid;

use super::StoreError;
use crate::article::generation::UnixMs;

/// The part of a list that comes first, or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Articles that are being written.
    BeingWritten,
    /// All others.
    Rest,
    /// Of a search: those whose title has all that was searched for.
    TitleHit,
    /// Of a search: those that have it only together with their text.
    TextHit,
}

/// A place in the list of articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) part: Part,
    /// When the newest generation began of those that ran when the first page was made. Later ones
    /// are listed among the rest: their articles were not on top when the reader was there.
    pub(super) running_since: UnixMs,
    /// The page begins with what is older than this article. In a search, where it begins is a
    /// place among the searched articles and no time.
    pub(super) created_at: UnixMs,
    pub(super) id: Uuid,
    /// Which list it is a place in: see [`super::records::ArticleFilter::fingerprint`].
    pub(super) list: u64,
}

const BYTES: usize = 41;

impl Cursor {
    /// The beginning of a part.
    pub(super) fn top(list: u64, part: Part, running_since: UnixMs) -> Self {
        Self { part, running_since, created_at: UnixMs::MAX, id: Uuid::max(), list }
    }

    pub(super) fn after(self, created_at: UnixMs, id: Uuid) -> Self {
        Self { created_at, id, ..self }
    }

    pub(super) fn encode(self) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(match self.part {
            Part::BeingWritten => 1,
            Part::Rest => 2,
            Part::TitleHit => 3,
            Part::TextHit => 4,
        });
        bytes.extend(self.running_since.to_be_bytes());
        bytes.extend(self.created_at.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        bytes.extend(self.list.to_be_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// # Errors
    /// [`StoreError::InvalidCursor`] for anything that [`Self::encode`] did not make of a place in
    /// this list.
    pub(super) fn decode(list: u64, text: &str) -> Result<Self, StoreError> {
        Self::read(text).filter(|cursor| cursor.list == list).ok_or(StoreError::InvalidCursor)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() != 2 * BYTES || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        {
            return None;
        }
        let bytes: Vec<u8> = (0..BYTES)
            .map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok())
            .collect::<Option<_>>()?;
        let part = match bytes[0] {
            1 => Part::BeingWritten,
            2 => Part::Rest,
            3 => Part::TitleHit,
            4 => Part::TextHit,
            _ => return None,
        };
        Some(Self {
            part,
            running_since: UnixMs::from_be_bytes(bytes[1..9].try_into().ok()?),
            created_at: UnixMs::from_be_bytes(bytes[9..17].try_into().ok()?),
            id: Uuid::from_slice(&bytes[17..33]).ok()?,
            list: u64::from_be_bytes(bytes[33..].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_there_and_back() {
        for part in [Part::BeingWritten, Part::Rest, Part::TitleHit, Part::TextHit] {
            let cursor = Cursor::top(5, part, 7).after(1_700_000_000_000, Uuid::from_u128(9));
            assert_eq!(Cursor::decode(5, &cursor.encode()).unwrap(), cursor);
            assert!(Cursor::decode(6, &cursor.encode()).is_err(), "of another list");
        }
    }

    #[test]
    fn what_is_made_up_is_refused() {
        let good = Cursor::top(0, Part::Rest, 0).encode();
        for text in ["", "7", "é", &good[2..], &good.to_uppercase(), &format!("05{}", &good[2..])]
        {
            assert!(Cursor::decode(0, text).is_err(), "{text}");
        }
    }
}
