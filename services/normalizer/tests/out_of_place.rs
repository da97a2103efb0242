//! Whoever may import files may not make answers of a vendor: a snapshot counts only where it belongs.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use everycent_domain::identity::sha256_hex;
use everycent_domain::manifest::{FORMAT, Manifest, PageEntry, snapshot_id};
use everycent_domain::objects::{ObjectName, PageForm, known_workspaces, page_of_content};
use everycent_domain::recipe::Recipe;
use everycent_domain::replay::stored;
use everycent_domain::window::Window;
use everycent_normalizer::Normalizer;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::bus::{Bus, BusSettings, Topic};
use everycent_runtime::clock::SystemClock;
use everycent_runtime::page::compress;
use everycent_runtime::progress::Observer;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::worker::{Handler, Outcome};
use everycent_schemas::events::SnapshotStored;
use everycent_schemas::{Day, Timestamp};

const COSTS: &str = "anthropic/cost_totals";
const BY_WORKSPACE: &str = "anthropic/cost_report";
const SHEET: &str = "upload/claude_usage";
const BODY: &[u8] = br#"{"data": [{"starting_at": "2025-10-03T00:00:00Z", "ending_at": "2025-10-04T00:00:00Z",
    "results": [{"currency": "USD", "amount": "1000000"}]}], "has_more": false, "next_page": null}"#;

/// An answer of the source, whose page lies below `pages_of`.
fn answer(source: &str, pages_of: &str) -> Manifest {
    let (account, day) = ("acme".into(), Day::new(2025, 10, 3).unwrap());
    let (window, fetched_at) = (Window::of(day), "2025-10-20T12:00:00Z".parse::<Timestamp>().unwrap());
    let page = page_of_content(pages_of, &account, fetched_at, &sha256_hex(BODY), PageForm::Json);
    Manifest {
        format: FORMAT,
        snapshot_id: snapshot_id(source, &account, window, fetched_at),
        source: source.to_owned(),
        account_id: account,
        window,
        fetched_at,
        query: serde_json::json!({}),
        covered: vec![day],
        awaited: Vec::new(),
        pages: vec![PageEntry {
            object: page,
            body_bytes: BODY.len() as u64,
            sha256: sha256_hex(BODY),
            request_id: None,
        }],
        workspaces: None,
        remarks: Vec::new(),
        redated_from: None,
    }
}

fn event(manifest: &Manifest) -> SnapshotStored {
    stored(manifest, "2025-10-20T12:00:01Z".parse().unwrap(), None)
}

/// What becomes of the event when the manifest lies where the event says.
async fn handled(manifest: &Manifest, event: &SnapshotStored) -> Outcome {
    handled_beside(manifest, event, None).await.0
}

/// The same where another object is stored; and how many failures it told.
async fn handled_beside(
    manifest: &Manifest,
    event: &SnapshotStored,
    other: Option<(&ObjectName, &'static [u8])>,
) -> (Outcome, u64) {
    let folder = tempfile::tempdir().unwrap();
    let bus =
        SqliteBus::open(&folder.path().join("bus.sqlite"), Arc::new(SystemClock), BusSettings::default()).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    store.create(&manifest.pages[0].object, compress(BODY)).await.unwrap();
    store.create(&event.manifest.parse().unwrap(), manifest.to_json().into()).await.unwrap();
    let recipe = Arc::new(Recipe::default());
    if let Some((name, body)) = other {
        store.create(name, body.into()).await.unwrap();
    }
    let bus = Arc::new(bus);
    let normalizer = Normalizer::new(store, Arc::clone(&bus) as Arc<dyn Bus>, recipe, Observer::silent());
    let outcome = normalizer.handle(std::slice::from_ref(event)).await.remove(0);
    let depths = bus.depths().await.unwrap();
    (outcome, depths.into_iter().filter(|depth| depth.topic == Topic::FetchFailed).map(|depth| depth.ready).sum())
}

#[track_caller]
fn assert_refused(outcome: &Outcome, word: &str) {
    assert!(matches!(outcome, Outcome::DeadLetter { reason } if reason.contains(word)), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_where_it_belongs_is_normalized() {
    let manifest = answer(COSTS, COSTS);
    assert!(matches!(handled(&manifest, &event(&manifest)).await, Outcome::Done));
}

#[tokio::test]
async fn an_answer_of_a_vendor_that_lies_among_the_imports_is_refused() {
    let manifest = answer(COSTS, SHEET);
    let among_imports = event(&answer(SHEET, SHEET)).manifest;
    let forged = SnapshotStored { manifest: among_imports, ..event(&manifest) };
    assert_refused(&handled(&manifest, &forged).await, "it does not lie where an answer of its source");
}

#[tokio::test]
async fn an_answer_with_a_page_from_among_the_imports_is_refused() {
    let manifest = answer(COSTS, SHEET);
    assert_refused(&handled(&manifest, &event(&manifest)).await, "it is no page of the source");
}

#[tokio::test]
async fn an_event_that_says_more_than_its_manifest_is_refused() {
    let manifest = answer(COSTS, COSTS);
    let told = event(&manifest);
    let later = SnapshotStored { fetched_at: "2030-01-01T00:00:00Z".parse().unwrap(), ..told.clone() };
    let of_another = SnapshotStored { account_id: "other".into(), ..told.clone() };
    let longer = SnapshotStored { to_date: Day::new(2025, 12, 31).unwrap(), ..told };
    for forged in [later, of_another, longer] {
        assert_refused(&handled(&manifest, &forged).await, "the event says something else");
    }
}

/// One object that is damaged is no reason to end: the answers behind this one are read.
#[tokio::test]
async fn an_answer_beside_which_the_workspaces_do_not_read_is_given_up_and_its_days_fail() {
    let known = known_workspaces("anthropic/workspaces", &"acme".into(), 1);
    let manifest = Manifest { workspaces: Some(known.clone()), ..answer(BY_WORKSPACE, BY_WORKSPACE) };
    let (outcome, failures) = handled_beside(&manifest, &event(&manifest), Some((&known, b"{"))).await;
    assert_refused(&outcome, known.as_str());
    assert_eq!(failures, 1);
}

#[tokio::test]
async fn an_imported_file_that_names_an_object_of_its_own_as_workspaces_is_refused() {
    let of_another = known_workspaces("anthropic/workspaces", &"other".into(), 1);
    for strange in ["raw/upload/claude_usage/acme/known/00000001.json", of_another.as_str()] {
        let strange: ObjectName = strange.parse().unwrap();
        for source in [SHEET, BY_WORKSPACE] {
            let manifest = Manifest { workspaces: Some(strange.clone()), ..answer(source, source) };
            let (outcome, _) = handled_beside(&manifest, &event(&manifest), Some((&strange, b"{}"))).await;
            assert_refused(&outcome, "it is not what was known of the workspaces of this account");
        }
    }
}
