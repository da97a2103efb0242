#![allow(clippy::unwrap_used)]
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tempfile::TempDir;

use super::*;

#[tokio::test]
async fn an_unfinished_file_is_never_seen() {
    let (root, store) = empty();
    leave_unfinished(&root, "1-2-3", Duration::ZERO);
    assert!(store.list("", None, 10).await.unwrap().is_empty());
    assert!(store.list(".tmp/", None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_killed_writer_left_does_not_stop_the_next_one() {
    let (root, store) = empty();
    leave_unfinished(&root, "1-2-3", Duration::ZERO);
    let created = store.create(&name("raw/a"), Bytes::from_static(b"whole")).await.unwrap();
    assert_eq!((created, store.read(&name("raw/a")).await.unwrap()), (Created::New, Bytes::from_static(b"whole")));
}

#[tokio::test]
async fn a_writer_killed_after_the_link_leaves_a_whole_object_that_survives_the_sweep() {
    let (root, store) = empty();
    let unfinished = leave_unfinished(&root, "1-2-3", ABANDONED_AFTER * 2);
    fs::hard_link(&unfinished, root.path().join("object")).unwrap();
    drop(store);
    let store = FileStore::open(root.path().to_path_buf()).unwrap();
    assert!(!unfinished.exists());
    assert_eq!(store.read(&name("object")).await.unwrap(), "half");
    assert_eq!(store.create(&name("object"), Bytes::new()).await.unwrap(), Created::AlreadyThere);
}

#[test]
fn opening_removes_old_leftovers_and_spares_what_may_be_in_the_works() {
    let (root, _) = empty();
    let old = leave_unfinished(&root, "old", ABANDONED_AFTER * 2);
    let young = leave_unfinished(&root, "young", Duration::from_secs(5));
    FileStore::open(root.path().to_path_buf()).unwrap();
    assert_eq!((old.exists(), young.exists()), (false, true));
}

#[tokio::test]
async fn a_panic_goes_on_in_its_caller_and_the_store_goes_on_for_the_others() {
    let (_root, store) = empty();
    let defect = |folder: &Folder| folder.remembered(|_| -> io::Result<()> { panic!("a defect") });
    let defect = store.blocking("create", "raw/a", defect);
    assert!(AssertUnwindSafe(defect).catch_unwind().await.is_err(), "it is no outage");
    assert_eq!(store.create(&name("raw/a"), Bytes::new()).await.unwrap(), Created::New);
}

#[tokio::test]
async fn nothing_unfinished_stays_after_a_create() {
    let (root, store) = empty();
    for _ in 0..2 {
        store.create(&name("raw/a"), Bytes::from_static(b"x")).await.unwrap();
    }
    assert_eq!(fs::read_dir(root.path().join(UNFINISHED)).unwrap().count(), 0);
}

#[tokio::test]
async fn files_that_are_no_objects_are_not_listed() {
    let (root, store) = empty();
    for path in [".hidden", "not a name", "raw/.DS_Store", "bus.sqlite"] {
        fs::create_dir_all(root.path().join("raw")).unwrap();
        fs::write(root.path().join(path), "").unwrap();
    }
    store.create(&name("raw/a"), Bytes::new()).await.unwrap();
    assert_eq!(store.list("raw/", None, 10).await.unwrap(), [name("raw/a")]);
}

#[tokio::test]
async fn objects_survive_a_new_opening() {
    let (root, store) = empty();
    store.create(&name("raw/a/b"), Bytes::from_static(b"kept")).await.unwrap();
    drop(store);
    let store = FileStore::open(root.path().to_path_buf()).unwrap();
    assert_eq!(store.read(&name("raw/a/b")).await.unwrap(), "kept");
}

#[tokio::test]
async fn a_file_where_a_folder_is_needed_is_refused_with_advice() {
    let (root, store) = empty();
    fs::write(root.path().join("raw"), "a file").unwrap();
    let error = store.create(&name("raw/a"), Bytes::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { action: "create", .. }), "{error:?}");
    let error = FileStore::open(root.path().join("raw/store")).unwrap_err();
    assert!(error.to_string().contains("move it away"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_may_be_a_link_to_another_disk() {
    let (root, store) = empty();
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("a"), "there").unwrap();
    std::os::unix::fs::symlink(other.path(), root.path().join("raw")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", root.path().join("broken")).unwrap();
    assert_eq!(store.list("", None, 10).await.unwrap(), [name("raw/a")]);
    assert_eq!(store.read(&name("raw/a")).await.unwrap(), "there");
}

#[test]
fn the_address_names_the_folder() {
    let (root, store) = empty();
    assert_eq!(store.address(), format!("file://{}", root.path().display()));
}

fn leave_unfinished(root: &TempDir, file: &str, age: Duration) -> PathBuf {
    let folder = root.path().join(UNFINISHED);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(file);
    fs::write(&path, "half").unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    path
}

fn empty() -> (TempDir, FileStore) {
    let root = tempfile::tempdir().unwrap();
    let store = FileStore::open(root.path().to_path_buf()).unwrap();
    (root, store)
}

fn name(text: &str) -> ObjectName {
    text.parse().unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn objects_are_their_owners_alone_and_so_are_those_of_an_earlier_release() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    let set = |name: &str, mode| fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    let store = FileStore::open(root.path().to_owned()).unwrap();
    store.create(&"raw/a/page".parse().unwrap(), Bytes::from_static(b"x")).await.unwrap();
    let names = ["raw", "raw/a", ".tmp", "raw/a/page"];
    let private = [0o700, 0o700, 0o700, 0o600];
    assert_eq!(names.map(mode), private);
    fs::write(at("theirs"), "").unwrap();
    for (name, open) in [("raw", 0o755), ("raw/a", 0o755), ("raw/a/page", 0o644), ("theirs", 0o644)] {
        set(name, open);
    }
    FileStore::open(root.path().to_owned()).unwrap();
    assert_eq!((names.map(mode), mode("theirs")), (private, 0o644));
}

#[tokio::test]
async fn an_object_that_is_too_large_is_not_taken_into_memory() {
    let (root, store) = empty();
    // It takes no room on the disk.
    File::create(root.path().join("large")).unwrap().set_len(MAX_OBJECT_BYTES + 1).unwrap();
    let error = store.read(&name("large")).await.map(|body| body.len()).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { name, .. } if name.as_str() == "large"), "{error:?}");
    assert!(error.to_string().contains("268435457 bytes"), "{error}");
}
