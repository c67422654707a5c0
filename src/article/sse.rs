//! Server-sent events (WHATWG HTML, §9.2.6), decoded from bytes however they are cut.
//!
//! The server reads models with it and the browser reads the server with it. The limit holds
//! before memory is spent, and an event that lies within one chunk is handed on without a copy.
//!
//! `retry:` is passed over: both readers settle for themselves when to reconnect.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The limit of [`Decoder::new`], in bytes: 4 MiB for one event.
pub const DEFAULT_LIMIT: usize = 4 << 20;

/// Buffers that an unusually long event has left behind are given back above this size, in bytes.
const KEPT_CAPACITY: usize = 64 << 10;

/// A decoder of one stream.
///
/// ```
/// use inkstream::article::sse::Decoder;
///
/// let mut decoder = Decoder::new();
/// assert!(decoder.push(b"event: delta\ndata: {\"te").unwrap().is_empty());
/// let events = decoder.push(b"xt\":\"a\"}\n\n").unwrap();
/// assert_eq!((events[0].event.as_str(), events[0].data.as_str()), ("delta", "{\"text\":\"a\"}"));
/// ```
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// The beginning of a line that no chunk has ended yet.
    line: Vec<u8>,
    /// The open event's data lines that could not stay where they came.
    data: Vec<u8>,
    has_data: bool,
    event: String,
    id: Option<String>,
    /// The last chunk ended in CR: a LF at the start of the next belongs to it.
    after_cr: bool,
    /// A byte-order mark may stand before the first line.
    at_start: bool,
    too_large: bool,
}

/// An event, as it lies in the decoder's or the caller's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// Its type; `message` where the stream names none.
    pub event: &'a str,
    /// Its data lines, joined by line feeds.
    pub data: &'a str,
    /// The stream's last id so far, which this event need not have brought itself.
    pub id: Option<&'a str>,
}

/// An event that owns its texts; see [`EventRef`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its type; `message` where the stream names none.
    pub event: String,
    /// Its data lines, joined by line feeds.
    pub data: String,
    /// The stream's last id so far, which this event need not have brought itself.
    pub id: Option<String>,
}

impl From<EventRef<'_>> for SseEvent {
    fn from(event: EventRef<'_>) -> Self {
        Self {
            event: event.event.to_owned(),
            data: event.data.to_owned(),
            id: event.id.map(str::to_owned),
        }
    }
}

