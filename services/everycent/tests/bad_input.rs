//! Records, keys, calls, configurations and files that are wrong: a clear error, and nothing lost.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{OCTOBER, Scene, assert_tells, files};
use vendor_sim::{Endpoint, Fault, FaultKind, When, World, worlds};

fn sync() -> String {
    format!("sync {OCTOBER}")
}

// Records

/// Claude's October beside a small Cursor team.
fn october_with_a_team() -> World {
    let mut world = worlds::october();
    for (number, name) in [(1, "ada"), (2, "grace")] {
        world.add_member(vendor_sim::Member::new(number, &format!("{name}@example.com"), name));
        let usage = vendor_sim::CursorUsage { is_active: true, agent_requests: 4, ..Default::default() };
        world.set_cursor_usage(number, "2025-10-08".parse().unwrap(), usage);
    }
    world
}

#[test]
fn a_record_that_does_not_parse_is_rejected_with_its_place_and_its_neighbours_load() {
    let scene = Scene::of(october_with_a_team());
    let day = When::Day("2025-10-08".parse().unwrap());
    let grouped = Fault::on(Endpoint::AnthropicCostReport, FaultKind::AmountText).containing("group_by[]=description");
    scene.simulator.inject(grouped.when(day));
    scene.simulator.inject(Fault::on(Endpoint::CursorDailyUsageData, FaultKind::CountText).when(day));
    let money = "anthropic/cost_report of default: 1 record of 1 day, from 2025-10-08";
    scene.run(&sync()).exits(1).says(&["Rejected: 1 record ", "Remarked: 1 thing ", "may hold money", money]);

    let rejects = scene
        .tables()
        .rows("SELECT source, activity_date, page, position, reason FROM rejected_records ORDER BY source");
    let [claude] = &rejects[..] else { panic!("{rejects:?}") };
    let remarks = scene
        .tables()
        .rows("SELECT source, activity_date, page, position, field || ': ' || reason FROM remarks ORDER BY source");
    let [cursor] = &remarks[..] else { panic!("{remarks:?}") };
    // The fifth bucket, its first record; and of the first user's fifteen days the sixth.
    assert_eq!(claude[..4], ["anthropic/cost_report", "2025-10-08", "1", "/data/5/results/0"]);
    assert_eq!(cursor[..4], ["cursor/daily_usage", "2025-10-08", "1", "/data/5"]);
    assert!(claude[4].contains("amount") && claude[4].contains("abc"), "{claude:?}");
    assert!(cursor[4].contains("agentRequests"), "{cursor:?}");
    let told = scene.simulator.with_world(|world| world.cost_rows("2025-10-08".parse().unwrap()).len() as i64);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_costs WHERE activity_date = '2025-10-08'"), told - 1);
    assert_eq!(tables.count("SELECT COUNT(*) FROM cursor_usage_stats WHERE activity_date = '2025-10-08'"), 2);

    scene.run("status").exits(0).says(&[
        "Rejected records",
        "/data/5/results/0",
        "Remarks: odd beside the money",
        "agentRequests",
        "`abc` is not a decimal number",
    ]);
    let status = scene.run("status --json").exits(0).json();
    assert_eq!(status["rejects"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&status["remarks"][0]["field"], &status["remarks"][0]["records"]),
        (&"agentRequests".into(), &1.into())
    );
    assert_eq!(
        (&status["rejects"][0]["page"], &status["rejects"][0]["activity_date"]),
        (&1.into(), &"2025-10-08".into())
    );

    scene.run("reconcile").exits(1).says(&["no_reject 2025-10-08", "grouped_equals_ungrouped 2025-10-08"]);

    scene.simulator.clear_faults();
    scene.run(&sync()).exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM rejected_records"), 0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("reconcile").exits(0);
}

#[test]
fn values_that_no_documentation_knows_are_kept_as_they_are() {
    let scene = Scene::october();
    scene.simulator.inject(Fault::anywhere(FaultKind::UnknownFields));
    scene.simulator.inject(Fault::on(Endpoint::AnthropicCostReport, FaultKind::UnknownValues));
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_costs WHERE cost_type = 'dream_time'"), 1);
    scene.run("reconcile").exits(0);
}

// Keys

