//! The sheet of who owns which API key: one line for each key.

use std::borrow::Cow;
use std::collections::HashMap;

use everycent_schemas::Day;
use everycent_schemas::rows::ApiKeyOwner;

use super::sheet::{self, Column, Line};
use super::{email, file};
use crate::report::{Contents, Fault, Faults, Import, Kind, MakeRows, Origin, Report};
use crate::rows::{NormalizeError, Output, PageContext, RowMaker};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::window::Window;

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/api_key_owners",
    vendor: Vendor::Anthropic,
    about: "who owns which API key, from a CSV that a person imports",
    kind: Kind::Upload,
    origin: Origin::Upload(Import { check, template: TEMPLATE }),
    rows: MakeRows::Plain(|| Box::new(OwnerRows)),
    tables: &["dim_api_key_owners"],
    weighs: &[],
    control: None,
});

const TEMPLATE: &str = "\
api_key_id,owner_email,team,note
apikey_01AbCdEfGhIjKlMnOpQrStUv,ada@example.com,Search,nightly batch
";

const API_KEY_ID: Column = Column::required("api_key_id");
const OWNER_EMAIL: Column = Column::required("owner_email");
const TEAM: Column = Column::optional("team");
const NOTE: Column = Column::optional("note");
const COLUMNS: [Column; 4] = [API_KEY_ID, OWNER_EMAIL, TEAM, NOTE];

/// How the secret key itself begins, which is no id and belongs into no sheet.
const SECRET_PREFIX: &str = "sk-";

/// One key's owner.
#[derive(Debug, PartialEq, Eq)]
struct Owner<'l> {
    api_key_id: &'l str,
    /// In lower case.
    owner_email: Cow<'l, str>,
    team: Option<&'l str>,
    note: Option<&'l str>,
}

impl<'l> Owner<'l> {
    fn read(line: &Line<'l>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut kept = |fault: Fault| faults.push(fault);
        let expected = match line.cell(&API_KEY_ID).starts_with(SECRET_PREFIX) {
            true => "the id of the key, as apikey_01..., and never the key itself",
            false => "the id of a key, as apikey_01...",
        };
        let api_key_id = line.read(&API_KEY_ID, expected, id).map_err(&mut kept);
        let owner_email = line.read(&OWNER_EMAIL, email::EXPECTED, email::read).map_err(&mut kept);
        let (Ok(api_key_id), Ok(owner_email)) = (api_key_id, owner_email) else { return Err(faults) };
        let text = |column| Some(line.cell(column)).filter(|cell| !cell.is_empty());
        Ok(Self { api_key_id, owner_email, team: text(&TEAM), note: text(&NOTE) })
    }
}

fn id(cell: &str) -> Option<&str> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    Some(cell).filter(|cell| !cell.is_empty() && cell.chars().all(is_id) && !cell.starts_with(SECRET_PREFIX))
}

/// Reads every line; a key's second one is a fault. The error is what is wrong with the header.
fn read(text: &str, mut take: impl FnMut(Result<Owner<'_>, Vec<Fault>>)) -> Result<(), Vec<Fault>> {
    let mut seen: HashMap<String, u64> = HashMap::new();
    sheet::read(text, &COLUMNS, |line| {
        let line = match line {
            Ok(line) => line,
            Err(fault) => return take(Err(vec![fault])),
        };
        take(Owner::read(&line).and_then(|owner| match seen.get(owner.api_key_id) {
            Some(first) => Err(vec![line.fault(&API_KEY_ID, format!("each key once; line {first} has this one"))]),
            None => {
                seen.insert(owner.api_key_id.to_owned(), line.number);
                Ok(owner)
            }
        }));
    })
}

/// What a file tells that is imported today: how things stand today.
fn check(text: &str, today: Day) -> Result<Contents, Faults> {
    let mut faults = Faults::default();
    let mut lines = 0;
    let read = read(text, |line| match line {
        Err(of_line) => faults.extend(of_line),
        Ok(_) => lines += 1,
    });
    faults.extend(read.err().unwrap_or_default());
    match (faults.is_empty(), lines) {
        (false, _) => Err(faults),
        (true, 0) => Err(Faults::one(file::no_data(text))),
        (true, _) => Ok(Contents { window: Window::new(today, today).expect("invariant: a day is a window"), lines }),
    }
}

/// Makes rows of a stored file.
#[derive(Debug, Default)]
pub struct OwnerRows;

impl RowMaker for OwnerRows {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        let read = read(body, |line| match line {
            Ok(owner) => take(&owner, output),
            Err(faults) => file::reject(page, &faults, output),
        });
        read.map_err(|faults| page.not_whole(file::without_content(&faults)))
    }
}

fn take(owner: &Owner<'_>, output: &mut Output<'_>) {
    let manifest = output.manifest();
    let row = ApiKeyOwner {
        organization_id: manifest.account_id.as_str(),
        api_key_id: owner.api_key_id,
        owner_email: &owner.owner_email,
        team: owner.team,
        note: owner.note,
        last_seen_at: manifest.fetched_at,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    output.row(manifest.window.from(), &row).expect("invariant: an owner has no figure that could be out of range");
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
        read(text, |line| {
            let owner = line.unwrap();
            let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
            told.push([owner.api_key_id.into(), owner.owner_email.into(), text(owner.team), text(owner.note)]);
        })
        .unwrap();
        told
    }

    #[track_caller]
    fn refused(text: &str, faults: &[&str]) {
        assert_eq!(check(text, today()).unwrap_err().to_string(), faults.join("\n"), "{text:?}");
    }

    #[test]
    fn a_line_is_a_key_with_its_owner_and_what_else_is_known() {
        assert_eq!(
            told(
                "owner_email,note,api_key_id\nAda@Example.com,\"batch, nightly\",apikey_01A\nbob@example.com,,apikey_01B\n"
            ),
            [["apikey_01A", "ada@example.com", "-", "batch, nightly"], ["apikey_01B", "bob@example.com", "-", "-"]]
        );
        let contents = check(TEMPLATE, today()).unwrap();
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
            &["line 4, column 1 (api_key_id): found `apikey_01A`, expected each key once; line 2 has this one"],
        );
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
