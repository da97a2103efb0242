#![allow(clippy::unwrap_used)]
use everycent_schemas::Timestamp;

use super::*;
use crate::accounts::Entry;

/// The vendor's accounts after these changes, a day after each other.
fn book(changes: &[(&str, Change)]) -> Book {
    let mut book = Book::default();
    for (day, (account, change)) in (1..).zip(changes) {
        let at: Timestamp = format!("2026-11-{day:02}T08:00:00Z").parse().unwrap();
        book.add(Entry::new(at, (*account).into(), change.clone()));
    }
    book
}

fn ids(names: &str) -> BTreeSet<AccountId> {
    names.split_whitespace().map(AccountId::from).collect()
}

fn organization(id: &str) -> Opened {
    Opened::read(Vendor::Anthropic, None, Some(id)).unwrap()
}

fn team(members: impl IntoIterator<Item = u32>) -> Opened {
    let members: Vec<String> = members.into_iter().map(|id| format!(r#"{{"id": {id}}}"#)).collect();
    Opened::read(Vendor::Cursor, Some(format!("[{}]", members.join(",")).as_bytes()), None).unwrap()
}

fn bound(opened: Opened) -> Change {
    Change::Bound { opened: Some(opened) }
}

const UNBOUND: Change = Change::Bound { opened: None };

/// What becomes of `account` with a key that opens this, where `configured` are configured and `answered` have answers.
fn admitted(
    book: &Book,
    configured: &str,
    answered: &str,
    account: &str,
    opened: Option<&Opened>,
) -> Result<Option<Change>, String> {
    let (configured, with_answers) = (ids(configured), ids(answered));
    let vendor = if matches!(opened, Some(Opened::Team(_))) { Vendor::Cursor } else { Vendor::Anthropic };
    let beside = Surroundings { vendor, configured: &configured, with_answers: &with_answers };
    admit(book, beside, &account.into(), opened).map_err(|refusal| refusal.to_string())
}

#[track_caller]
fn assert_refused(outcome: Result<Option<Change>, String>, words: &[&str]) {
    let said = outcome.unwrap_err();
    for word in words {
        assert!(said.contains(word), "not a word of `{word}`: {said}");
    }
}

#[test]
fn the_first_answer_binds_and_the_same_again_changes_nothing() {
    let (x, none) = (organization("x"), book(&[]));
    assert_eq!(admitted(&none, "default", "", "default", Some(&x)), Ok(Some(bound(x.clone()))));
    let known = book(&[("default", bound(x.clone()))]);
    assert_eq!(admitted(&known, "default", "default", "default", Some(&x)), Ok(None));
    assert_eq!(admitted(&known, "default", "default", "default", None), Ok(None), "the vendor may fall silent");
    assert_eq!(admitted(&none, "default", "", "default", None), Ok(Some(UNBOUND)));
    let unbound = book(&[("default", UNBOUND)]);
    assert_eq!(admitted(&unbound, "default", "default", "default", None), Ok(None));
    assert_eq!(admitted(&unbound, "default", "default", "default", Some(&x)), Ok(Some(bound(x))));
}

#[test]
fn another_organization_behind_the_same_account_is_refused_with_both() {
    let known = book(&[("default", bound(organization("x")))]);
    let outcome = admitted(&known, "default", "default", "default", Some(&organization("y")));
    assert_refused(
        outcome,
        &["account `default` was organization x since 2026-11-01, and this key opens organization y"],
    );
}

#[test]
fn one_organization_behind_two_accounts_is_refused_with_both() {
    let x = organization("x");
    let known = book(&[("default", bound(x.clone()))]);
    for configured in ["default main", "main"] {
        let outcome = admitted(&known, configured, "default", "main", Some(&x));
        assert_refused(outcome, &["`default` and `main` are one", "organization x", "rebind default main"]);
    }
    let retired = book(&[("default", bound(x.clone())), ("default", Change::Retired)]);
    assert_refused(admitted(&retired, "main", "default", "main", Some(&x)), &["`default` and `main` are one"]);
    let another = admitted(&known, "default other", "default", "other", Some(&organization("y")));
    assert_eq!(another, Ok(Some(bound(organization("y")))));
}

#[test]
fn who_was_renamed_is_asked_under_the_new_id_only() {
    let x = organization("x");
    let known = book(&[("default", bound(x.clone())), ("default", Change::Renamed { to: "main".into() })]);
    assert_eq!(admitted(&known, "main", "main", "main", Some(&x)), Ok(None));
    for opened in [Some(&x), None] {
        assert_refused(admitted(&known, "default", "main", "default", opened), &["goes on as `main`"]);
    }
    let half_way = admitted(&known, "main", "default main", "main", Some(&x));
    assert_refused(half_way, &["`main` was `default`", "rebind default main"]);
    let back = book(&[
        ("default", bound(x.clone())),
        ("default", Change::Renamed { to: "main".into() }),
        ("main", Change::Renamed { to: "default".into() }),
    ]);
    assert_eq!(admitted(&back, "default", "default", "default", Some(&x)), Ok(None));
}

#[test]
fn who_is_retired_is_not_asked_until_it_is_resumed_and_who_is_forgotten_is_new() {
    let x = organization("x");
    let mut changes = vec![("default", bound(x.clone())), ("default", Change::Retired)];
    assert_refused(admitted(&book(&changes), "default", "default", "default", Some(&x)), &["retired since 2026-11-02"]);
    changes.push(("default", Change::Resumed));
    assert_eq!(admitted(&book(&changes), "default", "default", "default", Some(&x)), Ok(None));
    changes.push(("default", Change::Forgotten));
    assert_eq!(admitted(&book(&changes), "main", "", "main", Some(&x)), Ok(Some(bound(x))));
}

#[test]
fn who_is_released_is_bound_by_the_next_answer_and_keeps_its_history() {
    let (x, y) = (organization("x"), organization("y"));
    let known = book(&[("default", bound(x.clone())), ("default", Change::Released)]);
    assert_eq!(admitted(&known, "default", "default", "default", Some(&y)), Ok(Some(bound(y.clone()))));
    let rebound = book(&[("default", bound(x.clone())), ("default", Change::Released), ("default", bound(y))]);
    assert_refused(admitted(&rebound, "default main", "default", "main", Some(&x)), &["`default` and `main` are one"]);
}

#[test]
fn an_old_store_binds_without_a_false_alarm_unless_the_name_is_new_in_it() {
    let (x, none) = (organization("x"), book(&[]));
    let under_its_id = admitted(&none, "default", "default", "default", Some(&x));
    assert_eq!(under_its_id, Ok(Some(bound(x.clone()))));
    let beside_one_left = admitted(&none, "default", "default old", "default", Some(&x));
    assert_eq!(beside_one_left, Ok(Some(bound(x.clone()))));
    for opened in [Some(&x), None] {
        let renamed = admitted(&none, "main", "default", "main", opened);
        assert_refused(renamed, &["`main` is new", "rebind default main", "retire default"]);
    }
    let retired = book(&[("default", Change::Retired)]);
    assert_eq!(admitted(&retired, "main", "default", "main", Some(&x)), Ok(Some(bound(x.clone()))));
    let both_configured = admitted(&none, "default main", "default", "main", Some(&x));
    assert_eq!(both_configured, Ok(Some(bound(x))));
}

#[test]
fn a_team_goes_on_while_anybody_of_it_is_there_and_is_noted_when_much_of_it_changed() {
    let known = book(&[("default", bound(team(1..=4)))]);
    let asked = |now: Opened| admitted(&known, "default", "default", "default", Some(&now));
    assert_eq!(asked(team(1..=5)), Ok(None));
    assert_eq!(asked(team([4, 7, 8])), Ok(Some(Change::Seen { opened: team([4, 7, 8]) })));
    assert_refused(asked(team(7..=9)), &["was a team of 4 members since 2026-11-01", "opens a team of 3 members"]);
    let later = book(&[("default", bound(team(1..=4))), ("default", Change::Seen { opened: team([4, 7, 8]) })]);
    let outcome = admitted(&later, "default", "default", "default", Some(&team([8, 9])));
    assert_eq!(outcome, Ok(Some(Change::Seen { opened: team([8, 9]) })));
}

#[test]
fn two_teams_of_a_company_may_share_somebody_but_one_left_behind_may_not() {
    let known = book(&[("default", bound(team(1..=4)))]);
    let other = team([4, 5, 6]);
    assert_eq!(admitted(&known, "default main", "default", "main", Some(&other)), Ok(Some(bound(other.clone()))));
    for (configured, opened) in [("default main", team(1..=5)), ("main", other)] {
        let outcome = admitted(&known, configured, "default", "main", Some(&opened));
        assert_refused(outcome, &["cursor accounts `default` and `main` are one", "a team of 4 members"]);
    }
}
