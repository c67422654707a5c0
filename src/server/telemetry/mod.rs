//! Logs on standard error, metrics for Prometheus.

pub mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use super::config::{LogConfig, LogFormat};

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error(
        "the log filter \"{0}\" cannot be understood. Write for example INKSTREAM_LOG=info or \
         info,inkstream=debug."
    )]
    Filter(String),
    /// Something else in the process logs already.
    #[error("logging was set up twice")]
    Twice(#[from] TryInitError),
}

/// Sends the log to standard error, for people on a terminal, else as one JSON object per line.
///
/// # Errors
/// The filter cannot be understood, or logging was set up before.
pub fn start_logging(config: &LogConfig) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|_| TelemetryError::Filter(config.filter.clone()))?;
    let json = match config.format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    // Its complaint about a closed standard error goes to standard error, and panics there.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    if json {
        registry.with(lines.json().flatten_event(true).with_span_list(false)).try_init()?;
    } else {
        registry.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init()?;
    }
    Ok(())
}
