//! Messages that were given up: what is said of them, and what becomes of them when they are sent again or forgotten.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::PathBuf;

use everycent_schemas::events::{self, FetchRequested};
use serde_json::Value;
use support::{OCTOBER, Scene, assert_tells};
use vendor_sim::worlds;

const REDELIVER: &str = "dead-letters redeliver";

fn sync() -> String {
    format!("sync {OCTOBER}")
}

fn listed(scene: &Scene) -> Vec<Value> {
    let list = scene.run("dead-letters list --json").exits(0).json();
    list["dead_letters"].as_array().unwrap().clone()
}

fn ids(scene: &Scene) -> Vec<String> {
    listed(scene).iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
}

/// The page of a source that was stored first, and its bytes.
fn page(scene: &Scene, source: &str) -> (PathBuf, Vec<u8>) {
    let objects = scene.objects(&format!("raw/{source}"));
    let page = objects.into_iter().find(|path| path.extension().is_some_and(|end| end == "zst")).unwrap();
    let bytes = fs::read(&page).unwrap();
    (page, bytes)
}

/// A home in which the stored page of the cost report was damaged, and its replay given up.
fn damaged() -> (Scene, PathBuf, Vec<u8>) {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let (page, bytes) = page(&scene, "anthropic/cost_report");
    fs::write(&page, &bytes[..bytes.len() / 2]).unwrap();
    scene.run("replay").exits(1).says(&["1 message given up", "`everycent dead-letters redeliver --all`"]);
    (scene, page, bytes)
}

#[test]
fn a_letter_is_listed_with_what_it_is_about_and_sent_again_once_its_cause_is_gone() {
    let (scene, page, bytes) = damaged();
    let before = scene.tables().facts();
    let [letter] = &listed(&scene)[..] else { panic!("one letter") };
    assert_eq!((&letter["topic"], &letter["attempts"]), (&"snapshot-stored".into(), &1.into()));
    assert_eq!((&letter["source"], &letter["account_id"]), (&"anthropic/cost_report".into(), &"default".into()));
    assert_eq!((&letter["from"], &letter["to"]), (&"2025-10-03".into(), &"2025-10-17".into()));
    assert!(letter["reason"].as_str().unwrap().contains(".json.zst"), "{letter}");
    assert_eq!(letter["done"], false);
    let id = letter["id"].as_str().unwrap();
    let subject = "anthropic/cost_report of account `default`, 2025-10-03 to 2025-10-17";
    scene.run("dead-letters").exits(0).says(&["1 dead letter", id, "snapshot-stored", "tried 1 time", subject]);
    scene.run("status").exits(0).says(&["Dead letters", "`everycent dead-letters`"]);

    // The page is damaged still.
    let again = scene.run(&format!("{REDELIVER} {id}")).exits(1);
    again.says(&["1 message sent again", "Given up again", ".json.zst", subject]);
    let ids = ids(&scene);
    assert!(ids.len() == 1 && ids[0] != id, "another message, in the place of the first: {ids:?}");
    fs::write(page, bytes).unwrap();
    scene.run(&format!("{REDELIVER} --all")).exits(0).says(&["1 message sent again", "Their work is done"]);
    scene.run("dead-letters list").exits(0).says(&["No message was given up"]);
    assert_eq!(scene.tables().facts(), before);
    scene.run(&format!("{REDELIVER} --all")).exits(0).says(&["0 messages sent again"]);
}

#[test]
fn a_day_without_a_price_is_given_up_again_until_it_has_one() {
    let mut scene = Scene::of(worlds::company(7, "2023-01-05".parse().unwrap(), 20));
    scene.run("sync --from 2022-12-28 --to 2023-01-05").exits(1).says(&["`everycent dead-letters redeliver --all`"]);
    let failed = "SELECT COUNT(*) FROM coverage WHERE state = 'failed'";
    assert_eq!(scene.tables().count(failed), 4);
    let again = scene.run(&format!("{REDELIVER} --all --json")).exits(1).json();
    let reason = again["given_up_again"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("no Cursor price is known for 2022-12-28"), "{again}");
    assert_eq!(again["redelivered"].as_array().unwrap().len(), 1);

    scene.add(
        "[[prices.cursor]]\nfrom = \"2022-12-01\"\nseat_usd = \"40\"\nplan = \"request\"\nincluded_requests = 500\n\
         request_usd = \"0.04\"\n",
    );
    scene.run(&format!("{REDELIVER} --topic snapshot-stored")).exits(0).says(&["Their work is done"]);
    assert_eq!(scene.tables().count(failed), 0);
    assert_tells(&scene, "2022-12-28", "2023-01-05");
}

