//! Opening a SQLite file to read it, also in a folder or on a file system where nothing can be written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

/// A connection that changes nothing. A write-ahead log needs files beside the database while it is open. Where these can't be
/// made and there is no log, nobody writes, and the file is read as it lies.
pub(crate) fn open(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| ready(connection, busy_timeout));
    match opened {
        Err(error) if needs_files(&error) && path.is_file() && !has_log(path) => {
            let address = format!("file:{}?immutable=1", escaped(path));
            let connection = Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_URI)?;
            ready(connection, busy_timeout)
        }
        opened => opened,
    }
}

/// Reads the first page: before that SQLite does not look for what it needs.
fn ready(connection: Connection, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    connection.busy_timeout(busy_timeout)?;
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

fn needs_files(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied))
}

/// Whether a process is at work on the file, or died at it: then its last transactions are in the log.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log).metadata().is_ok_and(|log| log.len() > 0)
}

/// A path within an address, where `?`, `#` and `%` mean something else.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn a_file_beside_which_nothing_can_be_made_is_read_as_it_lies() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("100%? #1.sqlite");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE one (n INTEGER); INSERT INTO one VALUES (7);")
            .unwrap();
        drop(writer);
        // As on a read-only file system, whoever looks: what has to be made there can't be.
        fs::create_dir(dir.path().join("100%? #1.sqlite-shm")).unwrap();
        let reader = open(&path, Duration::ZERO).unwrap();
        assert_eq!(reader.query_row("SELECT n FROM one", [], |row| row.get::<_, i64>(0)), Ok(7));
    }

    #[test]
    fn transactions_that_are_still_in_a_log_are_not_left_out_in_silence() {
        let (dir, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let writer = Connection::open(dir.path().join("w")).unwrap();
        writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE one (n INTEGER);").unwrap();
        writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO one VALUES (7);").unwrap();
        // As the writer would leave it if it died, where nothing can be made beside it.
        for name in ["w", "w-wal"] {
            fs::copy(dir.path().join(name), there.path().join(name)).unwrap();
        }
        assert!(fs::metadata(there.path().join("w-wal")).unwrap().len() > 0);
        fs::create_dir(there.path().join("w-shm")).unwrap();
        if let Ok(reader) = open(&there.path().join("w"), Duration::ZERO) {
            let count = reader.query_row("SELECT COUNT(*) FROM one", [], |row| row.get::<_, i64>(0));
            assert!(count.is_err() || count == Ok(1), "{count:?}");
        }
    }

    #[test]
    fn a_file_that_is_missing_stays_missing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(open(&dir.path().join("none.sqlite"), Duration::ZERO).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