/// An event grew over the decoder's limit. Nothing more can be read from its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {limit} bytes")]
pub struct TooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder for events of at most [`DEFAULT_LIMIT`].
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// A decoder for events whose data, together with the line being read, has at most so many
    /// bytes.
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            limit: bytes,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            event: String::new(),
            id: None,
            after_cr: false,
            at_start: true,
            too_large: false,
        }
    }

    /// Takes the next bytes and returns the events that they complete.
    ///
    /// # Errors
    /// The stream held an event over the limit. Events that were complete before it are returned
    /// first; the error is then the answer to every later call.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLarge> {
        let mut events = Vec::new();
        match self.decode(bytes, |event| events.push(event.into())) {
            Err(error) if events.is_empty() => Err(error),
            _ => Ok(events),
        }
    }

    /// Takes the next bytes and calls `on_event` for every event that they complete. An event that
    /// lies within `bytes` and has one data line is not copied.
    ///
    /// # Errors
    /// As [`Self::push`], after `on_event` was called for the events before it.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        mut on_event: impl FnMut(EventRef<'_>),
    ) -> Result<(), TooLarge> {
        if self.too_large {
            return Err(TooLarge { limit: self.limit });
        }
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        // The open event's only data line, as long as it can stay where it came.
        let mut fresh: Option<&[u8]> = None;
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (line, ending) = rest.split_at(end);
            rest = match ending {
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => ending,
            };
            self.after_cr = ending == b"\r";
            self.check(fresh, line.len())?;
            if self.line.is_empty() {
                match self.field(line) {
                    Line::Blank => self.dispatch(fresh.take(), &mut on_event),
                    Line::Data(value) if self.has_data || fresh.is_some() => {
                        if let Some(first) = fresh.take() {
                            self.append(first);
                        }
                        self.append(value);
                    }
                    Line::Data(value) => fresh = Some(value),
                    Line::Other => {}
                }
            } else {
                // Torn over chunks, so it is the first line to end in this one: `fresh` is empty.
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                match self.field(&whole) {
                    Line::Blank => self.dispatch(None, &mut on_event),
                    Line::Data(value) => self.append(value),
                    Line::Other => {}
                }
                whole.clear();
                self.line = whole;
            }
        }
        self.check(fresh, rest.len())?;
        if let Some(first) = fresh {
            self.append(first);
        }
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// Refuses a line, or the beginning of one, with which the event would outgrow the limit.
    fn check(&mut self, fresh: Option<&[u8]>, more: usize) -> Result<(), TooLarge> {
        let held = self.data.len() + fresh.map_or(0, <[u8]>::len) + self.line.len();
        if held + more <= self.limit {
            return Ok(());
        }
        self.too_large = true;
        self.line = Vec::new();
        self.data = Vec::new();
        Err(TooLarge { limit: self.limit })
    }

    fn field<'a>(&mut self, mut line: &'a [u8]) -> Line<'a> {
        if self.at_start {
            self.at_start = false;
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            return Line::Blank;
        }
        let (name, value) = match memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => return Line::Data(value),
            b"event" => {
                self.event.clear();
                self.event.push_str(&String::from_utf8_lossy(value));
            }
            b"id" if !value.contains(&0) => {
                let id = self.id.get_or_insert_default();
                id.clear();
                id.push_str(&String::from_utf8_lossy(value));
            }
            _ => {}
        }
        Line::Other
    }

    fn append(&mut self, value: &[u8]) {
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
    }

    fn dispatch(&mut self, fresh: Option<&[u8]>, on_event: &mut impl FnMut(EventRef<'_>)) {
        if fresh.is_some() || self.has_data {
            let data: Cow<'_, str> = String::from_utf8_lossy(fresh.unwrap_or(&self.data));
            let event = if self.event.is_empty() { "message" } else { &self.event };
            on_event(EventRef { event, data: &data, id: self.id.as_deref() });
        }
        self.event.clear();
        self.data.clear();
        self.data.shrink_to(KEPT_CAPACITY);
        self.line.shrink_to(KEPT_CAPACITY);
        self.has_data = false;
    }
}

