#![allow(clippy::unwrap_used)]
use super::*;
use crate::vendors::upload::people::check_sheet;

fn day(number: u32) -> Day {
    Day::new(2025, 10, number).unwrap()
}

/// Lines as `email;aliases;team;cost_center;valid_from;valid_to`.
fn roster(lines: &[&str]) -> Roster {
    if lines.is_empty() {
        return Roster::default();
    }
    let line = |line: &&str| format!("{line}\n").replace("@", "@example.com");
    let text =
        format!("email;aliases;team;cost_center;valid_from;valid_to\n{}", lines.iter().map(line).collect::<String>());
    check_sheet(&text, day(31)).unwrap().1.roster
}

/// Each of these addresses costs a dollar on each of the first ten days.
fn previewed(known: &[&str], sheet: &[&str], addresses: &[&str]) -> Preview {
    let (known, sheet) = (roster(known), roster(sheet));
    let mut comparison = Comparison::of(&known, &sheet);
    for (address, number) in addresses.iter().flat_map(|address| (1..=10).map(move |number| (address, number))) {
        let address = (!address.is_empty()).then(|| format!("{address}@example.com"));
        comparison.add(&Cost { day: day(number), address, cost_usd: Usd::from_nanos(1_000_000_000) });
    }
    comparison.preview()
}

fn changes(preview: &Preview) -> Vec<String> {
    let unit = |unit: &Unit| unit.clone().unwrap_or("-".to_owned());
    let change = |of: &Change| {
        let (before, after) = (unit(&of.team_before), unit(&of.team_after));
        format!(
            "{} {:?} {before}>{after} {}",
            of.email.trim_end_matches("@example.com"),
            of.effect,
            of.cost_usd.cents_text()
        )
    };
    preview.changes.iter().map(change).collect()
}

fn moved(moves: &[Move]) -> Vec<String> {
    let unit = |unit: &Unit| unit.clone().unwrap_or("-".to_owned());
    let text = |of: &Move| format!("{}>{} {} {}", unit(&of.from), unit(&of.to), of.people, of.cost_usd.cents_text());
    moves.iter().map(text).collect()
}

#[test]
fn who_comes_and_goes_and_changes_is_told_with_the_money_that_moves() {
    let known = ["ada@;;Search;1;;", "bob@;;Search;1;;", "cy@;;Ads;2;;", "dee@;;Ads;2;;"];
    let sheet = ["ada@;;Search;1;;2025-10-04", "ada@;;Ads;1;2025-10-05;", "cy@;;Ads;2;;", "dee@;;;2;;", "eve@;;Ads;;;"];
    let preview = previewed(&known, &sheet, &["ada", "bob", "cy", "dee", "eve", "zoe", ""]);
    assert_eq!(
        changes(&preview),
        [
            "bob Goes Search>- 10.00",
            "dee LosesTeam Ads>- 10.00",
            "ada ChangesTeam Search>Ads 6.00",
            "eve Comes ->Ads 10.00"
        ]
    );
    assert_eq!(preview.unchanged, 1);
    assert_eq!(moved(&preview.teams), ["->Ads 1 10.00", "Ads>- 1 10.00", "Search>- 1 10.00", "Search>Ads 1 6.00"]);
    assert_eq!(moved(&preview.cost_centers), ["1>- 1 10.00"]);
    assert_eq!(preview.total_usd.cents_text(), "70.00");
    let (before, after) = preview.unassigned_usd;
    assert_eq!(
        [before.cents_text(), after.cents_text()],
        ["30.00", "40.00"],
        "eve, zoe, nobody; bob, dee, zoe, nobody"
    );
    assert!(preview.takes_away());
}

