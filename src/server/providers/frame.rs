//! The frame that stays the same around the words of a stream.
//!
//! The events of an answer differ in one string: a server writes the same id, names and punctuation
//! around every token. What stands before and after that string is remembered from an event that
//! was read whole. Where the next event has the same bytes there, and one JSON string between them,
//! its structure is the same, so only that string is read: a tenth of the work.

use super::text::Text;

/// A longer frame is not kept, in bytes: a server that repeats a prompt in each event would have it
/// copied once for every stream.
const LONGEST: usize = 4096;

/// The bytes around the text of an event that holds nothing else of interest.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Up to and with the quotation mark that opens the text.
    head: String,
    /// From the quotation mark that closes it.
    tail: String,
}

impl Frame {
    /// The text of an event in this frame; `None` where the event has to be read whole.
    pub(super) fn text<'a>(&self, event: &'a str) -> Option<Text<'a>> {
        let inner = event.strip_prefix(self.head.as_str())?.strip_suffix(self.tail.as_str())?;
        if self.head.is_empty() || inner.is_empty() {
            return None;
        }
        // With its quotation marks; anything but one whole string is refused here.
        let (from, to) = (self.head.len() - 1, self.head.len() + inner.len() + 1);
        serde_json::from_str(event.get(from..to)?).ok()
    }

    /// Remembers what stands around `text` in `event`, if it is a part of it.
    pub(super) fn learn(&mut self, event: &str, text: &str) {
        let Some(from) = text.as_ptr().addr().checked_sub(event.as_ptr().addr()) else { return };
        let Some((head, rest)) = event.split_at_checked(from) else { return };
        let Some(tail) = rest.strip_prefix(text) else { return };
        if head.ends_with('"') && tail.starts_with('"') && event.len() <= LONGEST {
            head.clone_into(&mut self.head);
            tail.clone_into(&mut self.tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"id":"a\"b","choices":[{"delta":{"content":"one"},"x":""}]}"#;

    fn frame() -> Frame {
        let mut frame = Frame::default();
        let at = EVENT.find("one").unwrap();
        frame.learn(EVENT, &EVENT[at..at + 3]);
        frame
    }

    fn text(event: &str) -> Option<String> {
        frame().text(event).map(|text| text.0.into_owned())
    }

    #[test]
    fn an_event_in_the_frame_gives_its_text_with_escapes_resolved() {
        assert_eq!(text(EVENT).unwrap(), "one");
        assert_eq!(text(&EVENT.replace("one", r#"a\n\"b\"\u4e2d文"#)).unwrap(), "a\n\"b\"中文");
    }

    #[test]
    fn whatever_is_not_one_whole_string_in_the_frame_is_left_to_be_read_whole() {
        for inner in [
            r#"one","content":"two"#,
            r#"one"},"finish_reason":"stop","y":{"z":""#,
            r"one\",
            "one\u{1}",
            "one\n",
            "",
        ] {
            assert_eq!(text(&EVENT.replace("one", inner)), None, "{inner:?}");
        }
        assert_eq!(text(&EVENT.replace("a\\\"b", "c")), None);
        assert_eq!(text(&EVENT[..EVENT.len() - 1]), None);
        assert_eq!(text(""), None);
        assert!(Frame::default().text("\"one\"").is_none());
    }

    #[test]
    fn what_is_no_part_of_the_event_or_no_string_in_it_is_not_learnt() {
        let mut frame = Frame::default();
        frame.learn(EVENT, "one");
        frame.learn(EVENT, &EVENT[3..4]);
        frame.learn(EVENT, "");
        assert!(frame.text(EVENT).is_none());
    }
}