/// What a line is to the decoder, once its effect on the event's other fields is done.
enum Line<'a> {
    Blank,
    Data(&'a [u8]),
    Other,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(chunks: &[&[u8]]) -> Vec<SseEvent> {
        let mut decoder = Decoder::new();
        chunks.iter().flat_map(|chunk| decoder.push(chunk).unwrap()).collect()
    }

    fn data(stream: &str) -> Vec<String> {
        decode(&[stream.as_bytes()]).into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn an_event_has_a_type_an_id_and_data() {
        let stream = "event: delta\nid: 7\ndata: one\ndata: two\n\ndata:three\n\n";
        assert_eq!(
            decode(&[stream.as_bytes()]),
            [
                SseEvent { event: "delta".into(), data: "one\ntwo".into(), id: Some("7".into()) },
                SseEvent { event: "message".into(), data: "three".into(), id: Some("7".into()) },
            ]
        );
    }

    #[test]
    fn all_three_line_ends_are_read() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ["data: a", "data: b", "", "data: c", "", ""].join(end);
            assert_eq!(data(&stream), ["a\nb", "c"], "{end:?}");
        }
        let torn = decode(&[b"data: a\r", b"\ndata: b\r", b"\n\r", b"\ndata: c\r\n\r\n"]);
        let data: Vec<&str> = torn.iter().map(|event| event.data.as_str()).collect();
        assert_eq!(data, ["a\nb", "c"], "a pair may be torn");
    }

    #[test]
    fn a_blank_line_by_carriage_return_is_not_waited_for() {
        assert_eq!(decode(&[b"data: a\r\r"]).len(), 1);
    }

    #[test]
    fn comments_and_unknown_fields_are_passed_over() {
        assert_eq!(data(": ping\n\nretry: 5\nfoo: bar\nfoo\n:\ndata: a\n\n"), ["a"]);
    }

    #[test]
    fn one_space_after_the_colon_is_not_data() {
        assert_eq!(data("data:  a\n\ndata:a \n\ndata\n\ndata:\n\n"), [" a", "a ", "", ""]);
    }

    #[test]
    fn a_byte_order_mark_may_come_first_in_pieces() {
        let events = decode(&[b"\xEF", b"\xBB", b"\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n"]);
        assert_eq!(events.len(), 1, "and later it is part of a field's name");
    }

    #[test]
    fn a_character_cut_in_two_is_whole_again() {
        let stream = "data: 墨流\n\n".as_bytes();
        assert_eq!(decode(&[&stream[..7], &stream[7..10], &stream[10..]])[0].data, "墨流");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(decode(&[b"data: a\xFF\xE5\xA2b\n\n"])[0].data, "a\u{FFFD}\u{FFFD}b");
    }

    #[test]
    fn an_id_with_a_null_is_no_id() {
        assert_eq!(decode(&[b"id: 3\ndata: a\nid: 4\x005\n\n"])[0].id.as_deref(), Some("3"));
    }

    #[test]
    fn an_event_without_its_blank_line_is_not_dispatched() {
        assert!(data("data: a\n").is_empty());
        assert!(data("event: x\n\n").is_empty());
    }

    #[test]
    fn an_event_over_the_limit_ends_the_stream_and_those_before_it_are_kept() {
        let mut decoder = Decoder::with_limit(16);
        assert_eq!(decoder.push(b"data: a\n\ndata: 123456789012").unwrap().len(), 1);
        assert_eq!(decoder.push(b"\n\n"), Err(TooLarge { limit: 16 }));

        let mut decoder = Decoder::with_limit(16);
        assert_eq!(decoder.push(b"data: 1234567890\n\n").unwrap().len(), 1);
        assert!(decoder.push(b"data: 1\ndata: 2\n").unwrap().is_empty());
        assert!(decoder.push(b"data: 34567890123\n").is_err(), "data lines add up");
        assert!(decoder.push(b"\n\ndata: a\n\n").is_err(), "and it stays ended");
    }

    #[test]
    fn what_is_over_the_limit_is_never_held() {
        let mut decoder = Decoder::with_limit(1024);
        let held = (0..100).map_while(|_| {
            let pushed = decoder.push(b": a comment that never ends ");
            pushed.is_ok().then_some(decoder.line.len())
        });
        assert!(held.max().is_some_and(|most| most <= 1024));
        assert_eq!(decoder.line.capacity(), 0);
    }

    /// The standard's algorithm, over the whole text and line by line.
    fn by_the_book(bytes: &[u8]) -> Vec<SseEvent> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.pop();
        let (mut event, mut data, mut id) = (String::new(), String::new(), None);
        let mut events = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                _ if line.is_empty() => {
                    let kind = if event.is_empty() { "message" } else { &event };
                    if let Some(data) = data.strip_suffix('\n') {
                        let (event, data) = (kind.to_owned(), data.to_owned());
                        events.push(SseEvent { event, data, id: id.clone() });
                    }
                    event.clear();
                    data.clear();
                }
                "event" => event = value.to_owned(),
                "data" => data = data + value + "\n",
                "id" if !value.contains('\0') => id = Some(value.to_owned()),
                _ => {}
            }
        }
        events
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\n\n".to_vec()),
            Just(b"data: ".to_vec()),
            Just(b"data".to_vec()),
            Just(b"event:".to_vec()),
            Just(b"id: ".to_vec()),
            Just(b":".to_vec()),
            Just(b"\xEF\xBB\xBF".to_vec()),
            Just("墨 流".as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..4),
        ]
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(
            pieces in proptest::collection::vec(piece(), 0..40),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
        ) {
            let bytes = pieces.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            let expected = by_the_book(&bytes);
            prop_assert_eq!(&decode(&chunks), &expected);
            prop_assert_eq!(&decode(&[&bytes]), &expected);
        }
    }
}
