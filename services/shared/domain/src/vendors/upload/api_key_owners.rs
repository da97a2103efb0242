//! The sheet of who owns which API key: one line for each key, or one for each owner that a key has had.

mod known;
mod line;
mod ownership;
pub mod preview;
mod rows;

use everycent_schemas::Day;

use self::line::{API_KEY_ID, Owner, SECRET_PREFIX, VALID_FROM, read};
use super::file;
use super::sheet::Line;
use crate::report::{Contents, Fault, Faults, Import, Kind, MakeRows, Occasion, Origin, Report};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::window::Window;

pub use known::{Aim, KnownKeys};
pub use ownership::{Ownership, Period};

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/api_key_owners",
    vendor: Vendor::Anthropic,
    about: "who owns which API key, from a CSV that a person imports",
    kind: Kind::Upload,
    origin: Origin::Upload(Import { check, is_like: line::is_like, template: TEMPLATE, account: None }),
    rows: MakeRows::Plain(|| Box::new(rows::OwnerRows)),
    tables: &["dim_api_key_owners", "dim_api_key_earlier_owners"],
    weighs: &[],
    control: None,
});

const TEMPLATE: &str = "\
api_key_id,owner_email,team,note,valid_from
apikey_01AbCdEfGhIjKlMnOpQrStUv,ada@example.com,Search,nightly batch,
";

/// Faults whose id is compared with every key that is known; more are not shown.
const COMPARED: usize = 20;
/// How far ahead a handover may lie: a year that is mistyped lies farther.
const MAX_DAYS_AHEAD: u32 = 366;

/// What a file tells that is imported today: how things stand today.
fn check(text: &str, Occasion { today, .. }: Occasion) -> Result<Contents, Faults> {
    check_ids(text, today, &KnownKeys::default()).map(|(contents, _)| contents)
}

/// The same, with the ids held against the keys that are known, and what it says of them.
pub fn check_ids(text: &str, today: Day, keys: &KnownKeys) -> Result<(Contents, Ownership), Faults> {
    let (mut faults, mut ownership) = (Faults::default(), Ownership::default());
    let latest = today.plus(MAX_DAYS_AHEAD);
    let read = read(text, |line, owner| {
        let missed = line.and_then(|line| missed(line, keys, faults.total < COMPARED));
        match owner {
            Err(of_line) => faults.extend(with_aim(of_line, missed)),
            Ok(owner) => {
                let late = line.filter(|_| owner.valid_from > Some(latest)).map(|line| too_late(line, latest));
                faults.extend(missed.into_iter().chain(late));
                ownership.add(owner.api_key_id, period(&owner, line.map_or(0, |line| line.number)));
            }
        }
    });
    faults.extend(read.err().unwrap_or_default());
    match (faults.is_empty(), ownership.lines()) {
        (false, _) => Err(faults),
        (true, 0) => Err(Faults::one(file::no_data(text))),
        (true, lines) => {
            let window = Window::new(today, today).expect("invariant: a day is a window");
            Ok((Contents { window, lines }, ownership))
        }
    }
}

/// Whether an id of the sheet is none of these keys.
pub fn has_unlisted(text: &str, keys: &KnownKeys) -> bool {
    let mut found = false;
    // What is wrong with the header is told by the check.
    let _ = read(text, |line, _| found |= line.is_some_and(|line| !keys.contains(line.cell(&API_KEY_ID))));
    found
}

/// What is wrong with the id, as far as the known keys tell. An empty cell and the key itself are told otherwise.
fn missed(line: &Line<'_>, keys: &KnownKeys, compare: bool) -> Option<Fault> {
    let cell = line.cell(&API_KEY_ID);
    let is_told = cell.is_empty() || cell.starts_with(SECRET_PREFIX);
    let aim = Some(keys.aim(cell)).filter(|_| !is_told)?;
    let nearest = if compare && aim == Aim::Unknown { keys.nearest(cell) } else { None };
    let expected = aim.expected(nearest)?;
    Some(line.fault(&API_KEY_ID, expected))
}

/// A name is no id by its form already; of the two faults the one that names the id is told.
fn with_aim(mut faults: Vec<Fault>, missed: Option<Fault>) -> Vec<Fault> {
    if let Some(missed) = missed {
        faults.retain(|fault| fault.column != missed.column);
        faults.insert(0, missed);
    }
    faults
}

fn too_late(line: &Line<'_>, latest: Day) -> Fault {
    line.fault(&VALID_FROM, format!("a day of the past or of the next year, up to {latest}"))
}