#[test]
fn a_wrong_key_fails_its_vendor_and_says_which_variable_it_came_from() {
    let mut scene = Scene::october();
    scene.set("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-mistyped");
    scene
        .run(&sync())
        .exits(1)
        .says(&["the key from ANTHROPIC_ADMIN_KEY was not accepted (401)", "neither revoked nor expired"])
        .says_nothing_of(&["mistyped"]);
    assert_eq!(
        scene.tables().rows("SELECT source, state FROM coverage WHERE activity_date = '2025-10-03' ORDER BY 1"),
        [["anthropic/cost_report", "failed"], ["anthropic/cost_totals", "failed"], ["cursor/daily_usage", "settled"]]
    );
    scene.set("ANTHROPIC_ADMIN_KEY", scene.simulator.anthropic_key());
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

#[test]
fn a_key_that_may_not_do_this_says_what_it_needs() {
    let scene = Scene::october();
    scene.simulator.with_world(|world| {
        world.options.anthropic_key_lacks_scope = true;
        world.options.cursor_key_lacks_scope = true;
    });
    scene.run(&sync()).exits(1).says(&["the key from ANTHROPIC_ADMIN_KEY may not do this (403)", "CURSOR_API_KEY"]);
}

#[test]
fn without_any_key_nothing_is_created_and_the_message_says_what_to_do() {
    let mut scene = Scene::october();
    scene.unset("ANTHROPIC_ADMIN_KEY");
    scene.unset("CURSOR_API_KEY");
    for words in ["sync", "run --every 1s"] {
        scene
            .run(words)
            .exits(2)
            .says(&["set ANTHROPIC_ADMIN_KEY or CURSOR_API_KEY", "`everycent demo` needs neither"]);
    }
    assert!(!scene.home().exists());
}

#[test]
fn keys_that_are_set_wrongly_are_refused_before_anything_is_asked() {
    let mut scene = Scene::october();
    let refused = |scene: &Scene, texts: &[&str]| {
        scene.run(&sync()).exits(2).says(texts).says_nothing_of(&["sk-ant"]);
        assert!(!scene.home().exists());
    };
    scene.set("ANTHROPIC_ADMIN_KEY_FILE", "key");
    refused(&scene, &["both ANTHROPIC_ADMIN_KEY and ANTHROPIC_ADMIN_KEY_FILE are set; unset one"]);
    scene.unset("ANTHROPIC_ADMIN_KEY");
    refused(&scene, &["key file key can't be read", "check the path"]);
    fs::write(scene.path("key"), "\n").unwrap();
    refused(&scene, &["key file key is empty"]);
    scene.unset("ANTHROPIC_ADMIN_KEY_FILE");
    scene.set("ANTHROPIC_ADMIN_KEY", "");
    refused(&scene, &["ANTHROPIC_ADMIN_KEY is set but empty"]);
    assert_eq!(scene.request_count(), 0);
    // The other vendor is not asked with it, so it does not matter there.
    scene.run(&format!("{} --source cursor/daily_usage", sync())).exits(0);
}

// Calls

#[test]
fn wrong_calls_exit_with_2_and_say_what_is_expected() {
    let scene = Scene::october();
    for (words, texts) in [
        ("", &["Usage: everycent"][..]),
        ("synk", &["unrecognized subcommand 'synk'", "sync"]),
        ("sync --form 2025-10-03", &["unexpected argument '--form'", "--from"]),
        ("sync --from 2025-10-32", &["`2025-10-32` is not a day of the form 2025-10-03"]),
        ("sync --from 03.10.2025", &["is not a day of the form"]),
        ("sync --from 2025-10-17 --to 2025-10-03", &["2025-10-17 to 2025-10-03 ends before it begins"]),
        ("sync --from 2025-10-17 --to 2999-01-01", &["2999-01-01 lies in the future; today is"]),
        ("sync --from 2999-01-01", &["2999-01-01 lies in the future"]),
        ("sync --source openai/cost", &["unknown source `openai/cost`; known are anthropic/cost_report"]),
        ("run --every soon", &["`soon` is not a duration such as 30m, 1h or 1d"]),
        ("reconcile --expect 5", &["--from <DAY>", "--to <DAY>"]),
        ("reconcile --workspace default", &["--expect"]),
        ("sync --config nowhere.toml", &["configuration nowhere.toml can't be read", "check the path"]),
    ] {
        let ended = scene.run(words).exits(2).says(texts);
        assert_eq!(ended.stdout, "", "{ended}");
    }
    assert_eq!(scene.request_count(), 0);
}

#[test]
fn wrong_calls_on_a_home_that_is_there_exit_with_2_as_well() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    for (words, text) in [
        ("reconcile --from 2025-10-17 --to 2025-10-03", "ends before it begins"),
        ("replay --from 2025-10-17 --to 2025-10-03", "ends before it begins"),
        ("reconcile --from 2025-10-03 --to 2025-10-17 --expect lots", "`lots` is not an amount of dollars such as"),
        ("demo", "holds something else than a demo; name another directory with --home"),
    ] {
        scene.run(words).exits(2).says(&[text]);
    }
    scene.run("reconcile").exits(0);
}