/// Puts a message aside, as a program of before has left it.
fn bury(scene: &Scene, topic: &str, payload: &[u8], attributes: &str, reason: &str) {
    let queue = rusqlite::Connection::open(scene.home().join("bus.sqlite")).unwrap();
    let sql = "INSERT INTO dead_letters (topic, message_id, payload, attributes, attempts, reason, at)
               VALUES (?1, (SELECT 900 + COUNT(*) FROM dead_letters), ?2, ?3, 2, ?4, 1760000000000000)";
    queue.execute(sql, rusqlite::params![topic, payload, attributes, reason]).unwrap();
}

/// A request for days that were never fetched.
fn bury_a_request(scene: &Scene) {
    let request = FetchRequested {
        source: "anthropic/cost_totals".into(),
        account_id: Some("default".into()),
        from_date: Some("2025-10-16".parse().unwrap()),
        to_date: Some("2025-10-17".parse().unwrap()),
        trailing_days: 0,
        requested_at: None,
    };
    let encoded = events::encode(&request);
    let attributes = format!(r#"{{"schema": "{}"}}"#, encoded.fingerprint);
    bury(scene, "fetch-requested", &encoded.payload, &attributes, "the store was away");
}

#[test]
fn a_request_that_is_sent_again_is_fetched_and_other_letters_stay() {
    let scene = Scene::october();
    scene.run("sync --from 2025-10-03 --to 2025-10-15").exits(0);
    bury_a_request(&scene);
    bury(&scene, "batch-normalized", b"junk", "{}", "it does not read");
    scene.run(&format!("{REDELIVER} --topic fetch-requested")).exits(0).says(&["1 message sent again"]);
    let days = "SELECT COUNT(*) FROM claude_cost_totals WHERE activity_date >= '2025-10-16'";
    assert_eq!(scene.tables().count(days), 2);
    let left = listed(&scene);
    assert_eq!(left.iter().map(|letter| &letter["topic"]).collect::<Vec<_>>(), ["batch-normalized"]);
}

#[test]
fn what_is_forgotten_is_named_with_what_is_lost_and_gone() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    bury_a_request(&scene);
    bury(&scene, "batch-normalized", b"junk", "{}", "its handler panicked: no row of ann@example.com");
    let list = scene.run("dead-letters list").exits(0);
    list.says(&["a message that does not read", "no row of ***", "tried 2 times"]).says_nothing_of(&["example.com"]);

    let lost = "`everycent sync --from 2025-10-16 --to 2025-10-17 --source anthropic/cost_totals` asks again";
    // The days of the request are loaded by a later answer, so that nothing of it is left to do.
    let shown = scene.run("dead-letters forget --all").exits(0);
    shown.says(&["2 dead letters would be forgotten", "Nothing was done; --yes does it", "its days are loaded since"]);
    assert_eq!(ids(&scene).len(), 2);
    scene.run("dead-letters forget 900").exits(0).says(&["1 dead letter forgotten"]).says_nothing_of(&[lost]);
    assert_eq!(ids(&scene), ["901"]);
    scene.run("dead-letters forget 900").exits(2).says(&["no dead letter has the id `900`"]);
    scene.run("dead-letters forget --all --yes").exits(0).says(&["1 dead letter forgotten"]);
    assert_eq!(ids(&scene).len(), 0);

    let other = Scene::october();
    other.run("sync --from 2025-10-03 --to 2025-10-15").exits(0);
    bury_a_request(&other);
    other.run("dead-letters forget 900").exits(0).says(&["1 dead letter forgotten", lost]);
}

#[test]
fn a_call_that_names_no_message_does_nothing() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    bury_a_request(&scene);
    for (words, says) in [
        (REDELIVER, "name messages by the ids"),
        ("dead-letters forget", "or say --all"),
        ("dead-letters forget --yes --topic fetch-requested", "or say --all"),
        ("dead-letters forget 900 --all", "--all"),
        ("dead-letters redeliver 7", "no dead letter has the id `7`"),
        ("dead-letters redeliver 900 --topic batch-normalized", "no dead letter has the id `900`"),
        ("dead-letters redeliver --topic nonsense", "expected fetch-requested, snapshot-stored"),
    ] {
        scene.run(words).exits(2).says(&[says]);
    }
    assert_eq!(ids(&scene).len(), 1);
}
