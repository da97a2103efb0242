#![allow(clippy::unwrap_used)]
use super::*;

const HEADER: &str = "email,aliases,name,team,cost_center,manager,claude_seat,cursor_seat,valid_from,valid_to";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn checked(text: &str) -> Result<Sheet, Faults> {
    check_sheet(text, day("2025-11-20")).map(|(_, sheet)| sheet)
}

/// Address, team, cost center and days of every period.
fn told(text: &str) -> Vec<String> {
    let text_of = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
    let on = |day: &Option<Day>| day.map_or("-".to_owned(), |day| day.to_string());
    let period = |of: &PersonPeriod| {
        let days = format!("{}..{}", on(&of.valid_from), on(&of.valid_to));
        format!("{}|{}|{}|{days}", of.email, text_of(&of.team), text_of(&of.cost_center))
    };
    checked(text).unwrap().roster.periods().map(period).collect()
}

fn aliases(text: &str) -> Vec<String> {
    let on = |day: &Option<Day>| day.map_or("-".to_owned(), |day| day.to_string());
    let alias = |of: &Alias| format!("{}={} {}..{}", of.address, of.email, on(&of.valid_from), on(&of.valid_to));
    checked(text).unwrap().roster.aliases().map(alias).collect()
}

#[track_caller]
fn refused(text: &str, faults: &[&str]) {
    assert_eq!(checked(text).unwrap_err().to_string(), faults.join("\n"), "{text:?}");
}

#[test]
fn a_line_is_a_person_with_all_that_is_said_of_them() {
    let text = format!(
        "{HEADER}\nAda@Example.com,ADA.L@example.com,Ada Lovelace,Search,4711,Grace@Example.com,premium,standard,2025-01-01,2025-06-30\n"
    );
    let sheet = checked(&text).unwrap();
    let expected = PersonPeriod {
        email: "ada@example.com".into(),
        aliases: vec!["ada.l@example.com".into()],
        name: Some("Ada Lovelace".into()),
        team: Some("Search".into()),
        cost_center: Some("4711".into()),
        manager: Some("grace@example.com".into()),
        claude_seat: Some("premium".into()),
        cursor_seat: Some("standard".into()),
        valid_from: Some(day("2025-01-01")),
        valid_to: Some(day("2025-06-30")),
        line: 2,
    };
    assert_eq!(sheet.roster.periods().collect::<Vec<_>>(), [&expected]);
    assert!(sheet.has_teams && sheet.left_out.is_empty());
    assert_eq!(check(TEMPLATE, Occasion { today: day("2025-11-20"), period: None }).unwrap().lines, 1);
}

#[test]
fn a_file_as_people_have_it_is_read() {
    let expected = ["ada@example.com|Data Science|-|-..-", "bob@example.com|-|7|-..-"];
    for text in [
        "\u{feff}E-Mail;Team;Cost Center\r\n Ada@Example.com ;\"Data\r\nScience\";\r\nbob@example.com;;7\r\n",
        "cost-center\tPhone\tTEAM\temail\n\t1\tData  Science\tada@example.com\n7\t\t\tbob@example.com\n",
        "sep=;\nemail;team;costcenter\n\nada@example.com;\u{a0}Data Science ;\n;;\nbob@example.com;;\" 7 \"",
        "email,team,cost_center\rada@example.com,Data Science\rbob@example.com,,7\r",
        "email,note,team,cost_center\nada@example.com,\"first, call\nthen write\n\",Data Science,\nbob@example.com,,,7\n",
    ] {
        assert_eq!(told(text), expected, "{text:?}");
    }
}

#[test]
fn a_file_with_only_an_address_and_a_team_is_enough_and_one_with_addresses_alone_is_not() {
    assert_eq!(told("team,email\nSearch,ada@example.com\n"), ["ada@example.com|Search|-|-..-"]);
    refused(
        "email,phone\nada@example.com,1\n",
        &[
            "line 1, column 3 (team): expected this column or another one that says something of people: aliases, name, \
            team, cost_center, manager, claude_seat, cursor_seat, valid_from, valid_to",
        ],
    );
}

#[test]
fn other_columns_are_named_once_and_one_that_may_be_meant_for_another_is_a_fault() {
    let sheet = checked("Phone,email,team,,phone,Office\n1,ada@example.com,x,,2,3\n").unwrap();
    assert_eq!(sheet.left_out, ["phone", "office"]);
    refused(
        "email,tema\nada@example.com,x\n",
        &[
            "line 1, column 2: found `tema`, expected one of the columns email, aliases, name, team, cost_center, manager, \
            claude_seat, cursor_seat, valid_from, valid_to; team may be meant",
        ],
    );
    refused(
        "Name,E-Mail Address,Team\nAda,ada@example.com,x\n",
        &[
            "line 1, column 4 (email): found nothing, expected this column, which is missing in the header; `e-mail address` \
           may be meant",
        ],
    );
    refused("email,team,E-Mail\na,b,c\n", &["line 1, column 3 (email): found `e-mail`, expected each column once"]);
}

