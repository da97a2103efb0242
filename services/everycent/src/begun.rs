//! The note that a command has begun, so that the same command goes on after an interruption instead of starting over.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::Duration;
use everycent_domain::source::Source;
use everycent_runtime::private;
use everycent_schemas::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::scope::Days;

/// Later than this, days that were answered before the interruption are worth asking for again.
const RESUMED_FOR: Duration = Duration::days(1);

/// What can be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Sync,
    Replay,
}

impl Command {
    fn file(self) -> &'static str {
        match self {
            Self::Sync => "sync-begun.json",
            Self::Replay => "replay-begun.json",
        }
    }
}

/// What a sync was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub days: Days,
    pub sources: Vec<String>,
}

impl Asked {
    pub fn new(days: Days, sources: &[Source]) -> Self {
        let mut sources: Vec<String> = sources.iter().map(|source| source.name().to_owned()).collect();
        sources.sort();
        Self { days, sources }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Note<A> {
    asked: A,
    begun_at: Timestamp,
}

/// A command that is under way.
#[derive(Debug)]
pub struct Begun {
    file: PathBuf,
    pub begun_at: Timestamp,
    /// Whether the same was asked before and did not end.
    pub resumed: bool,
}

impl Begun {
    /// Begins, or goes on with what was begun before.
    pub fn begin<A>(home: &Path, command: Command, asked: &A, now: Timestamp) -> anyhow::Result<Self>
    where
        A: Serialize + DeserializeOwned + PartialEq,
    {
        let file = home.join(command.file());
        // One that was begun in the future was begun by a clock that was ahead.
        let is_recent = |note: &Note<A>| note.begun_at <= now && now < note.begun_at.plus(RESUMED_FOR);
        let goes_on = |note: &Note<A>| note.asked == *asked && is_recent(note);
        if let Some(note) = read(&file)?.filter(goes_on) {
            return Ok(Self { file, begun_at: note.begun_at, resumed: true });
        }
        Self::begin_anew(home, command, asked, now)
    }

    /// Begins, whatever was begun before.
    pub fn begin_anew<A: Serialize>(home: &Path, command: Command, asked: &A, now: Timestamp) -> anyhow::Result<Self> {
        let file = home.join(command.file());
        let note = Note { asked, begun_at: now };
        write(&file, &note).with_context(|| format!("{}", file.display()))?;
        Ok(Self { file, begun_at: now, resumed: false })
    }

    /// Nothing is left to do.
    pub fn end(self) -> anyhow::Result<()> {
        fs::remove_file(&self.file).with_context(|| format!("{}", self.file.display()))
    }
}

/// An unreadable note is as good as none: it only costs asking again.
fn read<A: DeserializeOwned>(file: &Path) -> anyhow::Result<Option<Note<A>>> {
    match private::read(file) {
        Ok(json) => Ok(serde_json::from_slice(&json).ok()),
        // What is written in its place does not follow the link.
        Err(_) if file.is_symlink() => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{}", file.display())),
    }
}

fn write<A: Serialize>(file: &Path, note: &Note<A>) -> std::io::Result<()> {
    let partial = file.with_extension("partial");
    private::remove(&partial)?;
    let mut out = private::create_new(&partial)?;
    out.write_all(&serde_json::to_vec_pretty(note)?)?;
    out.sync_all()?;
    fs::rename(&partial, file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_domain::vendors::cursor;

    #[test]
    fn only_the_same_question_goes_on_where_it_stopped() {
        let home = tempfile::tempdir().unwrap();
        let days = Days::Due { since: "2025-10-01".parse().unwrap() };
        let asked = Asked::new(days, &[]);
        let first = Begun::begin(home.path(), Command::Sync, &asked, Timestamp::from_micros(1)).unwrap();
        assert!(!first.resumed);
        let again = Begun::begin(home.path(), Command::Sync, &asked, Timestamp::from_micros(2)).unwrap();
        assert_eq!((again.resumed, again.begun_at), (true, Timestamp::from_micros(1)));
        let other = Asked::new(days, &[cursor::daily_usage::SOURCE]);
        let other = Begun::begin(home.path(), Command::Sync, &other, Timestamp::from_micros(3)).unwrap();
        assert_eq!((other.resumed, other.begun_at), (false, Timestamp::from_micros(3)));
        other.end().unwrap();
        assert!(!Begun::begin(home.path(), Command::Sync, &asked, Timestamp::from_micros(4)).unwrap().resumed);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_the_places_of_its_files_are_never_followed() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("target");
        fs::write(&target, "theirs").unwrap();
        for name in ["sync-begun.json", "sync-begun.partial"] {
            std::os::unix::fs::symlink(&target, home.path().join(name)).unwrap();
        }
        let asked = Asked::new(Days::Due { since: "2025-10-01".parse().unwrap() }, &[]);
        let begin = |at| Begun::begin(home.path(), Command::Sync, &asked, Timestamp::from_micros(at)).unwrap();
        assert!(!begin(1).resumed && begin(2).resumed);
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
        assert!(!home.path().join("sync-begun.json").is_symlink());
    }

    #[test]
    fn what_was_begun_long_ago_is_begun_anew() {
        let home = tempfile::tempdir().unwrap();
        let asked = Asked::new(Days::Due { since: "2025-10-01".parse().unwrap() }, &[]);
        let begun_at = Timestamp::from_micros(1);
        let resumed = |now| Begun::begin(home.path(), Command::Sync, &asked, now).unwrap().resumed;
        assert!(!resumed(begun_at));
        assert!(resumed(begun_at.plus(RESUMED_FOR - Duration::microseconds(1))));
        assert!(!resumed(begun_at.plus(RESUMED_FOR)));
        assert!(!resumed(begun_at), "it was begun by a clock that was ahead");
    }
}
