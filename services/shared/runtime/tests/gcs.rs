//! The store in Cloud Storage against its contract, on the emulator.
//!
//! The emulator does every sentence of the contract. What it can't do is in no sentence of it: an upload in parts that
//! names a generation (it overwrites) or goes on (asked how far it is, it ends it, empty), gRPC (lists and deletes go over JSON), accounts and permissions.
#![cfg(feature = "google")]
#![allow(clippy::unwrap_used)]

mod proxy;
#[path = "gcs/prune.rs"]
mod prune;
#[path = "prune/world.rs"]
mod prune_world;
#[path = "gcs/world.rs"]
mod world;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::Method;
use bytes::Bytes;
use everycent_domain::objects::ObjectName;
use everycent_runtime::store::conformance::conformance;
use everycent_runtime::store::gcs::{GcsSettings, GcsStore};
use everycent_runtime::store::{Created, Store, StoreError};

use proxy::{Fault, Proxy, Which};
use world::{store_at, world};

const POST: Which = (Method::POST, "");
const GET: Which = (Method::GET, "");
const PUT: Which = (Method::PUT, "");
const DELETE: Which = (Method::DELETE, "");
const BUSY: Fault = Fault::Status(503, "busy");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_bucket_conforms() {
    let world = world();
    conformance(async || Arc::new(store_at(&world.url(), &world.bucket().await, None)) as Arc<dyn Store>).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn prefixes_of_one_bucket_conform_beside_each_other() {
    let world = world();
    let (bucket, next) = (world.bucket().await, AtomicU32::new(1));
    conformance(async || {
        // One is the beginning of another.
        let prefix = format!("teams/{}", "a".repeat(next.fetch_add(1, Ordering::Relaxed) as usize));
        Arc::new(store_at(&world.url(), &bucket, Some(&prefix))) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_create_goes_on_through_a_busy_service() {
    let (proxy, store) = behind_a_proxy().await;
    proxy.plan(POST, &[BUSY, BUSY]);
    assert_eq!(store.create(&name("raw/a"), Bytes::from_static(b"x")).await.unwrap(), Created::New);
    assert_eq!((proxy.seen(&POST), read(&store, "raw/a").await), (3, "x".into()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_create_whose_reply_was_lost_knows_its_own_object() {
    let (proxy, store) = behind_a_proxy().await;
    proxy.plan(POST, &[Fault::LostReply]);
    assert_eq!(store.create(&name("raw/a"), Bytes::from_static(b"x")).await.unwrap(), Created::New);
    assert_eq!((proxy.seen(&POST), read(&store, "raw/a").await), (2, "x".into()));
    assert_eq!(store.create(&name("raw/a"), Bytes::from_static(b"x")).await.unwrap(), Created::AlreadyThere);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_create_whose_reply_was_lost_does_not_take_anothers_object_for_its_own() {
    let (proxy, store) = behind_a_proxy().await;
    store.create(&name("raw/a"), Bytes::from_static(b"first")).await.unwrap();
    proxy.plan(POST, &[Fault::LostReply]);
    let again = store.create(&name("raw/a"), Bytes::from_static(b"first")).await.unwrap();
    assert_eq!((again, read(&store, "raw/a").await), (Created::AlreadyThere, "first".into()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_create_that_finds_no_end_is_unavailable_and_right_to_do_again() {
    let (proxy, store) = behind_a_proxy().await;
    let store = store.with_settings(GcsSettings { retry_for: Duration::ZERO, ..GcsSettings::default() });
    proxy.plan(POST, &[Fault::LostReply]);
    let error = store.create(&name("raw/a"), Bytes::from_static(b"x")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { action: "create", .. }), "{error:?}");
    let again = store.create(&name("raw/a"), Bytes::from_static(b"x")).await.unwrap();
    assert_eq!((again, read(&store, "raw/a").await), (Created::AlreadyThere, "x".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_unavailable() {
    let url = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let settings = GcsSettings { retry_for: Duration::from_millis(300), ..GcsSettings::default() };
    let store = store_at(&url, "bucket", None).with_settings(settings);
    let errors = [
        store.create(&name("a"), Bytes::new()).await.unwrap_err(),
        store.read(&name("a")).await.unwrap_err(),
        store.delete(&name("a")).await.unwrap_err(),
        store.list("", None, 1).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = GcsSettings { patience: Duration::from_millis(200), ..GcsSettings::default() };
    let store = store_at(&format!("http://{}", silent.local_addr().unwrap()), "bucket", None).with_settings(settings);
    let error = store.read(&name("a")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("no answer")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_read_goes_on_through_faults_and_never_gives_a_damaged_body() {
    let (proxy, store) = behind_a_proxy().await;
    store.create(&name("raw/a"), Bytes::from_static(b"whole")).await.unwrap();
    proxy.plan(GET, &[BUSY, Fault::LostReply]);
    assert_eq!(read(&store, "raw/a").await, "whole");
    assert!(proxy.is_done());
    proxy.plan(GET, &[Fault::Damaged]);
    let error = store.read(&name("raw/a")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("checksum")), "{error:?}");
    assert_eq!(read(&store, "raw/a").await, "whole");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn an_object_that_is_too_large_is_not_taken_into_memory() {
    let world = world();
    let store = store_at(&world.url(), &world.bucket().await, None);
    let store = store.with_settings(GcsSettings { max_object_bytes: 4, ..GcsSettings::default() });
    for (text, body) in [("raw/small", "four"), ("raw/large", "fives")] {
        store.create(&name(text), Bytes::from_static(body.as_bytes())).await.unwrap();
    }
    assert_eq!(read(&store, "raw/small").await, "four");
    let error = store.read(&name("raw/large")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { name, .. } if name.as_str() == "raw/large"), "{error:?}");
    assert!(error.to_string().contains("it has 5 bytes or more"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_delete_whose_reply_was_lost_is_right_to_do_again() {
    let (proxy, store) = behind_a_proxy().await;
    store.create(&name("rows/a"), Bytes::new()).await.unwrap();
    proxy.plan(DELETE, &[Fault::LostReply]);
    let error = store.delete(&name("rows/a")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { action: "delete", .. }), "{error:?}");
    store.delete(&name("rows/a")).await.unwrap();
    assert!(matches!(store.read(&name("rows/a")).await, Err(StoreError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_list_through_a_busy_service_is_unavailable_and_never_short() {
    let (proxy, store) = behind_a_proxy().await;
    store.create(&name("raw/a"), Bytes::new()).await.unwrap();
    proxy.plan(GET, &[BUSY]);
    let error = store.list("", None, 10).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { action: "list", .. }), "{error:?}");
    assert_eq!(store.list("", None, 10).await.unwrap(), [name("raw/a")]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_list_goes_on_over_pages_of_what_is_no_object_of_ours() {
    let (world, (proxy, store)) = (world(), behind_a_proxy().await);
    let bucket = store.address().replace("gs://", "");
    for junk in ["raw/a%20b", "raw/a%20c", "raw/a%20d", "raw/a%20e"] {
        let url = format!("{}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={junk}", world.url());
        reqwest::Client::new().post(url).body("junk").send().await.unwrap().error_for_status().unwrap();
    }
    for ours in ["raw/a1", "raw/a2", "raw/a3"] {
        store.create(&name(ours), Bytes::new()).await.unwrap();
    }
    let before = proxy.seen(&GET);
    assert_eq!(store.list("raw/", None, 2).await.unwrap(), [name("raw/a1"), name("raw/a2")]);
    assert!(proxy.seen(&GET) > before + 1, "it took several pages");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_missing_permission_is_refused_at_once_with_what_to_grant() {
    let (proxy, store) = behind_a_proxy().await;
    let denied = r#"{"error":{"code":403,"message":"fetcher@acme.example.com does not have access."}}"#;
    proxy.plan(POST, &[Fault::Status(403, denied)]);
    let error = store.create(&name("raw/a"), Bytes::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { action: "create", .. }), "{error:?}");
    let (text, bucket) = (error.to_string(), store.address());
    for word in [&bucket, "storage.objects.create", "roles/storage.objectCreator", "fetcher@acme.example.com"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert_eq!(proxy.seen(&POST), 1, "it is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_missing_bucket_is_refused_and_not_taken_for_a_missing_object() {
    let world = world();
    let store = store_at(&world.url(), "no-such-bucket", None);
    let (created, read) = (store.create(&name("a"), Bytes::new()).await, store.read(&name("a")).await);
    for error in [created.err(), read.err(), store.list("", None, 1).await.err()] {
        let text = error.unwrap().to_string();
        assert!(text.contains("gs://no-such-bucket: there is no such bucket"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn a_large_object_goes_to_the_emulator_in_one_piece() {
    let (proxy, store) = behind_a_proxy().await;
    let large = Bytes::from(vec![7; 70 << 20]);
    assert_eq!(store.create(&name("large"), large.clone()).await.unwrap(), Created::New);
    assert_eq!(store.create(&name("large"), Bytes::from_static(b"x")).await.unwrap(), Created::AlreadyThere);
    assert!(proxy.requests(&POST).iter().all(|request| request.contains("uploadType=multipart")));
    assert!(store.read(&name("large")).await.unwrap() == large);
}

/// The way to the service itself, as far as the emulator goes it: no second create, for it would overwrite.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn an_upload_in_parts_names_generation_0_and_goes_on_after_a_lost_part() {
    let (proxy, store) = behind_a_proxy().await;
    let store = store.with_settings(GcsSettings::default());
    proxy.plan(POST, &[BUSY]);
    // A part is lost, and the service says that it has nothing of it.
    proxy.plan(PUT, &[BUSY, Fault::Status(308, "")]);
    let large = twenty_mebibytes();
    assert_eq!(store.create(&name("large"), large.clone()).await.unwrap(), Created::New);
    let begun = proxy.requests(&POST);
    let right = |request: &String| request.contains("uploadType=resumable") && request.contains("ifGenerationMatch=0");
    assert!(begun.len() == 2 && begun.iter().all(right), "{begun:?}");
    assert!(proxy.is_done(), "every fault happened");
    assert!(store.read(&name("large")).await.unwrap() == large, "it reads back");
}

/// Asked how far an upload is, the emulator ends it, empty.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs emulators of Google's services: make emulators"]
async fn an_object_that_is_not_what_was_sent_is_refused_and_not_taken_for_done() {
    let (proxy, store) = behind_a_proxy().await;
    let store = store.with_settings(GcsSettings::default());
    proxy.plan(PUT, &[BUSY]);
    let error = store.create(&name("large"), twenty_mebibytes()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { action: "create", .. }), "{error:?}");
    assert!(error.to_string().contains("20971520 bytes were sent"), "{error}");
}

fn twenty_mebibytes() -> Bytes {
    (0..20_u32 << 20).map(|at| (at % 251) as u8).collect()
}

/// A store in a new bucket that is reached by a proxy.
async fn behind_a_proxy() -> (Proxy, GcsStore) {
    let world = world();
    let proxy = Proxy::before(world.url()).await;
    let store = store_at(&proxy.url, &world.bucket().await, None);
    (proxy, store)
}

async fn read(store: &GcsStore, text: &str) -> Bytes {
    store.read(&name(text)).await.unwrap()
}

fn name(text: &str) -> ObjectName {
    text.parse().unwrap()
}
