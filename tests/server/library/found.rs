//! What is found, in which order, and how it stays so whatever happens to an article.

use futures_util::FutureExt;
use inkstream::article::brief::Style;
use inkstream::article::event::GenerationState;
use inkstream::article::problem::Code;
use inkstream::server::store::Store;
use inkstream::server::store::records::ArticleFilter;
use uuid::Uuid;

use super::{Draft, NOW, begin, filter, found, fresh, page_of, rewrite, write};
use crate::support::database_in;

const NOTHING: [Uuid; 0] = [];

#[tokio::test]
async fn titles_come_before_texts_and_the_newest_first() {
    let (_dir, store) = fresh().await;
    let draft = |title, text, at| Draft { title, text, at, ..Draft::default() };
    let old_title = write(&store, &draft("缓存", "text", NOW)).await;
    let old_text = write(&store, &draft("one", "使用缓存。", NOW + 1)).await;
    let new_title = write(&store, &draft("Redis 缓存", "缓存", NOW + 2)).await;
    let new_text = write(&store, &draft("two", "缓存池", NOW + 3)).await;
    write(&store, &draft("three", "缓和存", NOW + 4)).await;
    assert_eq!(found(&store, "缓存").await, [new_title, old_title, new_text, old_text]);
    assert_eq!(found(&store, "ＲＥＤＩＳ").await, [new_title]);
    // One word in the title, the other in the text.
    assert_eq!(found(&store, "two 缓存").await, [new_text]);
    assert_eq!(found(&store, "nowhere").await, NOTHING);
}

