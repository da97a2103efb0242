//! What the key of an account opens: bound by the first answer, refused when it is another, and what a person does about
//! an account.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;

use chrono::{NaiveDate, Utc};
use rust_decimal::Decimal;
use support::{OCTOBER, Scene};
use vendor_sim::{Endpoint, Fault, FaultKind, Member, OrganizationHeader, WhoAmI, World, worlds};

const ID: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";

fn sync() -> String {
    format!("sync {OCTOBER}")
}

/// The October, and a team.
fn october() -> Scene {
    let mut world = worlds::october();
    for user_id in 101..=104 {
        let email = format!("person.{user_id}@example.com");
        let member = Member::new(user_id, &email, &format!("Person {user_id}"));
        world.add_member(Member { joined_on: day("2025-01-01"), ..member });
    }
    Scene::of(world)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An account of a vendor whose key is in this variable.
fn account(id: &str, vendor: &str, key: &str) -> String {
    format!("[[accounts]]\nid = \"{id}\"\nvendor = \"{vendor}\"\nkey_env = \"{key}\"\n")
}

/// Claude's and Cursor's account under these ids, with the keys that every scene has.
fn accounts(anthropic: &str, cursor: &str) -> String {
    account(anthropic, "anthropic", "ANTHROPIC_ADMIN_KEY") + &account(cursor, "cursor", "CURSOR_API_KEY")
}

fn cost(scene: &Scene) -> Decimal {
    scene.tables().usd("SELECT cost_usd FROM claude_total_expenses")
}

/// What the October costs in the world, in dollars.
fn bill(scene: &Scene) -> Decimal {
    let (first, last) = (day("2025-10-03"), day("2025-10-17"));
    scene.simulator.with_world(|world| world.cost_cents(first, last)) / Decimal::from(100)
}

fn coverage_accounts(scene: &Scene) -> Vec<Vec<String>> {
    scene.tables().rows("SELECT DISTINCT account_id FROM coverage ORDER BY 1")
}

/// Each account that `accounts` lists: vendor, id, state and what it opens.
fn listed(scene: &Scene) -> Vec<String> {
    let json = scene.run("accounts --json").exits(0).json();
    let text = |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or("-").to_owned();
    let row =
        |row: &serde_json::Value| ["vendor", "account_id", "state", "opens"].map(|field| text(row, field)).join(" ");
    json["accounts"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn the_first_answer_binds_an_account_and_accounts_shows_what_it_opens_and_since_when() {
    let scene = october();
    scene.run(&sync()).exits(0);
    let today = Utc::now().date_naive().to_string();
    scene.run("accounts").exits(0).says(&["anthropic", "default", "bound", ID, &today, "a team of", "members"]);
    let stored = scene.objects("raw/accounts");
    assert_eq!(stored.len(), 2, "{stored:?}");
    let text = std::fs::read_to_string(&stored[0]).unwrap() + &std::fs::read_to_string(&stored[1]).unwrap();
    for secret in [scene.simulator.anthropic_key(), scene.simulator.cursor_key(), "@".to_owned()] {
        assert!(!text.contains(&secret), "{text}");
    }
    scene.run(&sync()).exits(0);
    assert_eq!(scene.objects("raw/accounts"), stored, "the same again is not news");
    scene.run("reconcile").exits(0);
}

#[test]
fn another_organization_behind_the_same_account_is_refused_before_anything_is_fetched() {
    let scene = october();
    scene.run(&sync()).exits(0);
    let (before, asked, raw) = (scene.tables().content(), scene.request_count(), scene.objects("raw"));
    scene.simulator.with_world(|world| {
        world.options.anthropic_organization_id = OTHER.to_owned();
        world.set_cost_amount(day("2025-10-05"), 0, Decimal::ZERO);
    });
    let refused = ["account `default` was organization", ID, "this key opens organization", OTHER];
    for words in [sync(), "sync --source anthropic/cost_totals --from 2025-10-05".to_owned()] {
        scene.run(&words).exits(1).says(&refused);
    }
    let asked = scene.requests_after(asked);
    assert!(asked.iter().all(|request| request.endpoint == Some(Endpoint::CursorDailyUsageData)), "{asked:?}");
    let tables = |content: Vec<(&'static str, Vec<Vec<String>>)>| -> Vec<_> {
        content.into_iter().filter(|(table, _)| table.starts_with("claude")).collect()
    };
    assert_eq!(tables(scene.tables().content()), tables(before));
    let of_claude = |objects: Vec<std::path::PathBuf>| -> Vec<_> {
        objects.into_iter().filter(|path| path.starts_with(scene.home().join("raw/anthropic"))).collect()
    };
    assert_eq!(of_claude(scene.objects("raw")), of_claude(raw));
}

#[test]
fn a_key_of_another_team_behind_the_same_account_is_refused() {
    let scene = october();
    scene.run(&sync()).exits(0);
    let asked = scene.request_count();
    scene.simulator.with_world(rename_everybody);
    scene.run(&sync()).exits(1).says(&["cursor account `default` was a team of", "opens a team of"]);
    let asked = scene.requests_after(asked);
    assert!(asked.iter().all(|request| request.endpoint != Some(Endpoint::CursorDailyUsageData)), "{asked:?}");
}

/// Makes other people of all members of the team.
fn rename_everybody(world: &mut World) {
    for member in world.members().to_vec() {
        world.remove_member(member.user_id);
        let email = format!("other.{}", member.email);
        world.add_member(Member { user_id: member.user_id + 1_000_000, email, ..member });
    }
}

#[test]
fn a_renamed_account_is_refused_whatever_source_is_synced_first() {
    for words in [sync(), "sync --source anthropic/cost_totals --source cursor/daily_usage".to_owned()] {
        let mut scene = october();
        scene.run(&sync()).exits(0);
        let (before, bill) = (coverage_accounts(&scene), cost(&scene));
        scene.configure(&accounts("main", "team"));
        scene.run(&words).exits(1).says(&[
            "anthropic accounts `default` and `main` are one",
            ID,
            "rebind default main",
            "cursor accounts `default` and `team` are one",
        ]);
        assert_eq!((coverage_accounts(&scene), cost(&scene)), (before, bill));
    }
}

#[test]
fn two_accounts_with_two_keys_of_one_organization_are_its_money_once() {
    let mut scene = october();
    scene.simulator.with_world(|world| {
        world.options.anthropic_other_keys = vec![("second".to_owned(), ID.to_owned())];
        world.options.cursor_other_keys = vec!["second".to_owned()];
    });
    scene.set("SECOND", "second");
    let seconds = account("b", "anthropic", "SECOND") + &account("b", "cursor", "SECOND");
    scene.configure(&(accounts("a", "a") + &seconds));
    let refused = ["anthropic accounts `a` and `b` are one", "cursor accounts `a` and `b` are one"];
    for _ in 0..2 {
        scene.run(&sync()).exits(1).says(&refused);
        assert_eq!(cost(&scene), bill(&scene));
        assert_eq!(coverage_accounts(&scene), [["a"]]);
    }
}

#[test]
fn two_organizations_are_two_accounts() {
    let mut scene = october();
    scene.simulator.with_world(|world| {
        world.options.anthropic_other_keys = vec![("second".to_owned(), OTHER.to_owned())];
    });
    scene.set("SECOND", "second");
    scene.configure(&(accounts("a", "a") + &account("b", "anthropic", "SECOND")));
    scene.run(&sync()).exits(0);
    assert_eq!(cost(&scene), bill(&scene) * Decimal::from(2));
    scene.run("reconcile").exits(0);
}

#[test]
fn where_the_endpoint_is_closed_a_header_binds_before_anything_is_kept() {
    use OrganizationHeader::{Always, OnSuccess};
    for (me, header) in [
        (WhoAmI::Forbidden, Always),
        (WhoAmI::NotFound, OnSuccess),
        (WhoAmI::IdIsNull, Always),
        (WhoAmI::AnotherForm, OnSuccess),
    ] {
        let scene = october();
        scene.simulator.with_world(|world| {
            (world.options.anthropic_me, world.options.anthropic_organization_header) = (me, header);
        });
        scene.run(&sync()).exits(0);
        let bound = &listed(&scene)[0];
        assert!(bound.contains("default bound organization") && bound.contains(ID), "{me:?} {bound}");
        let (before, raw) = (cost(&scene), scene.objects("raw/anthropic"));
        scene.simulator.with_world(|world| world.options.anthropic_organization_id = OTHER.to_owned());
        scene.run(&sync()).exits(1).says(&[ID, OTHER, "account `default` was organization"]);
        assert_eq!((cost(&scene), scene.objects("raw/anthropic")), (before, raw), "{me:?}");
    }
}

#[test]
fn where_nothing_says_who_it_is_the_account_stays_unbound_until_something_does() {
    let mut scene = october();
    scene.simulator.with_world(|world| {
        world.options.anthropic_me = WhoAmI::Forbidden;
        world.options.anthropic_organization_header = OrganizationHeader::Never;
        world.options.cursor_members_are_closed = true;
    });
    scene.run(&sync()).exits(0);
    assert_eq!(listed(&scene), ["anthropic default unbound -", "cursor default unbound -"]);
    scene.run("accounts").exits(0).says(&["the vendor does not say"]);
    scene.configure(&accounts("main", "team"));
    scene.run(&sync()).exits(1).says(&["account `main` is new, and account `default` has answers", "`team` is new"]);
    scene.configure("");
    scene.simulator.with_world(|world| {
        world.options.anthropic_me = WhoAmI::Answered;
        world.options.cursor_members_are_closed = false;
    });
    scene.run(&sync()).exits(0);
    assert!(listed(&scene).iter().all(|row| row.contains("default bound")), "{:?}", listed(&scene));
}

#[test]
fn a_store_without_bindings_binds_its_accounts_and_refuses_a_name_that_is_new_to_it() {
    let mut scene = october();
    scene.run(&sync()).exits(0);
    std::fs::remove_dir_all(scene.home().join("raw/accounts")).unwrap();
    scene.configure(&accounts("main", "team"));
    scene.run(&sync()).exits(1).says(&["account `main` is new, and account `default` has answers", "`team` is new"]);
    assert!(scene.objects("raw/accounts").is_empty());
    scene.configure("");
    scene.run(&sync()).exits(0);
    assert!(listed(&scene).iter().all(|row| row.contains("default bound")), "{:?}", listed(&scene));
}

#[test]
fn who_it_is_is_asked_again_like_anything_else_and_a_wrong_key_stays_the_key() {
    let mut scene = october();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicMe, FaultKind::Status(503)).times(1));
    scene.simulator.inject(Fault::on(Endpoint::CursorMembers, FaultKind::Status(503)).times(1));
    scene.run(&sync()).exits(0);
    scene.set("ANTHROPIC_ADMIN_KEY", "mistyped");
    scene.run(&sync()).exits(1).says(&["the key from ANTHROPIC_ADMIN_KEY was not accepted (401)"]);
    scene.set("ANTHROPIC_ADMIN_KEY", scene.simulator.anthropic_key());
    scene.run(&sync()).exits(0);
    assert_eq!(scene.objects("raw/accounts").len(), 2);
}

#[test]
fn a_bound_account_is_asked_while_the_vendor_fails_to_say_who_it_is_and_a_new_one_is_not() {
    let scene = october();
    let fail = || scene.simulator.inject(Fault::on(Endpoint::AnthropicMe, FaultKind::Status(500)));
    fail();
    scene.run(&sync()).exits(1).says(&["/v1/organizations/me: failed at the vendor (500)"]);
    assert!(scene.manifests("anthropic").is_empty());
    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    fail();
    scene.run(&sync()).exits(0);
}

// An account's life

#[test]
fn a_renamed_account_keeps_its_history_and_is_counted_once() {
    let mut scene = october();
    scene.run(&sync()).exits(0);
    let (facts, bill) = (renamed_content(&scene, "default"), cost(&scene));
    let preview = scene.run("accounts rebind default main --vendor anthropic").exits(0);
    preview.says(&["would be `main`", "stored answer", "claude_costs", "Nothing was done; --yes does it"]);
    assert_eq!(cost(&scene), bill);
    scene.run("accounts rebind default main").exits(2).says(&["both vendors have an account `default`"]);
    let asked = scene.request_count();
    scene.run("accounts rebind default main --vendor anthropic --yes").exits(0).says(&["is `main` now"]);
    assert_eq!(scene.request_count(), asked, "no vendor is asked");
    assert_eq!((renamed_content(&scene, "main"), cost(&scene)), (facts, bill));
    assert!(scene.objects("raw/anthropic/cost_report/default").is_empty());
    scene.run(&sync()).exits(1).says(&["account `default` goes on as `main`"]);
    scene.configure(&accounts("main", "default"));
    scene.run(&sync()).exits(0);
    scene.run("reconcile").exits(0);
    scene.run("accounts").exits(0).says(&["main", "default"]);
    // What is stored makes the same tables again.
    std::fs::remove_file(scene.home().join("everycent.sqlite")).unwrap();
    scene.run("replay").exits(0);
    assert_eq!(cost(&scene), bill);
}

/// The rows of the Claude tables with their account, as the account of this id has them.
fn renamed_content(scene: &Scene, account: &str) -> Vec<Vec<String>> {
    scene.tables().rows(&format!(
        "SELECT activity_date, workspace_id, description, amount_usd FROM claude_costs
         WHERE organization_id = '{account}' ORDER BY 1, 2, 3, 4"
    ))
}

#[test]
fn a_renaming_that_was_interrupted_is_gone_on_with_and_neither_id_is_asked_meanwhile() {
    let mut scene = october();
    scene.run(&sync()).exits(0);
    let (facts, bill) = (renamed_content(&scene, "default"), cost(&scene));
    let rename = "accounts rebind default main --vendor anthropic --yes";
    // As it is when the copies are made and the old ones are not deleted.
    let old: Vec<(PathBuf, Vec<u8>)> =
        scene.objects("raw/anthropic").into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    scene.run(rename).exits(0);
    for (path, content) in old {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    scene.configure(&accounts("main", "default"));
    scene.run(&sync()).exits(1).says(&["the renaming was interrupted", "rebind default main"]);
    scene.run(rename).exits(0);
    assert_eq!((renamed_content(&scene, "main"), cost(&scene)), (facts, bill));
    scene.run(&sync()).exits(0);
}

#[test]
fn an_id_that_has_a_history_is_no_new_name() {
    let mut scene = october();
    scene.simulator.with_world(|world| {
        world.options.anthropic_other_keys = vec![("second".to_owned(), OTHER.to_owned())];
    });
    scene.set("SECOND", "second");
    scene.configure(&(accounts("a", "team") + &account("b", "anthropic", "SECOND")));
    scene.run(&sync()).exits(0);
    scene.run("accounts rebind a b --yes").exits(2).says(&["`b` has a history of its own", "accounts forget b"]);
    scene.run("accounts rebind a a --yes").exits(2).says(&["has this id already"]);
    scene.run("accounts rebind c d --yes").exits(2).says(&["no account `c` is known", "a of anthropic"]);
}

#[test]
fn an_account_may_go_on_as_another_organization_when_a_person_says_so() {
    let scene = october();
    scene.run(&sync()).exits(0);
    scene.simulator.with_world(|world| world.options.anthropic_organization_id = OTHER.to_owned());
    let words = "accounts rebind default --vendor anthropic";
    scene.run(words).exits(0).says(&[ID, "asked again", "Nothing was done"]);
    scene.run(&sync()).exits(1);
    scene.run(&format!("{words} --yes")).exits(0);
    scene.run(&sync()).exits(0);
    assert!(listed(&scene)[0].contains(OTHER), "{:?}", listed(&scene));
}

#[test]
fn a_retired_account_keeps_its_history_is_not_asked_and_reconcile_does_not_miss_its_days() {
    let mut scene = october();
    scene.run(&sync()).exits(0);
    let bill = cost(&scene);
    // A day that failed, and would be asked again.
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(500)));
    scene.run("sync --from 2025-10-01 --to 2025-10-05 --source anthropic/cost_report").exits(1);
    scene.simulator.clear_faults();
    scene.run("reconcile").exits(1);
    scene.run("accounts retire default --vendor anthropic").exits(0).says(&["is retired"]);
    let asked = scene.request_count();
    scene.run(&sync()).exits(0).says(&["anthropic account `default` is retired and not asked"]);
    let asked = scene.requests_after(asked);
    assert!(asked.iter().all(|request| request.path.starts_with("/teams/")), "{asked:?}");
    scene.run("reconcile").exits(0);
    let report = scene.run("report --from 2025-10-01 --to 2025-10-05 --json").exits(0).json();
    let lacks = report["rests_on"]["lacks"].as_array().unwrap();
    assert!(lacks.iter().all(|gap| gap["vendor"] != "anthropic"), "nobody loads days of a retired account: {lacks:?}");
    scene.configure(&account("team", "cursor", "CURSOR_API_KEY").replace("team", "default"));
    scene.run("reconcile").exits(0);
    assert_eq!(cost(&scene), bill);
    scene.run("accounts").exits(0).says(&["retired"]);
    scene.configure("");
    scene.run("accounts resume default --vendor anthropic").exits(0);
    scene.run(&sync()).exits(0);
    scene.run("accounts resume default --vendor anthropic").exits(0);
}

