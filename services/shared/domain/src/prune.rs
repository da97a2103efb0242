//! Which stored answers may go: those that no day rests on any more, and that can be judged again by their sums alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use everycent_schemas::stored::CoverageRow;
use everycent_schemas::{AnswerVerdict, Day, Timestamp};

use crate::acceptance::AnswerId;
use crate::objects::{ManifestName, ObjectName, PageHome, RawObject};
use crate::replay::Answered;

/// What the tables know of the answers of one source and account. Answers are named as their manifests spell them.
#[derive(Debug, Default)]
pub struct Known {
    /// A day rests on them.
    needed: BTreeSet<String>,
    accepted: BTreeMap<Day, String>,
    /// Days that coverage has.
    days: BTreeSet<Day>,
    /// The answers that were judged, with the hash of what they say.
    judged: BTreeMap<Day, BTreeMap<String, Option<String>>>,
}

/// How a stored answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was fetched too lately.
    Recent,
    /// A day rests on it: as the accepted answer, as one that is held, or as the newest.
    Needed,
    /// Without sums it can't be judged again once its pages are gone.
    WithoutSums,
    /// It has no line among the judged answers, so it may be the one that a day rests on when it gets there.
    NotJudged,
    /// The tables do not know this day of it at all.
    UnknownDay(Day),
    /// Nothing rests on it.
    Superseded,
}

impl Known {
    pub fn add_day(&mut self, row: &CoverageRow) {
        self.days.insert(row.activity_date);
        if let Some(Answered { accepted, newest, loaded }) = Answered::of(row) {
            self.accepted.insert(row.activity_date, accepted.clone());
            self.needed.extend([accepted, newest].into_iter().chain(loaded));
        }
    }

    pub fn add_answer(&mut self, day: Day, id: &AnswerId, verdict: AnswerVerdict, content_hash: Option<String>) {
        if verdict != AnswerVerdict::Superseded {
            self.needed.insert(id.version());
        }
        self.judged.entry(day).or_default().insert(id.version(), content_hash);
    }

    /// The accepted answer about the day.
    pub fn accepted(&self, day: Day) -> Option<&str> {
        self.accepted.get(&day).map(String::as_str)
    }

    /// How the answer stands that covers these days, where those fetched since `before` are not looked at.
    pub fn standing(&self, name: &ManifestName, covered: &[Day], has_sums: bool, before: Timestamp) -> Standing {
        if name.is_fetched_since(before) {
            return Standing::Recent;
        }
        if self.needed.contains(&name.version) {
            return Standing::Needed;
        }
        if !has_sums {
            return Standing::WithoutSums;
        }
        if let Some(day) = covered.iter().find(|day| !self.days.contains(day)) {
            return Standing::UnknownDay(*day);
        }
        let is_judged = covered.iter().all(|day| self.is_judged(*day, &name.version));
        if is_judged { Standing::Superseded } else { Standing::NotJudged }
    }

    /// Whether the answer has a line, or lies between two that say the same: of a run of equal answers only the ends need one.
    fn is_judged(&self, day: Day, version: &str) -> bool {
        let Some(answers) = self.judged.get(&day) else { return false };
        if answers.contains_key(version) {
            return true;
        }
        let before = answers.range::<str, _>((Bound::Unbounded, Bound::Excluded(version))).next_back();
        let after = answers.range::<str, _>((Bound::Excluded(version), Bound::Unbounded)).next();
        before.zip(after).is_some_and(|((_, before), (_, after))| before.is_some() && before == after)
    }
}

/// The objects that go with the manifests `gone`, these first: without one, pages are no answer. Pages go that no other
/// manifest points to, also those that an earlier prune or a fetcher that died has left behind.
pub fn objects<'a>(
    stored: impl IntoIterator<Item = &'a ObjectName>,
    gone: &BTreeSet<ObjectName>,
    used: &BTreeSet<ObjectName>,
    now: Timestamp,
) -> Vec<ObjectName> {
    let mut manifests: BTreeSet<ObjectName> = BTreeSet::new();
    let mut pages = Vec::new();
    for object in stored {
        match RawObject::of(object) {
            RawObject::Manifest(_) => drop(manifests.insert(object.clone())),
            RawObject::Page(home) if !used.contains(object) => pages.push((object.clone(), home)),
            _ => {}
        }
    }
    let is_left = |home: &PageHome| match home {
        PageHome::Month(_) => has_no_new_readers(home, now),
        PageHome::Snapshot(manifest) => {
            gone.contains(&manifest.object) || (!manifests.contains(&manifest.object) && has_no_new_readers(home, now))
        }
    };
    let pages = pages.into_iter().filter(|(_, home)| is_left(home)).map(|(object, _)| object);
    manifests.iter().filter(|manifest| gone.contains(*manifest)).cloned().chain(pages).collect()
}

/// No fetch lasts longer.
const LONGEST_FETCH_DAYS: u32 = 2;

