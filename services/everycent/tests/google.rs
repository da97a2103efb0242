//! The three services as processes on Pub/Sub, Cloud Storage and BigQuery, on emulators: what is in the tables in the
//! end is what one machine makes of the same vendors.
#![cfg(feature = "google")]
#![allow(clippy::unwrap_used)]

#[path = "google/cloud.rs"]
mod cloud;
#[path = "google/dead_letters.rs"]
mod dead_letters;
#[path = "google/rows.rs"]
#[allow(dead_code, reason = "each test uses its part")]
mod rows;
mod support;

use std::time::Duration;

use cloud::{Cloud, SERVICES};
use rows::{Systems, assert_same};
use support::month;

/// As many as the sync lasts for, up to these.
const KILLS: usize = 8;
/// The most that is logged from one kill to the next; the windows of a month make ninety lines.
const LINES: usize = 10;
/// The kills after which the store and the warehouse go away for a moment.
const STORE_AWAY: usize = 2;
const WAREHOUSE_AWAY: usize = 4;
/// What a dead process held comes again when its lease is over, which takes a minute, and it may die with it again.
const LEASES: Duration = Duration::from_secs(10 * 60);

#[test]
#[ignore = "needs emulators of Google's services: make emulators"]
fn what_three_services_load_on_google_cloud_is_what_one_machine_loads_and_a_replay_leaves_it_so() {
    let cloud = Cloud::begin(month::scene());
    cloud.run("setup").exits(0).says(&["gs://", "pubsub://", "bigquery://"]);
    // As after a restart of Pub/Sub's emulator: what is there stays, what is missing is made.
    cloud.run("setup").exits(0);
    let services = cloud.start_services();
    cloud.run(&month::sync()).exits(0);
    month::upload(&cloud.scene);
    let machine = cloud.one_machine();

    let (here, there) = (Systems::of_machine(&machine), cloud.systems());
    assert_same(&there, &here);
    cloud.run("reconcile").exits(0).says(&["every day of every source is loaded"]);
    cloud.run("status").exits(0).says(&["anthropic/cost_report", "num_undelivered_messages"]);
    cloud.run("report").exits(0);

    cloud.run("replay").exits(0).says(&["replayed"]);
    assert_same(&cloud.systems(), &here);
    for service in services {
        service.signal("TERM");
        service.end().exits(0);
    }
}

#[test]
#[ignore = "needs emulators of Google's services: make emulators"]
fn services_that_are_killed_at_random_and_find_their_store_and_warehouse_away_end_in_the_same_tables() {
    let mut cloud = Cloud::begin(month::scene());
    cloud.run("setup").exits(0);
    let mut services = cloud.start_services();
    let mut sync = cloud.scene.start(&month::sync());
    for kill in 1..=KILLS {
        // At moments that nothing here chooses: when any services have logged some more lines.
        cloud.wait_for_words(&mut services, rand::random_range(1..=LINES), &mut sync);
        if !sync.is_running() {
            assert!(kill > WAREHOUSE_AWAY, "over before kill {kill}:\n{}{}", sync.stdout(), sync.stderr());
            break;
        }
        let at = rand::random_range(0..SERVICES.len());
        services.remove(at).kill();
        services.insert(at, cloud.start(SERVICES[at]));
        match kill {
            STORE_AWAY => cloud.emulators.storage.restart().unwrap(),
            WAREHOUSE_AWAY => cloud.emulators.bigquery.restart().unwrap(),
            _ => {}
        }
    }
    cloud.wait_for_end(&mut services, &mut sync, LEASES);
    sync.end().exits(0);
    month::upload(&cloud.scene);
    let machine = cloud.one_machine();
    assert_same(&cloud.systems(), &Systems::of_machine(&machine));
    cloud.run("reconcile").exits(0);
}
