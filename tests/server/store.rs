//! What the store promises, as functions over a [`Store`], so that every database runs the same;
//! then what is true of SQLite files alone.

use std::sync::Arc;

use inkstream::article::brief::Brief;
use inkstream::article::event::{GenerationState, Highlight, Meta, Usage};
use inkstream::article::generation::{ArticlePage, Attempt, AttemptOutcome, UnixMs};
use inkstream::article::problem::{Code, Problem};
use inkstream::server::store::records::{
    ArticleFilter, ArticleRef, Created, EndedGeneration, EventBatch, Flush, IdempotencyKey,
    NewGeneration, NewRevision,
};
use inkstream::server::store::{Outage, Store, StoreError};
use uuid::Uuid;

const NOW: UnixMs = 1_800_000_000_000;
const HOUR: UnixMs = 3_600_000;

/// Runs each of these on every database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                let store = super::Store::open(dir.path()).await.unwrap();
                super::$name(&store).await;
                store.close().await;
            })*
        }
    };
}

on_every_database! {
    a_new_generation_reads_back_as_it_was_stored
    an_end_stores_text_log_and_revision_at_once
    an_end_is_stored_once
    a_log_comes_back_in_order_and_from_any_place
    a_flush_that_is_done_again_changes_nothing
    a_flush_of_any_size_is_stored_whole
    a_flush_for_an_unknown_generation_is_refused_whole
    the_same_key_and_body_give_the_same_generation_for_a_day
    of_many_creates_with_one_key_at_once_one_makes_a_generation
    only_what_has_not_ended_is_running
    revisions_are_numbered_and_any_can_be_current
    ends_at_once_on_one_article_get_different_numbers
    a_flush_stores_beginnings_stretches_and_ends_together_and_can_be_done_again
    a_deleted_article_is_hidden_until_it_is_restored
    purging_removes_what_was_deleted_long_ago
    an_article_being_written_is_not_purged
    nothing_is_generated_for_an_article_that_is_gone
    two_hundred_articles_are_paged_without_hole_or_duplicate
    articles_being_written_come_first_and_once
    what_begins_while_a_reader_pages_leaves_no_hole
    the_list_can_be_narrowed_to_states
    a_made_up_cursor_is_the_callers_fault
    nul_characters_do_not_reach_the_database
}

fn new_article(at: UnixMs) -> NewGeneration {
    NewGeneration {
        id: Uuid::now_v7(),
        article: ArticleRef::New {
            id: Uuid::now_v7(),
            title: "锁 and locks".to_owned(),
            style: "technical".to_owned(),
            language: "zh-CN".to_owned(),
        },
        brief: Brief::on("锁 and locks"),
        warnings: Vec::new(),
        continues: None,
        owner: Uuid::now_v7(),
        created_at: at,
        idempotency: None,
    }
}

fn another_for(article: Uuid, at: UnixMs) -> NewGeneration {
    NewGeneration { article: ArticleRef::Existing(article), ..new_article(at) }
}

fn article_of(new: &NewGeneration) -> Uuid {
    match &new.article {
        ArticleRef::New { id, .. } | ArticleRef::Existing(id) => *id,
    }
}

fn batch(generation: Uuid, first_seq: u64, last_seq: u64) -> EventBatch {
    EventBatch { generation, first_seq, last_seq, json: format!("[\"{first_seq} to {last_seq}\"]") }
}

fn done(id: Uuid, text: &str, at: UnixMs) -> EndedGeneration {
    let usage = Usage { prompt: 3, completion: 4, cost: Some(-5), ..Usage::default() };
    EndedGeneration {
        id,
        state: GenerationState::Done,
        text: text.to_owned(),
        last_seq: 9,
        model: Some("demo/steady".to_owned()),
        usage: usage.clone(),
        attempts: vec![Attempt {
            model: "demo/steady".to_owned(),
            outcome: Some(AttemptOutcome::Complete),
            error: None,
            usage,
            started_at: NOW,
            ended_at: Some(at),
            first_token_ms: Some(12),
        }],
        error: None,
        ended_at: at,
        batches: Vec::new(),
        revision: Some(NewRevision {
            id: Uuid::now_v7(),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            meta: Meta { title: format!("On {text}"), words: 7, ..Meta::default() },
            highlights: vec![Highlight { block: 0, line: 1, spans: vec![("k".to_owned(), 2)] }],
        }),
    }
}

