use std::time::Duration;

use futures_util::FutureExt;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::article::event::Stage;

fn log() -> Arc<EventLog> {
    Arc::new(EventLog::new(Arc::new(Notify::new())))
}

fn read_all(log: &EventLog, after: u64) -> Vec<(u64, String)> {
    let mut seen = Vec::new();
    let mut cursor = Seq(after);
    loop {
        let before = cursor;
        (cursor, _) = log.read(cursor, 1000, |seq, view| {
            seen.push((
                seq.0,
                match view {
                    EventView::Delta(text) => text.to_owned(),
                    EventView::Other(name, _) => format!("<{name}>"),
                },
            ));
        });
        if cursor == before {
            return seen;
        }
    }
}

fn stage() -> Event {
    Event::Stage { stage: Stage::Generate, elapsed_ms: 0 }
}

#[test]
fn neighbouring_deltas_come_as_one_and_every_seq_is_a_cursor() {
    let log = log();
    log.push(&stage());
    for text in ["a", "b", "c"] {
        log.push_delta(text);
    }
    log.push(&stage());
    log.push_delta("d");
    assert_eq!(
        read_all(&log, 0),
        [(1, "<stage>"), (4, "abc"), (5, "<stage>"), (6, "d")].map(|(n, s)| (n, s.to_owned()))
    );
    assert_eq!(read_all(&log, 2)[0], (4, "bc".to_owned()));
    assert_eq!(read_all(&log, 6), []);
}

#[test]
fn no_delta_is_larger_than_the_limit() {
    let log = log();
    log.push_delta(&"文".repeat(MAX_DELTA_BYTES));
    for _ in 0..MAX_DELTA_BYTES {
        log.push_delta("abc");
    }
    let read = read_all(&log, 0);
    assert!(read.iter().all(|(_, text)| text.len() <= MAX_DELTA_BYTES));
    assert_eq!(read.iter().map(|(_, text)| text.as_str()).collect::<String>(), log.text());
}

#[tokio::test]
async fn the_last_event_is_heard_only_when_it_is_published_and_nothing_follows() {
    let log = log();
    log.push(&Event::Accepted { generation: Uuid::nil(), article: Uuid::nil() });
    let mut follower = log.follow(Seq(0));
    assert_eq!(follower.next().await.map(|events| events.len()), Some(1));
    log.seal(&Event::Interrupted { killed: false });
    let early = tokio::time::timeout(Duration::ZERO, follower.next()).await;
    assert!(early.is_err(), "heard before it was stored: {early:?}");
    log.publish();
    let last = follower.next().await.unwrap();
    assert_eq!((last.len(), last[0].name.as_str(), last[0].seq), (1, "interrupted", Seq(2)));
    assert_eq!(follower.next().await, None);
    assert_eq!(log.follow(Seq(2)).next().await, Some(Vec::new()));
}

#[tokio::test]
async fn a_reader_that_sleeps_is_woken_by_the_next_event() {
    let log = log();
    let mut follower = log.follow(Seq(0));
    let reader = tokio::spawn(async move { follower.next().await });
    tokio::task::yield_now().await;
    log.push_delta("x");
    assert_eq!(reader.await.unwrap().unwrap()[0].data, r#"{"text":"x"}"#);
}

#[tokio::test(start_paused = true)]
async fn the_first_text_waits_for_nothing_and_what_follows_is_gathered() {
    let log = log();
    let mut follower = log.follow(Seq(0));
    log.push(&stage());
    assert!(follower.next().now_or_never().is_some());
    log.push_delta("first");
    assert!(follower.next().now_or_never().is_some(), "it came behind another event");
    log.push_delta("b");
    assert!(follower.next().now_or_never().is_none(), "it is gathered");
    log.push(&stage());
    log.push_delta("c");
    assert!(follower.next().now_or_never().is_none());
    tokio::time::advance(follower::GATHER).await;
    let gathered = follower.next().now_or_never().unwrap().unwrap();
    assert_eq!(gathered.len(), 3, "{gathered:?}");
}

proptest! {
    #[test]
    fn what_was_stored_in_pieces_reads_the_same(
        parts in prop::collection::vec(("[a-z文\"\\\\\n\u{1}]{0,4}", any::<bool>()), 0..40),
        cuts in prop::collection::vec(0usize..40, 0..6),
    ) {
        let log = log();
        let mut batches = Vec::new();
        for (index, (text, other)) in parts.iter().enumerate() {
            if *other { log.push(&stage()) } else { log.push_delta(text) }
            if cuts.contains(&index) && let Some(batch) = log.unstored() {
                log.mark_stored(batch.last_seq);
                batches.push(batch.json);
            }
        }
        batches.extend(log.unstored().map(|batch| batch.json));
        let restored = EventLog::restore(batches.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(restored.text(), log.text());
        for after in 0..=log.last_seq().0 {
            prop_assert_eq!(read_all(&restored, after), read_all(&log, after));
        }
    }

    #[test]
    fn strings_are_escaped_as_json(text in any::<String>()) {
        let mut json = String::new();
        push_json_string(&mut json, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}

#[tokio::test]
async fn of_a_stretch_that_cannot_be_read_nothing_is_taken_over_and_readers_are_let_go() {
    let log = log();
    log.absorb(1, "[\"one \"]").unwrap();
    let mut reader = log.follow(Seq(0));
    assert!(reader.read(|_, _| {}).await);
    assert!(log.absorb(2, "[\"two\", [\"usage\", {\"no\": 1}]]").is_err());
    assert_eq!((log.text().as_str(), log.last_seq()), ("one ", Seq(1)));
    log.absorb(2, "[\"two\"]").unwrap();
    log.abandon();
    let mut text = String::new();
    while reader
        .read(|_, view| {
            if let EventView::Delta(delta) = view {
                text.push_str(delta);
            }
        })
        .await
    {}
    assert_eq!(text, "two");
    log.seal(&Event::Interrupted { killed: false });
    let mut late = log.follow(Seq(2));
    let more = late.read(|_, _| {}).await && late.read(|_, _| {}).await;
    assert!(!more, "what is not shown is not waited for");
}