#[test]
fn a_mistyped_account_is_forgotten_with_all_that_it_brought() {
    let mut scene = october();
    scene.run(&sync()).exits(0);
    let before = scene.tables().facts();
    scene.simulator.with_world(|world| {
        world.options.anthropic_other_keys = vec![("second".to_owned(), OTHER.to_owned())];
    });
    scene.set("SECOND", "second");
    scene.configure(&(accounts("default", "default") + &account("mistyped", "anthropic", "SECOND")));
    scene.run(&sync()).exits(0);
    scene.configure("");
    scene.run("reconcile").exits(1).says(&["`mistyped` has rows and is not configured", "accounts forget mistyped"]);
    let preview = scene.run("accounts forget mistyped").exits(0);
    preview.says(&["would be forgotten", "claude_costs", "coverage", "can't be undone", "--yes does it"]);
    assert!(cost(&scene) > bill(&scene));
    let json = scene.run("accounts forget mistyped --yes --json").exits(0).json();
    assert_eq!((json["done"].as_bool(), json["answers"].as_i64()), (Some(true), Some(2)));
    assert!(scene.tables().facts() == before && scene.objects("raw/anthropic/cost_report/mistyped").is_empty());
    scene.run("reconcile").exits(0);
    scene.run("accounts").exits(0).says_nothing_of(&["mistyped"]);
    scene.run("replay").exits(0);
    assert_eq!(cost(&scene), bill(&scene));
    scene.run("accounts forget mistyped").exits(2).says(&["no account `mistyped` is known"]);
    // The organization may come under the right name.
    scene.configure(&(accounts("default", "default") + &account("right", "anthropic", "SECOND")));
    scene.run(&sync()).exits(0);
}

