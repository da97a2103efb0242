//! A store in a folder: one file for each object.
//!
//! A file appears under its name only when it is whole and on the disk. It is never opened for writing again.

mod walk;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use everycent_domain::objects::ObjectName;
use everycent_domain::room;

use super::{Created, MAX_OBJECT_BYTES, Store, StoreError};
use crate::disk::{Trouble, trouble};
use crate::{private, threads};

/// The folder of files that are being written. No object name begins with a dot.
const UNFINISHED: &str = ".tmp";
/// No write takes this long, so an older file there belongs to a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);
/// How many folders are remembered as durable.
const REMEMBERED_FOLDERS: usize = 4096;

/// Clones share what they know about the folder.
#[derive(Debug, Clone)]
pub struct FileStore(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    /// Folders whose entry in their parent is known to be on the disk.
    durable: Mutex<BTreeSet<PathBuf>>,
}

impl FileStore {
    /// Creates the folder where it is missing, and removes what processes that died left unfinished.
    pub fn open(root: PathBuf) -> Result<Self, StoreError> {
        let failed = |error: io::Error| store_error("open", &root.display().to_string(), error, &root);
        let root = std::path::absolute(&root).map_err(failed)?;
        close(&root).map_err(failed)?;
        sweep(&root.join(UNFINISHED), SystemTime::now());
        Ok(Self(Arc::new(Folder { root, durable: Mutex::default() })))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        action: &'static str,
        name: &str,
        work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = Arc::clone(&self.0);
        let done = threads::compute(move || work(&folder)).await;
        done.map_err(|error| store_error(action, name, error, &self.0.root))
    }
}

#[async_trait]
impl Store for FileStore {
    async fn create(&self, name: &ObjectName, body: Bytes) -> Result<Created, StoreError> {
        let object = name.clone();
        self.blocking("create", name.as_str(), move |folder| folder.create(&object, &body)).await
    }

    async fn read(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let object = name.clone();
        let body = self.blocking("read", name.as_str(), move |folder| folder.read(&object)).await?;
        body.ok_or_else(|| StoreError::NotFound(name.clone()))?
            .map_err(|bytes| StoreError::too_large(name, bytes, MAX_OBJECT_BYTES))
    }

