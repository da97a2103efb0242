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
#[allow(dead_code, reason = "each test uses its part")]
mod rows;
#[path = "containers/stack.rs"]
mod stack;
mod support;

use everycent_domain::source::Source;
use everycent_schemas::tables;
use rows::{Systems, assert_equal};
use stack::{LOADER, SERVICES, Stack, wait_for};

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
    assert_same(&stack.systems(), &once);
    let compared = once.names();
    for (place, names) in [("the stack", stack.names()), ("one machine", one_machine.names())] {
        let others: Vec<_> = compared.symmetric_difference(&names).collect();
        assert!(others.is_empty(), "what is compared and what {place} has differ in {others:?}");
    }
    stack.run("docker compose run --rm everycent reconcile").exits(0);
    for service in SERVICES {
        stack.assert_watched(service);
        stack.assert_confined(service);
    }

    let mut replay = stack.start("docker compose run --rm everycent replay");
    stack.wait_for_work(LOADER);
    let killed = ["normalizer", LOADER].map(|service| (service, stack.kill(service)));
    for (service, process) in killed {
        stack.wait_for_another(service, &process);
    }
    // What the dead one had in hand comes again.
    stack.wait_for_work(LOADER);
    for service in [LOADER, "normalizer", "fetcher"] {
        stack.assert_drains(service);
    }
    wait_for("the replay", || (!replay.is_running()).then_some(()));
    replay.end().exits(0);
    assert_same(&stack.systems(), &once);

    stack.run("docker compose stop").exits(0);
    stack.run(&up).exits(0);
    stack.run(&follow);
    assert_eq!(stack.state("sync", "ExitCode"), "0", "{}", stack.logs("sync"));
    one_machine.sync();
    assert_same(&stack.systems(), &one_machine.systems());
    stack.run("docker compose down --volumes").exits(0);
    stack.assert_no_trace();
}

/// Row for row, and of all that the vendors are asked for there are rows. The rest may be empty: nobody uploads anything,
/// and the company is a good one.
#[track_caller]
fn assert_same(there: &Systems, here: &Systems) {
    assert_equal(there, here);
    for table in tables::all() {
        let is_asked_for = |source: &String| source.parse().is_ok_and(Source::is_asked);
        let is_fed = table.sources.iter().any(is_asked_for);
        assert!(!is_fed || !here.is_empty(table.name), "{} is empty", table.name);
    }
}