#[test]
fn one_organization_of_an_account_that_is_retired_does_not_come_back_under_another_id() {
    let mut scene = october();
    scene.run(&sync()).exits(0);
    scene.run("accounts retire default --vendor anthropic").exits(0);
    scene.configure(&accounts("main", "default"));
    scene.run(&sync()).exits(1).says(&["anthropic accounts `default` and `main` are one"]);
    assert_eq!(cost(&scene), bill(&scene));
}

#[test]
fn accounts_of_a_home_that_has_nothing_are_those_of_the_configuration() {
    let scene = Scene::of(worlds::october());
    scene.run("accounts").exits(2).says(&["run `everycent sync` first"]);
    scene.run("accounts retire default").exits(2);
}

// What names an account

#[test]
fn a_rule_may_be_of_one_account_and_a_report_too() {
    let mut scene = october();
    scene.simulator.with_world(|world| {
        world.options.anthropic_other_keys = vec![("second".to_owned(), OTHER.to_owned())];
    });
    scene.set("SECOND", "second");
    let rule = "[[attribution.rules]]\nid = \"b-is-code\"\nplatform = \"claude_code\"\naccount = \"b\"\n";
    scene.configure(&(accounts("a", "team") + &account("b", "anthropic", "SECOND") + rule));
    scene.run(&sync()).exits(0);
    let platforms = "SELECT DISTINCT organization_id, platform, platform_basis FROM claude_costs ORDER BY 1";
    assert_eq!(scene.tables().rows(platforms), [["a", "unattributed", "NULL"], ["b", "claude_code", "b-is-code"]]);
    let trial = scene.run("attribution test --json").exits(0).json();
    let taken = trial["costs"].as_array().unwrap().iter().find(|row| row["rule"] == "b-is-code").unwrap().clone();
    assert_eq!((&taken["would_usd"], &taken["now_usd"]), (&taken["now_usd"], &taken["would_usd"]));
    assert_eq!(taken["would_usd"].as_str().unwrap().parse::<Decimal>().unwrap(), bill(&scene));
    scene.run("report").exits(0).says(&["account", "claude_code", "unattributed"]);
    scene.run("report --account b").exits(0).says(&["of account b", "claude_code"]).says_nothing_of(&["unattributed"]);
    let json = scene.run("report --account a --json").exits(0).json();
    assert_eq!(json["account_id"], "a");
    assert!(json["spend"].as_array().unwrap().iter().all(|row| row["account_id"] == "a"));
    scene.run("report --account c").exits(2).says(&["nothing was ever loaded of `c`", "a, b, team"]);
}

