//! What `everycent prune` says: what goes, what it frees, and what stays.

use everycent_domain::window::Window;
use everycent_runtime::prune::AccountPrune;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::cli::PruneArgs;
use crate::deployment::Deployment;
use crate::show::{Grid, count};

#[derive(Debug, Serialize)]
pub(super) struct Report {
    store: String,
    older_than_days: u32,
    feeds: Vec<Feed>,
    snapshots: usize,
    files: usize,
    bytes: u64,
    kept: Kept,
    /// False for a look.
    pub done: bool,
    pub interrupted: bool,
}

/// What goes of one source and account.
#[derive(Debug, Serialize)]
struct Feed {
    source: &'static str,
    account_id: AccountId,
    snapshots: usize,
    /// Manifests and pages.
    files: usize,
    bytes: u64,
    /// Of the answers that go; none where only pages are left that no answer points to.
    first_day: Option<Day>,
    last_day: Option<Day>,
}

/// Answers that are old enough, and stay.
#[derive(Debug, Default, Serialize)]
struct Kept {
    needed: usize,
    without_sums: usize,
    not_judged: usize,
    readings: usize,
}

impl Report {
    pub(super) fn new(deployment: &Deployment, args: &PruneArgs, plans: &[AccountPrune]) -> Self {
        let feeds: Vec<Feed> = plans.iter().filter(|plan| !plan.objects.is_empty()).map(Feed::of).collect();
        let sum = |of: fn(&AccountPrune) -> usize| plans.iter().map(of).sum();
        Self {
            store: deployment.store.address(),
            older_than_days: args.older_than,
            snapshots: feeds.iter().map(|feed| feed.snapshots).sum(),
            files: feeds.iter().map(|feed| feed.files).sum(),
            bytes: feeds.iter().map(|feed| feed.bytes).sum(),
            kept: Kept {
                needed: sum(|plan| plan.kept.needed),
                without_sums: sum(|plan| plan.kept.without_sums),
                not_judged: sum(|plan| plan.kept.not_judged),
                readings: sum(|plan| plan.kept.readings),
            },
            feeds,
            done: false,
            interrupted: false,
        }
    }

    fn size(&self) -> String {
        let (snapshots, files) = (count(self.snapshots, "answer"), count(self.files, "file"));
        format!("{snapshots} in {files}, {}", bytes_text(self.bytes))
    }

    /// Before it is done.
    pub(super) fn intent(&self) -> String {
        format!("{}pruning {}", self.grid(), self.size())
    }

    fn grid(&self) -> String {
        let mut grid = Grid::new(&["source", "account", ">answers", ">files", ">bytes", "days"]);
        for feed in &self.feeds {
            let days = match (feed.first_day, feed.last_day) {
                (Some(first), Some(last)) => format!("{first} to {last}"),
                _ => "pages that no answer points to".to_owned(),
            };
            grid.row([
                feed.source.to_owned(),
                feed.account_id.to_string(),
                feed.snapshots.to_string(),
                feed.files.to_string(),
                feed.bytes.to_string(),
                days,
            ]);
        }
        if grid.is_empty() { String::new() } else { format!("{}\n", grid.text()) }
    }

    pub(super) fn text(&self) -> String {
        let (store, age) = (&self.store, count(self.older_than_days as usize, "day"));
        let head = format!("Answers in {store} that were fetched more than {age} ago and that no day rests on:\n\n");
        let outcome = match (self.files, self.done, self.interrupted) {
            (0, ..) => "  none; nothing is to be done\n".to_owned(),
            (_, true, _) => format!("{}{} are gone\n", self.grid(), self.size()),
            (_, _, true) => format!("{}interrupted; the same command goes on\n", self.grid()),
            _ => format!(
                "{}{} would go. Their sums stay, so that every day is judged as before, and their pages can't be read \
                 again. Nothing was done; --yes does it\n",
                self.grid(),
                self.size()
            ),
        };
        head + &outcome + &self.kept_text()
    }

    fn kept_text(&self) -> String {
        let Kept { needed, without_sums, not_judged, readings } = self.kept;
        let kept = [
            (needed, "that a day rests on: accepted, held or the newest"),
            (without_sums, "without sums, which could not be judged again"),
            (not_judged, "that the tables have not judged: `everycent status` tells what was given up or waits"),
            (readings, "of directories and of spend, each a part of the tables"),
        ];
        let kept: Vec<String> = kept
            .iter()
            .filter(|(answers, _)| *answers > 0)
            .map(|(answers, why)| format!("  {} {why}\n", count(*answers, "answer")))
            .collect();
        if kept.is_empty() { String::new() } else { format!("\nAs old, and kept:\n{}", kept.concat()) }
    }
}

impl Feed {
    fn of(plan: &AccountPrune) -> Self {
        let days = plan.windows.iter().copied().reduce(Window::union);
        Self {
            source: plan.source.name(),
            account_id: plan.account_id.clone(),
            snapshots: plan.windows.len(),
            files: plan.objects.len(),
            bytes: plan.objects.iter().map(|(_, bytes)| bytes).sum(),
            first_day: days.map(|days| days.from()),
            last_day: days.map(|days| days.to()),
        }
    }
}

/// `512 bytes`, `12.3 KB`, `4.0 MB`: rounded down to a tenth.
fn bytes_text(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000)];
    match units.iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{}.{} {unit}", bytes / size, bytes % size / (size / 10)),
        None => count(bytes, "byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_the_unit_that_fits() {
        let cases =
            [(1, "1 byte"), (999, "999 bytes"), (1000, "1.0 KB"), (1_999_999, "1.9 MB"), (12_800_000_000, "12.8 GB")];
        for (bytes, text) in cases {
            assert_eq!(bytes_text(bytes), text);
        }
    }
}