#[test]
fn a_home_that_is_not_there_is_not_made_by_who_only_looks() {
    let scene = Scene::october();
    let looks = ["status", "reconcile", "replay", "replay --dry-run"];
    for words in looks {
        scene.run(words).exits(2).says(&["there is no everycent data in", "run `everycent sync` first"]);
    }
    assert!(!scene.home().exists());
    fs::create_dir(scene.home()).unwrap();
    for words in looks {
        scene.run(words).exits(2).says(&["there is no everycent data in"]);
    }
    assert!(files(&scene.home()).is_empty());
}

// Configuration

#[test]
fn a_configuration_that_is_wrong_is_named_by_line_and_column() {
    let mut scene = Scene::october();
    scene.unset("EVERYCENT_CONFIG");
    for (text, expected) in [
        ("[sync]\nsince = 2025\n", "bad.toml:2:9: "),
        ("[sync]\nsinse = \"2025-10-01\"\n", "bad.toml:2:1: unknown field `sinse`"),
        ("[vendors.cursor]\nrequests_per_minute = 0\n", "bad.toml:2:23: "),
        ("[vendors.cursor]\nmax_attempts = 0\n", "bad.toml:2:16: "),
        ("[[accounts]]\nid = \"acme\"\nvendor = \"openai\"\n", "bad.toml:3:10: found `openai`"),
        ("[[accounts]]\nid = \"a\"\nvendor = \"cursor\"\nkey_env = \"crsr_a_key\"\n", "bad.toml:4:11: "),
        ("[sync\n", "bad.toml:1:6: "),
    ] {
        fs::write(scene.path("bad.toml"), text).unwrap();
        for words in ["sync --config bad.toml", "run --config bad.toml"] {
            scene.run(words).exits(2).says(&[expected]).says_nothing_of(&["crsr_a_key"]);
        }
    }
    assert!(!scene.home().exists());
}

#[test]
fn an_address_that_is_none_is_refused_without_showing_its_password() {
    let mut scene = Scene::october();
    scene.set("EVERYCENT_CURSOR_URL", "https://someone:hidden@api.example.com");
    scene.run(&sync()).exits(2).says(&["EVERYCENT_CURSOR_URL", "keys have variables"]).says_nothing_of(&["hidden"]);
    scene.set("EVERYCENT_CURSOR_URL", "api.example.com");
    scene.run(&sync()).exits(2).says(&["EVERYCENT_CURSOR_URL: not an address"]);
}

#[cfg(not(feature = "google"))]
#[test]
fn an_address_in_the_cloud_is_refused_and_never_replaced_by_a_local_one() {
    let mut scene = Scene::october();
    let addresses = [("store", "gs://acme"), ("bus", "pubsub://acme")];
    for (name, address) in addresses {
        scene.configure(&format!("[addresses]\n{name} = \"{address}\"\n"));
        scene.run(&sync()).exits(2).says(&[address, "Google Cloud", "--features google"]);
    }
    let warehouse = "bigquery://acme/ai_usage_analytics";
    scene.configure(&format!("[addresses]\nstore = \"gs://acme\"\nwarehouse = \"{warehouse}\"\n"));
    scene.run(&sync()).exits(2).says(&[warehouse, "Google Cloud"]);
    assert_eq!(scene.request_count(), 0);
}

#[test]
fn an_address_that_is_none_or_that_another_cannot_reach_is_refused() {
    let mut scene = Scene::october();
    scene.configure("[addresses]\nwarehouse = \"bigquery://acme/ai_usage_analytics\"\n");
    scene.run(&sync()).exits(2).says(&["everycent.toml:", "expected `store` to be gs://bucket"]);
    scene.configure("[addresses]\nstore = \"ftp://acme\"\n");
    scene.run(&sync()).exits(2).says(&["everycent.toml:", "ftp://acme"]);
    assert_eq!(scene.request_count(), 0);
}

#[test]
fn a_log_level_that_is_none_is_refused() {
    let mut scene = Scene::october();
    scene.set("EVERYCENT_LOG", "everycent=loud");
    scene.run(&sync()).exits(2).says(&["EVERYCENT_LOG", "debug or trace"]);
}

// Files