/// Creates an article with one finished generation.
async fn finished(store: &Store, at: UnixMs) -> Uuid {
    let new = new_article(at);
    assert_eq!(store.create_generation(&new).await.unwrap(), Created::New);
    assert!(store.end_generation(&done(new.id, "text", at + 1)).await.unwrap());
    article_of(&new)
}

/// Creates an article that is being written.
async fn being_written(store: &Store, at: UnixMs) -> Uuid {
    let new = new_article(at);
    assert_eq!(store.create_generation(&new).await.unwrap(), Created::New);
    article_of(&new)
}

async fn page(store: &Store, limit: u32, cursor: Option<String>) -> ArticlePage {
    store.articles(&ArticleFilter { limit, cursor, ..Default::default() }).await.unwrap()
}

/// The ids of all pages from a cursor on.
async fn listed(store: &Store, limit: u32, mut cursor: Option<String>) -> Vec<Uuid> {
    let mut ids = Vec::new();
    loop {
        let page = page(store, limit, cursor).await;
        assert!(page.items.len() <= limit as usize);
        ids.extend(page.items.iter().map(|item| item.id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

async fn a_new_generation_reads_back_as_it_was_stored(store: &Store) {
    let brief = Brief { temperature: Some(1.5), ..Brief::on("锁 “and” locks") };
    let new = NewGeneration {
        warnings: brief.warnings(),
        brief,
        continues: Some(Uuid::now_v7()),
        ..new_article(NOW)
    };
    assert_eq!(store.create_generation(&new).await.unwrap(), Created::New);
    let stored = store.generation(new.id).await.unwrap().unwrap();
    assert_eq!(stored.article_id, article_of(&new));
    assert_eq!(stored.state, GenerationState::Running);
    assert_eq!((stored.owner, stored.created_at), (new.owner, NOW));
    assert_eq!((stored.brief, stored.warnings), (new.brief, new.warnings));
    assert_eq!(stored.continues, new.continues);
    assert_eq!((stored.text.as_str(), stored.last_seq), ("", 0));
    assert_eq!((stored.usage, stored.attempts), (Usage::default(), Vec::new()));
    assert_eq!((stored.error, stored.revision_id, stored.ended_at), (None, None, None));
    assert_eq!(store.generation(Uuid::now_v7()).await.unwrap(), None);

    let article = store.article(stored.article_id).await.unwrap().unwrap();
    assert_eq!(article.revision, None);
    assert_eq!(article.summary.title, "锁 and locks");
    assert_eq!(article.summary.generation_id, new.id);
    assert_eq!((article.summary.words, article.summary.revisions), (0, 0));
}

async fn an_end_stores_text_log_and_revision_at_once(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    store.append_events(&[batch(new.id, 1, 5)]).await.unwrap();
    let problem = Problem::new(Code::UpstreamTruncated, "It broke off.", "Continue.");
    let ended = EndedGeneration {
        state: GenerationState::Failed,
        error: Some(problem.clone()),
        batches: vec![batch(new.id, 6, 9)],
        ..done(new.id, "半 text", NOW + 50)
    };
    assert!(store.end_generation(&ended).await.unwrap());

    let stored = store.generation(new.id).await.unwrap().unwrap();
    let revision = ended.revision.unwrap();
    assert_eq!(stored.state, GenerationState::Failed);
    assert_eq!((stored.text.as_str(), stored.last_seq), ("半 text", 9));
    assert_eq!((stored.usage, stored.attempts), (ended.usage, ended.attempts));
    assert_eq!((stored.error, stored.model), (Some(problem), ended.model));
    assert_eq!((stored.revision_id, stored.ended_at), (Some(revision.id), Some(NOW + 50)));
    let log = store.event_batches(new.id, 0).await.unwrap();
    assert_eq!(log, [batch(new.id, 1, 5), batch(new.id, 6, 9)]);

    let article = store.article(article_of(&new)).await.unwrap().unwrap();
    assert_eq!(article.summary.title, "On 半 text");
    assert_eq!(article.summary.state, GenerationState::Failed);
    assert_eq!((article.summary.words, article.summary.revisions), (7, 1));
    assert_eq!((article.summary.created_at, article.summary.updated_at), (NOW, NOW + 50));
    let shown = article.revision.unwrap();
    assert_eq!((shown.number, shown.generation_id), (1, Some(new.id)));
    assert_eq!((&shown.text, &shown.meta), (&revision.text, &revision.meta));
    assert_eq!(shown.highlights, revision.highlights);
    assert_eq!(store.revision(revision.id).await.unwrap(), Some(shown));
    assert_eq!(store.revision_html(revision.id).await.unwrap(), Some(revision.html));
}

async fn an_end_is_stored_once(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    let ended = done(new.id, "text", NOW + 1);
    assert!(store.end_generation(&ended).await.unwrap());
    assert!(!store.end_generation(&ended).await.unwrap());
    let later =
        EndedGeneration { state: GenerationState::Interrupted, ..done(new.id, "other", NOW + 2) };
    assert!(!store.end_generation(&later).await.unwrap());
    let stored = store.generation(new.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.text.as_str()), (GenerationState::Done, "text"));
    assert_eq!(store.revisions(article_of(&new)).await.unwrap().unwrap().len(), 1);
    assert!(!store.end_generation(&done(Uuid::now_v7(), "nobody", NOW)).await.unwrap());
}

async fn a_log_comes_back_in_order_and_from_any_place(store: &Store) {
    let (one, other) = (new_article(NOW), new_article(NOW));
    for new in [&one, &other] {
        store.create_generation(new).await.unwrap();
    }
    let batches =
        [batch(one.id, 4, 9), batch(other.id, 1, 2), batch(one.id, 1, 3), batch(one.id, 10, 10)];
    store.append_events(&batches).await.unwrap();
    for (after, firsts) in
        [(0, vec![1, 4, 10]), (3, vec![4, 10]), (5, vec![4, 10]), (9, vec![10]), (10, vec![])]
    {
        let got = store.event_batches(one.id, after).await.unwrap();
        assert_eq!(got.iter().map(|b| b.first_seq).collect::<Vec<_>>(), firsts, "after {after}");
    }
    assert_eq!(store.generation(one.id).await.unwrap().unwrap().last_seq, 10);
}

async fn a_flush_that_is_done_again_changes_nothing(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    let flush = [batch(new.id, 1, 3), batch(new.id, 4, 5)];
    store.append_events(&flush).await.unwrap();
    store.append_events(&flush).await.unwrap();
    assert_eq!(store.event_batches(new.id, 0).await.unwrap(), flush);
    // A flush that was stored although it seemed to fail may have grown when it is done again.
    store.append_events(&[batch(new.id, 4, 8)]).await.unwrap();
    store.append_events(&[batch(new.id, 4, 6)]).await.unwrap();
    let log = store.event_batches(new.id, 0).await.unwrap();
    assert_eq!(log, [batch(new.id, 1, 3), batch(new.id, 4, 8)]);
}

async fn a_flush_of_any_size_is_stored_whole(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    store.append_events(&[]).await.unwrap();
    let batches: Vec<_> = (1..=1_077).map(|seq| batch(new.id, seq, seq)).collect();
    store.append_events(&batches).await.unwrap();
    assert_eq!(store.event_batches(new.id, 0).await.unwrap(), batches);
}

async fn a_flush_for_an_unknown_generation_is_refused_whole(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    let batches = [batch(new.id, 1, 2), batch(Uuid::now_v7(), 1, 2)];
    let error = store.append_events(&batches).await.unwrap_err();
    assert_eq!(error.to_problem().code, Code::Internal);
    assert_eq!(store.event_batches(new.id, 0).await.unwrap(), []);
}

fn keyed(key: &str, body: &str, at: UnixMs) -> NewGeneration {
    let idempotency = IdempotencyKey { key: key.to_owned(), fingerprint: body.to_owned() };
    NewGeneration { idempotency: Some(idempotency), ..new_article(at) }
}

async fn the_same_key_and_body_give_the_same_generation_for_a_day(store: &Store) {
    let first = keyed("k", "body", NOW);
    assert_eq!(store.create_generation(&first).await.unwrap(), Created::New);
    for (body, after, becomes) in [
        ("body", 0, Created::Repeated(first.id)),
        ("other", 0, Created::KeyReused),
        ("body", 23 * HOUR, Created::Repeated(first.id)),
        ("other", 24 * HOUR, Created::New),
        ("body", 25 * HOUR, Created::KeyReused),
    ] {
        let again = keyed("k", body, NOW + after);
        assert_eq!(store.create_generation(&again).await.unwrap(), becomes, "{body} {after}");
        let stored = store.generation(again.id).await.unwrap();
        assert_eq!(stored.is_some(), becomes == Created::New);
    }
    assert_eq!(store.create_generation(&keyed("l", "body", NOW)).await.unwrap(), Created::New);
}

async fn of_many_creates_with_one_key_at_once_one_makes_a_generation(store: &Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let store = store.clone();
        tasks.spawn(async move {
            let new = keyed("k", "body", NOW);
            (new.id, store.create_generation(&new).await.unwrap())
        });
    }
    let outcomes = tasks.join_all().await;
    let made: Vec<_> = outcomes.iter().filter(|(_, created)| *created == Created::New).collect();
    let [(winner, _)] = made[..] else { panic!("{} generations were made", made.len()) };
    assert!(
        outcomes.iter().all(|(id, created)| id == winner || *created == Created::Repeated(*winner))
    );
    assert_eq!(listed(store, 50, None).await.len(), 1);
}

async fn only_what_has_not_ended_is_running(store: &Store) {
    let (one, two) = (new_article(NOW), new_article(NOW + 1));
    for new in [&one, &two] {
        store.create_generation(new).await.unwrap();
    }
    assert_eq!(store.running().await.unwrap(), [(one.id, one.owner), (two.id, two.owner)]);
    assert_eq!(store.running_of(article_of(&one)).await.unwrap(), Some(one.id));
    store.end_generation(&done(one.id, "text", NOW + 2)).await.unwrap();
    assert_eq!(store.running().await.unwrap(), [(two.id, two.owner)]);
    assert_eq!(store.running_of(article_of(&one)).await.unwrap(), None);
    let again = another_for(article_of(&one), NOW + 3);
    store.create_generation(&again).await.unwrap();
    assert_eq!(store.running_of(article_of(&one)).await.unwrap(), Some(again.id));
}

async fn revisions_are_numbered_and_any_can_be_current(store: &Store) {
    let first = new_article(NOW);
    let article = article_of(&first);
    store.create_generation(&first).await.unwrap();
    assert_eq!(store.revisions(article).await.unwrap(), Some(Vec::new()));
    store.end_generation(&done(first.id, "one", NOW + 1)).await.unwrap();
    // One that ends without text makes no revision and leaves the article as it was.
    let empty = another_for(article, NOW + 2);
    store.create_generation(&empty).await.unwrap();
    let ended = EndedGeneration { revision: None, ..done(empty.id, "", NOW + 3) };
    store.end_generation(&ended).await.unwrap();
    assert_eq!(store.article(article).await.unwrap().unwrap().summary.updated_at, NOW + 1);
    let second = another_for(article, NOW + 4);
    store.create_generation(&second).await.unwrap();
    store.end_generation(&done(second.id, "two", NOW + 5)).await.unwrap();

    let revisions = store.revisions(article).await.unwrap().unwrap();
    let seen: Vec<_> =
        revisions.iter().map(|r| (r.number, r.title.as_str(), r.current, r.words)).collect();
    assert_eq!(seen, [(2, "On two", true, 7), (1, "On one", false, 7)]);
    assert_eq!(revisions[1].generation_id, Some(first.id));
    assert_eq!(revisions[1].state, Some(GenerationState::Done));
    assert_eq!(revisions[1].model.as_deref(), Some("demo/steady"));
    assert_eq!((revisions[1].usage.completion, revisions[1].created_at), (4, NOW + 1));

    assert!(store.set_current_revision(article, revisions[1].id, NOW + 6).await.unwrap());
    let shown = store.article(article).await.unwrap().unwrap();
    assert_eq!(shown.summary.title, "On one");
    assert_eq!((shown.summary.revisions, shown.summary.updated_at), (2, NOW + 6));
    assert_eq!(shown.summary.generation_id, second.id);
    assert_eq!(shown.revision.unwrap().id, revisions[1].id);

    let other = finished(store, NOW).await;
    assert!(!store.set_current_revision(other, revisions[0].id, NOW).await.unwrap());
    assert!(!store.set_current_revision(Uuid::now_v7(), revisions[0].id, NOW).await.unwrap());
    assert_eq!(store.revision(Uuid::now_v7()).await.unwrap(), None);
    assert_eq!(store.revisions(Uuid::now_v7()).await.unwrap(), None);
}

async fn ends_at_once_on_one_article_get_different_numbers(store: &Store) {
    let first = new_article(NOW);
    store.create_generation(&first).await.unwrap();
    let mut ids = vec![first.id];
    for _ in 0..9 {
        let new = another_for(article_of(&first), NOW);
        store.create_generation(&new).await.unwrap();
        ids.push(new.id);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for id in ids {
        let store = store.clone();
        tasks.spawn(async move { store.end_generation(&done(id, "text", NOW + 1)).await.unwrap() });
    }
    assert!(tasks.join_all().await.into_iter().all(|ended| ended));
    let revisions = store.revisions(article_of(&first)).await.unwrap().unwrap();
    let numbers: Vec<_> = revisions.iter().rev().map(|revision| revision.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    assert_eq!(revisions.iter().filter(|revision| revision.current).count(), 1);
}

async fn a_flush_stores_beginnings_stretches_and_ends_together_and_can_be_done_again(
    store: &Store,
) {
    let shared = new_article(NOW);
    store.create_generation(&shared).await.unwrap();
    let second = another_for(article_of(&shared), NOW);
    store.create_generation(&second).await.unwrap();
    let over = new_article(NOW);
    store.create_generation(&over).await.unwrap();
    assert!(store.end_generation(&done(over.id, "first", NOW + 1)).await.unwrap());
    let (short, long) = (Arc::new(new_article(NOW)), Arc::new(new_article(NOW)));
    let mut short_end = done(short.id, "short", NOW + 2);
    short_end.batches = vec![batch(short.id, 1, 7)];
    let flush = Flush {
        beginnings: vec![Arc::clone(&short), Arc::clone(&long)],
        batches: vec![batch(long.id, 1, 3)],
        ends: vec![
            short_end,
            done(shared.id, "one", NOW + 3),
            done(second.id, "two", NOW + 4),
            done(over.id, "again", NOW + 5),
            done(Uuid::now_v7(), "nobody", NOW + 6),
        ],
    };
    for _ in 0..2 {
        store.flush(&flush).await.unwrap();
        let ended = store.generation(short.id).await.unwrap().unwrap();
        assert_eq!((ended.state, ended.text.as_str()), (GenerationState::Done, "short"));
        assert_eq!(store.event_batches(short.id, 0).await.unwrap(), [batch(short.id, 1, 7)]);
        assert_eq!(store.event_batches(long.id, 0).await.unwrap(), [batch(long.id, 1, 3)]);
        assert_eq!(store.running().await.unwrap(), [(long.id, long.owner)]);
        let revisions = store.revisions(article_of(&shared)).await.unwrap().unwrap();
        assert_eq!(revisions.iter().map(|it| it.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(revisions[0].generation_id, Some(second.id));
        assert!(revisions[0].current);
        let article = store.article(article_of(&over)).await.unwrap().unwrap();
        assert_eq!(article.revision.unwrap().text, "first");
        let made = store.article(article_of(&short)).await.unwrap().unwrap();
        assert_eq!(made.revision.unwrap().text, "short");
    }
}

async fn a_deleted_article_is_hidden_until_it_is_restored(store: &Store) {
    let article = finished(store, NOW).await;
    let before = store.article(article).await.unwrap().unwrap();
    let revision = before.revision.as_ref().unwrap().id;
    assert!(store.delete_article(article, NOW + 10).await.unwrap());
    assert!(!store.delete_article(article, NOW + 11).await.unwrap());
    assert_eq!(store.article(article).await.unwrap(), None);
    assert_eq!(store.revisions(article).await.unwrap(), None);
    assert_eq!(store.revision(revision).await.unwrap(), None);
    assert_eq!(store.revision_html(revision).await.unwrap(), None);
    assert!(!store.set_current_revision(article, revision, NOW).await.unwrap());
    assert!(listed(store, 10, None).await.is_empty());
    assert!(store.restore_article(article).await.unwrap());
    assert!(store.restore_article(article).await.unwrap());
    assert_eq!(store.article(article).await.unwrap(), Some(before));
    assert_eq!(listed(store, 10, None).await, [article]);
    assert!(!store.delete_article(Uuid::now_v7(), NOW).await.unwrap());
    assert!(!store.restore_article(Uuid::now_v7()).await.unwrap());
}

async fn purging_removes_what_was_deleted_long_ago(store: &Store) {
    let old = new_article(NOW);
    store.create_generation(&old).await.unwrap();
    store.append_events(&[batch(old.id, 1, 2)]).await.unwrap();
    store.end_generation(&done(old.id, "text", NOW + 1)).await.unwrap();
    let (recent, kept) = (finished(store, NOW).await, finished(store, NOW).await);
    store.delete_article(article_of(&old), NOW + HOUR).await.unwrap();
    store.delete_article(recent, NOW + 3 * HOUR).await.unwrap();
    assert_eq!(store.purge_deleted(NOW + 2 * HOUR).await.unwrap(), 1);
    assert!(!store.restore_article(article_of(&old)).await.unwrap());
    assert_eq!(store.generation(old.id).await.unwrap(), None);
    assert_eq!(store.event_batches(old.id, 0).await.unwrap(), []);
    assert!(store.restore_article(recent).await.unwrap());
    assert!(store.article(kept).await.unwrap().is_some());
}

async fn an_article_being_written_is_not_purged(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    store.delete_article(article_of(&new), NOW).await.unwrap();
    assert_eq!(store.purge_deleted(NOW + HOUR).await.unwrap(), 0);
    assert!(store.end_generation(&done(new.id, "text", NOW + HOUR)).await.unwrap());
    assert_eq!(store.purge_deleted(NOW + HOUR).await.unwrap(), 1);
}

async fn nothing_is_generated_for_an_article_that_is_gone(store: &Store) {
    let article = finished(store, NOW).await;
    store.delete_article(article, NOW + 1).await.unwrap();
    for id in [article, Uuid::now_v7()] {
        let new = NewGeneration { article: ArticleRef::Existing(id), ..keyed("k", "body", NOW) };
        assert_eq!(store.create_generation(&new).await.unwrap(), Created::NoArticle);
        assert_eq!(store.generation(new.id).await.unwrap(), None);
    }
    // The key was not used up by the attempts.
    store.restore_article(article).await.unwrap();
    let new = NewGeneration { article: ArticleRef::Existing(article), ..keyed("k", "body", NOW) };
    assert_eq!(store.create_generation(&new).await.unwrap(), Created::New);
}

async fn two_hundred_articles_are_paged_without_hole_or_duplicate(store: &Store) {
    let mut expected = Vec::new();
    for i in 0..200 {
        // Five articles share each moment, so that the id has to decide.
        expected.push((NOW + i / 5, finished(store, NOW + i / 5).await));
    }
    expected.sort_unstable();
    let newest_first: Vec<_> = expected.iter().rev().map(|(_, id)| *id).collect();
    for limit in [1, 7, 20, 200, 500] {
        assert_eq!(listed(store, limit, None).await, newest_first, "limit {limit}");
    }
    let page = page(store, 50, None).await;
    assert_eq!(page.items.len(), 50);
    finished(store, NOW + 1_000).await;
    assert_eq!(listed(store, 50, page.next).await, newest_first[50..]);
}

async fn articles_being_written_come_first_and_once(store: &Store) {
    let mut rest = Vec::new();
    let mut written = Vec::new();
    for i in 0..30 {
        let article = if i % 4 == 0 {
            being_written(store, NOW + i).await
        } else {
            finished(store, NOW + i).await
        };
        if i % 4 == 0 { &mut written } else { &mut rest }.insert(0, article);
    }
    let expected = [written, rest].concat();
    for limit in [1, 3, 8, 10, 30] {
        assert_eq!(listed(store, limit, None).await, expected, "limit {limit}");
    }
}

async fn what_begins_while_a_reader_pages_leaves_no_hole(store: &Store) {
    let mut articles = Vec::new();
    for i in 0..10 {
        articles.insert(0, finished(store, NOW + i).await);
    }
    let first = page(store, 4, None).await;
    store.create_generation(&another_for(articles[7], NOW + 100)).await.unwrap();
    assert_eq!(listed(store, 4, first.next).await, articles[4..]);
    assert_eq!(listed(store, 4, None).await[0], articles[7]);
}

async fn the_list_can_be_narrowed_to_states(store: &Store) {
    let running = being_written(store, NOW).await;
    let complete = finished(store, NOW + 1).await;
    let stopped = new_article(NOW + 2);
    store.create_generation(&stopped).await.unwrap();
    let ended =
        EndedGeneration { state: GenerationState::Cancelled, ..done(stopped.id, "half", NOW + 3) };
    store.end_generation(&ended).await.unwrap();
    for (states, expected) in [
        (vec![GenerationState::Running], vec![running]),
        (vec![GenerationState::Done], vec![complete]),
        (
            vec![GenerationState::Done, GenerationState::Running, GenerationState::Cancelled],
            vec![running, article_of(&stopped), complete],
        ),
        (vec![GenerationState::Failed], vec![]),
    ] {
        let filter = ArticleFilter { states, limit: 10, ..Default::default() };
        let page = store.articles(&filter).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|item| item.id).collect();
        assert_eq!(ids, expected, "{:?}", filter.states);
    }
}

async fn a_made_up_cursor_is_the_callers_fault(store: &Store) {
    for cursor in ["", "2", "' OR 1=1 --", &"f".repeat(66), &"é".repeat(33)] {
        let filter =
            ArticleFilter { limit: 5, cursor: Some(cursor.to_owned()), ..Default::default() };
        let problem = store.articles(&filter).await.unwrap_err().to_problem();
        assert_eq!(problem.code, Code::InvalidParameter);
        assert_eq!(problem.param.as_deref(), Some("cursor"));
    }
}

async fn nul_characters_do_not_reach_the_database(store: &Store) {
    let new = new_article(NOW);
    store.create_generation(&new).await.unwrap();
    let with_nul = EventBatch { json: "a\0b".to_owned(), ..batch(new.id, 1, 1) };
    store.append_events(&[with_nul]).await.unwrap();
    store.end_generation(&done(new.id, "a\0b\\u0000", NOW + 1)).await.unwrap();
    assert_eq!(store.event_batches(new.id, 0).await.unwrap()[0].json, "ab");
    assert_eq!(store.generation(new.id).await.unwrap().unwrap().text, "ab\\u0000");
    let revision = store.article(article_of(&new)).await.unwrap().unwrap().revision.unwrap();
    assert_eq!(
        (revision.text.as_str(), revision.meta.title.as_str()),
        ("ab\\u0000", "On ab\\u0000")
    );
}

mod sqlite_files {
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
        let other = sqlx::SqlitePool::connect(&format!(
            "sqlite:{}",
            dir.path().join("inkstream.db").display()
        ))
        .await
        .unwrap();
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
}
