//! As much of HTTP/1.1 as the benchmark needs, cheap enough not to be what is measured.

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::Error;

const READ_SIZE: usize = 16 << 10;

/// A request that has been read whole.
pub struct Request {
    head: String,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// The path of the request line.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// Reads the next request of a connection; nothing at its end. `buffer` keeps what lies behind it.
pub async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Result<Option<Request>, Error> {
    let Some(head) = read_head(stream, buffer).await? else { return Ok(None) };
    let length: usize = header(&head, "content-length").unwrap_or("0").parse()?;
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection ended inside a request".into());
        }
    }
    let body = buffer.drain(..length).collect();
    Ok(Some(Request { head, body }))
}

/// Reads up to the empty line that ends a head; nothing at the end of the connection.
pub async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Result<Option<String>, Error> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = buffer.drain(..end + 4).collect();
            return Ok(Some(String::from_utf8(head)?));
        }
        buffer.reserve(READ_SIZE);
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() { Ok(None) } else { Err("a torn head".into()) };
        }
    }
}

/// The value of a header in a head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Where the reading of a body stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a chunk's size.
    Size,
    /// Inside data, so many bytes before their end.
    Data(usize),
    /// Before the line break behind a chunk.
    Gap,
    /// Before the last line break.
    Trailer,
    Done,
}

/// Takes a body out of its framing, by chunks or by length.
pub struct Framing {
    place: Place,
    chunked: bool,
}

impl Framing {
    /// For the body that follows this head.
    pub fn of(head: &str) -> Result<Self, Error> {
        let chunked = header(head, "transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let place = match header(head, "content-length") {
            _ if chunked => Place::Size,
            None | Some("0") => Place::Done,
            Some(length) => Place::Data(length.parse()?),
        };
        Ok(Self { place, chunked })
    }

    /// Whether the body has been read whole.
    pub fn done(&self) -> bool {
        self.place == Place::Done
    }

    /// Moves the body's bytes from `raw` to `body`; what is left in `raw` needs more behind it.
    pub fn decode(&mut self, raw: &mut Vec<u8>, body: &mut Vec<u8>) -> Result<(), Error> {
        let mut at = 0;
        loop {
            let rest = &raw[at..];
            self.place = match self.place {
                Place::Size => {
                    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
                    let size = std::str::from_utf8(&rest[..end])?.trim_end();
                    let size = usize::from_str_radix(size, 16)?;
                    at += end + 1;
                    if size == 0 { Place::Trailer } else { Place::Data(size) }
                }
                Place::Data(left) => {
                    let taken = left.min(rest.len());
                    body.extend_from_slice(&rest[..taken]);
                    at += taken;
                    match left - taken {
                        0 if self.chunked => Place::Gap,
                        0 => Place::Done,
                        left => {
                            self.place = Place::Data(left);
                            break;
                        }
                    }
                }
                Place::Gap | Place::Trailer if rest.len() < 2 => break,
                Place::Gap => {
                    at += 2;
                    Place::Size
                }
                Place::Trailer => {
                    at += 2;
                    Place::Done
                }
                Place::Done => break,
            };
        }
        raw.drain(..at);
        Ok(())
    }
}
