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

mod articles;
mod files;
mod generations;
mod logs;
mod spending;

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
        settles: None,
    }
}

fn another_for(article: Uuid, at: UnixMs) -> NewGeneration {
    NewGeneration { article: ArticleRef::Existing(article), ..new_article(at) }
}

fn keyed(key: &str, body: &str, at: UnixMs) -> NewGeneration {
    let idempotency = IdempotencyKey { key: key.to_owned(), fingerprint: body.to_owned() };
    NewGeneration { idempotency: Some(idempotency), ..new_article(at) }
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
            from: 0,
        }],
        seams: vec![],
        error: None,
        ended_at: at,
        batches: Vec::new(),
        revision: Some(NewRevision {
            id: Uuid::now_v7(),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            style: "technical".to_owned(),
            language: "en".to_owned(),
            meta: Meta { title: format!("On {text}"), words: 7, ..Meta::default() },
            highlights: vec![Highlight { block: 0, line: 1, spans: vec![("k".to_owned(), 2)] }],
        }),
        dead_letter: None,
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
