//! What lies in `raw/`: a page once, however often it is fetched, and little beside it.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use chrono::{Datelike, Days, TimeDelta, Utc};
use support::{OCTOBER, Scene, assert_tells};
use vendor_sim::{WorldClock, worlds};

fn sync() -> String {
    format!("sync {OCTOBER}")
}

/// Answered in the middle of a month, so that no month ends while a test runs.
fn october() -> Scene {
    let scene = Scene::october();
    let days = (i64::from(Utc::now().day()) - 15).rem_euclid(30);
    scene.simulator.with_world(|world| world.options.clock = WorldClock::Offset(TimeDelta::days(-days)));
    scene
}

fn pages(scene: &Scene) -> BTreeSet<PathBuf> {
    let objects = scene.objects("raw").into_iter();
    objects.filter(|path| path.extension().is_some_and(|end| end == "zst")).collect()
}

/// The pages that the manifests point to.
fn pointed_to(scene: &Scene) -> BTreeSet<PathBuf> {
    let manifests = scene.objects("raw").into_iter().filter(|path| path.ends_with("manifest.json"));
    let objects = manifests.flat_map(|path| {
        let manifest: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let pages = manifest["pages"].as_array().unwrap().clone();
        pages.into_iter().map(|page| scene.home().join(page["object"].as_str().unwrap()))
    });
    objects.collect()
}

fn manifests(scene: &Scene) -> usize {
    scene.objects("raw").iter().filter(|path| path.ends_with("manifest.json")).count()
}

fn empty_the_warehouse(scene: &Scene) {
    for file in ["everycent.sqlite", "everycent.sqlite-wal", "everycent.sqlite-shm"] {
        let _ = fs::remove_file(scene.home().join(file));
    }
}

#[test]
fn an_answer_that_repeats_the_last_is_a_manifest_that_points_to_the_page_that_is_there() {
    let scene = october();
    scene.run(&sync()).exits(0);
    let (stored, answers) = (pages(&scene), manifests(&scene));
    for round in 2..4 {
        scene.run(&sync()).exits(0);
        assert_eq!((&pages(&scene), manifests(&scene)), (&stored, answers * round));
    }
    assert_eq!(pointed_to(&scene), stored);
    let facts = scene.tables().content();
    scene.run("replay").exits(0);
    assert_eq!(scene.tables().content(), facts);
    empty_the_warehouse(&scene);
    scene.run("replay").exits(0);
    assert_eq!(scene.tables().content(), facts);

    // A page in which one figure differs is another one, and the earlier ones stay.
    scene.simulator.with_world(|world| world.restate_day("2025-10-08".parse().unwrap()));
    scene.run(&sync()).exits(0);
    assert_tells(&scene, "2025-10-03", "2025-10-17");
    assert!(stored.is_subset(&pages(&scene)));
    assert_eq!(pages(&scene).len(), stored.len() + 2, "of the grouped report and of the ungrouped");
}

#[test]
fn a_page_that_was_damaged_is_not_pointed_to_again() {
    let scene = october();
    scene.run(&sync()).exits(0);
    let page = pages(&scene).into_iter().find(|page| page.to_string_lossy().contains("cost_report")).unwrap();
    let whole = fs::read(&page).unwrap();
    for (damage, is_needed) in [(&whole[..whole.len() / 2], true), (b"", false), (b"junk", false)] {
        fs::write(&page, damage).unwrap();
        scene.run("replay --source anthropic/cost_report").exits(i32::from(is_needed));
        scene.run(&sync()).exits(0);
        scene.run("replay").exits(0);
        scene.run("reconcile").exits(0);
        assert_tells(&scene, "2025-10-03", "2025-10-17");
    }
    assert_eq!(fs::read(page).unwrap(), b"junk", "what was damaged is left for whoever looks for the cause");
}

#[test]
fn an_account_takes_pages_that_several_answers_point_to_along_and_leaves_none_behind() {
    let mut scene = october();
    for _ in 0..2 {
        scene.run(&sync()).exits(0);
    }
    let facts = scene.tables().facts();
    scene.configure("[[accounts]]\nid = \"main\"\nvendor = \"anthropic\"\nkey_env = \"ANTHROPIC_ADMIN_KEY\"\n");
    scene.run("accounts rebind default main --vendor anthropic --yes").exits(0);
    let of_old = |scene: &Scene| scene.objects("raw/anthropic/cost_report/default");
    assert_eq!(of_old(&scene), Vec::<PathBuf>::new());
    assert!(pointed_to(&scene).is_subset(&pages(&scene)));
    empty_the_warehouse(&scene);
    scene.run("replay").exits(0);
    let rows = |facts: Vec<(&'static str, Vec<Vec<String>>)>| facts.into_iter().map(|(_, rows)| rows.len()).collect();
    let counts: Vec<usize> = rows(scene.tables().facts());
    assert_eq!(counts, rows(facts));
    scene.run("accounts forget main --vendor anthropic --yes").exits(0);
    assert!(!pages(&scene).iter().any(|page| page.to_string_lossy().contains("anthropic")));
    assert_eq!(pointed_to(&scene), pages(&scene));
}

/// Files and bytes below `raw/`.
fn size(scene: &Scene) -> (usize, u64) {
    let objects = scene.objects("raw");
    (objects.len(), objects.iter().map(|path| fs::metadata(path).unwrap().len()).sum())
}

#[test]
fn a_sync_of_open_days_in_which_nothing_changed_adds_no_page_and_little_else() {
    let yesterday = Utc::now().date_naive() - Days::new(1);
    let scene = Scene::of(worlds::company(7, yesterday, 40)).with_every_source();
    // All of history; then the open days for the first time.
    scene.run("sync").exits(0);
    scene.run("sync").exits(0);
    let before = (size(&scene), pages(&scene), manifests(&scene));
    scene.run("sync").exits(0);
    let (files, bytes) = size(&scene);
    let (files, bytes, answers) = (files - before.0.0, bytes - before.0.1, manifests(&scene) - before.2);
    eprintln!("a sync of open days in which nothing changed: {files} files, {bytes} bytes, {answers} answers");
    assert_eq!(pages(&scene), before.1);
    assert_eq!(files, 2 * answers, "manifests and sums");
    assert!(answers >= 15 && bytes < 3000 * answers as u64, "{bytes} bytes of {answers} answers");
}
