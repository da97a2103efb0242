//! The preview of a sheet of owners.

use bytes::Bytes;
use everycent_domain::report::{Contents, Faults, Import};
use everycent_domain::vendors::upload::api_key_owners::preview::{
    Change, Effect, Preview, Standing, Stranger, preview,
};
use everycent_domain::vendors::upload::api_key_owners::{KnownKeys, Ownership, Period, check_ids, has_unlisted};
use everycent_domain::window::Window;
use everycent_runtime::threads;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day, Usd};
use serde::Serialize;

use super::remarks::{remarks_text, shown};
use crate::facts::key_owners;
use crate::failure::Failure;
use crate::show::{Grid, count};

/// Changes, and remarks of each kind, that a person is shown.
const SHOWN: usize = 20;
/// Changes that a machine is told; the sums are of all.
const LISTED: usize = 1000;

#[derive(Debug, Serialize)]
pub struct Owners {
    takes_away: bool,
    /// The days whose cost is shown; null where no cost is loaded.
    cost_from: Option<Day>,
    cost_to: Option<Day>,
    totals: Vec<Total>,
    unchanged_keys: usize,
    /// What is taken away first, and of it what cost the most.
    changes: Vec<KeyChange>,
    changes_total: usize,
    /// Whether there was anything to hold the ids against.
    ids_checked: bool,
    /// Keys that nobody has named, and that were allowed.
    unknown_keys: Vec<String>,
    unknown_owners: Vec<UnknownOwner>,
}

#[derive(Debug, Serialize)]
struct Total {
    effect: &'static str,
    keys: usize,
    cost_usd: Usd,
}

#[derive(Debug, Serialize)]
struct KeyChange {
    api_key_id: String,
    key_name: Option<String>,
    effect: &'static str,
    /// First day of the change; null for all days before `valid_until`.
    valid_from: Option<Day>,
    /// The first day that it no longer concerns; null for all days from `valid_from` on.
    valid_until: Option<Day>,
    owner_before: Option<String>,
    owner_after: Option<String>,
    team_before: Option<String>,
    team_after: Option<String>,
    cost_usd: Usd,
}

#[derive(Debug, Serialize)]
struct UnknownOwner {
    line: u64,
    owner_email: String,
    nearest: Option<String>,
}

/// What the warehouse knows that a sheet is held against.
struct Known {
    keys: KnownKeys,
    ownership: Ownership,
    standing: Standing,
    cost_days: Option<Window>,
}

pub async fn look(
    warehouse: Option<&dyn Warehouse>,
    account_id: &AccountId,
    body: &Bytes,
    today: Day,
    allow_unknown: bool,
) -> Result<Result<(Contents, Owners), Faults>, Failure> {
    let mut keys = match warehouse {
        Some(warehouse) => keys(warehouse, account_id, body).await?,
        None => KnownKeys::default(),
    };
    keys.allow_unknown = allow_unknown;
    let (file, ids) = (body.clone(), keys.clone());
    let checked = threads::compute(move || check_ids(Import::text(&file)?, today, &ids)).await;
    let (contents, sheet) = match checked {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(faults)),
    };
    let known = known(warehouse, account_id, keys).await?;
    let changes = preview(&known.ownership, &sheet, &known.standing);
    Ok(Ok((contents, Owners::of(&changes, &sheet, &known))))
}

/// The keys that the vendor has listed; those of reports are read only if that leaves a question.
async fn keys(warehouse: &dyn Warehouse, account_id: &AccountId, body: &Bytes) -> Result<KnownKeys, Failure> {
    let mut keys = key_owners::listed_keys(warehouse, account_id).await?;
    // A file that is no text is told by the check.
    if Import::text(body).is_ok_and(|text| has_unlisted(text, &keys)) {
        key_owners::add_reported_keys(warehouse, account_id, &mut keys).await?;
    }
    Ok(keys)
}

