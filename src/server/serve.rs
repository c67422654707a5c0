//! The accept loop: hyper's HTTP/1 with the buffers that many slow streams want.
//!
//! `axum::serve` exposes neither. With a write buffer of 16 KiB and without `writev` an open
//! event stream costs 20 KiB less; without `TCP_NODELAY` a first token comes 40 ms late.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The largest buffer of a connection in either direction, in bytes; also the longest request head.
const BUFFER: usize = 16 << 10;
/// How long a request's head may take, and how long a connection may be idle between requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long open connections have to end by themselves at shutdown.
const GRACE: Duration = Duration::from_secs(20);
/// How long the loop pauses when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process has the port.
    #[error(
        "the address {0} is in use by another program, perhaps by another Inkstream. Stop that \
         one, or choose another port: INKSTREAM_LISTEN=127.0.0.1:0 takes a free one."
    )]
    InUse(SocketAddr),
    /// The port needs privileges.
    #[error("the address {0} needs privileges. Choose a port from 1024 up in INKSTREAM_LISTEN.")]
    Denied(SocketAddr),
    /// Something else.
    #[error(
        "cannot listen on {address}: {cause}. Correct `listen` in [server] or INKSTREAM_LISTEN."
    )]
    Other {
        /// Where.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
}

/// Takes the address. From here on connections are accepted, and wait until [`serve`] runs.
///
/// # Errors
/// The address cannot be had; the text names the remedy.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        io::ErrorKind::PermissionDenied => BindError::Denied(address),
        _ => BindError::Other { address, cause },
    })
}

/// Serves until `shutdown`, and then until every connection has ended, at most 20 seconds longer.
///
/// Idle connections are closed at once, running requests may finish. An event stream is such a
/// request: its handler has to end it when `shutdown` is cancelled.
///
/// # Errors
/// None today; failures to accept are logged and survived.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let answering = connection(stream, peer, router.clone(), graceful.watcher());
                    connections.spawn(answering);
                }
                Err(error) => survive(&error).await,
            },
            Some(ended) = connections.join_next() => report(ended),
        }
    }
    drop(listener);
    let all_ended = async {
        graceful.shutdown().await;
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!(connections = connections.len(), "closing connections that did not end");
        connections.shutdown().await;
    }
    Ok(())
}

/// The other end of the connection that a request came over, in its extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(cause = %error, "the connection was gone before it began");
        return;
    }
    let router = router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER)
        .writev(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // Clients come and go; a broken connection is nobody's fault.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(cause = super::error::chain(&error), "a connection ended early");
    }
}

/// A client that gave up is nothing; a system out of sockets gets time to close some.
async fn survive(error: &io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    ) {
        return;
    }
    tracing::error!(
        error_type = "accept",
        cause = %error,
        resolution = "Raise the limit of open files (ulimit -n) if it says too many are open.",
        "cannot accept a connection"
    );
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Handlers' panics are caught before; one here is in the connection itself.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(error_type = "internal", cause = %error, "a connection's task panicked");
    }
}

/// Cancels `shutdown` on the first SIGTERM or SIGINT; ends the process at once on a second one.
///
/// # Errors
/// The signals cannot be taken.
pub fn shutdown_on_signals(shutdown: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let mut signals = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let name = signals().await;
        tracing::info!(signal = name, "shutting down; a second signal ends at once");
        shutdown.cancel();
        signals().await;
        std::process::exit(130);
    });
    Ok(())
}
