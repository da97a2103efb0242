//! The sheet of claude.ai's use: one line for each person and day.

pub mod preview;

use std::borrow::Cow;
use std::collections::HashMap;

use everycent_schemas::Day;
use everycent_schemas::rows::ClaudeUsageStat;

use super::sheet::{self, Column, Line};
use super::{email, file};
use crate::attribution::Platform;
use crate::identity::{HexId, Id, IdHasher};
use crate::report::{Contents, Fault, Faults, Import, Kind, MakeRows, Occasion, Origin, Report, Weight};
use crate::rows::{NormalizeError, OutOfRange, Output, PageContext, PageText, Position, RowMaker};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::window::Window;

pub const SOURCE: Source = Source::of(&Report {
    name: "upload/claude_usage",
    vendor: Vendor::Anthropic,
    about: "use of claude.ai by person and day, from a CSV that a person imports",
    kind: Kind::Upload,
    origin: Origin::Upload(Import {
        check,
        is_like: |text| sheet::has_needed(text, &COLUMNS),
        template: TEMPLATE,
        account: None,
    }),
    rows: MakeRows::Plain(|| Box::new(UploadedUsageRows)),
    tables: &["claude_usage_stats"],
    weighs: &[
        Weight::Count { table: "claude_usage_stats", column: "conversations" },
        Weight::Count { table: "claude_usage_stats", column: "messages" },
    ],
    control: None,
});

const TEMPLATE: &str = "\
date,email,conversations,projects,files,messages
2025-10-03,ada@example.com,4,1,2,31
";

const DATE: Column = Column::required("date");
const EMAIL: Column = Column::required("email");
const COUNTS: [Column; 4] = [
    Column::required("conversations"),
    Column::required("projects"),
    Column::required("files"),
    Column::required("messages"),
];
const COLUMNS: [Column; 6] = [DATE, EMAIL, COUNTS[0], COUNTS[1], COUNTS[2], COUNTS[3]];

/// More than anybody does in a day, so that sums of it never overflow.
const MAX_COUNT: i64 = 1_000_000_000;

/// Says that a person is the evidence for the platform.
const BASIS: &str = "upload";

/// One person on one day.
#[derive(Debug, PartialEq, Eq)]
struct Usage<'l> {
    day: Day,
    /// In lower case.
    email: Cow<'l, str>,
    /// Made from the e-mail address.
    id: Id,
    /// In the order of the columns.
    counts: [i64; 4],
}

impl<'l> Usage<'l> {
    fn read(line: &Line<'l>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut kept = |fault: Fault| faults.push(fault);
        let day = line.read(&DATE, "a day such as 2025-10-03", |cell| cell.parse().ok()).map_err(&mut kept);
        let email = line.read(&EMAIL, email::EXPECTED, email::read).map_err(&mut kept);
        let counts =
            COUNTS.map(|column| line.read(&column, "a whole number up to 1000000000", count).map_err(&mut kept));
        let (Ok(day), Ok(email), [Ok(a), Ok(b), Ok(c), Ok(d)]) = (day, email, counts) else { return Err(faults) };
        let id = IdHasher::new("claude_usage_stats").part(&email).finish();
        Ok(Self { day, email, id, counts: [a, b, c, d] })
    }
}

/// A whole number; nothing is none.
fn count(cell: &str) -> Option<i64> {
    let is_whole = cell.bytes().all(|byte| byte.is_ascii_digit());
    match cell {
        "" => Some(0),
        _ => cell.parse().ok().filter(|number| is_whole && *number <= MAX_COUNT),
    }
}

/// Reads every line; a person's second one of a day is a fault. The error is what is wrong with the header.
fn read(text: &str, mut take: impl FnMut(Result<(&Line<'_>, Usage<'_>), Vec<Fault>>)) -> Result<(), Vec<Fault>> {
    let mut seen: HashMap<(Day, Id), u64> = HashMap::new();
    sheet::read(text, &COLUMNS, |line| {
        let line = match line {
            Ok(line) => line,
            Err(fault) => return take(Err(vec![fault])),
        };
        take(Usage::read(&line).and_then(|usage| match seen.get(&(usage.day, usage.id)) {
            Some(first) => Err(vec![line.fault(&EMAIL, format!("each person once a day; line {first} has this one"))]),
            None => {
                seen.insert((usage.day, usage.id), line.number);
                Ok((&line, usage))
            }
        }));
    })
}

/// The lines of a file that is known to be right.
pub fn lines(text: &str) -> preview::Lines {
    let mut lines = preview::Lines::new();
    // What is wrong with the header was told when the file was checked.
    let _ = read(text, |line| {
        if let Ok((_, usage)) = line {
            lines.insert((usage.day, usage.email.into_owned()), usage.counts);
        }
    });
    lines
}

