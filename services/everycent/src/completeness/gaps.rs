//! From coverage to gaps: pure, report by report.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::derived::DerivedDays;
use everycent_domain::reconcile::FeedFact;
use everycent_domain::report;
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::wanted;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, CoverageState, Day};

use super::feeds::FeedState;
use super::gap::{Gap, Kind, join};
use super::recipes::{Recipes, is_older};
use super::stored::{Look, Unloaded};
use crate::scope;

/// Which days are judged, and by what.
#[derive(Debug, Clone)]
pub struct Period {
    pub days: Window,
    /// The day from which on every configured report is to be loaded; its first known day if not given.
    pub wanted_from: Option<Day>,
    pub today: Day,
    /// What rows are to be made by.
    pub recipes: Recipes,
    /// Days whose charges are not made of what is loaded.
    pub uncharged: DerivedDays,
}

/// What the days lack, by kind. `whole` is coverage of the days, at least.
pub(super) fn gaps(feeds: &[FeedState], whole: &[CoverageRow], stored: &Look, period: &Period) -> Vec<Gap> {
    let coverage: Vec<&CoverageRow> = whole.iter().filter(|row| period.days.contains(row.activity_date)).collect();
    let mut rows: BTreeMap<(&str, &AccountId), Vec<&CoverageRow>> = BTreeMap::new();
    for row in &coverage {
        rows.entry((&row.source, &row.account_id)).or_default().push(row);
    }
    let states = scope::known_days(whole);
    let is_daily = |feed: &&FeedState| matches!(feed.source.kind(), report::Kind::Days(_));
    let reached = feeds.iter().filter(is_daily).filter_map(|feed| feed.loaded).map(|(_, last)| last).max();
    let mut found = Vec::new();
    for feed in feeds {
        let states = states.get(&(feed.source.name().to_owned(), feed.account_id.clone()));
        let late = wanted::late_by(feed.source, states.map_or(&[][..], Vec::as_slice));
        let rows = rows.get(&(feed.source.name(), &feed.account_id)).map_or(&[][..], Vec::as_slice);
        found.extend(of_feed(feed, rows, &late, reached, period));
    }
    let found = without_stored_days(found, stored);
    let found = with_empty_accounts(feeds, &coverage, found);
    let poor = without_money(feeds).into_iter().map(|(vendor, account_id)| Gap {
        kind: Kind::NoMoneyReport,
        vendor,
        account_id,
        sources: BTreeSet::new(),
        days: BTreeSet::new(),
        records: None,
        reason: None,
        mend: None,
    });
    let stored = stored_days(stored);
    let uncharged = uncharged(period);
    let mut found: Vec<Gap> =
        found.into_iter().chain(poor).chain(stored).chain(uncharged).map(Gap::with_mend).collect();
    found.sort_by(|a, b| {
        (a.kind, a.vendor, &a.account_id, &a.sources).cmp(&(b.kind, b.vendor, &b.account_id, &b.sources))
    });
    found
}

