//! Articles: their list, deleting and purging.

use super::*;

on_every_database! {
    a_deleted_article_is_hidden_until_it_is_restored
    purging_removes_what_was_deleted_long_ago
    an_article_being_written_is_not_purged
    nothing_is_generated_for_an_article_that_is_gone
    two_hundred_articles_are_paged_without_hole_or_duplicate
    articles_being_written_come_first_and_once
    what_begins_while_a_reader_pages_leaves_no_hole
    the_list_can_be_narrowed_to_states
    a_made_up_cursor_is_the_callers_fault
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
