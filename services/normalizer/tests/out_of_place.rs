//! Whoever may import files may not make answers of a vendor: a snapshot counts only where it belongs.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use everycent_domain::identity::sha256_hex;
use everycent_domain::manifest::{FORMAT, Manifest, PageEntry, snapshot_id};
use everycent_domain::objects::{PageForm, page_of_content};
use everycent_domain::recipe::Recipe;
use everycent_domain::replay::stored;
use everycent_domain::window::Window;
use everycent_normalizer::Normalizer;
use everycent_runtime::bus::BusSettings;
use everycent_runtime::bus::sqlite::SqliteBus;
use everycent_runtime::clock::SystemClock;
use everycent_runtime::page::compress;
use everycent_runtime::progress::Observer;
use everycent_runtime::store::Store;
use everycent_runtime::store::memory::MemoryStore;
use everycent_runtime::worker::{Handler, Outcome};
use everycent_schemas::events::SnapshotStored;
use everycent_schemas::{Day, Timestamp};

const COSTS: &str = "anthropic/cost_totals";
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
    let folder = tempfile::tempdir().unwrap();
    let bus =
        SqliteBus::open(&folder.path().join("bus.sqlite"), Arc::new(SystemClock), BusSettings::default()).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    store.create(&manifest.pages[0].object, compress(BODY)).await.unwrap();
    store.create(&event.manifest.parse().unwrap(), manifest.to_json().into()).await.unwrap();
    let recipe = Arc::new(Recipe::default());
    let normalizer = Normalizer::new(store, Arc::new(bus), recipe, Observer::silent());
    normalizer.handle(std::slice::from_ref(event)).await.remove(0)
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
