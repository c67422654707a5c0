//! What is true of SQLite files alone.

use super::*;

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("not").join("there yet");
    let store = Store::open(&path).await.unwrap();
    let article = finished(&store, NOW).await;
    let running = keyed("k", "body", NOW + 5);
    store.create_generation(&running).await.unwrap();
    store.append_events(&[batch(running.id, 1, 4)]).await.unwrap();
    let before = store.article(article).await.unwrap();
    store.close().await;
    let error = store.article(article).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { outage: Outage::Closed, .. }));

    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.article(article).await.unwrap(), before);
    assert_eq!(store.running().await.unwrap(), [(running.id, running.owner)]);
    assert_eq!(store.event_batches(running.id, 0).await.unwrap(), [batch(running.id, 1, 4)]);
    let again = keyed("k", "body", NOW + 6);
    let created = store.create_generation(&again).await.unwrap();
    assert_eq!(created, Created::Repeated(running.id));
}

#[tokio::test]
async fn what_was_committed_survives_a_process_that_never_closed() {
    let dir = tempfile::tempdir().unwrap();
    let abandoned = Store::open(dir.path()).await.unwrap();
    let article = finished(&abandoned, NOW).await;
    let store = Store::open(dir.path()).await.unwrap();
    assert!(store.article(article).await.unwrap().is_some());
    finished(&store, NOW).await;
    assert_eq!(listed(&abandoned, 9, None).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_open_a_new_directory_at_once_share_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let path = dir.path().to_owned();
        tasks.spawn(async move { Store::open(&path).await.unwrap() });
    }
    let stores = tasks.join_all().await;
    for store in &stores {
        finished(store, NOW).await;
    }
    assert_eq!(listed(&stores[0], 9, None).await.len(), 6);
}

#[tokio::test]
async fn a_full_disk_refuses_the_write_and_works_again_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    store.append_events(&[batch(new.id, 1, 1)]).await.unwrap();
    store.limit_size(Some(0)).await.unwrap();

    let large = EventBatch { json: "x".repeat(1 << 20), ..batch(new.id, 2, 3) };
    let error = store.append_events(std::slice::from_ref(&large)).await.unwrap_err();
    assert!(error.is_outage());
    assert!(matches!(error, StoreError::Unavailable { outage: Outage::Full, .. }));
    let problem = error.to_problem();
    assert_eq!(problem.code, Code::StorageUnavailable);
    assert!(problem.resolution.contains("Make room"));
    let mut ended = done(new.id, &"y".repeat(1 << 20), NOW + 1);
    let error = store.end_generation(&ended).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { outage: Outage::Full, .. }), "{error}");
    // What is there can be read, and nothing of the refused writes is.
    assert_eq!(store.event_batches(new.id, 0).await.unwrap(), [batch(new.id, 1, 1)]);
    assert_eq!(store.running().await.unwrap(), [(new.id, new.owner)]);

    store.limit_size(None).await.unwrap();
    store.append_events(std::slice::from_ref(&large)).await.unwrap();
    ended.batches = vec![batch(new.id, 4, 9)];
    assert!(store.end_generation(&ended).await.unwrap());
    let log = store.event_batches(new.id, 0).await.unwrap();
    assert_eq!(log, [batch(new.id, 1, 1), large, batch(new.id, 4, 9)]);
}

#[tokio::test]
async fn another_program_that_keeps_the_database_locked_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let other = crate::support::database_in(dir.path()).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let writing = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    // Readers are not held up by it.
    assert!(listed(&store, 5, None).await.is_empty());
    assert!(!writing.is_finished());
    lock.rollback().await.unwrap();
    writing.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("data")).await.unwrap_err();
    assert!(error.to_string().contains("a file"), "{error}");
    assert!(error.resolution().contains("INKSTREAM_DATA_DIR"));
    assert_eq!(error.to_problem().code, Code::StorageUnavailable);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_in_which_nothing_can_be_made_is_named_with_the_remedy() {
    let error = Store::open(std::path::Path::new("/proc/self")).await.unwrap_err();
    assert!(matches!(error, StoreError::DataDir { .. }), "{error}");
    assert!(error.to_string().contains("/proc/self"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_written_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).await.unwrap().close().await;
    let read_only = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let file = dir.path().join("inkstream.db");
    read_only(&file, 0o444);
    if std::fs::File::options().write(true).open(&file).is_ok() {
        // Permissions do not bind this user.
        return;
    }
    let error = Store::open(dir.path()).await.unwrap_err();
    assert!(error.to_string().contains("inkstream.db"), "{error}");
    assert!(error.resolution().contains("write access"));
    read_only(&file, 0o644);
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    read_only(&empty, 0o555);
    let error = Store::open(&empty).await.unwrap_err();
    assert!(matches!(error, StoreError::DataDir { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("inkstream.db");
    std::fs::write(&file, "not a database, ".repeat(100)).unwrap();
    let error = Store::open(dir.path()).await.unwrap_err();
    assert!(error.to_string().contains("inkstream.db"), "{error}");
    assert!(error.resolution().contains("move it away"));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("not a database"));
}
