//! Logs of generations: stretches, and whole flushes.

use super::*;

on_every_database! {
    a_log_comes_back_in_order_and_from_any_place
    a_flush_that_is_done_again_changes_nothing
    a_flush_of_any_size_is_stored_whole
    a_flush_for_an_unknown_generation_is_refused_whole
    a_flush_stores_beginnings_stretches_and_ends_together_and_can_be_done_again
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
