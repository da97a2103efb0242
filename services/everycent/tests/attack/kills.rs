//! SIGKILL at moments that nothing here chooses.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::rounds;
use super::scenes::{Attacked, Target};
use super::support::{Running, until};

const ROUNDS: usize = 5;
/// So often at most before the same home is finished and judged.
const KILLS_IN_A_HOME: usize = 5;
const SERVICES: [&str; 3] = ["fetcher", "normalizer", "loader"];

/// Some moment of the time that a whole run takes.
fn some_moment(of: Duration) {
    std::thread::sleep(of.mul_f64(rand::random_range(0.0..1.0)));
}

fn kill_again_and_again(attacked: Attacked) {
    let mut target = Target::new(attacked);
    target.begin_anew();
    let began = Instant::now();
    target.finish();
    let whole = began.elapsed();
    let (mut left, mut at_work) = (rounds(ROUNDS), 0);
    let all = left;
    while left > 0 {
        target.begin_anew();
        let kills = rand::random_range(1..=KILLS_IN_A_HOME).min(left);
        for _ in 0..kills {
            let mut running = target.scene.start(target.words());
            some_moment(whole);
            at_work += usize::from(running.is_running());
            running.kill();
        }
        left -= kills;
        target.finish();
        target.assert_as_clean(&format!("{kills} kills"));
    }
    println!("{attacked:?}: killed {all} times, {at_work} of them at work");
    assert!(at_work > 0, "it was never at work");
}

#[test]
fn a_sync_that_is_killed_at_random_ends_in_the_tables_of_one_clean_run() {
    kill_again_and_again(Attacked::Sync);
}

#[test]
fn a_replay_that_is_killed_at_random_ends_in_the_tables_of_one_clean_run() {
    kill_again_and_again(Attacked::Replay);
}

#[test]
fn an_import_that_is_killed_at_random_ends_in_the_tables_of_one_clean_run() {
    kill_again_and_again(Attacked::Import);
}

#[test]
fn a_daemon_that_is_killed_at_random_ends_in_the_tables_of_one_clean_run() {
    kill_again_and_again(Attacked::Run);
}

/// The services work off what a sync has asked for and did not live to do. One of them dies, comes again, and then all die.
#[test]
fn services_that_are_killed_at_random_end_in_the_tables_of_one_clean_run() {
    let mut target = Target::new(Attacked::Services);
    target.begin_anew();
    let began = Instant::now();
    target.finish();
    let whole = began.elapsed();
    let all = rounds(ROUNDS);
    for round in 0..all {
        target.begin_anew();
        let asked = target.scene.request_count();
        let sync = target.scene.start(target.words());
        until("a sync at work", || (target.scene.request_count() > asked).then_some(()));
        sync.kill();
        let mut services: Vec<Running> = SERVICES.into_iter().map(|name| start(&target, name)).collect();
        some_moment(whole);
        let victim = round % SERVICES.len();
        services.remove(victim).kill();
        services.insert(victim, start(&target, SERVICES[victim]));
        some_moment(whole);
        services.into_iter().for_each(Running::kill);
        target.finish();
        target.assert_as_clean(&format!("a kill of the {} and of all", SERVICES[victim]));
    }
    println!("Services: {all} rounds of four kills");
}

fn start(target: &Target, name: &str) -> Running {
    let mut command = target.scene.program(&program(name));
    command.env("EVERYCENT_HOME", target.scene.home()).env("EVERYCENT_LISTEN", "127.0.0.1:0");
    Running::start(name, command, &target.scene.path(""))
}

/// A service, built beside the program. `cargo test` of this package alone does not build it.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_everycent")).with_file_name(name);
    assert!(path.exists(), "{} is missing; build it first: cargo build --workspace --bins", path.display());
    path
}