async fn known(warehouse: Option<&dyn Warehouse>, account_id: &AccountId, keys: KnownKeys) -> Result<Known, Failure> {
    let Some(warehouse) = warehouse else {
        return Ok(Known { keys, ownership: Ownership::default(), standing: Standing::default(), cost_days: None });
    };
    let cost_days = key_owners::cost_days(warehouse, account_id).await?;
    Ok(Known {
        keys,
        ownership: key_owners::ownership(warehouse, account_id).await?,
        standing: key_owners::standing(warehouse, account_id, cost_days).await?,
        cost_days,
    })
}

impl Owners {
    fn of(preview: &Preview, sheet: &Ownership, known: &Known) -> Self {
        let total = |effect: &Effect| {
            let (keys, cost_usd) = preview.total(&[*effect]);
            Total { effect: word(*effect), keys, cost_usd }
        };
        let stranger = |stranger: &_| UnknownOwner::of(stranger);
        let is_unknown = |id: &&str| !known.keys.is_empty() && !known.keys.contains(id);
        Self {
            takes_away: preview.takes_away(),
            cost_from: known.cost_days.map(|window| window.from()),
            cost_to: known.cost_days.map(|window| window.to()),
            totals: Effect::ALL.iter().map(total).filter(|total| total.keys > 0).collect(),
            unchanged_keys: preview.unchanged,
            changes: preview.changes.iter().take(LISTED).map(|change| KeyChange::of(change, &known.keys)).collect(),
            changes_total: preview.changes.len(),
            ids_checked: !known.keys.is_empty(),
            unknown_keys: sheet.keys().filter(is_unknown).take(LISTED).map(str::to_owned).collect(),
            unknown_owners: preview.strangers.iter().take(LISTED).map(stranger).collect(),
        }
    }

    pub fn loss(&self) -> Option<String> {
        let of = |total: &&Total| Effect::ALL.iter().any(|of| of.takes_away() && word(*of) == total.effect);
        let losses: Vec<String> = self.totals.iter().filter(of).map(|total| self.said(total)).collect();
        (!losses.is_empty()).then(|| losses.join("; "))
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        if let (Some(from), Some(to), false) = (self.cost_from, self.cost_to, self.totals.is_empty()) {
            text += &format!("Amounts are US dollars of {from} to {to}, the last 30 days that are loaded\n");
        }
        text.extend(self.totals.iter().map(|total| format!("  {}\n", self.said(total))));
        if self.unchanged_keys > 0 {
            text += &format!("  {} unchanged\n", count(self.unchanged_keys, "key"));
        }
        text + &self.grid_text() + &self.remarks_text()
    }

    /// A total as a sentence: `8 keys lose their owner, 3,914.33 a month becomes nobody's`.
    fn said(&self, total: &Total) -> String {
        let keys = count(total.keys, "key");
        let [loses, its, gets, creator] = match total.keys {
            1 => ["loses", "its", "gets", "creator"],
            _ => ["lose", "their", "get", "creators"],
        };
        let what = match total.effect {
            "to_nobody" | "to_creator" => format!("{keys} {loses} {its} owner"),
            "loses_team" => format!("{keys} {loses} {its} team"),
            "changes_owner" => format!("{keys} {gets} another owner"),
            "changes_team" => format!("{keys} {gets} another team"),
            "changes_note" => return format!("{keys} {gets} another note"),
            _ => format!("{keys} {gets} an owner"),
        };
        let money = match self.cost_from {
            Some(_) => format!("{} a month", total.cost_usd.cents_text()),
            None => "what they cost".to_owned(),
        };
        match (total.effect, self.cost_from) {
            ("to_nobody", _) => format!("{what}, {money} becomes nobody's"),
            ("to_creator", _) => format!("{what}, {money} goes to {its} {creator}"),
            (_, Some(_)) => format!("{what}, {money}"),
            (_, None) => what,
        }
    }