/// Whether no fetch that is under way can be about to point to a page there.
fn has_no_new_readers(home: &PageHome, now: Timestamp) -> bool {
    let last_day = match home {
        PageHome::Month(last_day) => Some(*last_day),
        PageHome::Snapshot(manifest) => manifest.fetched_at().map(|at| at.day()),
    };
    last_day.is_some_and(|last| last < now.day().minus(LONGEST_FETCH_DAYS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_schemas::CoverageState;

    use super::*;
    use crate::objects::{PageForm, SnapshotFolder, page_of_content};

    const SOURCE: &str = "anthropic/cost_report";

    fn day(number: u32) -> Day {
        Day::new(2025, 10, number).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id(hour: u32) -> AnswerId {
        AnswerId { fetched_at: at(&format!("2025-10-05T{hour:02}:00:00Z")), snapshot_id: format!("s{hour}").into() }
    }

    fn folder(hour: u32) -> SnapshotFolder {
        let AnswerId { fetched_at, snapshot_id } = id(hour);
        SnapshotFolder::new(SOURCE, &"acme".into(), day(3), day(4), fetched_at, &snapshot_id)
    }

    fn name(hour: u32) -> ManifestName {
        ManifestName::parse(&folder(hour).manifest()).unwrap()
    }

    fn known(loaded: u32, newest: u32) -> Known {
        let mut known = Known::default();
        for number in [3, 4] {
            known.add_day(&CoverageRow {
                fetched_at: Some(id(loaded).fetched_at),
                snapshot_id: Some(id(loaded).snapshot_id),
                newest_fetched_at: Some(id(newest).fetched_at),
                newest_snapshot_id: Some(id(newest).snapshot_id),
                ..CoverageRow::bare(SOURCE, &"acme".into(), day(number), CoverageState::Open)
            });
        }
        known
    }

    fn judge(known: &mut Known, hour: u32, verdict: AnswerVerdict, hash: &str) {
        for number in [3, 4] {
            known.add_answer(day(number), &id(hour), verdict, Some(hash.to_owned()));
        }
    }

    fn standings(known: &Known, before: &str) -> Vec<Standing> {
        let covered = [day(3), day(4)];
        (1..=5).map(|hour| known.standing(&name(hour), &covered, true, at(before))).collect()
    }

    #[test]
    fn what_is_accepted_held_newest_or_recent_stays_and_what_was_superseded_goes() {
        use AnswerVerdict::{Accepted, Held, Superseded};
        let mut known = known(2, 4);
        for (hour, verdict) in [(1, Superseded), (2, Accepted), (3, Held), (4, Superseded), (5, Superseded)] {
            judge(&mut known, hour, verdict, "h");
        }
        let recent = [Standing::Superseded, Standing::Needed, Standing::Needed, Standing::Needed, Standing::Recent];
        assert_eq!(standings(&known, "2025-10-05T05:00:00Z"), recent);
        assert_eq!(standings(&known, "2026-01-01T00:00:00Z")[4], Standing::Superseded);
        let without_sums = known.standing(&name(1), &[day(3)], false, at("2026-01-01T00:00:00Z"));
        assert_eq!(without_sums, Standing::WithoutSums);
    }

    #[test]
    fn what_the_tables_know_nothing_of_does_not_go() {
        let before = "2026-01-01T00:00:00Z";
        assert_eq!(standings(&Known::default(), before), [Standing::UnknownDay(day(3)); 5]);
        let mut known = known(4, 4);
        judge(&mut known, 1, AnswerVerdict::Superseded, "h");
        judge(&mut known, 4, AnswerVerdict::Accepted, "h");
        let between_equal_ends = standings(&known, before)[1];
        assert_eq!(between_equal_ends, Standing::Superseded);
        judge(&mut known, 4, AnswerVerdict::Accepted, "other");
        assert_eq!(standings(&known, before)[1], Standing::NotJudged);
        let wider = known.standing(&name(1), &[day(3), day(9)], true, at(before));
        assert_eq!(wider, Standing::UnknownDay(day(9)));
    }

    fn page(sha256: &str) -> ObjectName {
        page_of_content(SOURCE, &"acme".into(), id(1).fetched_at, sha256, PageForm::Json)
    }

    #[test]
    fn a_page_goes_when_no_manifest_that_stays_points_to_it_and_its_month_is_over() {
        let own = |hour| folder(hour).page(1, PageForm::Json);
        let stored = [
            folder(1).manifest(),
            folder(1).sums(3),
            own(1),
            folder(2).manifest(),
            own(2),
            // Of a fetcher that died.
            own(3),
            page("aa"),
            page("bb"),
        ];
        let gone: BTreeSet<ObjectName> = [folder(1).manifest()].into();
        let used: BTreeSet<ObjectName> = [page("bb"), own(2)].into();
        let objects = |now: &str| super::objects(&stored, &gone, &used, at(now));
        assert_eq!(objects("2025-10-31T00:00:00Z"), [folder(1).manifest(), own(1), own(3)]);
        assert_eq!(objects("2025-11-02T23:00:00Z"), [folder(1).manifest(), own(1), own(3)]);
        assert_eq!(objects("2025-11-03T00:00:00Z"), [folder(1).manifest(), own(1), own(3), page("aa")]);
        assert_eq!(objects("2025-10-06T00:00:00Z"), [folder(1).manifest(), own(1)]);
        let used: BTreeSet<ObjectName> = [page("bb"), page("aa"), own(1), own(2)].into();
        let kept = super::objects(&stored, &gone, &used, at("2026-01-01T00:00:00Z"));
        assert_eq!(kept, [folder(1).manifest(), own(3)], "another manifest points to its page");
    }
}
