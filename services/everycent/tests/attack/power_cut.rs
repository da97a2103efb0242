//! A power cut: what was not synced is gone, or some of it. The program runs with `synced.c` before it, which notes what it
//! syncs; after a kill the home is made again of these notes.
//!
//! The rules are those of POSIX, with what all journaling file systems add: a synced file has the name that it had then. A
//! file that got another name, or none, keeps the old one until its folder is synced.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::rounds;
use super::scenes::{Attacked, Target};
use super::support::{Running, files};

const ROUNDS: usize = 5;
const CUTS_IN_A_HOME: usize = 4;

/// What becomes of a write that was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    All,
    /// By the throw of a coin for each file and name.
    Some,
}

impl Loss {
    fn takes(self) -> bool {
        self == Self::All || rand::random()
    }
}

/// What the program has synced of a home.
struct Notes {
    home: PathBuf,
    place: PathBuf,
    library: PathBuf,
}

impl Notes {
    fn new(target: &Target) -> Self {
        let library = target.scene.path("synced.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attack/synced.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
        assert!(built.unwrap().success());
        Self { home: target.scene.home(), place: target.scene.path("synced"), library }
    }

    /// All that is in the home now is on the disk.
    fn begin_anew(&self) {
        if self.place.exists() {
            fs::remove_dir_all(&self.place).unwrap();
        }
        fs::create_dir_all(&self.place).unwrap();
        fs::create_dir_all(&self.home).unwrap();
        self.note(&self.home);
    }

    fn note(&self, folder: &Path) {
        let below = folder.strip_prefix(&self.home).unwrap().to_str().unwrap();
        let mut note = format!("0\n{below}\n");
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, found) = (entry.path(), entry.metadata().unwrap());
            let born = found.created().unwrap().duration_since(UNIX_EPOCH).unwrap();
            let key = format!("{}-{}{:09}", found.ino(), born.as_secs(), born.subsec_nanos());
            let kind = if found.is_dir() { 'd' } else { 'f' };
            note += &format!("{kind} {key} {}\n", entry.file_name().to_str().unwrap());
            match found.is_dir() {
                true => self.note(&path),
                false => {
                    fs::copy(&path, self.place.join(format!("f-{key}"))).unwrap();
                }
            }
        }
        let name = if below.is_empty() { "+".to_owned() } else { below.replace('/', "+") };
        fs::write(self.place.join(format!("d-{name}")), note).unwrap();
    }

    fn start(&self, target: &Target) -> Running {
        let mut command = target.scene.command(target.words());
        command.env("LD_PRELOAD", &self.library).env("SYNCED_ROOT", &self.home).env("SYNCED_NOTES", &self.place);
        Running::start(target.words(), command, &target.scene.path(""))
    }

    /// The files that are on the disk by name, with their bytes; none where a name was synced and its bytes were not.
    fn on_disk(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut folders: BTreeMap<String, (u64, Vec<(String, String)>)> = BTreeMap::new();
        let mut names = Vec::new();
        for note in fs::read_dir(&self.place).unwrap() {
            let path = note.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap().to_owned();
            let read = || fs::read_to_string(&path).unwrap();
            if file.starts_with("d-") {
                let text = read();
                let mut lines = text.lines();
                let (at, below) = (lines.next().unwrap().parse().unwrap(), lines.next().unwrap().to_owned());
                let entries = lines.filter_map(|line| line.strip_prefix("f ")?.split_once(' '));
                let entries = entries.map(|(key, name)| (name.to_owned(), key.to_owned())).collect();
                folders.insert(below, (at, entries));
            } else if let Some(key) = file.strip_prefix("n-") {
                let text = read();
                let (at, below) = text.trim_end().split_once('\n').unwrap();
                names.push((at.parse::<u64>().unwrap(), below.to_owned(), key.to_owned()));
            }
        }
        let mut keys: BTreeMap<PathBuf, String> = BTreeMap::new();
        for (below, (_, entries)) in &folders {
            keys.extend(entries.iter().map(|(name, key)| (Path::new(below).join(name), key.clone())));
        }
        names.sort();
        for (at, below, key) in names {
            let path = PathBuf::from(below);
            let folder = path.parent().unwrap().to_str().unwrap();
            if folders.get(folder).is_none_or(|(synced_at, _)| at > *synced_at) {
                keys.insert(path, key);
            }
        }
        let bytes = |key: &str| fs::read(self.place.join(format!("f-{key}"))).unwrap_or_default();
        keys.into_iter().map(|(path, key)| (path, bytes(&key))).collect()
    }

    /// Makes of the home what a power cut would have left of it; gives how many files are other ones now.
    fn cut(&self, loss: Loss) -> usize {
        let on_disk = self.on_disk();
        let in_memory: BTreeMap<PathBuf, Vec<u8>> = files(&self.home)
            .into_iter()
            .map(|file| (file.strip_prefix(&self.home).unwrap().to_owned(), fs::read(file).unwrap()))
            .collect();
        let all: std::collections::BTreeSet<&PathBuf> = on_disk.keys().chain(in_memory.keys()).collect();
        let mut left = BTreeMap::new();
        let mut changed = 0;
        for path in all {
            let (synced, seen) = (on_disk.get(path), in_memory.get(path));
            let kept = if loss.takes() { synced } else { seen };
            changed += usize::from(kept != seen);
            left.extend(kept.map(|bytes| (path, bytes)));
        }
        fs::remove_dir_all(&self.home).unwrap();
        fs::create_dir_all(&self.home).unwrap();
        for (path, bytes) in left {
            let place = self.home.join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, bytes).unwrap();
        }
        changed
    }
}

fn cut_again_and_again(attacked: Attacked) {
    let mut target = Target::new(attacked);
    let notes = Notes::new(&target);
    target.begin_anew();
    notes.begin_anew();
    let began = Instant::now();
    notes.start(&target).end().exits(0);
    let whole: Duration = began.elapsed();
    let (all, mut left, mut changed) = (rounds(ROUNDS), rounds(ROUNDS), 0);
    while left > 0 {
        target.begin_anew();
        let cuts = rand::random_range(1..=CUTS_IN_A_HOME).min(left);
        for cut in 0..cuts {
            notes.begin_anew();
            let running = notes.start(&target);
            std::thread::sleep(whole.mul_f64(rand::random_range(0.0..1.0)));
            running.kill();
            changed += notes.cut(if cut % 2 == 0 { Loss::All } else { Loss::Some });
        }
        left -= cuts;
        target.finish();
        target.assert_as_clean(&format!("{cuts} power cuts"));
    }
    println!("{attacked:?}: {all} power cuts changed {changed} files");
    assert!(changed > 0, "nothing was lost");
}

#[test]
fn a_sync_that_loses_what_it_did_not_sync_ends_in_the_tables_of_one_clean_run() {
    cut_again_and_again(Attacked::Sync);
}

#[test]
fn a_replay_that_loses_what_it_did_not_sync_ends_in_the_tables_of_one_clean_run() {
    cut_again_and_again(Attacked::Replay);
}

#[test]
fn an_import_that_loses_what_it_did_not_sync_ends_in_the_tables_of_one_clean_run() {
    cut_again_and_again(Attacked::Import);
}
