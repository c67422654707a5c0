//! Listening and ending: the port, the accept loop, the way out.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::stream;
use inkstream::server::serve::{self, BindError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Nothing here takes that long; it keeps a failure from hanging.
const LIMIT: Duration = Duration::from_secs(20);

/// A stream that says "beat" once and then nothing until `closing`, and "bye" at its end.
fn quiet_stream(closing: CancellationToken) -> impl IntoResponse {
    let body = stream::unfold(0, move |step| {
        let closing = closing.clone();
        async move {
            match step {
                0 => Some((Ok::<_, std::io::Error>(Bytes::from("beat")), 1)),
                1 => {
                    closing.cancelled().await;
                    Some((Ok(Bytes::from("bye")), 2))
                }
                _ => None,
            }
        }
    });
    Body::from_stream(body)
}

async fn connect(address: std::net::SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn read_until(stream: &mut TcpStream, mark: &str) -> String {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(mark) {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "ended before {mark}: {}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_a_way_out() {
    let first = serve::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = first.local_addr().unwrap();
    let error = serve::bind(address).await.unwrap_err();
    assert!(matches!(error, BindError::InUse(taken) if taken == address));
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("INKSTREAM_LISTEN"), "{text}");
}

#[tokio::test]
async fn an_address_of_another_machine_is_named_with_the_setting() {
    let error = serve::bind("192.0.2.1:3000".parse().unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("192.0.2.1:3000") && error.contains("`listen`"), "{error}");
}

#[tokio::test]
async fn shutting_down_lets_readers_finish_and_then_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let closing = shutdown.clone();
    let router = Router::new()
        .route("/stream", get(move || async move { quiet_stream(closing) }))
        .route("/", get(|| async { "whole" }));
    let server = tokio::spawn(serve::serve(listener, router, shutdown.clone()));
    let mut reader = connect(address, "/stream").await;
    read_until(&mut reader, "beat").await;
    // An idle connection, kept alive after a whole answer, must not hold anything up.
    let mut idle = connect(address, "/").await;
    read_until(&mut idle, "whole").await;

    shutdown.cancel();

    let rest = tokio::time::timeout(LIMIT, read_until(&mut reader, "0\r\n\r\n")).await.unwrap();
    assert!(rest.contains("bye"), "{rest}");
    let mut nothing = String::new();
    tokio::time::timeout(LIMIT, idle.read_to_string(&mut nothing)).await.unwrap().unwrap();
    tokio::time::timeout(LIMIT, server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_stream_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (dropped, was_dropped) = tokio::sync::oneshot::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(Some(dropped)));
    let router = Router::new().route(
        "/",
        get(move || async move {
            let held = held.lock().unwrap().take();
            let body = stream::unfold((held, true), |(held, first)| async move {
                if !first {
                    std::future::pending::<()>().await;
                }
                Some((Ok::<_, std::io::Error>(Bytes::from("beat")), (held, false)))
            });
            Body::from_stream(body)
        }),
    );
    let shutdown = CancellationToken::new();
    let _end = shutdown.clone().drop_guard();
    tokio::spawn(serve::serve(listener, router, shutdown));
    let mut reader = connect(address, "/").await;
    read_until(&mut reader, "beat").await;
    drop(reader);
    // The sender inside the stream is dropped with it.
    assert!(tokio::time::timeout(LIMIT, was_dropped).await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_end_is_closed_after_the_grace() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let router = Router::new().route("/", get(|| async { quiet_stream(CancellationToken::new()) }));
    let server = tokio::spawn(serve::serve(listener, router, shutdown.clone()));
    let mut reader = connect(address, "/").await;
    read_until(&mut reader, "beat").await;
    let begin = tokio::time::Instant::now();
    shutdown.cancel();
    server.await.unwrap().unwrap();
    assert_eq!(begin.elapsed().as_secs(), 20, "on the paused clock");
    assert_eq!(reader.read(&mut [0; 16]).await.unwrap_or(0), 0, "closed");
}
