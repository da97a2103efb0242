//! Opening the file: whose it is, and how SQLite shall treat it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::errors::named;
use super::functions;
use crate::private;
use crate::read_only;
use crate::warehouse::WarehouseError;

/// `ECNT`: marks a file as ours.
const APPLICATION_ID: i32 = 0x4543_4e54;
/// Version of the file's layout beyond its tables: pages, journal, marks.
const LAYOUT: i32 = 1;
/// Longer than a merge lasts.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Rows come in the order of the key, so a larger one would spare little.
const WRITER_CACHE_KIB: u32 = 4 << 10;
const READER_CACHE_KIB: u32 = 4 << 10;
/// Of the temporary tables, beyond which they go to a file.
const STAGING_CACHE_KIB: u32 = 4 << 10;
/// What is kept of the write-ahead log after a merge.
const LOG_BYTES: u32 = 64 << 20;

/// Whose a file is.
enum Mark {
    Ours,
    Empty,
}

pub(super) fn open_writer(path: &Path) -> Result<Connection, WarehouseError> {
    let failed = named(path, "open");
    private::prepare_database(path);
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    if let Mark::Empty = mark(&connection, path)? {
        // Pages of 8 KiB hold some twenty rows; the size can be chosen only now.
        connection.execute_batch("PRAGMA page_size = 8192").map_err(failed)?;
    }
    let journal: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if journal != "wal" {
        let reason = format!("{}: its file system can't share memory, which a write-ahead log needs", path.display());
        return Err(WarehouseError::Refused { action: "open", reason: reason.into() });
    }
    let settings = format!(
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -{WRITER_CACHE_KIB}; PRAGMA temp_store = FILE;
         PRAGMA temp.cache_size = -{STAGING_CACHE_KIB}; PRAGMA journal_size_limit = {LOG_BYTES};
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {LAYOUT};"
    );
    connection.execute_batch(&settings).map_err(failed)?;
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, WarehouseError> {
    let connection = read_only::open(path, BUSY_TIMEOUT).map_err(named(path, "open"))?;
    functions::add(&connection).map_err(named(path, "open"))?;
    if let Mark::Empty = mark(&connection, path)? {
        return Err(foreign(path, "it is empty"));
    }
    let settings =
        format!("PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB}; PRAGMA temp_store = FILE;");
    connection.execute_batch(&settings).map_err(named(path, "open"))?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, WarehouseError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(named(path, "open"))?;
    connection.busy_timeout(BUSY_TIMEOUT).and_then(|()| functions::add(&connection)).map_err(named(path, "open"))?;
    Ok(connection)
}

/// Reads the file's first page, and with it whether it is a database at all.
fn mark(connection: &Connection, path: &Path) -> Result<Mark, WarehouseError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(named(path, "open"));
    let objects = number("SELECT COUNT(*) FROM sqlite_schema")?;
    match (number("PRAGMA application_id")?, number("PRAGMA user_version")?) {
        (APPLICATION_ID, 0..=LAYOUT) => Ok(Mark::Ours),
        (APPLICATION_ID, later) => {
            Err(foreign(path, &format!("its layout is {later}, made by a later release; upgrade this program")))
        }
        (0, 0) if objects == 0 => Ok(Mark::Empty),
        (other, _) => Err(foreign(path, &format!("it belongs to another program (application id {other:#x})"))),
    }
}

fn foreign(path: &Path, what: &str) -> WarehouseError {
    let reason = format!("{} is no warehouse of EveryCent: {what}", path.display());
    WarehouseError::Refused { action: "open", reason: reason.into() }
}
