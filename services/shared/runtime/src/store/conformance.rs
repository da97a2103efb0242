//! Checks a store against every sentence of its contract. It panics at the first that does not hold.

use std::sync::Arc;

use bytes::Bytes;
use everycent_domain::objects::ObjectName;
use tokio::task::JoinSet;

use super::{Created, Store, StoreError};

/// Runs all checks; `make` gives an empty store each time.
pub async fn conformance(make: impl AsyncFn() -> Arc<dyn Store>) {
    a_created_object_reads_back(&*make().await).await;
    what_is_not_there_is_not_found(&*make().await).await;
    an_object_never_changes(&*make().await).await;
    one_of_many_creates_is_new(make().await).await;
    an_object_is_seen_whole_or_not_at_all(make().await).await;
    a_deleted_object_is_gone_and_its_name_is_free(&*make().await).await;
    a_list_is_in_order_of_name(&*make().await).await;
    a_list_goes_on_after_a_name(&*make().await).await;
    a_list_shows_only_its_prefix(&*make().await).await;
    an_empty_store_lists_nothing(&*make().await).await;
}

async fn a_created_object_reads_back(store: &dyn Store) {
    for (text, body) in [("raw/a/page-00001.json.zst", &b"one"[..]), ("top", b""), ("rows/=41=/x_y.avro", &[0, 255])] {
        assert_eq!(create(store, text, body).await, Created::New, "{text}");
        assert_eq!(read(store, text).await, body, "{text}");
        assert_eq!(store.size(&name(text)).await.expect("size"), body.len() as u64, "{text}");
    }
    let large = vec![7; 3_000_000];
    create(store, "large", &large).await;
    assert!(read(store, "large").await == large, "a large object reads back");
    assert_eq!(store.size(&name("large")).await.expect("size"), 3_000_000);
}

async fn what_is_not_there_is_not_found(store: &dyn Store) {
    create(store, "raw/a/b", b"x").await;
    for text in ["raw/a/c", "raw/a", "raw/a/b/c", "other"] {
        let found = store.read(&name(text)).await;
        assert!(matches!(&found, Err(StoreError::NotFound(missing)) if *missing == name(text)), "{text}: {found:?}");
        let size = store.size(&name(text)).await;
        assert!(matches!(&size, Err(StoreError::NotFound(missing)) if *missing == name(text)), "{text}: {size:?}");
    }
}

async fn an_object_never_changes(store: &dyn Store) {
    assert_eq!(create(store, "raw/a", b"first").await, Created::New);
    for body in [&b"second, and longer"[..], b"", b"first"] {
        assert_eq!(create(store, "raw/a", body).await, Created::AlreadyThere);
        assert_eq!(read(store, "raw/a").await, "first");
    }
}

async fn one_of_many_creates_is_new(store: Arc<dyn Store>) {
    let mut creates = JoinSet::new();
    for writer in 0..32_u8 {
        let store = Arc::clone(&store);
        creates.spawn(async move { (writer, create(&*store, "raw/deep/er/one", &[writer; 1000]).await) });
    }
    let results = creates.join_all().await;
    let winners: Vec<u8> =
        results.iter().filter(|(_, made)| *made == Created::New).map(|(writer, _)| *writer).collect();
    assert_eq!(winners.len(), 1, "exactly one create is New");
    assert_eq!(read(&*store, "raw/deep/er/one").await, vec![winners[0]; 1000], "the object is the winner's");
    assert_eq!(list(&*store, "", None, 10).await, ["raw/deep/er/one"], "no second object appears");
}