#[test]
fn a_file_in_place_of_the_home_is_named_and_kept() {
    let scene = Scene::october();
    fs::write(scene.home(), "mine").unwrap();
    let below = scene.home().join("below");
    for words in [sync(), "status".into(), format!("{} --home {}", sync(), below.display())] {
        scene.run(&words).exits(2).says(&["home", "is a file where a folder is needed"]);
    }
    assert_eq!(fs::read_to_string(scene.home()).unwrap(), "mine");
}

#[test]
fn a_file_in_the_way_of_the_pages_stops_the_sync_with_its_name() {
    let scene = Scene::october();
    fs::create_dir(scene.home()).unwrap();
    fs::write(scene.home().join("raw"), "mine").unwrap();
    scene.run(&sync()).exits(1).says(&["is a file where a folder is needed: move it away"]);
    assert_eq!(fs::read_to_string(scene.home().join("raw")).unwrap(), "mine");
    fs::remove_file(scene.home().join("raw")).unwrap();
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

/// Breaks a file of a synced home; every command names it and leaves it as it is.
#[track_caller]
fn broken(name: &str, content: &[u8], says: &[&str]) -> Scene {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let path = scene.home().join(name);
    for journal in ["-wal", "-shm"] {
        let journal = scene.home().join(format!("{name}{journal}"));
        assert!(!journal.exists(), "{} is left after a clean end", journal.display());
    }
    fs::write(&path, content).unwrap();
    for words in [sync(), "status".into(), "reconcile".into(), "replay".into()] {
        scene.run(&words).exits(1).says(&[&path.display().to_string()]).says(says);
        assert_eq!(fs::read(&path).unwrap(), content, "{words}");
    }
    fs::remove_file(&path).unwrap();
    scene
}

#[test]
fn tables_that_are_no_database_are_named_and_a_replay_makes_new_ones() {
    let scene = broken("everycent.sqlite", &b"not a database ".repeat(1000), &["no SQLite file", "everycent replay"]);
    let asked = scene.request_count();
    scene.run("status").exits(1).says(&["there are no tables yet", "`everycent replay`"]);
    scene.run("replay").exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    scene.run("reconcile").exits(0);
    assert_eq!(scene.request_count(), asked);
}

#[test]
fn a_queue_that_is_no_database_is_named_and_a_sync_makes_a_new_one() {
    let scene = broken("bus.sqlite", &b"not a database ".repeat(1000), &["move it away and run `everycent sync`"]);
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
}

#[test]
fn a_database_of_another_program_is_not_touched() {
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("other.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("CREATE TABLE claude_costs (mine TEXT); PRAGMA application_id = 7").unwrap();
    drop(database);
    broken("everycent.sqlite", &fs::read(&path).unwrap(), &["no warehouse of EveryCent", "another program"]);
}

#[test]
fn what_a_dead_process_left_half_written_is_ignored() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let before = scene.tables().facts();
    fs::write(scene.home().join(".tmp/4711-1760000000000000000-0"), "{\"half").unwrap();
    // Pages without a manifest, and a manifest that was never finished, are no snapshot.
    let manifest = scene.manifests("anthropic/cost_report").remove(0);
    let abandoned = manifest.parent().unwrap().with_file_name("20990101T000000.000000Z_0123456789abcdef");
    fs::create_dir(&abandoned).unwrap();
    fs::write(abandoned.join("page-00001.json.zst"), "half").unwrap();
    scene.run("replay --dry-run").exits(0).says(&["3 snapshots would be replayed"]).says_nothing_of(&["0123456789"]);
    scene.run("replay").exits(0);
    assert_eq!(scene.tables().facts(), before);
    scene.run(&sync()).exits(0);
    assert_eq!(scene.tables().facts(), before);
}

#[test]
fn a_stored_page_that_was_damaged_gives_no_rows_and_says_how_to_heal() {
    let scene = Scene::october();
    scene.run(&sync()).exits(0);
    let before = scene.tables().facts();
    let pages = scene.objects("raw/anthropic/cost_report");
    let page = pages.iter().find(|path| path.extension().is_some_and(|end| end == "zst")).unwrap();
    let mut bytes = fs::read(page).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(page, bytes).unwrap();
    scene.run("replay").exits(1).says(&["given up", "everycent status"]);
    scene.run("status").exits(0).says(&["Dead letters", ".json.zst", "`everycent sync`"]);
    assert_eq!(scene.tables().facts(), before);
    scene.run(&sync()).exits(0);
    scene.run("reconcile").exits(0);
}
