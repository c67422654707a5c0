//! The two gateways to compare with: the smallest that axum and reqwest allow.
//!
//! Both set `TCP_NODELAY`, which costs them nothing and saves 40 ms; neither keeps, checks or
//! counts anything.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{Error, announce};

#[derive(Clone)]
struct Gateway {
    client: reqwest::Client,
    url: String,
}

/// Hands the upstream's bytes through; serves until the process is ended.
pub fn run_passing(upstream: &str) -> Result<(), Error> {
    serve(upstream, |router| router.route("/v1/chat/completions", post(pass)))
}

/// Decodes every event and writes it again; serves until the process is ended.
pub fn run_parsing(upstream: &str) -> Result<(), Error> {
    serve(upstream, |router| router.route("/v1/chat/completions", post(parse)))
}

fn serve(
    upstream: &str,
    routes: impl FnOnce(Router<Gateway>) -> Router<Gateway>,
) -> Result<(), Error> {
    // A second installation fails; there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let gateway = Gateway {
        client: reqwest::Client::builder().no_proxy().build()?,
        url: format!("http://{upstream}/v1/chat/completions"),
    };
    let router = routes(Router::new()).with_state(gateway);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            // Fails only for a connection that is gone already.
            let _ = stream.set_nodelay(true);
        });
        Ok(axum::serve(listener, router).await?)
    })
}

async fn ask(gateway: &Gateway, body: Bytes) -> Result<reqwest::Response, StatusCode> {
    let request = gateway.client.post(&gateway.url);
    let answer = request.header(header::CONTENT_TYPE, "application/json").body(body).send().await;
    answer.map_err(|_| StatusCode::BAD_GATEWAY)
}

async fn pass(State(gateway): State<Gateway>, body: Bytes) -> Result<Response, StatusCode> {
    let answer = ask(&gateway, body).await?;
    let body = Body::from_stream(answer.bytes_stream());
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], body).into_response())
}

async fn parse(State(gateway): State<Gateway>, body: Bytes) -> Result<Response, StatusCode> {
    let answer = ask(&gateway, body).await?;
    let mut rewriter = Rewriter::default();
    let frames = answer.bytes_stream().flat_map(move |bytes| {
        // Bytes that do not arrive end the stream without its last event, which clients notice.
        let frames = bytes.map(|bytes| rewriter.push(&bytes)).unwrap_or_default();
        stream::iter(frames.into_iter().map(Ok::<_, Infallible>))
    });
    let body = Body::from_stream(frames);
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], body).into_response())
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

/// Turns OpenAI's events into `delta` events, each into a frame of its own.
#[derive(Default)]
struct Rewriter {
    pending: Vec<u8>,
    seq: u64,
}

impl Rewriter {
    fn push(&mut self, bytes: &[u8]) -> Vec<Bytes> {
        self.pending.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut start = 0;
        while let Some(length) = find(&self.pending[start..], b"\n\n") {
            let event = start..start + length;
            start += length + 2;
            frames.extend(Self::rewrite(&mut self.seq, &self.pending[event]));
        }
        self.pending.drain(..start);
        frames
    }

    fn rewrite(seq: &mut u64, event: &[u8]) -> Option<Bytes> {
        let data = event.strip_prefix(b"data: ")?;
        if data == b"[DONE]" {
            *seq += 1;
            return Some(Bytes::from(format!("event: done\nid: {seq}\ndata: {{}}\n\n")));
        }
        let completion: Completion = serde_json::from_slice(data).ok()?;
        let text = completion.choices.into_iter().next()?.delta.content?;
        if text.is_empty() {
            return None;
        }
        *seq += 1;
        let data = serde_json::to_string(&Text { text: &text }).ok()?;
        Some(Bytes::from(format!("event: delta\nid: {seq}\ndata: {data}\n\n")))
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