#[test]
fn what_fails_and_what_does_not_reconcile_names_its_account() {
    let scene = october();
    scene.run(&sync()).exits(0);
    scene.tables().tamper("DELETE FROM claude_costs_nano WHERE activity_date = '2025-10-05'");
    scene.run("reconcile").exits(1).says(&["2025-10-05, account default: expected"]);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::Status(500)));
    scene.run(&sync()).exits(1).says(&["anthropic/cost_report of default"]);
    scene.run("status").exits(0).says(&["anthropic/cost_report of default"]);
}

/// Two keys of one organization, and nothing says whose they are.
#[test]
fn two_unbound_accounts_that_cost_the_same_are_seen_by_reconcile_and_two_organizations_are_not() {
    for is_one in [true, false] {
        let mut scene = october();
        let second = if is_one { ID } else { OTHER };
        scene.simulator.with_world(|world| {
            world.options.anthropic_me = WhoAmI::Forbidden;
            world.options.anthropic_organization_header = OrganizationHeader::Never;
            world.options.anthropic_other_keys = vec![("second".to_owned(), second.to_owned())];
        });
        scene.set("SECOND", "second");
        scene.configure(&(account("a", "anthropic", "ANTHROPIC_ADMIN_KEY") + &account("b", "anthropic", "SECOND")));
        scene.run(&sync()).exits(0);
        let said = ["no_twin_account", "accounts `a` and `b` cost the same on", "`everycent accounts forget b`"];
        // The world has one bill for all keys, so it is told from another one by what is changed in the tables.
        if !is_one {
            scene.tables().tamper(
                "UPDATE claude_costs_nano SET amount_nano_usd = amount_nano_usd + 1 WHERE organization_id = 'b'",
            );
        }
        let reconciled = scene.run("reconcile").exits(1);
        if is_one {
            reconciled.says(&said)
        } else {
            reconciled.says_nothing_of(&said)
        };
        scene.run("accounts forget b --yes").exits(0);
        scene.configure(&account("a", "anthropic", "ANTHROPIC_ADMIN_KEY"));
        scene.run("reconcile").exits(0).says_nothing_of(&said);
    }
}
