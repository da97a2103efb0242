//! Row files on their way from an async store to a merge that blocks: one at a time, for a merge takes far longer over a
//! file than the store.

use bytes::Bytes;
use everycent_domain::merge_plan::StagedFile;
use tokio::sync::{mpsc, oneshot};

use crate::store::Store;
use crate::warehouse::{WarehouseError, row_files};

/// The merge's end.
pub(super) struct Files {
    ask: Option<oneshot::Sender<Vec<StagedFile>>>,
    want: mpsc::Sender<()>,
    received: mpsc::Receiver<Result<Option<Bytes>, WarehouseError>>,
}

/// The store's end.
pub(super) struct Feeder {
    asked: oneshot::Receiver<Vec<StagedFile>>,
    wanted: mpsc::Receiver<()>,
    send: mpsc::Sender<Result<Option<Bytes>, WarehouseError>>,
}

pub(super) fn channel() -> (Files, Feeder) {
    let (ask, asked) = oneshot::channel();
    let (want, wanted) = mpsc::channel(1);
    let (send, received) = mpsc::channel(1);
    (Files { ask: Some(ask), want, received }, Feeder { asked, wanted, send })
}

impl Files {
    /// Says which files are needed, in the order in which [`Files::next`] gives them. Once only.
    pub fn ask(&mut self, files: Vec<StagedFile>) {
        if let Some(ask) = self.ask.take() {
            // Nobody hears it if the caller of the merge gave up; the first file then tells.
            let _ = ask.send(files);
        }
    }

    /// The next file; none if it may be gone, and is. Blocks; not for async threads.
    pub fn next(&mut self) -> Result<Option<Bytes>, WarehouseError> {
        let given_up = || WarehouseError::Unavailable { action: "merge", reason: "it was given up".into() };
        self.want.blocking_send(()).map_err(|_| given_up())?;
        self.received.blocking_recv().ok_or_else(given_up)?
    }
}

impl Feeder {
    /// Reads what is asked for, until nothing more is wanted.
    pub async fn run(mut self, store: &dyn Store) {
        let Ok(files) = self.asked.await else { return };
        for file in files {
            if self.wanted.recv().await.is_none() || self.send.send(row_files::read(store, &file).await).await.is_err()
            {
                return;
            }
        }
    }
}