/// What a file tells that is imported today: every day from its first to its last.
fn check(text: &str, Occasion { today, .. }: Occasion) -> Result<Contents, Faults> {
    let mut faults = Faults::default();
    let mut lines = 0;
    let mut days: Option<(Day, Day)> = None;
    let read = read(text, |line| match line {
        Err(of_line) => faults.extend(of_line),
        Ok((line, usage)) if usage.day > today => {
            faults.add(line.fault(&DATE, format!("a day that has begun; today is {today} (UTC)")));
        }
        Ok((_, usage)) => {
            lines += 1;
            days = Some(days.map_or((usage.day, usage.day), |(from, to)| (from.min(usage.day), to.max(usage.day))));
        }
    });
    faults.extend(read.err().unwrap_or_default());
    match (faults.is_empty(), days) {
        (false, _) => Err(faults),
        (true, None) => Err(Faults::one(file::no_data(text))),
        (true, Some((from, to))) if from.plus(file::MAX_DAYS) <= to => Err(Faults::one(too_long(text, from, to))),
        (true, Some((from, to))) => Ok(Contents {
            window: Window::new(from, to).expect("invariant: the least is not after the greatest"),
            lines,
        }),
    }
}

/// The day that makes the range too long: most likely the first is mistyped.
fn too_long(text: &str, from: Day, to: Day) -> Fault {
    let mut fault = None;
    let expected = format!("a range of at most {} days, and the last is {to}", file::MAX_DAYS);
    let read = read(text, |line| {
        if let (Ok((line, usage)), None) = (line, &fault) {
            fault = (usage.day == from).then(|| line.fault(&DATE, expected.clone()));
        }
    });
    read.ok().and(fault).expect("invariant: the first day stands in the file")
}

/// Makes rows of a stored file.
#[derive(Debug, Default)]
pub struct UploadedUsageRows;

impl RowMaker for UploadedUsageRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let body = body.text().map_err(|reason| page.not_whole(reason))?;
        let read = read(body, |line| match line {
            Ok((line, usage)) if !output.covers(usage.day) => {
                output.reject(page, Position::InLine(line.number), None, &format!("{} is not covered", usage.day));
            }
            Ok((line, usage)) => {
                if let Err(out_of_range) = take(&usage, output) {
                    output.reject(page, Position::InLine(line.number), Some(usage.day), &out_of_range.to_string());
                }
            }
            Err(faults) => file::reject(page, &faults, output),
        });
        read.map_err(|faults| page.not_whole(file::without_content(&faults)))
    }
}

