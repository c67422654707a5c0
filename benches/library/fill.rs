//! Fills a store, through the store.

use std::sync::Arc;

use inkstream::article::brief::Brief;
use inkstream::article::event::{GenerationState, Meta, Usage};
use inkstream::server::store::Store;
use inkstream::server::store::records::{
    ArticleRef, EndedGeneration, Flush, NewGeneration, NewRevision,
};
use uuid::Uuid;

use crate::Error;
use crate::words::Dice;

/// How many articles go in one transaction.
const TOGETHER: u64 = 500;
/// When the first article was written: 2026-01-01, milliseconds.
const FIRST: i64 = 1_767_225_600_000;

/// Writes so many articles, half of them Chinese, one in a hundred failed.
pub async fn fill(store: &Store, articles: u64) -> Result<(), Error> {
    let mut dice = Dice::new(0x1234_5678_9ABC_DEF1);
    let mut number = 0;
    while number < articles {
        let mut flush = Flush::default();
        for at in number..articles.min(number + TOGETHER) {
            let (new, end) = article(&mut dice, at);
            flush.beginnings.push(Arc::new(new));
            flush.ends.push(end);
        }
        store.flush(&flush).await?;
        number += TOGETHER;
        if number % 10_000 == 0 {
            eprintln!("{number} articles");
        }
    }
    Ok(())
}

fn article(dice: &mut Dice, number: u64) -> (NewGeneration, EndedGeneration) {
    let chinese = number.is_multiple_of(2);
    let (title, text, language) = if chinese {
        (dice.chinese(14), dice.chinese(600), "zh-CN")
    } else {
        (dice.english(7), dice.english(220), "en")
    };
    let title = title.replace('\n', " ");
    let text = format!("# {title}\n\n{text}");
    let style = ["technical", "tutorial", "overview"][dice.below(3) as usize];
    let created_at = FIRST + i64::try_from(number).unwrap_or(0) * 60_000;
    let id = Uuid::now_v7();
    let new = NewGeneration {
        id,
        article: ArticleRef::New {
            id: Uuid::now_v7(),
            title: title.clone(),
            style: style.to_owned(),
            language: language.to_owned(),
        },
        brief: Brief::on(&title),
        warnings: Vec::new(),
        continues: None,
        owner: Uuid::nil(),
        created_at,
        idempotency: None,
        settles: None,
    };
    let failed = dice.below(100) == 0;
    let end = EndedGeneration {
        id,
        state: if failed { GenerationState::Failed } else { GenerationState::Done },
        text: text.clone(),
        last_seq: 1,
        model: Some("bench/speaker".to_owned()),
        usage: Usage::default(),
        attempts: Vec::new(),
        seams: Vec::new(),
        error: None,
        ended_at: created_at + 30_000,
        batches: Vec::new(),
        revision: Some(NewRevision {
            id: Uuid::now_v7(),
            html: format!("<p>{text}</p>"),
            style: style.to_owned(),
            language: language.to_owned(),
            text,
            meta: Meta { title, words: 600, ..Meta::default() },
            highlights: Vec::new(),
        }),
        dead_letter: None,
    };
    (new, end)
}
