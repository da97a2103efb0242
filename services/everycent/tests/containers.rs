//! The images that the Dockerfile makes, and the stack of `docker-compose.yml`, used as the README says: what is in its
//! tables is what one machine makes of the same vendors.
//!
//! `make compose-test` runs it: tests/compose/run.sh brings `docker` by podman, and the folder that is built.
#![allow(clippy::unwrap_used)]

#[path = "containers/image.rs"]
mod image;
#[path = "containers/readme.rs"]
mod readme;
#[path = "google/rows.rs"]
#[allow(dead_code, reason = "uploads stay empty here")]
mod rows;
#[path = "containers/stack.rs"]
mod stack;
mod support;

use rows::assert_same_where_not_empty;
use stack::{SERVICES, Stack};

/// Nobody uploads anything, and the company is a good one.
const EMPTY: [&str; 6] = [
    "rejected_records",
    "remarks",
    "claude_usage_stats",
    "dim_api_key_owners",
    "api_key_owner_periods",
    "cursor_event_owners",
];

#[test]
fn the_stack_loads_what_one_machine_loads_and_keeps_it_through_kills_a_replay_and_a_restart() {
    let [up, follow, status] = readme::commands();
    let stack = Stack::begin();
    stack.run(&up).exits(0);
    stack.run(&follow);
    assert_eq!(stack.state("sync", "ExitCode"), "0", "{}", stack.logs("sync"));
    stack.run(&status).exits(0).says(&["anthropic/cost_report", "cursor/usage_events"]);

    let one_machine = stack.one_machine();
    one_machine.sync();
    let once = one_machine.systems();
    assert_same_where_not_empty(&stack.systems(), &once, &EMPTY);
    stack.run("docker compose run --rm everycent reconcile").exits(0);
    for service in SERVICES {
        stack.assert_watched(service);
        stack.assert_confined(service);
    }

    let mut replay = stack.start("docker compose run --rm everycent replay");
    let killed = ["normalizer", "loader"].map(|service| (service, stack.kill(service)));
    for (service, process) in killed {
        stack.wait_for_another(service, &process);
    }
    until_done("the replay", || !replay.is_running());
    replay.end().exits(0);
    assert_same_where_not_empty(&stack.systems(), &once, &EMPTY);

    for service in SERVICES {
        stack.assert_drains(service);
    }
    stack.run("docker compose stop").exits(0);
    stack.run(&up).exits(0);
    stack.run(&follow);
    assert_eq!(stack.state("sync", "ExitCode"), "0", "{}", stack.logs("sync"));
    one_machine.sync();
    assert_same_where_not_empty(&stack.systems(), &one_machine.systems(), &EMPTY);
    stack.run("docker compose down --volumes").exits(0);
    stack.assert_no_trace();
}

/// Longer than a lease, after which what a dead process held comes again.
#[track_caller]
fn until_done(what: &str, mut is_done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(600);
    while !is_done() {
        assert!(std::time::Instant::now() < deadline, "in vain waited for: {what}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