/// What a search finds, in pages of so many.
async fn page_by_page(store: &Store, q: &str, limit: u32) -> Vec<Uuid> {
    let mut seen = Vec::new();
    let mut asked = filter(q, limit);
    loop {
        let page = store.articles(&asked).await.unwrap();
        seen.extend(page.items.iter().map(|item| item.id));
        match page.next {
            Some(next) => asked.cursor = Some(next),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn every_page_of_a_search_goes_on_where_the_one_before_ended() {
    let (_dir, store) = fresh().await;
    let mut expected = Vec::new();
    for i in 0..60 {
        let title = if i % 3 == 0 { "锁" } else { "title" };
        // Five share each moment.
        let draft = Draft { title, text: "锁与 locks", at: NOW + i / 5, ..Draft::default() };
        expected.push((i % 3 == 0, i, write(&store, &draft).await));
    }
    expected.sort_by_key(|(in_title, i, _)| (std::cmp::Reverse(*in_title), std::cmp::Reverse(*i)));
    let expected: Vec<Uuid> = expected.into_iter().map(|(_, _, id)| id).collect();
    for limit in [1, 7, 20, 60, 100] {
        assert_eq!(page_by_page(&store, "锁", limit).await, expected, "limit {limit}");
    }
}

#[tokio::test]
async fn a_word_that_is_still_being_typed_finds_what_begins_with_it_unless_it_is_one_itself() {
    let (_dir, store) = fresh().await;
    let mut probes = Vec::new();
    for at in 0..5 {
        let draft =
            Draft { title: "Probes", text: "of kubernetes", at: NOW + at, ..Draft::default() };
        probes.insert(0, write(&store, &draft).await);
    }
    let node = Draft { title: "node", text: "x", at: NOW + 9, ..Draft::default() };
    let nodes = Draft { title: "nodes", text: "x", at: NOW + 10, ..Draft::default() };
    let (node, nodes) = (write(&store, &node).await, write(&store, &nodes).await);
    for q in ["ku", "kubernete", "probes kubern", "kubernetes prob"] {
        assert_eq!(found(&store, q).await, probes, "{q}");
    }
    assert_eq!(found(&store, "nod").await, [nodes, node]);
    assert_eq!(found(&store, "node").await, [node], "it is a word itself");
    for q in ["kubern probes", "\"of kubern\"", "kubernx"] {
        assert_eq!(found(&store, q).await, NOTHING, "{q}");
    }
    // The pages of what was found instead go on as others do.
    assert_eq!(page_by_page(&store, "kubern", 2).await, probes);
}

#[tokio::test]
async fn what_is_found_follows_every_change() {
    let (_dir, store) = fresh().await;
    let (running, _) = begin(&store, &Draft { title: "Oak and elm", ..Draft::default() }).await;
    assert_eq!(found(&store, "elm").await, [running], "by its topic, while it is written");
    let draft = Draft { title: "Beech", text: "One **ash**.", ..Draft::default() };
    let article = write(&store, &draft).await;
    let first = store.article(article).await.unwrap().unwrap().revision.unwrap().id;
    let again = Draft { title: "Birch", text: "Two willows.", ..Draft::default() };
    rewrite(&store, article, &again).await;
    assert_eq!(found(&store, "ash").await, NOTHING, "of an old revision");
    assert_eq!(found(&store, "birch willows").await, [article]);

    assert!(store.set_current_revision(article, first, NOW + 9).await.unwrap());
    assert_eq!(found(&store, "willows").await, NOTHING);
    assert_eq!(found(&store, "beech ash").await, [article]);

    assert!(store.rename_article(article, "Hornbeam", NOW + 10).await.unwrap());
    assert_eq!(found(&store, "beech").await, NOTHING);
    assert_eq!(found(&store, "hornbeam ash").await, [article]);

    store.delete_article(article, NOW + 11).await.unwrap();
    assert_eq!(found(&store, "ash").await, NOTHING);
    store.restore_article(article).await.unwrap();
    assert_eq!(found(&store, "ash").await, [article]);
    store.delete_article(article, NOW + 12).await.unwrap();
    assert_eq!(store.purge_deleted(NOW + 13).await.unwrap(), 1);
    // The place that it had is taken by the next, which must not be found by its words.
    let next = write(&store, &Draft { text: "fir", ..Draft::default() }).await;
    assert_eq!(found(&store, "ash").await, NOTHING);
    assert_eq!(found(&store, "fir").await, [next]);
}

#[tokio::test]
async fn a_search_can_be_narrowed_like_the_list() {
    let (_dir, store) = fresh().await;
    let write = async |style: &str, language: &str| {
        write(&store, &Draft { style, language, text: "oak", ..Draft::default() }).await
    };
    let one = write("tutorial", "zh-CN").await;
    let two = write("tutorial", "en").await;
    let three = write("overview", "zh-TW").await;
    let (running, _) = begin(&store, &Draft { title: "oak", ..Draft::default() }).await;
    let narrowed = async |q: &str, states: &[_], styles: &[Style], languages: &[&str]| {
        let languages = languages.iter().map(|tag| (*tag).to_owned()).collect();
        let filter = ArticleFilter {
            states: states.to_vec(),
            styles: styles.to_vec(),
            languages,
            ..filter(q, 10)
        };
        let page = store.articles(&filter).await.unwrap();
        let ids: Vec<Uuid> = page.items.iter().map(|item| item.id).collect();
        if q.is_empty() {
            assert_eq!(store.count_articles(&filter).await.unwrap() as usize, ids.len());
        }
        ids
    };
    for q in ["", "oak"] {
        assert_eq!(narrowed(q, &[], &[Style::Tutorial], &[]).await, [two, one]);
        assert_eq!(narrowed(q, &[], &[], &["zh"]).await, [three, one]);
        assert_eq!(narrowed(q, &[], &[], &["zh-tw", "en"]).await, [running, three, two]);
        assert_eq!(narrowed(q, &[GenerationState::Running], &[], &[]).await, [running]);
        let styles = [Style::Tutorial, Style::Overview];
        let done = [GenerationState::Done];
        assert_eq!(narrowed(q, &done, &styles, &["zh"]).await, [three, one]);
        assert_eq!(narrowed(q, &[], &[], &["ja"]).await, NOTHING);
    }
}

#[tokio::test]
async fn an_article_is_of_the_style_and_language_of_its_current_revision() {
    let (_dir, store) = fresh().await;
    let english = Draft { text: "oak", style: "tutorial", ..Draft::default() };
    let article = write(&store, &english).await;
    let first = store.revisions(article).await.unwrap().unwrap()[0].id;
    let listed = async |style: Style, language: &str, q: &str| {
        let (styles, languages) = (vec![style], vec![language.to_owned()]);
        let page = store.articles(&ArticleFilter { styles, languages, ..filter(q, 10) }).await;
        page.unwrap().items.iter().map(|item| item.id).collect::<Vec<Uuid>>()
    };
    for q in ["", "oak"] {
        assert_eq!(listed(Style::Tutorial, "en", q).await, [article]);
    }
    let chinese =
        Draft { text: "oak 橡树", style: "overview", language: "zh-CN", ..Draft::default() };
    let second = rewrite(&store, article, &chinese).await;
    for q in ["", "oak"] {
        assert_eq!(listed(Style::Tutorial, "en", q).await, NOTHING, "{q:?}");
        assert_eq!(listed(Style::Overview, "zh-CN", q).await, [article], "{q:?}");
    }
    assert!(store.set_current_revision(article, first, NOW + 9).await.unwrap());
    for q in ["", "oak"] {
        assert_eq!(listed(Style::Tutorial, "en", q).await, [article], "{q:?}");
        assert_eq!(listed(Style::Overview, "zh-CN", q).await, NOTHING, "{q:?}");
    }
    assert!(store.set_current_revision(article, second, NOW + 10).await.unwrap());
    assert_eq!(listed(Style::Overview, "zh", "橡树").await, [article]);
}

#[tokio::test]
async fn words_of_a_long_article_are_found_together_however_far_apart() {
    let (_dir, store) = fresh().await;
    let filler = (0..30_000).map(|i| format!("w{i} ")).collect::<String>();
    let text = format!("first words {filler} last words\n\n两万字之后");
    let long = write(&store, &Draft { text: &text, ..Draft::default() }).await;
    let short = write(&store, &Draft { text: "first and last", ..Draft::default() }).await;
    assert_eq!(found(&store, "first last").await, [short, long]);
    assert_eq!(found(&store, "first 字之后").await, [long]);
    assert_eq!(found(&store, "w7999 w8000").await, [long]);
    assert_eq!(found(&store, "\"w7999 w8000 w8001\"").await, [long], "across a seam");
    assert_eq!(found(&store, "title first w29999").await, [long]);
    assert_eq!(found(&store, "first nowhere").await, NOTHING);
}

#[tokio::test]
async fn what_was_hit_is_shown() {
    let (_dir, store) = fresh().await;
    let text = "# On locks\n\nA **Ｌock** is held `here`.";
    write(&store, &Draft { title: "Locks & lock", text, ..Draft::default() }).await;
    let page = page_of(&store, "lock").await;
    let hit = page.items[0].hit.as_ref().unwrap();
    let marked = |stretches: &[inkstream::article::library::Stretch]| {
        stretches
            .iter()
            .map(|it| if it.hit { format!("[{}]", it.text) } else { it.text.clone() })
            .collect::<String>()
    };
    assert_eq!(marked(&hit.title), "Locks & [lock]");
    assert_eq!(marked(&hit.snippet), "A [Ｌock] is held here.");
    let listed = store.articles(&ArticleFilter { limit: 5, ..Default::default() }).await.unwrap();
    assert_eq!(listed.items[0].hit, None);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let (_dir, store) = fresh().await;
    for i in 0..3 {
        write(&store, &Draft { text: "oak elm", at: NOW + i, ..Draft::default() }).await;
    }
    let next = async |filter: &ArticleFilter| store.articles(filter).await.unwrap().next;
    let cursor = next(&filter("oak", 1)).await;
    assert!(cursor.is_some());
    // Another number of items is the same list.
    let more = ArticleFilter { cursor: cursor.clone(), ..filter("OAK", 2) };
    assert_eq!(store.articles(&more).await.unwrap().items.len(), 2);
    let states = vec![GenerationState::Done];
    let others = [filter("elm", 1), filter("", 1), ArticleFilter { states, ..filter("oak", 1) }];
    for other in others {
        let other = ArticleFilter { cursor: cursor.clone(), ..other };
        let problem = store.articles(&other).await.unwrap_err().to_problem();
        assert_eq!(problem.code, Code::InvalidParameter);
        assert_eq!(problem.param.as_deref(), Some("cursor"));
    }
}

/// Puts the file back to the version before the migration that empties the search table.
async fn forget_the_index(dir: &std::path::Path) {
    let pool = database_in(dir).await;
    let forgotten = sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 6");
    assert_eq!(forgotten.execute(&pool).await.unwrap().rows_affected(), 1);
    pool.close().await;
}

#[tokio::test]
async fn articles_of_an_earlier_version_become_searchable() {
    let (dir, store) = fresh().await;
    let mut articles = Vec::new();
    for i in 0..7 {
        let draft = Draft { text: "An *old* oak", at: NOW + i, ..Draft::default() };
        articles.insert(0, write(&store, &draft).await);
    }
    store.close().await;
    forget_the_index(dir.path()).await;
    let store = Store::open(dir.path()).await.unwrap();
    assert_eq!(found(&store, "oak").await, NOTHING);
    // One changes before its turn comes: it stays as it has become.
    let changed = Draft { text: "A new elm", ..Draft::default() };
    rewrite(&store, articles[3], &changed).await;
    store.rename_article(articles[5], "Larch", NOW).await.unwrap();
    store.delete_article(articles[6], NOW).await.unwrap();
    for deleted in [false, true] {
        let mut after = None;
        loop {
            let missing = store.unsearchable(deleted, after, 2).await.unwrap();
            let Some(last) = missing.last() else { break };
            after = Some(*last);
            let ids: Vec<_> = missing.iter().map(|(_, id)| *id).collect();
            store.index_articles(&ids).await.unwrap();
        }
    }
    store.restore_article(articles[6]).await.unwrap();
    let kept = [&articles[..3], &articles[4..]].concat();
    assert_eq!(found(&store, "old oak").await, kept);
    assert_eq!(found(&store, "elm").await, [articles[3]]);
    assert_eq!(found(&store, "larch oak").await, [articles[5]]);
    assert_eq!(store.unsearchable(false, None, 2).await.unwrap(), []);
}

#[tokio::test]
async fn what_a_killed_process_had_not_made_searchable_is_known_at_the_next_start() {
    let (dir, store) = fresh().await;
    let draft = Draft { text: "An oak", ..Draft::default() };
    let unchanged = write(&store, &draft).await;
    let changed = write(&store, &Draft { at: NOW + 1, ..draft }).await;
    store.index_lagging().await.unwrap();
    rewrite(&store, changed, &Draft { text: "An elm", at: NOW + 2, ..Draft::default() }).await;
    let new = write(&store, &Draft { text: "An elm", at: NOW + 3, ..Draft::default() }).await;

    // Another process: nothing of what this one had in mind.
    let store = Store::open(dir.path()).await.unwrap();
    assert_eq!(found(&store, "oak").await, [changed, unchanged]);
    let missing = store.unsearchable(false, None, 9).await.unwrap();
    let ids: Vec<_> = missing.into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids, [new, changed]);
    store.index_articles(&ids).await.unwrap();
    assert_eq!(found(&store, "oak").await, [unchanged]);
    assert_eq!(found(&store, "elm").await, [new, changed]);
    assert_eq!(store.unsearchable(false, None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_search_that_is_left_loses_nothing() {
    let (_dir, store) = fresh().await;
    let article = write(&store, &Draft { text: "An oak", ..Draft::default() }).await;
    let asked = filter("oak", 9);
    // It has begun to make the article searchable when whoever asked leaves.
    assert!(store.articles(&asked).now_or_never().is_none());
    assert_eq!(found(&store, "oak").await, [article]);
}
