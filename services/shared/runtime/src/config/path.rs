//! Paths as a person writes them.

use std::path::{Path, PathBuf};

/// A path as a person wrote it, seen from `folder`, and absolute where the system can tell.
pub(super) fn path_from(folder: &Path, path: &Path) -> PathBuf {
    let joined = folder.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}
