#![allow(clippy::unwrap_used)]
use everycent_domain::manifest::{FORMAT, PageEntry};
use everycent_domain::window::Window;
use everycent_runtime::bus::Message;
use everycent_runtime::store::memory::MemoryStore;
use everycent_schemas::events::{Bucket, Event, encode};

use super::*;

fn day(number: u32) -> Day {
    Day::new(2026, 10, number).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn letter<E: Event>(topic: Topic, event: &E) -> DeadLetter {
    let encoded = encode(event);
    let attributes = [("schema".to_owned(), encoded.fingerprint.to_owned())].into();
    let message = Message { payload: encoded.payload.into(), attributes };
    let (message_id, reason) = ("1".to_owned(), "no price".to_owned());
    DeadLetter { topic, message, message_id, attempts: 1, reason, at: at(50) }
}

const SOURCE: &str = "cursor/daily_usage";

/// The snapshot `s1` of 10 to 12 October, fetched at 10 and published at 20.
fn snapshot() -> DeadLetter {
    stored(|_| {})
}

fn stored(change: impl FnOnce(&mut SnapshotStored)) -> DeadLetter {
    let mut event = SnapshotStored {
        snapshot_id: "s1".into(),
        source: SOURCE.to_owned(),
        account_id: "acme".into(),
        from_date: day(10),
        to_date: day(12),
        fetched_at: at(10),
        manifest: String::new(),
        pages: 1,
        body_bytes: 1,
        published_at: at(20),
        only_from: None,
        only_to: None,
    };
    change(&mut event);
    letter(Topic::SnapshotStored, &event)
}

fn manifest(covered: Vec<Day>) -> Manifest {
    Manifest {
        format: FORMAT,
        snapshot_id: "s1".into(),
        source: SOURCE.to_owned(),
        account_id: "acme".into(),
        window: Window::new(day(10), day(12)).unwrap(),
        fetched_at: at(10),
        query: serde_json::Value::Null,
        covered,
        pages: vec![PageEntry {
            object: "raw/x/page-00001.json.zst".parse().unwrap(),
            body_bytes: 2,
            sha256: "ab".to_owned(),
            request_id: None,
        }],
        remarks: Vec::new(),
        awaited: Vec::new(),
        workspaces: None,
        redated_from: None,
    }
}

/// Of 10 to 12 October.
fn requested(source: &str, account_id: Option<&str>, requested_at: Option<Timestamp>) -> DeadLetter {
    let event = FetchRequested {
        source: source.to_owned(),
        trailing_days: 0,
        account_id: account_id.map(AccountId::from),
        from_date: Some(day(10)),
        to_date: Some(day(12)),
        requested_at,
    };
    letter(Topic::FetchRequested, &event)
}

fn loaded(number: u32, fetched_at: i64, snapshot_id: &str, normalized_at: i64) -> CoverageRow {
    CoverageRow {
        settled: Some(false),
        fetched_at: Some(at(fetched_at)),
        snapshot_id: Some(snapshot_id.into()),
        normalized_at: Some(at(normalized_at)),
        rows: Some(1),
        rejects: Some(0),
        merged_at: Some(at(normalized_at)),
        ..CoverageRow::bare(SOURCE, &"acme".into(), day(number), CoverageState::Open)
    }
}

/// Whether it is healed, by coverage alone or with what the store has.
async fn is_healed_in(store: &MemoryStore, letter: DeadLetter, coverage: &[CoverageRow]) -> bool {
    let (healed, others) = split_by(vec![letter], coverage, &Read::new(), store).await;
    assert_eq!(healed.len() + others.len(), 1, "no letter is lost");
    !healed.is_empty()
}

async fn is_healed(letter: DeadLetter, coverage: &[CoverageRow]) -> bool {
    is_healed_in(&MemoryStore::default(), letter, coverage).await
}

/// Days that later answers loaded.
fn later(days: impl IntoIterator<Item = u32>) -> Vec<CoverageRow> {
    days.into_iter().map(|number| loaded(number, 60, "s2", 61)).collect()
}

#[tokio::test]
async fn a_snapshot_is_healed_by_its_own_rows_a_replay_of_it_or_a_later_answer_on_each_of_its_days() {
    let healed = [loaded(10, 10, "s1", 20), loaded(11, 10, "s1", 99), loaded(12, 60, "s2", 61)];
    assert!(is_healed(snapshot(), &healed).await);
    for missing in 0..healed.len() {
        let mut some = healed.to_vec();
        some.remove(missing);
        assert!(!is_healed(snapshot(), &some).await, "{:?} is not loaded", healed[missing]);
    }
    for older in [loaded(10, 9, "s0", 9), loaded(10, 10, "s1", 19)] {
        let [_, second, third] = healed.clone();
        assert!(!is_healed(snapshot(), &[older.clone(), second, third]).await, "{older:?}");
    }
}

#[tokio::test]
async fn a_reading_whose_rows_stay_is_healed_only_by_its_own_rows() {
    const MEMBERS: &str = "cursor/members";
    let letter = || {
        stored(|event| {
            event.source = MEMBERS.to_owned();
            event.to_date = day(10);
        })
    };
    let by = |snapshot_id| CoverageRow { source: MEMBERS.to_owned(), ..loaded(10, 60, snapshot_id, 61) };
    assert!(is_healed(letter(), &[by("s1")]).await);
    assert!(!is_healed(letter(), &[by("s2")]).await, "a later reading may not name who was in this one alone");
}

#[tokio::test]
async fn an_answer_that_may_name_people_is_healed_only_once_it_was_read_itself() {
    const EVENTS: &str = "cursor/usage_events";
    let letter = || stored(|event| event.source = EVENTS.to_owned());
    let mut coverage = later(10..=12);
    coverage.iter_mut().for_each(|row| row.source = EVENTS.to_owned());
    let read = |snapshot_id: &str, days: &[u32]| -> Read {
        days.iter().map(|number| (SnapshotId::from(snapshot_id), day(*number))).collect()
    };
    let cases = [
        (read("s1", &[10, 11, 12]), true),
        (read("s1", &[10, 12]), false),
        (read("s2", &[10, 11, 12]), false),
        (Read::new(), false),
    ];
    for (read, is_healed) in cases {
        let (healed, _) = split_by(vec![letter()], &coverage, &read, &MemoryStore::default()).await;
        assert_eq!(!healed.is_empty(), is_healed, "{read:?}");
    }
}

#[tokio::test]
async fn nothing_is_healed_by_other_days_other_accounts_or_a_failure() {
    assert!(is_healed(snapshot(), &later(10..=12)).await);
    assert!(!is_healed(snapshot(), &[]).await);
    assert!(!is_healed(snapshot(), &later(11..=13)).await);
    let mut other = later(10..=12);
    other[1].account_id = "other".into();
    assert!(!is_healed(snapshot(), &other).await);
    let mut failed = later(10..=12);
    failed[1].state = CoverageState::Failed;
    assert!(!is_healed(snapshot(), &failed).await);
}

#[tokio::test]
async fn only_the_days_of_a_snapshot_that_were_wanted_count() {
    let of_days = |only| stored(|event| (event.only_from, event.only_to) = only);
    let one = || of_days((Some(day(11)), Some(day(11))));
    assert!(is_healed(of_days((Some(day(1)), Some(day(10)))), &later([10])).await);
    assert!(is_healed(one(), &later([11])).await);
    assert!(!is_healed(one(), &later([10, 12])).await);
}

#[tokio::test]
async fn days_of_which_the_answer_says_nothing_are_not_waited_for() {
    let covering = async |days: &[u32]| {
        let store = MemoryStore::default();
        let manifest = manifest(days.iter().copied().map(day).collect());
        let name = manifest.folder().manifest();
        store.create(&name, manifest.to_json().into()).await.unwrap();
        (store, stored(|event| event.manifest = name.to_string()))
    };
    let (store, letter) = covering(&[10, 11]).await;
    assert!(is_healed_in(&store, letter.clone(), &later([10, 11])).await);
    assert!(!is_healed_in(&store, letter.clone(), &later([10, 12])).await);
    assert!(!is_healed(letter, &later([10, 11])).await, "a manifest that is gone excuses no day");
    let (store, letter) = covering(&[]).await;
    assert!(!is_healed_in(&store, letter.clone(), &[]).await);
    assert!(!is_healed_in(&store, letter.clone(), &later([10, 11])).await);
    assert!(is_healed_in(&store, letter, &later(10..=12)).await);
}

#[tokio::test]
async fn a_batch_is_healed_by_the_buckets_that_it_has() {
    let bucket = |number| Bucket {
        activity_date: day(number),
        settled: false,
        rows: 1,
        rejects: 0,
        amount_usd: None,
        quantity: 0,
        reported: None,
        content_hash: None,
        remarks: 0,
        filled: None,
    };
    let batch = BatchNormalized {
        snapshot_id: "s1".into(),
        source: SOURCE.to_owned(),
        account_id: "acme".into(),
        from_date: day(10),
        to_date: day(12),
        fetched_at: at(10),
        normalized_at: at(20),
        recipe: "r".to_owned(),
        normalizer: None,
        rows_omitted: false,
        buckets: vec![bucket(10), bucket(12)],
        files: Vec::new(),
    };
    let batch = letter(Topic::BatchNormalized, &batch);
    assert!(is_healed(batch.clone(), &later([10, 12])).await);
    assert!(!is_healed(batch, &later([10, 11])).await);
}

#[tokio::test]
async fn a_request_is_healed_by_what_was_fetched_after_it_was_given_up() {
    let request = || requested(SOURCE, Some("acme"), None);
    assert!(is_healed(request(), &later(10..=12)).await);
    assert!(!is_healed(request(), &later(10..=11)).await);
    let mut before = later(10..=12);
    before[2] = loaded(12, 49, "s1", 61);
    assert!(!is_healed(request(), &before).await);
    assert!(!is_healed(requested(SOURCE, None, None), &later(10..=12)).await, "nobody knows whose it was");
}

#[tokio::test]
async fn a_day_that_the_report_did_not_reach_when_it_was_asked_for_is_not_waited_for() {
    let source = "cursor/usage_events";
    let mut coverage = later([10, 11]);
    coverage.iter_mut().for_each(|row| row.source = source.to_owned());
    let made = |number| Some(day(number).start());
    assert!(is_healed(requested(source, Some("acme"), made(12)), &coverage).await, "the 12th was not over");
    assert!(!is_healed(requested(source, Some("acme"), made(13)), &coverage).await);
    assert!(!is_healed(requested(source, Some("acme"), None), &coverage).await, "nobody knows when it was made");
    assert!(!is_healed(requested(source, Some("acme"), made(10)), &coverage).await, "it meant no day at all");
}

#[tokio::test]
async fn a_reading_that_could_not_be_made_is_healed_by_a_later_one() {
    let members = |number, fetched_at| {
        let row = loaded(number, fetched_at, "s2", 61);
        vec![CoverageRow { source: "cursor/members".to_owned(), ..row }]
    };
    let request = || requested("cursor/members", Some("acme"), None);
    assert!(is_healed(request(), &members(12, 60)).await);
    assert!(is_healed(request(), &members(13, 60)).await);
    assert!(!is_healed(request(), &members(13, 49)).await);
    assert!(!is_healed(request(), &members(11, 60)).await);
    let stored = || stored(|event| event.source = "cursor/members".to_owned());
    assert!(!is_healed(stored(), &members(13, 60)).await, "what is stored can be read after all");
}