#[test]
fn several_addresses_stand_in_one_cell_however_they_are_set_apart() {
    for cell in [
        "\"a1@example.com,A2@example.com\"",
        "\"a1@example.com; a2@example.com\"",
        "a2@example.com a1@example.com",
        "\"a1@example.com\n a2@example.com\"",
        "\" a1@example.com;;a2@example.com;ada@example.com; \"",
    ] {
        let text = format!("email,aliases,team\nada@example.com,{cell},x\n");
        assert_eq!(
            aliases(&text),
            ["a1@example.com=ada@example.com -..-", "a2@example.com=ada@example.com -..-"],
            "{cell}"
        );
    }
    refused(
        "email,aliases\nada@example.com,ada l\n",
        &["line 2, column 2 (aliases): found `ada l`, expected addresses such as ada@example.com, and nothing else"],
    );
}

#[test]
fn a_quotation_mark_that_was_left_open_takes_nobody_away_in_silence() {
    let says = "expected a cell on one line; a quotation mark may have been left open";
    for text in [
        "email,team,note\nada@example.com,x,\"open\nbob@example.com,y,z\n",
        "email,team,note\nada@example.com,x,\"open\nbob@example.com,y,\"z\n",
        "note,email,team\n\"open,ada@example.com,x\n\"z,bob@example.com,y\n",
    ] {
        let faults = checked(text).unwrap_err().to_string();
        assert!(faults.starts_with("line 2, column ") && faults.contains(says), "{text:?}: {faults}");
    }
}

#[test]
fn a_day_in_another_form_is_refused_with_the_one_that_was_meant() {
    refused(
        "email,team,valid_from,valid_to\na@example.com,x,31.12.2024,3/4/2025\nb@example.com,x,soon,2025-02-30\n\
         c@example.com,x,0001-01-01,\n",
        &[
            "line 2, column 3 (valid_from): found `31.12.2024`, expected a day such as 2025-10-03; 2024-12-31 may be meant",
            "line 2, column 4 (valid_to): found `3/4/2025`, expected a day such as 2025-10-03; it may be 2025-03-04 or 2025-04-03",
            "line 3, column 3 (valid_from): found `soon`, expected a day such as 2025-10-03, or nothing",
            "line 3, column 4 (valid_to): found `2025-02-30`, expected a day such as 2025-10-03, or nothing",
            "line 4, column 3 (valid_from): found `0001-01-01`, expected a day of 1900 or later, or nothing",
        ],
    );
    refused(
        "email,team,valid_from,valid_to\na@example.com,x,2025-02-01,2025-01-31\nb@example.com,x,2205-01-01,\n",
        &[
            "line 2, column 4 (valid_to): found `2025-01-31`, expected a day that is not before 2025-02-01, where the period begins",
            "line 3, column 3 (valid_from): found `2205-01-01`, expected a day of the past or of the next year, up to 2026-11-21",
        ],
    );
}

#[test]
fn a_person_who_changes_leaves_and_comes_back_has_a_line_for_each_period() {
    let text = "email,team,valid_from,valid_to\n\
        ada@example.com,Search,2025-06-01,\nada@example.com,Ads,,2025-01-31\nada@example.com,,2025-02-01,2025-03-31\n";
    assert_eq!(
        told(text),
        [
            "ada@example.com|Ads|-|-..2025-01-31",
            "ada@example.com|-|-|2025-02-01..2025-03-31",
            "ada@example.com|Search|-|2025-06-01..-"
        ]
    );
    let roster = checked(text).unwrap().roster;
    let team = |on: &str| roster.on("ada@example.com", day(on)).map(|of| of.team.as_deref());
    assert_eq!(team("2025-01-31"), Some(Some("Ads")));
    assert_eq!(team("2025-02-01"), Some(None));
    assert_eq!((team("2025-04-01"), team("2025-05-31")), (None, None), "away");
    assert_eq!((team("2025-06-01"), team("2030-01-01")), (Some(Some("Search")), Some(Some("Search"))));
}

#[test]
fn without_a_column_of_last_days_a_line_holds_until_the_next() {
    assert_eq!(
        told(
            "email,team,valid_from\nada@example.com,Search,2025-03-01\nada@example.com,Ads,\nbob@example.com,Ads,2025-01-01\n"
        ),
        [
            "ada@example.com|Ads|-|-..2025-02-28",
            "ada@example.com|Search|-|2025-03-01..-",
            "bob@example.com|Ads|-|2025-01-01..-"
        ]
    );
}