fn take(usage: &Usage<'_>, output: &mut Output<'_>) -> Result<(), OutOfRange> {
    let (manifest, row_id): (_, HexId) = (output.manifest(), usage.id.hex());
    let [conversations, projects, files, messages] = usage.counts;
    let row = ClaudeUsageStat {
        organization_id: manifest.account_id.as_str(),
        activity_date: usage.day,
        row_id: row_id.as_str(),
        email: &usage.email,
        conversations,
        projects,
        files,
        messages,
        platform: Platform::ClaudeAi.name(),
        platform_basis: Some(BASIS),
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    output.row(usage.day, &row)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "date,email,conversations,projects,files,messages";

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn checked(lines: &str) -> Result<Contents, Faults> {
        check(&format!("{HEADER}\n{lines}"), Occasion::of(day("2025-11-20")))
    }

    #[track_caller]
    fn refused(lines: &str, faults: &[&str]) {
        assert_eq!(checked(lines).unwrap_err().to_string(), faults.join("\n"), "{lines:?}");
    }

    /// Day, address and counts of every line.
    fn told(text: &str) -> Vec<(Day, String, [i64; 4])> {
        let mut told = Vec::new();
        read(text, |line| {
            let (_, usage) = line.unwrap();
            told.push((usage.day, usage.email.into_owned(), usage.counts));
        })
        .unwrap();
        told
    }

    #[test]
    fn a_line_is_a_person_and_a_day_with_counts() {
        let rows = told(
            "messages;date;email;files;projects;conversations\n31;2025-10-03;Ada@Example.com;2;;4\n;2025-10-04;bob@example.com;;;\n",
        );
        assert_eq!(
            rows,
            [
                (day("2025-10-03"), "ada@example.com".to_owned(), [4, 0, 2, 31]),
                (day("2025-10-04"), "bob@example.com".to_owned(), [0; 4])
            ]
        );
    }

    #[test]
    fn the_days_of_a_file_reach_from_its_first_to_its_last_in_any_order() {
        let contents = checked("2025-10-09,a@example.com,1,,,\n2025-10-03,a@example.com,1,,,\n").unwrap();
        assert_eq!((contents.window.to_string().as_str(), contents.lines), ("2025-10-03..2025-10-09", 2));
    }

    #[test]
    fn every_faulty_cell_is_told_with_its_place_and_what_was_expected() {
        refused(
            "2025-10-03,ada@example.com,1,1,1,1\n03.10.2025,bob,1.5,-1,1000000001,x\n",
            &[
                "line 3, column 1 (date): found `03.10.2025`, expected a day such as 2025-10-03",
                "line 3, column 2 (email): found `bob`, expected an address such as ada@example.com",
                "line 3, column 3 (conversations): found `1.5`, expected a whole number up to 1000000000",
                "line 3, column 4 (projects): found `-1`, expected a whole number up to 1000000000",
                "line 3, column 5 (files): found `1000000001`, expected a whole number up to 1000000000",
                "line 3, column 6 (messages): found `x`, expected a whole number up to 1000000000",
            ],
        );
        refused(
            ",,,,,1\n",
            &[
                "line 2, column 1 (date): found nothing, expected a day such as 2025-10-03",
                "line 2, column 2 (email): found nothing, expected an address such as ada@example.com",
            ],
        );
        refused(
            "2025-10-03,a@example.com,+1,1 2,1e3,99999999999999999999\n",
            &[
                "line 2, column 3 (conversations): found `+1`, expected a whole number up to 1000000000",
                "line 2, column 4 (projects): found `1 2`, expected a whole number up to 1000000000",
                "line 2, column 5 (files): found `1e3`, expected a whole number up to 1000000000",
                "line 2, column 6 (messages): found `99999999999999999999`, expected a whole number up to 1000000000",
            ],
        );
    }

    #[test]
    fn a_person_comes_once_a_day_however_the_address_is_written() {
        refused(
            "2025-10-03,ada@example.com,1,1,1,1\n2025-10-04,ada@example.com,1,1,1,1\n\n2025-10-03,ADA@example.com,1,1,1,1\n",
            &["line 5, column 2 (email): expected each person once a day; line 2 has this one"],
        );
    }

    #[test]
    fn a_day_that_has_not_begun_is_refused_and_today_is_not() {
        refused(
            "2025-11-21,ada@example.com,1,1,1,1\n",
            &["line 2, column 1 (date): found `2025-11-21`, expected a day that has begun; today is 2025-11-20 (UTC)"],
        );
        checked("2025-11-20,ada@example.com,1,1,1,1\n").unwrap();
    }

    #[test]
    fn a_range_of_more_than_four_thousand_days_is_refused_by_its_first_day() {
        let last = day("2025-11-20");
        let lines = |first: Day| format!("{last},a@example.com,,,,\n{first},a@example.com,,,,\n");
        assert_eq!(checked(&lines(last.minus(file::MAX_DAYS - 1))).unwrap().window.days().count(), 1500);
        let first = last.minus(file::MAX_DAYS);
        refused(
            &lines(first),
            &[&format!(
                "line 3, column 1 (date): found `{first}`, expected a range of at most 1500 days, and the last is 2025-11-20"
            )],
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            people in proptest::collection::btree_map((0_u32..400, "[a-z]{1,8}"), proptest::array::uniform4(0..=MAX_COUNT), 1..20),
            semicolons: bool,
            windows: bool,
            quoted: bool,
        ) {
            let (separator, end) = (if semicolons { ";" } else { "," }, if windows { "\r\n" } else { "\n" });
            let line = |cells: Vec<String>| {
                let cell = |cell: &String| if quoted { format!("\"{cell}\"") } else { cell.clone() };
                cells.iter().map(cell).collect::<Vec<_>>().join(separator) + end
            };
            let rows: Vec<(Day, String, [i64; 4])> = people
                .into_iter()
                .map(|((number, name), counts)| (day("2025-11-20").minus(number), format!("{name}@example.com"), counts))
                .collect();
            let header = line(COLUMNS.iter().map(|column| column.name.to_owned()).collect());
            let lines = rows.iter().map(|(day, email, counts)| {
                line([day.to_string(), email.clone()].into_iter().chain(counts.map(|count| count.to_string())).collect())
            });
            let text = header + &lines.collect::<String>();
            prop_assert_eq!(check(&text, Occasion::of(day("2025-11-20"))).unwrap().lines, rows.len() as u64);
            prop_assert_eq!(told(&text), rows);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a@.;,\"0-9\r\n -]{0,80}", with_header: bool) {
            let text = if with_header { format!("{HEADER}\n{text}") } else { text };
            let _ = check(&text, Occasion::of(day("2025-11-20")));
        }
    }
}
