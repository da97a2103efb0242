//! A day with two answers that are one page, and a page that a fetcher which died has left.

use std::collections::BTreeMap;

use everycent_domain::acceptance::AnswerId;
use everycent_domain::manifest::{FORMAT, Manifest, PageEntry};
use everycent_domain::objects::{ObjectName, PageForm, page_of_content};
use everycent_domain::prune::Known;
use everycent_domain::window::Window;
use everycent_runtime::prune::{self, AccountPrune};
use everycent_runtime::replay::ReplayError;
use everycent_runtime::store::Store;
use everycent_schemas::stored::CoverageRow;
use everycent_schemas::{AccountId, AnswerVerdict, CoverageState, Day};

const SOURCE: &str = "anthropic/cost_report";

fn account() -> AccountId {
    "Acme & Co".into()
}

fn day() -> Day {
    "2025-10-03".parse().unwrap()
}

/// An answer of the day, fetched at this hour of the next one.
fn answer(hour: u32) -> AnswerId {
    let fetched_at = format!("2025-10-04T{hour:02}:00:00Z").parse().unwrap();
    AnswerId { fetched_at, snapshot_id: format!("s{hour}").into() }
}

/// Its objects: the page first, the manifest and its sums after it.
async fn store_answer(store: &dyn Store, hour: u32, sha256: &str) -> [ObjectName; 3] {
    let AnswerId { fetched_at, snapshot_id } = answer(hour);
    let page = page_of_content(SOURCE, &account(), fetched_at, sha256, PageForm::Json);
    let entry = PageEntry { object: page.clone(), body_bytes: 3, sha256: sha256.to_owned(), request_id: None };
    let manifest = Manifest {
        format: FORMAT,
        snapshot_id,
        source: SOURCE.to_owned(),
        account_id: account(),
        window: Window::of(day()),
        fetched_at,
        query: serde_json::json!({}),
        covered: vec![day()],
        pages: vec![entry],
        remarks: vec![],
        awaited: vec![],
        workspaces: None,
        redated_from: None,
    };
    let objects = [page, manifest.folder().manifest(), manifest.folder().sums(2)];
    let json = manifest.to_json();
    for (object, body) in objects.iter().zip([&b"abc"[..], &json, b"{}"]) {
        store.create(object, body.to_vec().into()).await.unwrap();
    }
    objects
}

/// What the tables know: the second answer is the day's.
fn known() -> BTreeMap<AccountId, Known> {
    let mut known = Known::default();
    let AnswerId { fetched_at, snapshot_id } = answer(2);
    known.add_day(&CoverageRow {
        fetched_at: Some(fetched_at),
        snapshot_id: Some(snapshot_id),
        ..CoverageRow::bare(SOURCE, &account(), day(), CoverageState::Settled)
    });
    for (hour, verdict) in [(1, AnswerVerdict::Superseded), (2, AnswerVerdict::Accepted)] {
        known.add_answer(day(), &answer(hour), verdict, None);
    }
    [(account(), known)].into()
}

/// What is stored: that which goes, and that which stays.
pub struct Stored {
    pub goes: Vec<ObjectName>,
    pub stays: Vec<ObjectName>,
}

/// The bytes of the page that was left behind.
pub const LEFT: &[u8] = b"of a fetcher that died";

pub async fn fill(store: &dyn Store) -> Stored {
    let [_, first, first_sums] = store_answer(store, 1, "aa").await;
    let [shared, second, second_sums] = store_answer(store, 2, "aa").await;
    let left = page_of_content(SOURCE, &account(), answer(1).fetched_at, "bb", PageForm::Json);
    store.create(&left, LEFT.into()).await.unwrap();
    let mut stays = vec![first_sums, second, second_sums, shared];
    stays.sort();
    Stored { goes: vec![first, left], stays }
}

/// Plans to take out what was fetched before November, in January.
pub async fn plan(store: &dyn Store) -> Result<AccountPrune, ReplayError> {
    let (before, now) = ("2025-11-01T00:00:00Z".parse().unwrap(), "2026-01-31T00:00:00Z".parse().unwrap());
    let mut plans = prune::plan(store, SOURCE.parse().unwrap(), &known(), before, now).await?;
    assert_eq!(plans.len(), 1, "{plans:?}");
    Ok(plans.remove(0))
}
