//! The reader of event streams: one connection, kept alive over several streams.

use std::borrow::Cow;
use std::net::SocketAddr;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Error;
use crate::clock::now_ns;
use crate::plan::{Plan, TOKEN_BYTES};
use crate::wire::{Framing, read_head};

const READ_SIZE: usize = 16 << 10;

/// How a target is asked and how it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's request and events.
    OpenAi,
    /// OpenAI's request, our `delta` events.
    Deltas,
    /// A brief, and our events.
    Inkstream,
}

impl Dialect {
    /// The request that asks for a plan.
    pub fn request(self, address: SocketAddr, plan: Plan) -> Vec<u8> {
        let (path, body) = match self {
            Self::OpenAi | Self::Deltas => (
                "/v1/chat/completions",
                format!(
                    r#"{{"model":"bench","stream":true,"messages":[{{"role":"user","content":"{plan}"}}]}}"#
                ),
            ),
            Self::Inkstream => (
                "/api/v1/generations",
                format!(r#"{{"topic":"{plan}","language":"en","model":"bench/speaker"}}"#),
            ),
        };
        post(address, path, &body, "text/event-stream")
    }
}

/// A POST request with a JSON body.
pub fn post(address: SocketAddr, path: &str, body: &str, accept: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\naccept: {accept}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A connection to one target.
pub struct Connection {
    stream: TcpStream,
    raw: Vec<u8>,
}

impl Connection {
    /// Connects, with `TCP_NODELAY`.
    pub async fn open(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, raw: Vec::with_capacity(READ_SIZE) })
    }

    /// Sends a request and reads its whole answer: status and body.
    pub async fn call(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>), Error> {
        self.stream.write_all(request).await?;
        let (status, mut framing) = self.begin().await?;
        let mut body = Vec::new();
        framing.decode(&mut self.raw, &mut body)?;
        while !framing.done() {
            self.fill().await?;
            framing.decode(&mut self.raw, &mut body)?;
        }
        Ok((status, body))
    }

    /// Fetches a JSON document.
    pub async fn get<T: serde::de::DeserializeOwned>(&mut self, path: &str) -> Result<T, Error> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.stream.peer_addr()?);
        let (status, body) = self.call(request.as_bytes()).await?;
        if status != 200 {
            return Err(format!("GET {path} was answered with {status}").into());
        }
        Ok(serde_json::from_slice(&body)?)
    }

    async fn begin(&mut self) -> Result<(u16, Framing), Error> {
        let head = read_head(&mut self.stream, &mut self.raw).await?;
        let head = head.ok_or("the connection was closed before an answer")?;
        let status = head.split(' ').nth(1).unwrap_or_default().parse()?;
        Ok((status, Framing::of(&head)?))
    }

    async fn fill(&mut self) -> Result<(), Error> {
        self.raw.reserve(READ_SIZE);
        if self.stream.read_buf(&mut self.raw).await? == 0 {
            return Err("the connection was closed inside an answer".into());
        }
        Ok(())
    }
}

/// One stream and what has been seen of it.
pub struct Reading {
    plan: Plan,
    dialect: Dialect,
    framing: Option<Framing>,
    body: Vec<u8>,
    /// The `event:` line of the event that is being read.
    name: String,
    /// Bytes of text so far.
    text_bytes: usize,
    /// When the request was sent, [`now_ns`].
    pub sent_ns: u64,
    /// When each token was there in full, [`now_ns`].
    pub arrived_ns: Vec<u64>,
    /// Whether all text so far is the plan's.
    pub text_right: bool,
    /// The generation's id, from `accepted`.
    pub generation: Option<String>,
    /// The last event's name.
    pub ended: Option<String>,
}

impl Reading {
    /// Asks for `plan`; the answer is read by [`step`](Self::step).
    pub fn new(plan: Plan, dialect: Dialect) -> Self {
        Self {
            plan,
            dialect,
            framing: None,
            body: Vec::new(),
            name: String::new(),
            text_bytes: 0,
            sent_ns: 0,
            arrived_ns: Vec::with_capacity(plan.tokens as usize),
            text_right: true,
            generation: None,
            ended: None,
        }
    }

