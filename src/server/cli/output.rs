//! Standard output, written by a thread of its own: a reader that has stopped reading holds up the
//! article, but neither Ctrl-C nor the end of the program.

use std::io::Write;

use tokio::sync::{mpsc, oneshot};

/// How many pieces may wait to be written.
const WAITING: usize = 16;

/// The way to standard output.
pub struct Output {
    pieces: mpsc::Sender<String>,
    written: oneshot::Receiver<()>,
}

/// Whoever read standard output has gone away.
#[derive(Debug, PartialEq, Eq)]
pub struct ReaderGone;

impl Output {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start() -> std::io::Result<Self> {
        let (pieces, mut waiting) = mpsc::channel::<String>(WAITING);
        let (all, written) = oneshot::channel();
        std::thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            let mut out = std::io::stdout().lock();
            while let Some(piece) = waiting.blocking_recv() {
                if out.write_all(piece.as_bytes()).and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
            // Nobody waits after an interruption, and then nobody is told.
            let _ = all.send(());
        })?;
        Ok(Self { pieces, written })
    }

    /// Hands a piece over; waits while too many are waiting.
    pub async fn write(&self, piece: String) -> Result<(), ReaderGone> {
        self.pieces.send(piece).await.map_err(|_| ReaderGone)
    }

    /// Waits until everything has been written.
    pub async fn finish(self) -> Result<(), ReaderGone> {
        drop(self.pieces);
        self.written.await.map_err(|_| ReaderGone)
    }
}
