//! Names of objects in the raw store and the row store. Nothing else puts such a name together.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;
use everycent_schemas::{AccountId, Day, SnapshotId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::vendor::Vendor;
use crate::window::Window;

/// The name of an object, relative to the store's address: parts of safe characters, joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

/// The text is not a relative object name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an object name")]
pub struct InvalidObjectName(pub String);

impl ObjectName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = InvalidObjectName;

    fn from_str(text: &str) -> Result<Self, InvalidObjectName> {
        if text.split('/').all(is_safe_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidObjectName(text.to_owned()))
        }
    }
}

fn is_safe_part(part: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
    !part.is_empty() && !part.starts_with('.') && part.chars().all(safe)
}

impl TryFrom<String> for ObjectName {
    type Error = InvalidObjectName;

    fn try_from(text: String) -> Result<Self, InvalidObjectName> {
        text.parse()
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder of one snapshot: `raw/<source>/<account>/<from>_<to>/<fetched_at>_<snapshot_id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFolder(String);

impl SnapshotFolder {
    pub fn new(
        source: &str,
        account: &AccountId,
        from: Day,
        to: Day,
        fetched_at: Timestamp,
        snapshot_id: &SnapshotId,
    ) -> Self {
        let version = answer_version(fetched_at, snapshot_id);
        Self(format!("{}{version}", window_prefix(source, account, from, to)))
    }

    /// The page of this number, from 1, in the snapshot's own folder.
    pub fn page(&self, number: u32, form: PageForm) -> ObjectName {
        ObjectName(format!("{}/{PAGE}{number:05}.{}.zst", self.0, form.extension()))
    }

    pub fn manifest(&self) -> ObjectName {
        ObjectName(format!("{}/{MANIFEST}", self.0))
    }

    /// The sums that this normalizer made of it.
    pub fn sums(&self, normalizer: i64) -> ObjectName {
        ObjectName(format!("{}/{SUMS}{normalizer:05}.json", self.0))
    }
}

/// A page that is named by its content: `raw/<source>/<account>/pages/<month>/<sha256>.json.zst`. Whoever fetches the same
/// bytes again in the month finds them there. The month, that of the fetch, is why a page of an earlier month has no new
/// readers, and may go when its last manifest goes, however many fetchers are at work.
pub fn page_of_content(
    source: &str,
    account: &AccountId,
    fetched_at: Timestamp,
    sha256: &str,
    form: PageForm,
) -> ObjectName {
    let (prefix, month) = (account_prefix(source, account), fetched_at.day().month());
    ObjectName(format!("{prefix}{PAGES}/{month}/{sha256}.{}.zst", form.extension()))
}

const PAGES: &str = "pages";

/// First letters of the last part of the name of sums.
const SUMS: &str = "sums-";
/// First letters of the last part of the name of a page in its snapshot's folder.
const PAGE: &str = "page-";

/// What a person decided about an answer: `raw/<source>/<account>/decisions/<day>_<decided_at>_<snapshot_id>.json`.
pub fn decision(
    source: &str,
    account: &AccountId,
    day: Day,
    decided_at: Timestamp,
    snapshot: &SnapshotId,
) -> ObjectName {
    ObjectName(format!("{}{DECISIONS}/{day}_{}_{snapshot}.json", account_prefix(source, account), compact(decided_at)))
}

const DECISIONS: &str = "decisions";

/// Prefix of what was known of an account's workspaces: `raw/<source of their list>/<account>/known/`.
pub fn known_workspaces_prefix(source: &str, account: &AccountId) -> String {
    format!("{}{KNOWN}/", account_prefix(source, account))
}

/// What was known of them, from 1: a number more whenever it is something else.
pub fn known_workspaces(source: &str, account: &AccountId, number: u32) -> ObjectName {
    ObjectName(format!("{}{number:08}.json", known_workspaces_prefix(source, account)))
}

/// The number of what was known; `None` for any other object.
pub fn known_workspaces_number(name: &ObjectName) -> Option<u32> {
    let ["raw", _, _, _, KNOWN, known] = name.as_str().split('/').collect::<Vec<_>>()[..] else { return None };
    known.strip_suffix(".json")?.parse().ok()
}

const KNOWN: &str = "known";

/// An object of the raw store, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawObject {
    Manifest(ManifestName),
    /// With the manifest that it lies beside.
    Sums(ManifestName),
    /// With the account as names spell it.
    Decision {
        account: String,
        day: Day,
    },
    Page(PageHome),
    Other,
}

/// Where a page lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageHome {
    /// Among those of a month, which ends with this day.
    Month(Day),
    /// In the folder of a snapshot, with the manifest that it would lie beside.
    Snapshot(ManifestName),
}

impl PageHome {
    fn month(text: &str) -> Option<Self> {
        let first: Day = format!("{text}-01").parse().ok()?;
        first.through(first.plus(30)).take_while(|day| day.month() == text).last().map(Self::Month)
    }
}

impl RawObject {
    pub fn of(object: &ObjectName) -> Self {
        let parts: Vec<&str> = object.as_str().split('/').collect();
        match parts[..] {
            ["raw", _, _, account, DECISIONS, name] => match name.split('_').next().unwrap_or_default().parse() {
                Ok(day) => Self::Decision { account: account.to_owned(), day },
                Err(_) => Self::Other,
            },
            ["raw", _, _, _, PAGES, month, _] => PageHome::month(month).map_or(Self::Other, Self::Page),
            ["raw", .., name] if name.starts_with(SUMS) => {
                manifest_beside(object, name).map_or(Self::Other, Self::Sums)
            }
            ["raw", .., name] if name.starts_with(PAGE) => {
                manifest_beside(object, name).map(PageHome::Snapshot).map_or(Self::Other, Self::Page)
            }
            _ => ManifestName::parse(object).map_or(Self::Other, Self::Manifest),
        }
    }
}

/// The manifest that would lie beside an object whose name ends so.
fn manifest_beside(object: &ObjectName, name: &str) -> Option<ManifestName> {
    let folder = object.as_str().strip_suffix(name)?;
    ManifestName::parse(&ObjectName(format!("{folder}{MANIFEST}")))
}

/// An answer in a name: `<fetched_at>_<snapshot_id>`. Compared as text, later ones are greater.
pub fn answer_version(fetched_at: Timestamp, snapshot_id: &SnapshotId) -> String {
    format!("{}_{snapshot_id}", compact(fetched_at))
}

/// What the bytes of a page are, before compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageForm {
    /// An answer of a vendor's API.
    Json,
    /// A file that a person imported.
    Csv,
}

impl PageForm {
    fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

/// Last part of a manifest's name.
pub const MANIFEST: &str = "manifest.json";

/// Prefix of all snapshots of one window: `raw/<source>/<account>/<from>_<to>/`.
pub fn window_prefix(source: &str, account: &AccountId, from: Day, to: Day) -> String {
    format!("{}{from}_{to}/", account_prefix(source, account))
}

/// Prefix of all raw objects of a source: `raw/<source>/`.
pub fn raw_prefix(source: &str) -> String {
    format!("raw/{source}/")
}

/// Prefix of what is kept of a vendor's accounts: `raw/accounts/<vendor>/`.
pub fn account_entries_prefix(vendor: Vendor) -> String {
    format!("raw/accounts/{vendor}/")
}

/// An entry of what is kept of a vendor's accounts, from 1: whoever creates the next number decides what comes next.
pub fn account_entry(vendor: Vendor, number: u32) -> ObjectName {
    ObjectName(format!("{}{number:08}.json", account_entries_prefix(vendor)))
}

/// The number of an entry by its name; `None` for any other object.
pub fn account_entry_number(name: &ObjectName) -> Option<u32> {
    let ["raw", "accounts", _, entry] = name.as_str().split('/').collect::<Vec<_>>()[..] else { return None };
    entry.strip_suffix(".json")?.parse().ok()
}

/// The account that a raw object of a source is of, and a name after those of all its objects there.
pub fn account_of(object: &ObjectName) -> Option<(AccountId, ObjectName)> {
    let parts: Vec<&str> = object.as_str().split('/').collect();
    let ["raw", vendor, report, account, _, ..] = parts[..] else { return None };
    // Below an account lie windows, whose names begin with a digit, decisions, and pages.
    Some((unsafe_text(account).into(), ObjectName(format!("raw/{vendor}/{report}/{account}/{LAST}"))))
}

/// Greater than what any name has in its place.
const LAST: &str = "zzzz";

/// Prefix of all raw objects of a source and an account: `raw/<source>/<account>/`.
pub fn account_prefix(source: &str, account: &AccountId) -> String {
    format!("raw/{source}/{}/", in_names(account))
}

/// A name before those of all windows of a source and an account that begin on this day or later, and after the others.
pub fn before_windows(source: &str, account: &AccountId, from: Day) -> ObjectName {
    ObjectName(format!("{}{from}", account_prefix(source, account)))
}

/// What the name of a manifest tells of its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestName {
    pub object: ObjectName,
    pub source: String,
    /// The account as names spell it.
    pub account: String,
    pub window: Window,
    /// The instant of the fetch, and the snapshot: compared as text, later ones are greater.
    pub version: String,
}

impl ManifestName {
    /// Whether the snapshot was fetched at this time or later.
    pub fn is_fetched_since(&self, at: Timestamp) -> bool {
        self.version.as_str() >= compact(at).as_str()
    }

    /// When the snapshot was fetched.
    pub fn fetched_at(&self) -> Option<Timestamp> {
        let (at, _) = self.version.split_once('_')?;
        Some(NaiveDateTime::parse_from_str(at, COMPACT).ok()?.and_utc().into())
    }

    pub fn account_id(&self) -> AccountId {
        unsafe_text(&self.account).into()
    }

    /// `None` for any other object.
    pub fn parse(object: &ObjectName) -> Option<Self> {
        let parts: Vec<&str> = object.as_str().split('/').collect();
        let ["raw", vendor, report, account, window, version, MANIFEST] = parts[..] else { return None };
        let (from, to) = window.split_once('_')?;
        let window = Window::new(from.parse().ok()?, to.parse().ok()?).ok()?;
        Some(Self {
            object: object.clone(),
            source: format!("{vendor}/{report}"),
            account: account.to_owned(),
            window,
            version: version.to_owned(),
        })
    }
}

/// What a file of rows was made of.
#[derive(Debug, Clone, Copy)]
pub struct RowsOf<'a> {
    pub snapshot_id: &'a SnapshotId,
    pub normalized_at: Timestamp,
    pub recipe: &'a str,
    /// The days that alone were wanted of the snapshot.
    pub only: Option<Window>,
}

/// A part of the rows of one table: `rows/<table>/<snapshot_id>/<normalized_at>_<recipe>-<part>.avro`, with the days
/// before the part where only some of the snapshot's were wanted.
/// Whatever decides the content is in the name, so that a redelivery under other rules, or an announcement of other days at
/// the same instant, never meets the file of the first.
pub fn row_file(table: &str, of: RowsOf<'_>, part: u32) -> ObjectName {
    let RowsOf { snapshot_id, normalized_at, recipe, only } = of;
    let days = only.map(|days| format!("_{}_{}", days.from(), days.to())).unwrap_or_default();
    ObjectName(format!("rows/{table}/{snapshot_id}/{}_{recipe}{days}-{part:05}.avro", compact(normalized_at)))
}

/// The file that carries what is said of answers, by the id of its content.
pub fn answer_file(id: &str) -> ObjectName {
    ObjectName(format!("rows/answers/{id}.json"))
}
const COMPACT: &str = "%Y%m%dT%H%M%S%.6fZ";

/// `20251003T000000.000000Z`: an instant that sorts as text and needs no quoting anywhere.
fn compact(at: Timestamp) -> String {
    at.to_chrono().format(COMPACT).to_string()
}

/// An account as part of a name: other characters than letters, digits and `-` become `=` and their code.
pub fn in_names(account: &AccountId) -> String {
    let account = account.as_str();
    let mut name = String::with_capacity(account.len());
    for c in account.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            name.push(c);
        } else {
            name.push_str(&format!("={:x}=", u32::from(c)));
        }
    }
    name
}

/// The account that a name spells so.
fn unsafe_text(name: &str) -> String {
    let is_code = |(index, _): &(usize, &str)| index % 2 == 1;
    let decoded = |code: &str| u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
    let parts = name.split('=').enumerate();
    parts
        .map(
            |part| {
                if is_code(&part) { decoded(part.1).map(String::from).unwrap_or_default() } else { part.1.to_owned() }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_sort_by_time_and_parse_back() {
        let day = Day::new(2025, 10, 3).unwrap();
        let (account, snapshot) = ("Acme & Co".into(), "ab12".into());
        let folder =
            SnapshotFolder::new("anthropic/cost_report", &account, day, day, Timestamp::from_micros(1), &snapshot);
        let page = folder.page(1, PageForm::Json);
        assert_eq!(
            page.as_str(),
            "raw/anthropic/cost_report/Acme=20==26==20=Co/2025-10-03_2025-10-03/19700101T000000.000001Z_ab12/page-00001.json.zst"
        );
        assert_eq!(page.as_str().parse::<ObjectName>().unwrap(), page);
        assert!(folder.page(2, PageForm::Csv).as_str().ends_with("Z_ab12/page-00002.csv.zst"));
        assert!(folder.manifest().as_str().starts_with(&raw_prefix("anthropic/cost_report")));
        let name = ManifestName::parse(&folder.manifest()).unwrap();
        assert_eq!((name.source.as_str(), name.window.from()), ("anthropic/cost_report", day));
        assert_eq!(name.version, "19700101T000000.000001Z_ab12");
        assert_eq!(name.fetched_at(), Some(Timestamp::from_micros(1)));
        assert!(name.is_fetched_since(Timestamp::from_micros(1)) && !name.is_fetched_since(Timestamp::from_micros(2)));
        assert_eq!(name.account_id(), account);
        let (of, last) = account_of(&page).unwrap();
        assert!(
            of == account
                && last > folder.manifest()
                && last.as_str().starts_with(&account_prefix("anthropic/cost_report", &account))
        );
        assert_eq!(account_of(&account_entry(Vendor::Cursor, 1)), None);
        assert_eq!(ManifestName::parse(&page), None);
        assert_eq!(RawObject::of(&folder.manifest()), RawObject::Manifest(name.clone()));
        assert_eq!(RawObject::of(&folder.sums(2)), RawObject::Sums(name.clone()));
        assert_eq!(RawObject::of(&page), RawObject::Page(PageHome::Snapshot(name)));
        let at = "2025-10-31T23:59:59Z".parse().unwrap();
        let by_content = page_of_content("anthropic/cost_report", &account, at, "e3b0", PageForm::Csv);
        assert_eq!(by_content.as_str(), "raw/anthropic/cost_report/Acme=20==26==20=Co/pages/2025-10/e3b0.csv.zst");
        let october = PageHome::Month(Day::new(2025, 10, 31).unwrap());
        assert_eq!(RawObject::of(&by_content), RawObject::Page(october));
        assert!(account_of(&by_content).unwrap().1 > by_content);
        let decision = decision("anthropic/cost_report", &account, day, Timestamp::from_micros(1), &snapshot);
        assert!(decision.as_str().ends_with("/decisions/2025-10-03_19700101T000000.000001Z_ab12.json"), "{decision}");
        let of_account = RawObject::Decision { account: "Acme=20==26==20=Co".into(), day };
        assert_eq!(RawObject::of(&decision), of_account);
        let before = |from: Day| before_windows("anthropic/cost_report", &account, from);
        assert!(before(day) < folder.manifest() && folder.manifest() < before(day.next()));
        let whole =
            RowsOf { snapshot_id: &snapshot, normalized_at: Timestamp::from_micros(1), recipe: "cd34", only: None };
        let rows = |of| row_file("claude_costs", of, 2).to_string();
        assert_eq!(rows(whole), "rows/claude_costs/ab12/19700101T000000.000001Z_cd34-00002.avro");
        let day = Some(Window::of(Day::new(2025, 10, 3).unwrap()));
        let of_a_day = rows(RowsOf { only: day, ..whole });
        assert_eq!(of_a_day, "rows/claude_costs/ab12/19700101T000000.000001Z_cd34_2025-10-03_2025-10-03-00002.avro");
    }

    #[test]
    fn entries_of_accounts_are_numbered_in_the_order_of_their_names() {
        let names = [1, 9, 10, 12_345].map(|number| account_entry(Vendor::Cursor, number));
        assert!(names.is_sorted());
        assert_eq!(names[2].as_str(), "raw/accounts/cursor/00000010.json");
        assert!(names[0].as_str().starts_with(&account_entries_prefix(Vendor::Cursor)));
        assert_eq!(names.map(|name| account_entry_number(&name)), [Some(1), Some(9), Some(10), Some(12_345)]);
        assert_eq!(account_entry_number(&"raw/accounts/cursor/note.json".parse().unwrap()), None);
    }

    #[test]
    fn a_name_cannot_leave_its_store() {
        for text in ["", "/etc/passwd", "raw/../x", "raw//x", "raw/.hidden", "raw/a b", "raw\\x", "raw/"] {
            assert!(text.parse::<ObjectName>().is_err(), "{text}");
        }
    }
}