    async fn size(&self, name: &ObjectName) -> Result<u64, StoreError> {
        let object = name.clone();
        let size = self.blocking("read", name.as_str(), move |folder| folder.size(&object)).await?;
        size.ok_or_else(|| StoreError::NotFound(name.clone()))
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StoreError> {
        let object = name.clone();
        self.blocking("delete", name.as_str(), move |folder| folder.delete(&object)).await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<ObjectName>, StoreError> {
        let (wanted, after) = (prefix.to_owned(), after.cloned());
        let list = move |folder: &Folder| walk::names(&folder.root, &wanted, after.as_ref(), limit);
        self.blocking("list", prefix, list).await
    }

    fn address(&self) -> String {
        format!("file://{}", self.0.root.display())
    }
}

impl Folder {
    fn create(&self, name: &ObjectName, body: &[u8]) -> io::Result<Created> {
        let path = self.root.join(name.as_str());
        let parent = path.parent().expect("invariant: the root is above every object");
        let created = match path.symlink_metadata() {
            Ok(there) if there.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(_) => Created::AlreadyThere,
            Err(_) => {
                private::create_folder(parent)?;
                self.write_then_link(&path, body)?
            }
        };
        // Also for an object that was there: its writer may have died before this.
        self.make_durable(parent)?;
        Ok(created)
    }

    fn write_then_link(&self, path: &Path, body: &[u8]) -> io::Result<Created> {
        let unfinished = Unfinished::write(&self.root.join(UNFINISHED), body)?;
        match fs::hard_link(&unfinished.0, path) {
            Ok(()) => Ok(Created::New),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Created::AlreadyThere),
            Err(error) => Err(error),
        }
    }

    /// Brings the entries of `parent` to the disk, and those that lead to it from the root.
    fn make_durable(&self, parent: &Path) -> io::Result<()> {
        sync_folder(parent)?;
        for folder in parent.ancestors().take_while(|folder| *folder != self.root) {
            if !self.remembered(|known| known.contains(folder)) {
                sync_folder(folder.parent().expect("invariant: the root is above"))?;
                self.remembered(|known| {
                    if known.len() >= REMEMBERED_FOLDERS {
                        known.clear();
                    }
                    known.insert(folder.to_path_buf())
                });
            }
        }
        Ok(())
    }

    fn remembered<T>(&self, look: impl FnOnce(&mut BTreeSet<PathBuf>) -> T) -> T {
        look(&mut self.durable.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn delete(&self, name: &ObjectName) -> io::Result<()> {
        let path = self.root.join(name.as_str());
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
        // The folder goes with its last object; one that still holds something stays.
        let parent = path.parent().filter(|parent| *parent != self.root);
        if let Some(parent) = parent.filter(|parent| fs::remove_dir(parent).is_ok()) {
            self.remembered(|known| known.remove(parent));
        }
        Ok(())
    }

    /// Of one that is too large, how many bytes it has.
    fn read(&self, name: &ObjectName) -> io::Result<Option<Result<Bytes, u64>>> {
        if_there(read_file(&self.root.join(name.as_str())))
    }

    fn size(&self, name: &ObjectName) -> io::Result<Option<u64>> {
        let there = if_there(fs::metadata(self.root.join(name.as_str())))?;
        Ok(there.filter(fs::Metadata::is_file).map(|file| file.len()))
    }
}

/// Creates the root, or closes what an earlier release left open in it. A root that is there may hold more than objects, and
/// is left as it is.
fn close(root: &Path) -> io::Result<()> {
    private::create_folder(root)?;
    let closed = private::close_entries(root, is_of_a_store);
    if closed > 0 {
        tracing::warn!(closed, folder = %root.display(), "files of the store could be read by other users; no more");
    }
    Ok(())
}

/// The entries of a root that a store makes.
fn is_of_a_store(name: &str) -> bool {
    matches!(name, "raw" | "rows" | UNFINISHED)
}

fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

fn read_file(path: &Path) -> io::Result<Result<Bytes, u64>> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > MAX_OBJECT_BYTES {
        return Ok(Err(bytes));
    }
    let mut body = room::list();
    file.read_to_end(&mut body)?;
    Ok(Ok(room::settle(body).into()))
}

/// A file that is whole and on the disk, under a name that nobody reads. Dropping it removes that name.
struct Unfinished(PathBuf);

impl Unfinished {
    fn write(folder: &Path, body: &[u8]) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        private::create_folder(folder)?;
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{}-{unique}", std::process::id(), since_epoch.as_nanos()));
        let mut file = private::create_new(&path)?;
        let unfinished = Self(path);
        file.write_all(body)?;
        file.sync_all()?;
        Ok(unfinished)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(error = %error, "an unfinished file stays until a later start removes it");
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder can't be opened as a file, and its entries are journaled.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes files that no living process can be writing. What can't be removed stays; it is in nobody's way.
fn sweep(unfinished: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(unfinished) else { return };
    for entry in entries.flatten() {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let age = written.ok().and_then(|at| now.duration_since(at).ok());
        if age.is_some_and(|age| age > ABANDONED_AFTER) && fs::remove_file(entry.path()).is_ok() {
            tracing::debug!("removed a file that a dead process left unfinished");
        }
    }
}

fn store_error(action: &'static str, name: &str, error: io::Error, root: &Path) -> StoreError {
    let name = name.to_owned();
    match trouble(error, root) {
        Trouble::Passing(reason) => StoreError::Unavailable { action, name, reason },
        Trouble::Lasting(reason) => StoreError::Refused { action, name, reason },
    }
}

#[cfg(test)]
mod tests;
