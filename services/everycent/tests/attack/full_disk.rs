//! A disk that fills at every write: with room for a little more each time, and in the end with room enough.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::rounds;
use super::scenes::{Attacked, Target};
use super::support::{Ended, files};

const ROUNDS: usize = 6;
/// What `ulimit -f` of a POSIX shell counts in.
const BLOCK: u64 = 512;
const KIB: u64 = 1024;

/// It may go well, as when it has nothing left to write. Otherwise it says that it failed, and does not break.
#[track_caller]
fn assert_fails_well(ended: &Ended, room: &str) {
    let code = ended.status.code();
    assert!(matches!(code, Some(0..=2)), "with room for {room}: {ended}");
    assert!(!ended.stderr.contains("panicked"), "with room for {room}: {ended}");
    assert!(code == Some(0) || !ended.stderr.is_empty(), "with room for {room}: {ended}");
}

/// No file may be larger than this: each write beyond it fails, whoever the user is.
fn limited(target: &Target, blocks: u64) -> Ended {
    let program = target.scene.command(target.words());
    let mut command = target.scene.program(Path::new("sh"));
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args());
    Ended::of(target.words(), &mut command)
}

fn largest_file(target: &Target) -> u64 {
    files(&target.scene.home()).iter().map(|file| fs::metadata(file).unwrap().len()).max().unwrap()
}

fn files_that_stop_growing(attacked: Attacked) {
    let mut target = Target::new(attacked);
    let (largest, all) = (largest_file(&target) / BLOCK, rounds(ROUNDS) as u64);
    target.begin_anew();
    let mut failed = 0;
    for round in 0..all {
        let blocks = largest * round / all;
        let ended = limited(&target, blocks);
        assert_fails_well(&ended, &format!("files of {blocks} blocks"));
        failed += u64::from(ended.status.code() != Some(0));
    }
    assert!(failed > 0, "nothing failed");
    println!("{attacked:?}: {all} limits of files up to {largest} blocks, {failed} runs failed");
    target.finish();
    target.assert_as_clean("files that could not grow");
}

#[test]
fn a_sync_whose_files_stop_growing_goes_on_when_there_is_room() {
    files_that_stop_growing(Attacked::Sync);
}

#[test]
fn a_replay_whose_files_stop_growing_goes_on_when_there_is_room() {
    files_that_stop_growing(Attacked::Replay);
}

#[test]
fn an_import_whose_files_stop_growing_goes_on_when_there_is_room() {
    files_that_stop_growing(Attacked::Import);
}

/// Its words go to a disk that is full.
fn unheard(target: &Target, words: &str) -> Option<i32> {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = target.scene.command(words);
    command.env("EVERYCENT_LOG", "info").stdout(full()).stderr(full()).status().unwrap().code()
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_for_its_words_breaks_no_command() {
    let mut target = Target::new(Attacked::Sync);
    target.begin_anew();
    assert_eq!(unheard(&target, target.words()), Some(0));
    target.assert_as_clean("a full disk for its words");
    assert_eq!(unheard(&target, "sync --source no/such_source"), Some(2));
    assert_eq!(unheard(&target, "import claude-usage no-such-file.csv"), Some(2));
}

/// A disk of its own, in memory. Dropping it takes it away.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    /// None where this user may not mount one.
    fn new(place: &'a Path, kib: u64) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={kib}k"), "everycent-attack"], place).then_some(Self(place))
    }

    fn grow(&self, kib: u64) {
        assert!(mount(&["-o", &format!("remount,size={kib}k")], self.0));
    }
}

fn mount(arguments: &[&str], place: &Path) -> bool {
    Command::new("mount").args(arguments).arg(place).output().is_ok_and(|ended| ended.status.success())
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // Nothing is left to be done where it fails.
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

fn a_disk_that_fills(attacked: Attacked) {
    let mut target = Target::new(attacked);
    let home = target.scene.home();
    let used: u64 = files(&home).iter().map(|file| fs::metadata(file).unwrap().len().next_multiple_of(4 * KIB)).sum();
    let (largest, all) = (2 * used / KIB, rounds(ROUNDS) as u64);
    fs::remove_dir_all(&home).unwrap();
    let prepared = target.scene.path("prepared");
    let before: u64 =
        files(&prepared).iter().map(|file| fs::metadata(file).unwrap().len().next_multiple_of(4 * KIB)).sum();
    let (least, mut failed) = (before / KIB + 64, 0);
    let Some(disk) = Disk::new(&home, least + 1024) else {
        println!("left out: this user may not mount a disk; those whose files stop growing stand for it");
        return;
    };
    if prepared.exists() {
        super::scenes::copy(&prepared, &home);
    }
    for round in 0..all {
        let kib = least + largest.saturating_sub(least) * round / all;
        disk.grow(kib);
        let ended = target.scene.start(target.words()).end();
        assert_fails_well(&ended, &format!("{kib} KiB"));
        failed += u64::from(ended.status.code() != Some(0));
    }
    assert!(failed > 0, "nothing failed");
    println!("{attacked:?}: {all} sizes of the disk up to {largest} KiB, {failed} runs failed");
    disk.grow(8 * largest);
    target.finish();
    target.assert_as_clean("a disk that was full");
}

#[test]
fn a_sync_on_a_disk_that_fills_goes_on_when_there_is_room() {
    a_disk_that_fills(Attacked::Sync);
}

#[test]
fn a_replay_on_a_disk_that_fills_goes_on_when_there_is_room() {
    a_disk_that_fills(Attacked::Replay);
}

#[test]
fn an_import_on_a_disk_that_fills_goes_on_when_there_is_room() {
    a_disk_that_fills(Attacked::Import);
}