    fn grid_text(&self) -> String {
        let mut grid = Grid::new(&["key", "name", "days", "owner before", "owner after", ">usd"]);
        let is_shown = |change: &&KeyChange| change.effect != word(Effect::ChangesNote);
        let more = self.changes.iter().filter(is_shown).count().saturating_sub(SHOWN);
        for change in self.changes.iter().filter(is_shown).take(SHOWN) {
            let cost = self.cost_from.map_or(String::new(), |_| change.cost_usd.cents_text());
            let (before, after) = (change.before(), change.after());
            let name = change.key_name.clone().unwrap_or_default();
            grid.row([change.api_key_id.clone(), name, change.days(), before, after, cost]);
        }
        match (grid.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!("\n{}", grid.text()),
            (false, more) => format!("\n{}  and {more} more; --json has them\n", grid.text()),
        }
    }

    fn remarks_text(&self) -> String {
        let mut remarks = Vec::new();
        if !self.ids_checked {
            remarks.push(
                "the ids were not checked, for no list of keys is loaded yet; `everycent sync` loads it, and importing \
                 the file again checks them"
                    .to_owned(),
            );
        }
        remarks.extend(shown(&self.unknown_keys, SHOWN, |id| format!("{id} is a key that nobody has named yet")));
        remarks.extend(shown(&self.unknown_owners, SHOWN, UnknownOwner::text));
        remarks_text(&remarks)
    }
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::ToCreator => "to_creator",
        Effect::ToNobody => "to_nobody",
        Effect::LosesTeam => "loses_team",
        Effect::ChangesOwner => "changes_owner",
        Effect::ChangesTeam => "changes_team",
        Effect::ChangesNote => "changes_note",
        Effect::Gains => "gains",
    }
}

impl KeyChange {
    fn of(change: &Change, keys: &KnownKeys) -> Self {
        let owner = |period: &Option<Period>| period.as_ref().map(|of| of.owner_email.clone());
        let team = |period: &Option<Period>| period.as_ref().and_then(|of| of.team.clone());
        Self {
            api_key_id: change.api_key_id.clone(),
            key_name: keys.name(&change.api_key_id).map(str::to_owned),
            effect: word(change.effect),
            valid_from: change.from,
            valid_until: change.until,
            owner_before: owner(&change.before),
            owner_after: owner(&change.after),
            team_before: team(&change.before),
            team_after: team(&change.after),
            cost_usd: change.cost_usd,
        }
    }

    fn before(&self) -> String {
        with_team(self.owner_before.as_deref(), self.team_before.as_deref(), "none")
    }

    fn after(&self) -> String {
        let nobody = if self.effect == word(Effect::ToCreator) { "who created it" } else { "nobody" };
        with_team(self.owner_after.as_deref(), self.team_after.as_deref(), nobody)
    }

    fn days(&self) -> String {
        match (self.valid_from, self.valid_until) {
            (None, None) => "all".to_owned(),
            (Some(from), None) => format!("from {from}"),
            (None, Some(until)) => format!("before {until}"),
            (Some(from), Some(until)) if from == until.minus(1) => from.to_string(),
            (Some(from), Some(until)) => format!("{from} to {}", until.minus(1)),
        }
    }
}

fn with_team(owner: Option<&str>, team: Option<&str>, nobody: &str) -> String {
    match (owner, team) {
        (Some(owner), Some(team)) => format!("{owner} ({team})"),
        (Some(owner), None) => owner.to_owned(),
        (None, _) => nobody.to_owned(),
    }
}

impl UnknownOwner {
    fn of(stranger: &Stranger) -> Self {
        let Stranger { line, owner_email, nearest } = stranger.clone();
        Self { line, owner_email, nearest }
    }

    fn text(&self) -> String {
        let Self { line, owner_email, nearest } = self;
        let meant = nearest.as_ref().map(|of| format!("; {of} may be meant")).unwrap_or_default();
        format!("line {line}: {owner_email} is in no vendor's list of people{meant}")
    }
}