/// `reached` is the last day that any report is loaded of.
fn of_feed(feed: &FeedState, rows: &[&CoverageRow], late: &[Day], reached: Option<Day>, period: &Period) -> Vec<Gap> {
    if let Some(reason) = &feed.closed {
        let days = rows.iter().map(|row| row.activity_date);
        return gap(feed, Kind::Unavailable, days, Some(reason.clone())).into_iter().collect();
    }
    let mut found = Vec::new();
    let mut add = |kind: Kind, rows: &mut dyn Iterator<Item = &&CoverageRow>, reason: fn(&CoverageRow) -> _| {
        let mut rows = rows.peekable();
        let reason = rows.peek().and_then(|row| reason(row));
        found.extend(gap(feed, kind, rows.map(|row| row.activity_date), reason));
    };
    let of_state = |state: CoverageState| rows.iter().filter(move |row| row.state == state);
    add(Kind::Failed, &mut rows.iter().filter(|row| is_failed(feed, row)), |row| row.failure.clone());
    add(Kind::Held, &mut of_state(CoverageState::Held), |row| row.held.clone());
    add(Kind::Replaying, &mut of_state(CoverageState::Replaying), |_| None);
    add(Kind::OlderRules, &mut rows.iter().filter(|row| is_older(row, &period.recipes)), |_| None);
    add(Kind::Open, &mut of_state(CoverageState::Open), |_| None);
    found.extend(rejected(feed, rows));
    if feed.is_retired {
        return found;
    }
    let known: BTreeSet<Day> = rows.iter().map(|row| row.activity_date).collect();
    let fact = FeedFact {
        source: feed.source,
        account_id: feed.account_id.clone(),
        is_configured: feed.is_configured,
        known: feed.known,
        reached,
    };
    let wanted = fact.wanted(period.days, period.wanted_from, period.today);
    let missing = wanted.into_iter().filter(|day| !known.contains(day));
    let (late, missing): (Vec<Day>, Vec<Day>) = missing.partition(|day| late.contains(day));
    let is_asked_no_more = |day: &Day| !feed.is_configured && feed.known.is_some_and(|(_, last)| last < *day);
    let (left, missing): (Vec<Day>, Vec<Day>) = missing.into_iter().partition(is_asked_no_more);
    found.extend(gap(feed, Kind::NotAsked, left, None));
    found.extend(gap(feed, Kind::NotLoaded, missing, None));
    found.extend(gap(feed, Kind::Late, late, None));
    found.extend(gap(feed, Kind::NotReportedYet, not_reported_yet(feed, &known, period), None));
    found
}

/// Whether its last attempt failed and nothing took its place. Nobody asks a retired account again.
fn is_failed(feed: &FeedState, row: &CoverageRow) -> bool {
    let is_last = feed.known.is_none_or(|(_, last)| row.activity_date == last);
    let stands = is_last || matches!(feed.source.kind(), report::Kind::Days(_));
    matches!(row.state, CoverageState::Failed | CoverageState::Unavailable) && stands && !feed.is_retired
}

/// Days that are over and that the report usually has later than now.
fn not_reported_yet(feed: &FeedState, known: &BTreeSet<Day>, period: &Period) -> Vec<Day> {
    let is_daily = matches!(feed.source.kind(), report::Kind::Days(_));
    let last = feed.source.kind().last_reported(period.today);
    let is_awaited = |day: &Day| last < *day && *day < period.today && !known.contains(day);
    match is_daily && feed.is_configured {
        true => period.days.days().filter(is_awaited).collect(),
        false => Vec::new(),
    }
}

fn rejected(feed: &FeedState, rows: &[&CoverageRow]) -> Option<Gap> {
    let with_rejects = || rows.iter().filter(|row| row.rejects.is_some_and(|rejects| rejects > 0));
    let records = with_rejects().filter_map(|row| row.rejects).sum();
    let gap = gap(feed, Kind::Rejected, with_rejects().map(|row| row.activity_date), None)?;
    Some(Gap { records: Some(records), ..gap })
}

fn gap(feed: &FeedState, kind: Kind, days: impl IntoIterator<Item = Day>, reason: Option<String>) -> Option<Gap> {
    let days: BTreeSet<Day> = days.into_iter().collect();
    (!days.is_empty() || kind == Kind::Unavailable).then(|| Gap {
        kind,
        vendor: feed.source.vendor(),
        account_id: feed.account_id.clone(),
        sources: [feed.source.name()].into(),
        days,
        records: None,
        reason,
        mend: None,
    })
}

/// The gaps but for days that only have to be loaded, since an answer about them is stored.
fn without_stored_days(gaps: Vec<Gap>, stored: &Look) -> Vec<Gap> {
    let rest = |mut gap: Gap| {
        let is_its = |name: &str, account_id: &AccountId| gap.sources.contains(name) && gap.account_id == *account_id;
        let of_feed = stored.unloaded.iter().find(|of| is_its(of.source.name(), &of.account_id));
        if let (Kind::NotLoaded | Kind::Late | Kind::NotReportedYet, Some(of_feed)) = (gap.kind, of_feed) {
            gap.days.retain(|day| !of_feed.days.contains(day));
        }
        (!gap.days.is_empty() || gap.kind == Kind::Unavailable).then_some(gap)
    };
    gaps.into_iter().filter_map(rest).collect()
}