    /// Sends the request without waiting for an answer.
    pub async fn send(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let request = self.dialect.request(connection.stream.peer_addr()?, self.plan);
        self.sent_ns = now_ns();
        Ok(connection.stream.write_all(&request).await?)
    }

    /// Sends the request and reads the answer's head.
    pub async fn start(&mut self, connection: &mut Connection) -> Result<(), Error> {
        self.send(connection).await?;
        let (status, framing) = connection.begin().await?;
        self.framing = Some(framing);
        self.take(connection)?;
        if status != 200 {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(&self.body)).into());
        }
        Ok(())
    }

    /// Reads once; false when the answer has ended.
    pub async fn step(&mut self, connection: &mut Connection) -> Result<bool, Error> {
        if self.framing.as_ref().is_none_or(Framing::done) {
            return Ok(false);
        }
        connection.fill().await?;
        self.take(connection)?;
        Ok(true)
    }

    /// Reads until there are `tokens` of text, or the answer has ended.
    pub async fn until(&mut self, connection: &mut Connection, tokens: u64) -> Result<(), Error> {
        while (self.tokens() as u64) < tokens && self.step(connection).await? {}
        Ok(())
    }

    /// What was asked for.
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// How it was asked for.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whole tokens so far.
    pub fn tokens(&self) -> usize {
        self.text_bytes / TOKEN_BYTES
    }

    /// Whether the text came whole and unchanged, and the last event says so.
    pub fn complete(&self) -> bool {
        self.text_right
            && self.text_bytes == self.plan.tokens as usize * TOKEN_BYTES
            && self.ended.as_deref() == Some("done")
    }

    fn take(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let Some(framing) = &mut self.framing else { return Ok(()) };
        framing.decode(&mut connection.raw, &mut self.body)?;
        let now = now_ns();
        let body = std::mem::take(&mut self.body);
        let mut start = 0;
        while let Some(length) = body[start..].iter().position(|byte| *byte == b'\n') {
            self.line(std::str::from_utf8(&body[start..start + length])?, now)?;
            start += length + 1;
        }
        self.body = body;
        self.body.drain(..start);
        Ok(())
    }

    fn line(&mut self, line: &str, now: u64) -> Result<(), Error> {
        if line.is_empty() {
            self.name.clear();
        } else if let Some(name) = line.strip_prefix("event: ") {
            name.clone_into(&mut self.name);
        } else if let Some(data) = line.strip_prefix("data: ") {
            match self.dialect {
                Dialect::OpenAi => self.completion(data, now)?,
                Dialect::Deltas | Dialect::Inkstream => self.event(data, now)?,
            }
        }
        Ok(())
    }

    fn completion(&mut self, data: &str, now: u64) -> Result<(), Error> {
        if data == "[DONE]" {
            self.ended = Some("done".to_owned());
            return Ok(());
        }
        let completion: Completion<'_> = serde_json::from_str(data)?;
        if let Some(text) = completion.choices.first().and_then(|it| it.delta.content.as_deref()) {
            self.text(text, now);
        }
        Ok(())
    }

    fn event(&mut self, data: &str, now: u64) -> Result<(), Error> {
        match self.name.as_str() {
            "delta" => {
                let delta: Delta<'_> = serde_json::from_str(data)?;
                self.text(&delta.text, now);
            }
            "accepted" => {
                let accepted: Accepted = serde_json::from_str(data)?;
                self.generation = Some(accepted.generation);
            }
            "done" | "cancelled" | "rejected" | "failed" | "interrupted" => {
                self.ended = Some(self.name.clone());
            }
            _ => {}
        }
        Ok(())
    }

    /// Compares with the plan's text, token by token, wherever the text was cut.
    fn text(&mut self, text: &str, now: u64) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() && self.text_right {
            let index = self.tokens() as u64;
            let offset = self.text_bytes % TOKEN_BYTES;
            let (part, behind) = rest.split_at(rest.len().min(TOKEN_BYTES - offset));
            self.text_right =
                index < self.plan.tokens && self.plan.token(index).matches(offset, part);
            self.text_bytes += part.len();
            if offset + part.len() == TOKEN_BYTES {
                self.arrived_ns.push(now);
            }
            rest = behind;
        }
    }
}

#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: ContentDelta<'a>,
}

#[derive(Deserialize)]
struct ContentDelta<'a> {
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Accepted {
    generation: String,
}
