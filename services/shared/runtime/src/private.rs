//! Folders and files that only their owner may read: what lies in a home holds addresses of people and what they spent.
//!
//! Modes are exact, whatever the umask. A name under which something is created is never followed if it is a symbolic
//! link. Elsewhere than on Unix a file has the rights of its folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Creates the folder, and those above it that are missing.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_folder(parent)?;
    }
    match system::new_folder(path) {
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// A new file. Anything that has its name already, a link too, is an error.
pub fn create_new(path: &Path) -> io::Result<File> {
    let file = system::private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    system::settle(&file)?;
    Ok(file)
}

/// A file to read and to write, created where it is missing. A symbolic link is an error.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = system::private(&mut options).open(path).map_err(system::without_links)?;
    system::settle(&file)?;
    Ok(file)
}

/// What a file holds. A symbolic link is an error.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut file = system::private(OpenOptions::new().read(true)).open(path).map_err(system::without_links)?;
    io::Read::read_to_end(&mut file, &mut body)?;
    Ok(body)
}

/// A file with this body in the place of whatever has its name.
pub fn write(path: &Path, body: &[u8]) -> io::Result<()> {
    remove(path)?;
    io::Write::write_all(&mut create_new(path)?, body)
}

/// Removes a file, or the link that has its name; none is as good.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// An error where a symbolic link has the name: for what is opened by others, who follow it.
pub fn refuse_link(path: &Path) -> io::Result<()> {
    if path.is_symlink() { Err(io::Error::other(LINK)) } else { Ok(()) }
}

const LINK: &str = "it is a symbolic link, which is never followed; remove it";

/// Creates an empty database where there is none. SQLite would give it the rights that the umask leaves, and gives its logs
/// those of the database. Where it can't be created, SQLite says why.
pub fn prepare_database(path: &Path) {
    drop(create_new(path));
}

/// Takes from everybody else what may be read of a folder and of its entries that are `ours`, with all that is below
/// these; says how many folders and files that were. A folder that many share, such as `/tmp`, stays as it is.
pub fn close(folder: &Path, ours: impl Fn(&str) -> bool) -> u64 {
    // First what keeps everybody out of all the rest.
    system::close(folder) + close_entries(folder, ours)
}

/// The same of the entries, and not of the folder. An entry is closed after all below it, so that one of which only a part
/// was done is found again.
pub fn close_entries(folder: &Path, ours: impl Fn(&str) -> bool) -> u64 {
    let entries =
        entries(folder).into_iter().filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(&ours));
    let open: Vec<PathBuf> = entries.filter(|path| system::is_open(path)).collect();
    open.iter().map(|path| close_with_all_below(path)).sum()
}

fn close_with_all_below(path: &Path) -> u64 {
    let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    let below = if is_folder { entries(path) } else { Vec::new() };
    let inner: u64 = below.iter().map(|path| close_with_all_below(path)).sum();
    inner + system::close(path)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(unix)]
mod system {
    use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    const FOLDER: u32 = 0o700;
    const FILE: u32 = 0o600;
    const EVERYBODY_ELSE: u32 = 0o077;
    /// Only the owner of an entry may remove it: a folder that many share.
    const STICKY: u32 = 0o1000;

    pub(super) fn new_folder(path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(FOLDER).create(path)?;
        // A umask may have taken the owner's own rights.
        fs::set_permissions(path, Permissions::from_mode(FOLDER))
    }

    pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(FILE).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
    }

    /// The mode of a file that is open, be it new or of an earlier release.
    pub(super) fn settle(file: &File) -> io::Result<()> {
        match file.metadata()?.permissions().mode() & 0o777 {
            FILE => Ok(()),
            _ => file.set_permissions(Permissions::from_mode(FILE)),
        }
    }

    pub(super) fn without_links(error: io::Error) -> io::Error {
        match error.raw_os_error() {
            Some(libc::ELOOP) => io::Error::other(super::LINK),
            _ => error,
        }
    }

    /// Links have no rights of their own.
    pub(super) fn is_open(path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|found| !found.is_symlink() && found.mode() & EVERYBODY_ELSE != 0)
    }

    /// One, if it was open and is not any more. What belongs to another user is left to that user.
    pub(super) fn close(path: &Path) -> u64 {
        let Ok(found) = path.symlink_metadata() else { return 0 };
        if !is_open(path) || found.mode() & STICKY != 0 {
            return 0;
        }
        let mode = if found.is_dir() { found.mode() & FOLDER } else { found.mode() & FILE };
        u64::from(fs::set_permissions(path, Permissions::from_mode(mode)).is_ok())
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{self, File, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn new_folder(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(super) fn settle(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn without_links(error: io::Error) -> io::Error {
        error
    }

    pub(super) fn is_open(_: &Path) -> bool {
        false
    }

    pub(super) fn close(_: &Path) -> u64 {
        0
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.symlink_metadata().unwrap().permissions().mode() & 0o7777
    }

    fn open_to_all(path: &Path) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_is_created_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        create_folder(&inner).unwrap();
        create_folder(&inner).unwrap();
        assert_eq!((mode(&folder.path().join("a")), mode(&inner)), (0o700, 0o700));
        create_new(&inner.join("new")).unwrap();
        open_or_create(&inner.join("lock")).unwrap();
        prepare_database(&inner.join("database"));
        assert_eq!(["new", "lock", "database"].map(|name| mode(&inner.join(name))), [0o600; 3]);
        assert_eq!(create_folder(&inner.join("new/below")).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "theirs").unwrap();
        symlink(&target, &link).unwrap();
        for refused in [open_or_create(&link).map(drop), read(&link).map(drop)] {
            assert!(refused.unwrap_err().to_string().contains("symbolic link"));
        }
        create_new(&link).unwrap_err();
        write(&link, b"ours").unwrap();
        assert_eq!((fs::read(&target).unwrap(), read(&link).unwrap()), (b"theirs".to_vec(), b"ours".to_vec()));
    }

    #[test]
    fn what_an_earlier_release_left_open_is_closed_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("raw/deep")).unwrap();
        let names = ["", "raw", "raw/deep", "raw/deep/page", "bus.sqlite", "theirs"];
        for name in ["raw/deep/page", "bus.sqlite", "theirs"] {
            fs::write(at(name), "").unwrap();
        }
        names.iter().for_each(|name| open_to_all(&at(name)));
        symlink("/", at("raw/link")).unwrap();
        let close = || close(folder.path(), |name| matches!(name, "raw" | "bus.sqlite"));
        assert_eq!((close(), close()), (5, 0));
        assert_eq!(names.map(|name| mode(&at(name))), [0o700, 0o700, 0o700, 0o600, 0o600, 0o644]);
    }

    #[test]
    fn a_folder_that_many_share_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!((close(folder.path(), |_| true), mode(folder.path())), (0, 0o1777));
    }
}
