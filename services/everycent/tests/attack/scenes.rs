//! What is attacked: a home before the command, the command, and what its home holds in the end.

use std::fs;
use std::path::Path;

use chrono::{Days, Utc};
use vendor_sim::worlds;

use super::support::{Scene, Tables};

/// Two windows of each source, of several pages each.
const SYNC: &str = "sync --from 2025-08-10 --to 2025-09-30";
const SHEET: &str = "usage.csv";
const IMPORT: &str = "import claude-usage usage.csv --yes";

/// Tables that say what happened on the way, not what is true.
const OF_THE_WAY: [&str; 2] = ["answers", "reconciliation"];

/// A command that is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attacked {
    Sync,
    Replay,
    Import,
    Run,
    /// The fetcher, the normalizer and the loader as processes of their own.
    Services,
}

/// The command, its vendors, and the home that it begins in.
pub struct Target {
    pub scene: Scene,
    pub attacked: Attacked,
    day: chrono::NaiveDate,
    clean: Vec<(String, Vec<Vec<String>>)>,
}

impl Target {
    /// Prepares the home, and makes one clean run.
    pub fn new(attacked: Attacked) -> Self {
        let scene = match attacked {
            Attacked::Run => recent(),
            _ => Scene::company(),
        };
        let mut target = Self { scene, attacked, day: Utc::now().date_naive(), clean: Vec::new() };
        target.prepare();
        target.run_clean();
        target
    }

    /// The words of the command.
    pub fn words(&self) -> &'static str {
        match self.attacked {
            Attacked::Sync | Attacked::Services => SYNC,
            Attacked::Replay => "replay",
            Attacked::Import => IMPORT,
            Attacked::Run => "run --every 1s",
        }
    }

    /// The home as it is before the command, in the place of what an attack has left.
    pub fn begin_anew(&self) {
        let home = self.scene.home();
        if home.exists() {
            fs::remove_dir_all(&home).unwrap();
        }
        if self.prepared().exists() {
            copy(&self.prepared(), &home);
        }
    }

    /// Lets the command do its work, undisturbed.
    pub fn finish(&self) {
        let words = if self.attacked == Attacked::Run { "sync" } else { self.words() };
        self.scene.run(words).exits(0);
    }

    /// Judges the home after an attack.
    #[track_caller]
    pub fn assert_as_clean(&mut self, attack: &str) {
        let found = content(&self.scene);
        if self.day != Utc::now().date_naive() {
            // What is due has changed meanwhile.
            self.finish();
            self.run_clean();
            return;
        }
        let attacked = self.attacked;
        for ((table, found), (of_clean, clean)) in found.iter().zip(&self.clean) {
            let too_many: Vec<_> = found.iter().filter(|row| !clean.contains(row)).take(3).collect();
            let missing: Vec<_> = clean.iter().filter(|row| !found.contains(row)).take(3).collect();
            let (counts, clean_counts) = ((table, found.len()), (of_clean, clean.len()));
            assert!(
                found == clean && table == of_clean,
                "{attacked:?} after {attack}: {counts:?} for {clean_counts:?}\ntoo many {too_many:?}\nmissing {missing:?}"
            );
        }
        assert_eq!(found.len(), self.clean.len());
        self.scene.run("reconcile").exits(0);
        self.scene.run("status").exits(0).says(&["Queue\n  empty"]).says_nothing_of(&["Dead letters"]);
    }

    /// Replays and imports begin in a home with tables; a replay has something to put right in them.
    fn prepare(&self) {
        let usage = "date,email,conversations,projects,files,messages\n2025-09-01,ada@example.com,3,1,0,40\n\
                     2025-09-02,ken@example.com,1,0,2,9\n";
        fs::write(self.scene.path(SHEET), usage).unwrap();
        if !matches!(self.attacked, Attacked::Replay | Attacked::Import) {
            return;
        }
        self.scene.run(SYNC).exits(0);
        if self.attacked == Attacked::Replay {
            let tables = self.scene.tables();
            assert!(tables.tamper("DELETE FROM claude_costs_nano WHERE activity_date > '2025-08-20'") > 0);
        }
        fs::rename(self.scene.home(), self.prepared()).unwrap();
    }

    fn prepared(&self) -> std::path::PathBuf {
        self.scene.path("prepared")
    }

    fn run_clean(&mut self) {
        self.begin_anew();
        self.finish();
        self.day = Utc::now().date_naive();
        self.clean = content(&self.scene);
    }
}

/// A company up to yesterday, and a history that begins a week ago. The simulated clock is ahead, lest midnight comes.
fn recent() -> Scene {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(11, today - Days::new(1), 30);
    world.options.today = today + Days::new(2);
    let mut scene = Scene::of(world);
    scene.configure(&format!("[sync]\nsince = \"{}\"\n", today - Days::new(7)));
    scene
}

/// All that the tables hold, apart from when it was learned.
fn content(scene: &Scene) -> Vec<(String, Vec<Vec<String>>)> {
    let tables: Tables = scene.tables();
    let names =
        tables.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1");
    let names = names.into_iter().map(|mut row| row.remove(0)).filter(|name| !is_of_the_way(name));
    let sorted = |mut rows: Vec<Vec<String>>| {
        rows.sort();
        rows
    };
    names.map(|name| (name.clone(), sorted(tables.content_of(&name)))).collect()
}

fn is_of_the_way(table: &str) -> bool {
    OF_THE_WAY.iter().any(|name| table.strip_suffix("_nano").unwrap_or(table) == *name)
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => {
                fs::copy(entry.path(), place).unwrap();
            }
        }
    }
}