async fn an_object_is_seen_whole_or_not_at_all(store: Arc<dyn Store>) {
    let whole = vec![9; 2_000_000];
    let writer = tokio::spawn({
        let (store, whole) = (Arc::clone(&store), whole.clone());
        async move { create(&*store, "raw/big", &whole).await }
    });
    while !writer.is_finished() {
        for seen in list(&*store, "raw/", None, 10).await {
            assert_eq!(seen, "raw/big", "only the finished object is listed");
            assert!(read(&*store, &seen).await == whole, "a listed object is whole");
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(writer.await.expect("the writer ended"), Created::New);
    assert!(read(&*store, "raw/big").await == whole);
}

/// In the order of their bytes, in which `-` and `.` come before `/`, and `/` before letters.
const NAMES: [&str; 9] =
    ["raw/a-b/1", "raw/a.b", "raw/a/1", "raw/a/1=", "raw/a/2/3", "raw/aa", "raw/b/c/d/e", "rows/x", "z"];

async fn a_deleted_object_is_gone_and_its_name_is_free(store: &dyn Store) {
    create(store, "rows/a/b", b"first").await;
    create(store, "rows/a/c", b"neighbour").await;
    for text in ["rows/a/b", "rows/a/b", "rows/never"] {
        store.delete(&name(text)).await.expect("a delete succeeds");
    }
    assert!(matches!(store.read(&name("rows/a/b")).await, Err(StoreError::NotFound(_))));
    assert_eq!(list(store, "rows/", None, 10).await, ["rows/a/c"]);
    store.delete(&name("rows/a/c")).await.expect("a delete succeeds");
    assert_eq!(create(store, "rows/a/b", b"second").await, Created::New);
    assert_eq!(read(store, "rows/a/b").await, "second");
}

async fn a_list_is_in_order_of_name(store: &dyn Store) {
    create_all(store).await;
    assert_eq!(list(store, "", None, 100).await, NAMES);
    assert_eq!(list(store, "", None, 4).await, NAMES[..4]);
    assert!(list(store, "", None, 0).await.is_empty());
}

async fn a_list_goes_on_after_a_name(store: &dyn Store) {
    create_all(store).await;
    for (at, after) in NAMES.iter().enumerate() {
        assert_eq!(list(store, "", Some(after), 100).await, NAMES[at + 1..], "after {after}");
        let next: Vec<_> = NAMES[at + 1..].iter().take(2).collect();
        assert_eq!(list(store, "", Some(after), 2).await.iter().collect::<Vec<_>>(), next, "two after {after}");
    }
    assert_eq!(list(store, "", Some("raw/a/11"), 100).await, NAMES[3..], "after a name that does not exist");
    assert_eq!(list(store, "raw/a/", Some("raw/a.b"), 100).await, NAMES[2..5], "after a name before the prefix");
    assert!(list(store, "raw/a/", Some("rows/x"), 100).await.is_empty(), "after a name behind the prefix");
}

async fn a_list_shows_only_its_prefix(store: &dyn Store) {
    create_all(store).await;
    for prefix in
        ["", "r", "raw", "raw/", "raw/a", "raw/a/", "raw/a/1", "raw/b/c/", "rows/x", "zz", "no/", "../", "/", "raw//"]
    {
        let expected: Vec<_> = NAMES.iter().filter(|name| name.starts_with(prefix)).copied().collect();
        assert_eq!(list(store, prefix, None, 100).await, expected, "prefix {prefix:?}");
    }
}

async fn an_empty_store_lists_nothing(store: &dyn Store) {
    assert!(list(store, "", None, 10).await.is_empty());
    assert!(list(store, "raw/x/", None, 10).await.is_empty());
}

async fn create_all(store: &dyn Store) {
    for text in NAMES.iter().rev() {
        create(store, text, text.as_bytes()).await;
    }
}

async fn create(store: &dyn Store, text: &str, body: &[u8]) -> Created {
    let created = store.create(&name(text), Bytes::copy_from_slice(body)).await;
    created.unwrap_or_else(|error| panic!("create {text}: {error}"))
}

async fn read(store: &dyn Store, text: &str) -> Bytes {
    store.read(&name(text)).await.unwrap_or_else(|error| panic!("read {text}: {error}"))
}

async fn list(store: &dyn Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(name);
    let names = store.list(prefix, after.as_ref(), limit).await;
    names.unwrap_or_else(|error| panic!("list {prefix:?}: {error}")).into_iter().map(String::from).collect()
}

fn name(text: &str) -> ObjectName {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}
