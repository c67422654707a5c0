//! Standard output, written by a thread of its own: a reader that has stopped reading holds up the
//! article, but neither Ctrl-C nor the end of the program.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};

/// How many pieces may wait to be written.
const WAITING: usize = 16;

/// The way to standard output.
pub struct Output {
    pieces: mpsc::Sender<String>,
    written: oneshot::Receiver<()>,
    failed: Arc<OnceLock<Unwritten>>,
}

/// Why nothing more can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// Whoever read has gone away, as `head` does.
    #[error("nobody reads the output any more")]
    ReaderGone,
    /// It could not be written.
    #[error("the output could not be written: {0}")]
    Failed(String),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl Output {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start() -> io::Result<Self> {
        let (pieces, mut waiting) = mpsc::channel::<String>(WAITING);
        let (all, written) = oneshot::channel();
        let failed = Arc::new(OnceLock::new());
        let failure = Arc::clone(&failed);
        std::thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            let mut out = io::stdout().lock();
            while let Some(piece) = waiting.blocking_recv() {
                if let Err(error) = out.write_all(piece.as_bytes()).and_then(|()| out.flush()) {
                    // Before the channels close; nothing else sets it.
                    let _ = failure.set(error.into());
                    return;
                }
            }
            // Nobody waits after an interruption, and then nobody is told.
            let _ = all.send(());
        })?;
        Ok(Self { pieces, written, failed })
    }

    /// Hands a piece over; waits while too many are waiting.
    ///
    /// # Errors
    /// An earlier piece could not be written.
    pub async fn write(&self, piece: String) -> Result<(), Unwritten> {
        self.pieces.send(piece).await.map_err(|_| why(&self.failed))
    }

    /// Waits until everything has been written.
    ///
    /// # Errors
    /// A piece could not be written.
    pub async fn finish(self) -> Result<(), Unwritten> {
        let Self { pieces, written, failed } = self;
        drop(pieces);
        written.await.map_err(|_| why(&failed))
    }
}

/// Why the thread is gone.
fn why(failed: &OnceLock<Unwritten>) -> Unwritten {
    failed.get().cloned().unwrap_or(Unwritten::ReaderGone)
}
