//! `inkstream serve`: from a configuration to a clean end.

use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Failure, complete, note, storage};
use crate::server::config::Config;
use crate::server::state::AppState;
use crate::server::store::owners::ServeLock;
use crate::server::telemetry::metrics;
use crate::server::{router, security, serve};

/// How often observed figures are folded.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What keeps the server from starting, with the remedy: nothing has been begun then.
pub async fn run(config: Config) -> Result<ExitCode, Failure> {
    security::check_bind(config.server.listen, config.server.access_token.is_some())?;
    let _lock = ServeLock::acquire(&config.server.data_dir).map_err(storage)?;
    let listener = serve::bind(config.server.listen).await?;
    let config = complete(config).await;
    if config.demo_only {
        tracing::info!("no model is configured: articles come from the built-in demo");
    }
    let state = AppState::start(config).await.map_err(storage)?;
    let shutdown = CancellationToken::new();
    serve::shutdown_on_signals(shutdown.clone())?;
    let router = router::router(&state);
    note(&format!("listening on http://{}", listener.local_addr()?));
    let serving = async {
        let ended = serve::serve(listener, router, shutdown.clone()).await;
        shutdown.cancel();
        ended
    };
    // Readers are let go, and what runs is ended, while the last requests are answered.
    let ending = async {
        shutdown.cancelled().await;
        state.generations.shutdown().await;
    };
    let (served, (), ()) = tokio::join!(serving, ending, upkeep(&shutdown));
    state.shutdown().await;
    served?;
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

async fn upkeep(shutdown: &CancellationToken) {
    let mut interval = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = interval.tick() => metrics::upkeep(),
        }
    }
}