#[test]
fn a_person_twice_on_a_day_is_refused_with_both_lines() {
    refused(
        "email,team,valid_from,valid_to\n\
         ada@example.com,a,2025-01-01,2025-03-01\nADA@example.com,b,2025-03-01,\n\
         bob@example.com,a,,\nbob@example.com,b,2025-02-01,\n\
         cy@example.com,a,,\ncy@example.com,a,,\n\
         dee@example.com,a,2025-05-01,2025-05-31\ndee@example.com,a,2025-01-01,2025-12-31\n",
        &[
            "line 3, column 3 (valid_from): expected a person once on each day; line 2 has this one from 2025-01-01 to \
             2025-03-01; 2025-02-28 may be meant as the last day of line 2 (column 4)",
            "line 5, column 3 (valid_from): expected a person once on each day; line 4 has this one on all days; 2025-01-31 \
             may be meant as the last day of line 4 (column 4)",
            "line 7, column 1 (email): expected a person once on each day; line 6 has this one on all days",
            "line 9, column 3 (valid_from): expected a person once on each day; line 8 has this one from 2025-05-01 to \
             2025-05-31",
        ],
    );
    refused(
        "email,team\nada@example.com,a\nbob@example.com,a\nAda@example.com,a\n",
        &["line 4, column 1 (email): expected a person once on each day; line 2 has this one on all days"],
    );
}

#[test]
fn an_address_of_two_people_on_a_day_is_refused_with_both_lines() {
    refused(
        "email,aliases,team,valid_from,valid_to\n\
         ada@example.com,oncall@example.com,a,,2025-06-30\nbob@example.com,oncall@example.com,b,2025-06-30,\n\
         cy@example.com,bob@example.com,a,2025-07-01,\ndee@example.com,,a,,\neve@example.com,dee@example.com,a,,\n",
        &[
            "line 3, column 2 (aliases): expected an address that one person has on a day; line 2 has this one as well, up to \
             2025-06-30",
            "line 4, column 2 (aliases): expected an address that one person has on a day; line 3 has this one as well, from \
             2025-06-30 on",
            "line 6, column 2 (aliases): expected an address that one person has on a day; line 5 has this one as well, on \
             all days",
        ],
    );
}

#[test]
fn an_address_is_the_persons_on_all_days_unless_another_person_has_it_too() {
    let text = "email,aliases,team,valid_from,valid_to\n\
        ada@example.com,ada.l@example.com oncall@example.com,a,2025-01-01,2025-06-30\nada@example.com,,b,2025-07-01,\n\
        bob@example.com,oncall@example.com,b,2025-07-01,\n";
    assert_eq!(
        aliases(text),
        [
            "ada.l@example.com=ada@example.com -..-",
            "oncall@example.com=ada@example.com 2025-01-01..2025-06-30",
            "oncall@example.com=bob@example.com 2025-07-01..-",
        ]
    );
    let roster = checked(text).unwrap().roster;
    assert_eq!(roster.person("oncall@example.com", day("2025-06-30")), "ada@example.com");
    assert_eq!(roster.person("oncall@example.com", day("2025-07-01")), "bob@example.com");
    assert_eq!(roster.person("oncall@example.com", day("2024-12-31")), "oncall@example.com");
    assert_eq!(roster.person("ada.l@example.com", day("2024-12-31")), "ada@example.com");
}

#[test]
fn two_people_of_one_name_are_two() {
    let text = "email,name,team\nada@example.com,Ann Lee,x\nann@example.com,Ann Lee,y\n";
    assert_eq!(told(text), ["ada@example.com|x|-|-..-", "ann@example.com|y|-|-..-"]);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a@.;,\"\t0-9\r\n -]{0,80}", header: bool) {
        let text = if header { format!("email,aliases,team,valid_from,valid_to\n{text}") } else { text };
        let _ = checked(&text);
    }

    #[test]
    fn nobody_is_twice_on_a_day_in_what_is_taken(
        lines in proptest::collection::vec((0_u32..3, 0_u32..3, 1_u32..9, 0_u32..4), 1..8),
    ) {
        let line = |(person, alias, from, days): &(u32, u32, u32, u32)| {
            format!("p{person}@example.com,p{alias}@example.com,x,2025-01-0{from},2025-01-{:02}\n", from + days)
        };
        let text = format!("email,aliases,team,valid_from,valid_to\n{}", lines.iter().map(line).collect::<String>());
        let holds = |of: &(u32, u32, u32, u32), on: u32| of.2 <= on && on <= of.2 + of.3;
        // By hand: of each day, who has which address.
        let is_right = (1..=12).all(|on| {
            let today: Vec<_> = lines.iter().filter(|line| holds(line, on)).collect();
            let people = today.iter().all(|one| today.iter().filter(|other| other.0 == one.0).count() == 1);
            let claims: std::collections::BTreeSet<(u32, u32)> =
                today.iter().flat_map(|of| [(of.0, of.0), (of.1, of.0)]).collect();
            let addresses = claims.iter().all(|one| claims.iter().filter(|other| other.0 == one.0).count() == 1);
            people && addresses
        });
        proptest::prop_assert_eq!(checked(&text).is_ok(), is_right, "{}", text);
        // Of a stored file that is not right, what is left contradicts nothing either.
        let kept: Vec<PersonPeriod> = read(&text).unwrap().roster.periods().cloned().collect();
        for on in (1..=12).map(|number| Day::new(2025, 1, number).unwrap()) {
            let mut owners = std::collections::BTreeMap::new();
            for period in kept.iter().filter(|period| period.holds_on(on)) {
                for address in period.aliases.iter().chain([&period.email]) {
                    proptest::prop_assert_eq!(owners.insert(address, period.line), None, "{}", text);
                }
            }
        }
    }
}
