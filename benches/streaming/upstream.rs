//! The scripted model server: OpenAI's streaming wire format, written by hand on one thread.
//!
//! It says what the [`Plan`] in the prompt says, and keeps a [`Record`] of when it did what and
//! when the other side closed the connection, for the client to fetch afterwards.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::clock::now_ns;
use crate::plan::{Mode, Plan, Token};
use crate::wire::{Request, read_request};
use crate::{Error, announce};

const STREAM_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    transfer-encoding: chunked\r\n\r\n";
const MODELS: &str = r#"{"object":"list","data":[{"id":"bench","object":"model"}]}"#;
/// Answers longer than this many tokens are throughput runs: their times are not recorded.
const RECORDED_TOKENS: u64 = 1_000;

/// What happened to one answer. Times are [`now_ns`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// When the last request had been read.
    pub received_ns: u64,
    /// How many requests came.
    pub calls: u32,
    /// When each token was about to be written.
    pub sent_ns: Vec<u64>,
    /// When the other side was seen to have closed the connection before the end.
    pub closed_ns: Option<u64>,
}

/// Records by the plan's key.
pub type Records = HashMap<u64, Record>;

struct Upstream {
    records: RefCell<Records>,
    /// One ready HTTP chunk for each word.
    words: Vec<Vec<u8>>,
}

/// Serves until the process is ended.
pub fn run() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(listener.local_addr()?);
        let upstream = Rc::new(Upstream {
            records: RefCell::default(),
            words: Token::words().map(|word| chunk(&delta_event(&word.text()))).collect(),
        });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let upstream = Rc::clone(&upstream);
            tokio::task::spawn_local(async move {
                // A peer that leaves is what several scenarios are about; it has been recorded.
                let _ = upstream.connection(stream).await;
            });
        }
    })
}

impl Upstream {
    async fn connection(&self, mut stream: TcpStream) -> Result<(), Error> {
        let mut buffer = Vec::new();
        while let Some(request) = read_request(&mut stream, &mut buffer).await? {
            match request.path() {
                "/control/drain" => {
                    let records = self.records.take();
                    respond(&mut stream, 200, &serde_json::to_string(&records)?).await?;
                }
                "/control/records" => {
                    let body = serde_json::to_string(&*self.records.borrow())?;
                    respond(&mut stream, 200, &body).await?;
                }
                path if path.ends_with("/models") => respond(&mut stream, 200, MODELS).await?,
                path if path.starts_with("/broken") => {
                    respond(&mut stream, 500, r#"{"error":{"message":"broken"}}"#).await?;
                }
                path if path.ends_with("/chat/completions") => {
                    if !self.complete(&mut stream, &request).await? {
                        return Ok(());
                    }
                }
                _ => respond(&mut stream, 404, "{}").await?,
            }
        }
        Ok(())
    }

    /// Answers by the plan; false when the other side closed the connection before the end.
    async fn complete(&self, stream: &mut TcpStream, request: &Request) -> Result<bool, Error> {
        let received_ns = now_ns();
        let Some(plan) = Plan::find(&request.body) else {
            respond(stream, 400, r#"{"error":{"message":"the prompt holds no plan"}}"#).await?;
            return Ok(true);
        };
        let calls = self.records.borrow().get(&plan.key).map_or(0, |record| record.calls) + 1;
        let record = Record { received_ns, calls, ..Record::default() };
        self.records.borrow_mut().insert(plan.key, record);
        let told = if plan.gap_ms == 0 && plan.ttft_ms == 0 && plan.mode == Mode::Speak {
            self.rush(stream, plan).await
        } else {
            self.speak(stream, plan).await
        };
        if !matches!(told, Ok(true)) {
            let closed_ns = Some(now_ns());
            if let Some(record) = self.records.borrow_mut().get_mut(&plan.key) {
                record.closed_ns = closed_ns;
            }
        }
        told
    }

    /// By the clock, watching for the other side to leave.
    async fn speak(&self, stream: &mut TcpStream, plan: Plan) -> Result<bool, Error> {
        let (mut reader, mut writer) = stream.split();
        let mut probe = [0; 1];
        if plan.mode == Mode::Mute {
            return Ok(reader.read(&mut probe).await? > 0);
        }
        writer.write_all(STREAM_HEAD).await?;
        let mut due = Instant::now() + Duration::from_millis(plan.ttft_ms);
        let timer = tokio::time::sleep_until(due);
        tokio::pin!(timer);
        for index in 0..plan.tokens {
            tokio::select! {
                biased;
                read = reader.read(&mut probe) => return Ok(read? > 0),
                () = &mut timer => {}
            }
            if let Some(record) = self.records.borrow_mut().get_mut(&plan.key) {
                record.sent_ns.push(now_ns());
            }
            self.token(&mut writer, plan, index).await?;
            due += Duration::from_millis(plan.gap_ms);
            timer.as_mut().reset(due);
        }
        if plan.mode == Mode::Halt {
            return Ok(reader.read(&mut probe).await? > 0);
        }
        writer.write_all(&ending(plan)).await?;
        Ok(true)
    }

    /// As fast as the other side reads, one write for each token, as model servers do it.
    async fn rush(&self, stream: &mut TcpStream, plan: Plan) -> Result<bool, Error> {
        stream.write_all(STREAM_HEAD).await?;
        for index in 0..plan.tokens {
            if plan.tokens <= RECORDED_TOKENS
                && let Some(record) = self.records.borrow_mut().get_mut(&plan.key)
            {
                record.sent_ns.push(now_ns());
            }
            self.token(stream, plan, index).await?;
        }
        stream.write_all(&ending(plan)).await?;
        Ok(true)
    }

    async fn token(
        &self,
        writer: &mut (impl AsyncWriteExt + Unpin),
        plan: Plan,
        index: u64,
    ) -> Result<(), Error> {
        match plan.token(index) {
            Token::Word(word) => writer.write_all(&self.words[word]).await?,
            key @ Token::Key(_) => {
                let mut first = chunk(&event(r#"{"role":"assistant","content":""}"#, "null"));
                first.extend(chunk(&delta_event(&key.text())));
                writer.write_all(&first).await?;
            }
        }
        Ok(())
    }
}

async fn respond(stream: &mut TcpStream, status: u16, body: &str) -> Result<(), Error> {
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
    Ok(())
}

fn delta_event(text: &str) -> String {
    event(&format!(r#"{{"content":"{}"}}"#, text.replace('\n', "\\n")), "null")
}

fn event(delta: &str, finish_reason: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\
         \"created\":1700000000,\"model\":\"bench\",\"choices\":[{{\"index\":0,\
         \"delta\":{delta},\"finish_reason\":{finish_reason}}}]}}\n\n"
    )
}

/// The finish reason, the usage, `[DONE]` and the last chunk, in one write.
fn ending(plan: Plan) -> Vec<u8> {
    let usage = format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\
         \"created\":1700000000,\"model\":\"bench\",\"choices\":[],\"usage\":{{\
         \"prompt_tokens\":100,\"completion_tokens\":{0},\"total_tokens\":{1}}}}}\n\n",
        plan.tokens,
        plan.tokens + 100
    );
    let mut bytes = chunk(&event("{}", "\"stop\""));
    bytes.extend(chunk(&usage));
    bytes.extend(chunk("data: [DONE]\n\n"));
    bytes.extend(b"0\r\n\r\n");
    bytes
}

fn chunk(payload: &str) -> Vec<u8> {
    format!("{:x}\r\n{payload}\r\n", payload.len()).into_bytes()
}
