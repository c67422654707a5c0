//! A scripted model API on loopback, which can misbehave in every way that a socket allows.
//!
//! ```ignore
//! let gate = Gate::new();
//! let upstream = Upstream::start(vec![
//!     Script::new().status(429).header("retry-after", "2"),
//!     Script::new().text("Hel").pause(&gate).text("lo").finish("stop").done(),
//! ]).await;
//! // … point a provider at upstream.base_url() …
//! gate.reached().await;
//! gate.open();
//! let sent = upstream.request(1).await.body;
//! let at = upstream.closed().await.at;
//! ```
//!
//! The n-th request is answered by the n-th script and every further one by the last. Headers are
//! sent with the first step that sends a body, so a step before it happens before the headers.

#![allow(dead_code, reason = "a tool for tests, of which each uses a part")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// A test that waits longer for its upstream has failed, and says so instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How one request is answered.
#[derive(Clone)]
pub struct Script {
    status: u16,
    headers: Vec<(String, String)>,
    steps: Vec<Step>,
}

#[derive(Clone)]
enum Step {
    /// A piece of the body.
    Body(Vec<u8>),
    /// Bytes outside all of HTTP's rules.
    Wire(Vec<u8>),
    Head,
    Pause(Gate),
    /// A piece of the body again and again, until the client leaves.
    Endless(Vec<u8>, Duration),
    Silence,
    Close,
    Reset,
}

impl Script {
    /// 200, `text/event-stream`, and an empty body in good order.
    pub fn new() -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), "text/event-stream".into())],
            steps: Vec::new(),
        }
    }

    /// Another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Another header, in place of one of the same name.
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.into(), value.to_string()));
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Bytes of the body, as they are, in one write.
    pub fn raw(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::Body(bytes.as_ref().to_vec()))
    }

    /// Bytes on the socket without headers or framing.
    pub fn wire(self, bytes: impl AsRef<[u8]>) -> Self {
        self.step(Step::Wire(bytes.as_ref().to_vec()))
    }

    /// An event with this data.
    pub fn sse(self, data: impl std::fmt::Display) -> Self {
        self.raw(format!("data: {data}\n\n"))
    }

    /// A chunk of a completion that brings this text.
    pub fn text(self, content: &str) -> Self {
        self.sse(delta(json!({"content": content}), None))
    }

    /// A chunk of a completion with this delta.
    pub fn delta(self, value: Value) -> Self {
        self.sse(delta(value, None))
    }

    /// The chunk that ends a completion.
    pub fn finish(self, reason: &str) -> Self {
        self.sse(delta(json!({}), Some(reason)))
    }

    /// The chunk that counts tokens.
    pub fn usage(self, prompt: u64, completion: u64) -> Self {
        self.sse(json!({"choices": [], "usage": {
            "prompt_tokens": prompt, "completion_tokens": completion,
            "total_tokens": prompt + completion
        }}))
    }

    /// `[DONE]`.
    pub fn done(self) -> Self {
        self.sse("[DONE]")
    }

    /// A whole answer in the ordinary form: the text in these pieces, a reason, usage, `[DONE]`.
    pub fn completion(self, pieces: &[&str]) -> Self {
        let begun = self.delta(json!({"role": "assistant", "content": ""}));
        let written = pieces.iter().fold(begun, |script, piece| script.text(piece));
        written.finish("stop").usage(7, pieces.len() as u64).done()
    }

    /// A JSON body.
    pub fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json").raw(body.to_string())
    }

    /// An error in OpenAI's form.
    pub fn error(self, status: u16, message: &str) -> Self {
        self.status(status).json(json!({"error": {"message": message, "type": "x", "code": null}}))
    }

    /// A web page.
    pub fn html(self) -> Self {
        self.header("content-type", "text/html").raw("<!doctype html><title>Welcome</title>")
    }

    /// The headers now, although no body comes yet.
    pub fn head(self) -> Self {
        self.step(Step::Head)
    }

    /// Waits until the test opens the gate.
    pub fn pause(self, gate: &Gate) -> Self {
        self.step(Step::Pause(gate.clone()))
    }

    /// Says nothing more, and keeps the connection open until the client leaves.
    pub fn silence(self) -> Self {
        self.step(Step::Silence)
    }

    /// This text for ever, one chunk per interval.
    pub fn endless(self, content: &str, interval: Duration) -> Self {
        let event = format!("data: {}\n\n", delta(json!({"content": content}), None));
        self.step(Step::Endless(event.into_bytes(), interval))
    }

    /// Closes the connection without ending the body.
    pub fn close(self) -> Self {
        self.step(Step::Close)
    }

    /// Resets the connection.
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }
}

