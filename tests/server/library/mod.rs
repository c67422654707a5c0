//! The library: finding, narrowing, renaming, several at once, and what is wrong with a request.

mod edits;
mod found;
mod naive;
mod requests;

use inkstream::article::brief::Brief;
use inkstream::article::event::{GenerationState, Meta, Usage};
use inkstream::article::generation::{ArticlePage, UnixMs};
use inkstream::server::search::query::Query;
use inkstream::server::store::Store;
use inkstream::server::store::records::{
    ArticleFilter, ArticleRef, Created, EndedGeneration, NewGeneration, NewRevision,
};
use uuid::Uuid;

const NOW: UnixMs = 1_800_000_000_000;

/// An article that is to be written whole.
struct Draft<'a> {
    title: &'a str,
    text: &'a str,
    style: &'a str,
    language: &'a str,
    at: UnixMs,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self { title: "title", text: "text", style: "technical", language: "en", at: NOW }
    }
}

fn begun(draft: &Draft<'_>, article: ArticleRef) -> NewGeneration {
    NewGeneration {
        id: Uuid::now_v7(),
        article,
        brief: Brief::on("topic"),
        warnings: Vec::new(),
        continues: None,
        owner: Uuid::now_v7(),
        created_at: draft.at,
        idempotency: None,
        settles: None,
    }
}

fn ended(id: Uuid, draft: &Draft<'_>) -> EndedGeneration {
    EndedGeneration {
        id,
        state: GenerationState::Done,
        text: draft.text.to_owned(),
        last_seq: 1,
        model: None,
        usage: Usage::default(),
        attempts: Vec::new(),
        seams: vec![],
        error: None,
        ended_at: draft.at,
        batches: Vec::new(),
        revision: Some(NewRevision {
            id: Uuid::now_v7(),
            text: draft.text.to_owned(),
            html: String::new(),
            style: draft.style.to_owned(),
            language: draft.language.to_owned(),
            meta: Meta { title: draft.title.to_owned(), words: 1, ..Meta::default() },
            highlights: Vec::new(),
        }),
        dead_letter: None,
    }
}

async fn begin(store: &Store, draft: &Draft<'_>) -> (Uuid, Uuid) {
    let article = Uuid::now_v7();
    let new = begun(
        draft,
        ArticleRef::New {
            id: article,
            title: draft.title.to_owned(),
            style: draft.style.to_owned(),
            language: draft.language.to_owned(),
        },
    );
    assert_eq!(store.create_generation(&new).await.unwrap(), Created::New);
    (article, new.id)
}

async fn write(store: &Store, draft: &Draft<'_>) -> Uuid {
    let (article, generation) = begin(store, draft).await;
    assert!(store.end_generation(&ended(generation, draft)).await.unwrap());
    article
}

/// Another revision of an article.
async fn rewrite(store: &Store, article: Uuid, draft: &Draft<'_>) -> Uuid {
    let new = begun(draft, ArticleRef::Existing(article));
    assert_eq!(store.create_generation(&new).await.unwrap(), Created::New);
    let end = ended(new.id, draft);
    let revision = end.revision.as_ref().unwrap().id;
    assert!(store.end_generation(&end).await.unwrap());
    revision
}

fn filter(q: &str, limit: u32) -> ArticleFilter {
    ArticleFilter { query: Query::parse(q).unwrap(), limit, ..ArticleFilter::default() }
}

async fn page_of(store: &Store, q: &str) -> ArticlePage {
    store.articles(&filter(q, 100)).await.unwrap()
}

async fn found(store: &Store, q: &str) -> Vec<Uuid> {
    page_of(store, q).await.items.iter().map(|item| item.id).collect()
}

async fn fresh() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    (dir, store)
}