#[test]
fn an_address_that_becomes_anothers_moves_its_money() {
    let preview = previewed(&["ada@;;Search;;;"], &["ada@;a2@;Search;;;"], &["a2"]);
    assert_eq!(changes(&preview), ["ada ChangesDetails Search>Search 10.00"]);
    assert_eq!(moved(&preview.teams), ["->Search 1 10.00"]);
    assert!(!preview.takes_away());
    let preview = previewed(&["ada@;a2@;Search;;;"], &["ada@;;Search;;;"], &["a2"]);
    assert_eq!(moved(&preview.teams), ["Search>- 1 10.00"]);
    assert!(preview.strangers.is_empty(), "it was known");
}

#[test]
fn a_file_that_changes_history_moves_only_the_days_that_it_changes() {
    let known = ["ada@;;Search;;;2025-10-05", "ada@;;Ads;;2025-10-06;"];
    let sheet = ["ada@;;Search;;;2025-10-02", "ada@;;Ads;;2025-10-03;"];
    let preview = previewed(&known, &sheet, &["ada"]);
    assert_eq!(changes(&preview), ["ada ChangesTeam Search>Ads 3.00"]);
    let gap = ["ada@;;Search;;;2025-10-05", "ada@;;Ads;;2025-10-08;"];
    assert_eq!(changes(&previewed(&known, &gap, &["ada"])), ["ada LosesTeam Ads>- 2.00"]);
    assert_eq!(changes(&previewed(&gap, &known, &["ada"])), ["ada Gains ->Ads 2.00"]);
    assert_eq!(changes(&previewed(&known, &known, &["ada"])), [""; 0]);
}

#[test]
fn a_first_file_takes_nothing_away() {
    let preview = previewed(&[], &["ada@;;Search;;;"], &["ada"]);
    assert_eq!((changes(&preview), preview.takes_away()), (vec!["ada Comes ->Search 10.00".to_owned()], false));
    assert_eq!(preview.total(Effect::Comes).0, 1);
}

#[test]
fn more_than_a_fifth_of_the_lines_is_much_and_a_fifth_is_not() {
    let people = |count: usize| -> Vec<String> { (0..count).map(|number| format!("p{number}@;;x;;;")).collect() };
    let loses = |before: usize, after: usize| {
        let of = |lines: Vec<String>| roster(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let (known, sheet) = (of(people(before)), of(people(after)));
        Comparison::of(&known, &sheet).preview().loses_lines()
    };
    assert_eq!(
        [loses(10, 8), loses(10, 7), loses(5, 4), loses(4, 3), loses(3, 3), loses(3, 9)],
        [false, true, false, true, false, false]
    );
}

#[test]
fn who_costs_and_stands_in_no_line_is_named_with_who_may_be_meant() {
    let preview = previewed(&[], &["grace@;;Search;;;", "ada@;a2@;Search;;;"], &["garce", "zoe", "a2", ""]);
    let told: Vec<_> = preview.strangers.iter().map(|of| (of.address.as_str(), of.nearest.as_deref())).collect();
    assert_eq!(told, [("garce@example.com", Some("grace@example.com")), ("zoe@example.com", None)]);
}

#[test]
fn who_leaves_takes_only_money_of_later_days_away_and_may_come_back() {
    let known = ["ada@;;Search;1;;"];
    let left = ["ada@;;Search;1;;2025-10-10"];
    let preview = previewed(&known, &left, &["ada"]);
    assert_eq!((changes(&preview), preview.takes_away()), (vec!["ada Leaves Search>- 0.00".to_owned()], false));
    let preview = previewed(&known, &["ada@;;Search;1;;2025-10-08"], &["ada"]);
    assert_eq!((changes(&preview), preview.takes_away()), (vec!["ada Leaves Search>- 2.00".to_owned()], true));
    let back = ["ada@;;Search;1;;2025-10-04", "ada@;;Ads;1;2025-10-07;"];
    assert_eq!(changes(&previewed(&left, &back, &["ada"])), ["ada LosesTeam Search>- 6.00"]);
    assert_eq!(changes(&previewed(&["ada@;;Search;1;;2025-10-04"], &back, &["ada"])), ["ada Gains ->Ads 4.00"]);
}