/// The days of which a stored answer is not in the tables.
pub(super) fn stored_days(stored: &Look) -> Vec<Gap> {
    let kind = if stored.is_queued { Kind::Queued } else { Kind::NotInTables };
    let gap = |of: &Unloaded| Gap {
        kind,
        vendor: of.source.vendor(),
        account_id: of.account_id.clone(),
        sources: [of.source.name()].into(),
        days: of.days.clone(),
        records: None,
        reason: None,
        mend: None,
    };
    stored.unloaded.iter().map(gap).collect()
}

/// The days whose charges a sum of does not fit into the warehouse, or that a reader could not have made.
fn uncharged(period: &Period) -> impl Iterator<Item = Gap> {
    period.uncharged.accounts().filter_map(|(vendor, account_id, windows)| {
        let days = windows.iter().flat_map(Window::days).filter(|day| period.days.contains(*day));
        let days: BTreeSet<Day> = days.collect();
        (!days.is_empty()).then(|| Gap {
            kind: Kind::ChargesNotMade,
            vendor,
            account_id: account_id.clone(),
            sources: BTreeSet::new(),
            days,
            records: None,
            reason: None,
            mend: None,
        })
    })
}

/// The gaps with one in place of all those that are of an account of which nothing is loaded.
fn with_empty_accounts(feeds: &[FeedState], coverage: &[&CoverageRow], gaps: Vec<Gap>) -> Vec<Gap> {
    let is_daily = |feed: &&FeedState| {
        feed.is_configured && !feed.is_retired && matches!(feed.source.kind(), report::Kind::Days(_))
    };
    let daily: BTreeSet<(Vendor, &AccountId)> =
        feeds.iter().filter(is_daily).map(|feed| (feed.source.vendor(), &feed.account_id)).collect();
    let loaded: BTreeSet<(Vendor, &AccountId)> =
        coverage.iter().filter(|row| row.fetched_at.is_some()).filter_map(|row| daily_account(row)).collect();
    let mut empty: BTreeMap<(Vendor, AccountId), Gap> = BTreeMap::new();
    let mut kept = Vec::new();
    for gap in gaps {
        let account = (gap.vendor, &gap.account_id);
        let is_empty = daily.contains(&account) && !loaded.contains(&account);
        match (
            is_empty && matches!(gap.kind, Kind::Failed | Kind::NotLoaded | Kind::Late),
            empty.get_mut(&owned(account)),
        ) {
            (false, _) => kept.push(gap),
            (true, Some(all)) => join(all, gap),
            (true, None) => {
                empty.insert(owned(account), Gap { kind: Kind::NothingLoaded, ..gap });
            }
        }
    }
    kept.extend(empty.into_values());
    kept
}

fn daily_account(row: &CoverageRow) -> Option<(Vendor, &AccountId)> {
    let source: Source = row.source.parse().ok()?;
    matches!(source.kind(), report::Kind::Days(_)).then_some((source.vendor(), &row.account_id))
}

fn owned((vendor, account_id): (Vendor, &AccountId)) -> (Vendor, AccountId) {
    (vendor, account_id.clone())
}

/// Accounts that no report of money is open to.
fn without_money(feeds: &[FeedState]) -> Vec<(Vendor, AccountId)> {
    let configured: Vec<scope::Feed> = feeds
        .iter()
        .filter(|feed| feed.is_configured && !feed.is_retired)
        .map(|feed| scope::Feed { source: feed.source, account_id: feed.account_id.clone() })
        .collect();
    scope::without_open_money(&configured, |asked| {
        feeds
            .iter()
            .any(|feed| (feed.source, &feed.account_id) == (asked.source, &asked.account_id) && feed.closed.is_some())
    })
}
