//! Dropping the stream closes the socket, whatever it was doing.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use inkstream::server::providers::{ModelEvent, Provider};

use super::{ask, openai, request};
use crate::upstream::{Gate, Script, Upstream};

/// Reads until `last` comes, finds that nothing follows, drops the stream and waits for the
/// upstream's word.
async fn dropped_after(last: ModelEvent, script: Script) {
    let upstream = Upstream::start(vec![script]).await;
    let mut stream = openai(&upstream.base_url()).stream(request());
    while stream.next().await.expect("more") != Ok(last.clone()) {}
    assert_eq!(stream.next().now_or_never(), None, "silence");
    assert_eq!(upstream.closed_count(), 0);
    drop(stream);
    assert_eq!(upstream.closed().await.connection, 0);
}

/// Polls the stream until `seen` is ready, then drops it and waits for the upstream's word.
async fn dropped_when(base_url: &str, upstream: &Upstream, seen: impl Future<Output = ()>) {
    let mut stream = openai(base_url).stream(request());
    let reading = async { while stream.next().await.is_some() {} };
    tokio::select! {
        () = reading => panic!("the answer ended by itself"),
        () = seen => {}
    }
    assert_eq!(upstream.closed_count(), 0);
    drop(stream);
    assert_eq!(upstream.closed().await.connection, 0);
}

#[tokio::test]
async fn while_connecting() {
    // The handshake of TLS is a part of connecting, and this server never answers it.
    let upstream = Upstream::start(vec![Script::new()]).await;
    let base_url = upstream.base_url().replace("http:", "https:");
    dropped_when(&base_url, &upstream, upstream.connected(1)).await;
}

#[tokio::test]
async fn while_waiting_for_headers() {
    let upstream = Upstream::start(vec![Script::new().silence()]).await;
    let seen = async { drop(upstream.request(0).await) };
    dropped_when(&upstream.base_url(), &upstream, seen).await;
}

#[tokio::test]
async fn while_nothing_comes_after_the_headers() {
    dropped_after(ModelEvent::Alive, Script::new().head().silence()).await;
}

#[tokio::test]
async fn in_a_silence() {
    let script = Script::new().text("a").silence();
    dropped_after(ModelEvent::Text("a".into()), script).await;
}

#[tokio::test]
async fn in_the_flow() {
    let script = Script::new().endless("a", Duration::from_millis(1));
    let upstream = Upstream::start(vec![script]).await;
    let mut stream = openai(&upstream.base_url()).stream(request());
    for _ in 0..20 {
        assert!(stream.next().await.unwrap().is_ok());
    }
    drop(stream);
    assert_eq!(upstream.closed().await.connection, 0);
}

#[tokio::test]
async fn while_nobody_reads_a_full_flow() {
    let script = Script::new().endless(&"a".repeat(64 << 10), Duration::ZERO);
    let upstream = Upstream::start(vec![script]).await;
    let mut stream = openai(&upstream.base_url()).stream(request());
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    assert_eq!(upstream.closed().await.connection, 0);
}

#[tokio::test]
async fn while_an_errors_body_is_read() {
    let gate = Gate::new();
    let upstream = Upstream::start(vec![Script::new().status(500).raw("x").pause(&gate)]).await;
    dropped_when(&upstream.base_url(), &upstream, gate.reached()).await;
}

#[tokio::test]
async fn and_the_provider_works_on() {
    let scripts = vec![Script::new().text("a").silence(), Script::new().completion(&["b"])];
    let upstream = Upstream::start(scripts).await;
    let provider = openai(&upstream.base_url());
    let mut stream = provider.stream(request());
    while stream.next().await != Some(Ok(ModelEvent::Text("a".into()))) {}
    drop(stream);
    upstream.closed().await;
    assert_eq!(ask(&provider, request()).await.text, "b");
}