fn delta(delta: Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    })
}

/// Where a script waits for its test.
#[derive(Clone)]
pub struct Gate {
    arrivals: Arc<Semaphore>,
    openings: Arc<Semaphore>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        let closed = || Arc::new(Semaphore::new(0));
        Self { arrivals: closed(), openings: closed() }
    }

    /// Lets one script pass, now or when it comes.
    pub fn open(&self) {
        self.openings.add_permits(1);
    }

    /// Waits until a script has come to the gate.
    pub async fn reached(&self) {
        self.arrivals.acquire().await.unwrap().forget();
    }

    async fn pass(&self) {
        self.arrivals.add_permits(1);
        self.openings.acquire().await.unwrap().forget();
    }
}

/// What a client sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which connection it came on, from 0.
    pub connection: usize,
    /// For example `POST`.
    pub method: String,
    /// For example `/v1/chat/completions`.
    pub path: String,
    /// With names in lower case.
    pub headers: Vec<(String, String)>,
    /// Null where it was no JSON.
    pub body: Value,
    /// When the last byte of it was read.
    pub at: Instant,
}

impl Request {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// A connection that the client closed.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// Which, from 0.
    pub connection: usize,
    /// When the server saw it.
    pub at: Instant,
}

/// The running server. Dropping it closes every connection.
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Seen>,
    closed_told: AtomicUsize,
    accepting: JoinHandle<()>,
}

/// What answers the n-th request, from 0.
type Answer = Box<dyn Fn(usize, &Request) -> Script + Send + Sync>;

struct Seen {
    answer: Answer,
    requests: watch::Sender<Vec<Request>>,
    closed: watch::Sender<Vec<Closed>>,
    connections: watch::Sender<usize>,
}

impl Upstream {
    /// Listens on a free port of 127.0.0.1.
    pub async fn start(scripts: Vec<Script>) -> Self {
        assert!(!scripts.is_empty(), "an upstream needs a script");
        let last = scripts.len() - 1;
        Self::answering(move |n, _| scripts[n.min(last)].clone()).await
    }

    /// The same, with a script that depends on what is asked.
    pub async fn answering(
        answer: impl Fn(usize, &Request) -> Script + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen {
            answer: Box::new(answer),
            requests: watch::Sender::default(),
            closed: watch::Sender::default(),
            connections: watch::Sender::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&seen)));
        Self { address, seen, closed_told: AtomicUsize::new(0), accepting }
    }

    /// What belongs into a provider's `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.requests.borrow().clone()
    }

    /// The n-th request, from 0, when it has come.
    pub async fn request(&self, n: usize) -> Request {
        let came = |requests: &Vec<Request>| requests.len() > n;
        until(&self.seen.requests, came, "the request never came").await[n].clone()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        *self.seen.connections.borrow()
    }

    /// Waits until so many connections were accepted.
    pub async fn connected(&self, count: usize) {
        let came = |connections: &usize| *connections >= count;
        until(&self.seen.connections, came, "the connection never came").await;
    }

    /// The next connection that the client closes, or has closed since the last call.
    pub async fn closed(&self) -> Closed {
        let n = self.closed_told.fetch_add(1, Ordering::SeqCst);
        let came = |closed: &Vec<Closed>| closed.len() > n;
        until(&self.seen.closed, came, "the client never closed its connection").await[n]
    }

    /// How many connections the client has closed.
    pub fn closed_count(&self) -> usize {
        self.seen.closed.borrow().len()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn until<T: Clone>(
    seen: &watch::Sender<T>,
    came: impl FnMut(&T) -> bool,
    otherwise: &str,
) -> T {
    let mut seen = seen.subscribe();
    let waited = tokio::time::timeout(PATIENCE, seen.wait_for(came)).await;
    waited.expect(otherwise).unwrap().clone()
}

async fn accept(listener: TcpListener, seen: Arc<Seen>) {
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        seen.connections.send_modify(|count| *count += 1);
        let seen = Arc::clone(&seen);
        connections.spawn(async move {
            if serve(stream, connection, &seen).await.is_err() {
                let at = Instant::now();
                seen.closed.send_modify(|closed| closed.push(Closed { connection, at }));
            }
        });
        // Ended ones need not be kept.
        while connections.try_join_next().is_some() {}
    }
}