fn period(owner: &Owner<'_>, line: u64) -> Period {
    Period {
        valid_from: owner.valid_from,
        owner_email: owner.owner_email.as_ref().to_owned(),
        team: owner.team.map(str::to_owned),
        note: owner.note.map(str::to_owned),
        line,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn today() -> Day {
        "2025-11-20".parse().unwrap()
    }

    /// Id, owner, team and note of every line.
    fn told(text: &str) -> Vec<[String; 4]> {
        let mut told = Vec::new();
        read(text, |_, owner| {
            let owner = owner.unwrap();
            let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
            told.push([owner.api_key_id.into(), owner.owner_email.into(), text(owner.team), text(owner.note)]);
        })
        .unwrap();
        told
    }

    #[track_caller]
    fn refused(text: &str, faults: &[&str]) {
        assert_eq!(check(text, Occasion::of(today())).unwrap_err().to_string(), faults.join("\n"), "{text:?}");
    }

    #[test]
    fn a_line_is_a_key_with_its_owner_and_what_else_is_known() {
        assert_eq!(
            told(
                "owner_email,note,api_key_id\nAda@Example.com,\"batch, nightly\",apikey_01A\nbob@example.com,,apikey_01B\n"
            ),
            [["apikey_01A", "ada@example.com", "-", "batch, nightly"], ["apikey_01B", "bob@example.com", "-", "-"]]
        );
        let contents = check(TEMPLATE, Occasion::of(today())).unwrap();
        assert_eq!((contents.window.to_string().as_str(), contents.lines), ("2025-11-20..2025-11-20", 1));
    }

    #[test]
    fn what_is_no_id_is_refused_and_the_key_itself_is_not_repeated() {
        refused(
            "api_key_id,owner_email\nmy key,ada@example.com\n,bob\nsk-ant-api03-abc,ada@example.com\n",
            &[
                "line 2, column 1 (api_key_id): found `my key`, expected the id of a key, as apikey_01...",
                "line 3, column 1 (api_key_id): found nothing, expected the id of a key, as apikey_01...",
                "line 3, column 2 (owner_email): found `bob`, expected an address such as ada@example.com",
                "line 4, column 1 (api_key_id): expected the id of the key, as apikey_01..., and never the key itself",
            ],
        );
    }

    #[test]
    fn a_key_comes_once() {
        refused(
            "api_key_id,owner_email\napikey_01A,ada@example.com\napikey_01B,ada@example.com\napikey_01A,bob@example.com\n",
            &[
                "line 4, column 1 (api_key_id): found `apikey_01A`, expected each key once, unless `valid_from` says from \
               which day on an owner follows; line 2 has this one",
            ],
        );
    }

    #[test]
    fn a_key_may_have_several_owners_from_different_days_on() {
        let text =
            "api_key_id,owner_email,valid_from\napikey_01A,grace@example.com,2025-10-10\napikey_01A,ada@example.com,\n";
        let (contents, ownership) = check_ids(text, today(), &KnownKeys::default()).unwrap();
        assert_eq!(contents.lines, 2);
        let owner = |day: &str| ownership.on("apikey_01A", day.parse().ok()).unwrap().owner_email.clone();
        assert_eq!([owner("2025-10-09"), owner("2025-10-10")], ["ada@example.com", "grace@example.com"]);
    }

    #[test]
    fn a_day_that_is_none_lies_far_ahead_or_has_two_owners_is_refused() {
        refused(
            "api_key_id,owner_email,valid_from\napikey_01A,a@example.com,10.10.2025\n\
             apikey_01A,a@example.com,2025-10-10\napikey_01A,b@example.com,2025-10-10\n\
             apikey_01B,a@example.com,2205-10-10\napikey_01C,a@example.com,2026-11-21\n",
            &[
                "line 2, column 3 (valid_from): found `10.10.2025`, expected a day such as 2025-10-03, or nothing",
                "line 4, column 3 (valid_from): found `2025-10-10`, expected one owner of a key from a day on; line 3 has another from this one",
                "line 5, column 3 (valid_from): found `2205-10-10`, expected a day of the past or of the next year, up to 2026-11-21",
            ],
        );
    }

    #[test]
    fn an_id_that_is_a_name_or_unknown_is_told_beside_all_other_faults() {
        let mut keys = KnownKeys::default();
        keys.add("apikey_01Batch".to_owned(), Some("ci prod".to_owned()));
        let text = "api_key_id,owner_email\nci prod,ada@example.com\napikey_01Bacth,bob\nCI-PROD?,a@example.com\n\
                    apikey_01Batch,ada@example.com\nsk-ant-1,a@example.com\n";
        let faults = check_ids(text, today(), &keys).unwrap_err().to_string();
        let expected = [
            "line 2, column 1 (api_key_id): found `ci prod`, expected the id of the key of this name, apikey_01Batch",
            "line 3, column 2 (owner_email): found `bob`, expected an address such as ada@example.com",
            "line 3, column 1 (api_key_id): found `apikey_01Bacth`, expected a key that a report or the list of keys has \
             named; the nearest is apikey_01Batch (--allow-unknown takes any)",
            "line 4, column 1 (api_key_id): found `CI-PROD?`, expected a key that a report or the list of keys has \
             named (--allow-unknown takes any)",
            "line 6, column 1 (api_key_id): expected the id of the key, as apikey_01..., and never the key itself",
        ];
        assert_eq!(faults.lines().collect::<std::collections::BTreeSet<_>>(), expected.into());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            owners in proptest::collection::btree_map("apikey_[A-Za-z0-9]{1,8}", ("[a-z]{1,8}", "[a-zA-Z;,\"&-]{1,20}"), 1..20),
            semicolons: bool,
        ) {
            let separator = if semicolons { ";" } else { "," };
            let mut text = ["api_key_id", "owner_email", "note"].join(separator) + "\n";
            for (key, (name, note)) in &owners {
                let note = format!("\"{}\"", note.replace('"', "\"\""));
                text += &([key.clone(), format!("{name}@example.com"), note].join(separator) + "\n");
            }
            let rows = owners.into_iter().map(|(key, (name, note))| [key, format!("{name}@example.com"), "-".into(), note]);
            prop_assert_eq!(told(&text), rows.collect::<Vec<_>>());
        }
    }
}
