//! Generations and the revisions that they make.

use super::*;

on_every_database! {
    a_new_generation_reads_back_as_it_was_stored
    an_end_stores_text_log_and_revision_at_once
    an_end_is_stored_once
    the_same_key_and_body_give_the_same_generation_for_a_day
    of_many_creates_with_one_key_at_once_one_makes_a_generation
    only_what_has_not_ended_is_running
    revisions_are_numbered_and_any_can_be_current
    ends_at_once_on_one_article_get_different_numbers
    nul_characters_do_not_reach_the_database
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