/// How a script leaves its connection.
enum Leave {
    Open,
    Closed,
    Reset,
}

/// Answers requests until a script ends the connection; an error is the client's leaving.
async fn serve(mut stream: TcpStream, connection: usize, seen: &Seen) -> io::Result<()> {
    let mut unread = Vec::new();
    loop {
        let leave = {
            let (mut reader, mut writer) = stream.split();
            let request = read_request(&mut reader, &mut unread, connection).await?;
            let mut number = 0;
            seen.requests.send_modify(|requests| {
                number = requests.len();
                requests.push(request.clone());
            });
            let script = (seen.answer)(number, &request);
            let answer = perform(&script, &mut writer);
            tokio::pin!(answer);
            loop {
                tokio::select! {
                    leave = &mut answer => break leave?,
                    read = reader.read_buf(&mut unread) => if read? == 0 {
                        return Err(io::ErrorKind::ConnectionAborted.into());
                    },
                }
            }
        };
        match leave {
            Leave::Open => {}
            Leave::Closed => return Ok(()),
            Leave::Reset => return stream.set_zero_linger(),
        }
    }
}

async fn perform(script: &Script, writer: &mut WriteHalf<'_>) -> io::Result<Leave> {
    let mut head = Some(head(script));
    for step in &script.steps {
        match step {
            Step::Body(bytes) => write(writer, head.take(), bytes).await?,
            Step::Wire(bytes) => writer.write_all(bytes).await?,
            Step::Head => write(writer, head.take(), &[]).await?,
            Step::Pause(gate) => gate.pass().await,
            Step::Endless(bytes, interval) => loop {
                write(writer, head.take(), bytes).await?;
                tokio::time::sleep(*interval).await;
            },
            Step::Silence => std::future::pending().await,
            Step::Close => return Ok(Leave::Closed),
            Step::Reset => return Ok(Leave::Reset),
        }
    }
    write(writer, head.take(), &[]).await?;
    writer.write_all(b"0\r\n\r\n").await?;
    Ok(Leave::Open)
}

fn head(script: &Script) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\ntransfer-encoding: chunked\r\n", script.status);
    for (name, value) in &script.headers {
        head += &format!("{name}: {value}\r\n");
    }
    (head + "\r\n").into_bytes()
}

/// Writes the head, where it is still to come, and one chunk of the body, in one go.
async fn write(writer: &mut WriteHalf<'_>, head: Option<Vec<u8>>, bytes: &[u8]) -> io::Result<()> {
    let mut out = head.unwrap_or_default();
    if !bytes.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
    writer.write_all(&out).await
}

async fn read_request(
    reader: &mut ReadHalf<'_>,
    unread: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Request> {
    let end = loop {
        if let Some(at) = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at + 4;
        }
        more(reader, unread).await?;
    };
    let head = String::from_utf8_lossy(&unread[..end]).into_owned();
    let mut lines = head.lines();
    let mut start = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while unread.len() < end + length {
        more(reader, unread).await?;
    }
    let body = serde_json::from_slice(&unread[end..end + length]).unwrap_or(Value::Null);
    unread.drain(..end + length);
    Ok(Request {
        connection,
        method: start.next().unwrap_or_default(),
        path: start.next().unwrap_or_default(),
        headers,
        body,
        at: Instant::now(),
    })
}

async fn more(reader: &mut ReadHalf<'_>, unread: &mut Vec<u8>) -> io::Result<()> {
    match reader.read_buf(unread).await? {
        0 => Err(io::ErrorKind::ConnectionAborted.into()),
        _ => Ok(()),
    }
}
