//! Saving a person's edit of a long article.

use super::Bench;
use crate::Error;
use crate::client::{Connection, post};
use crate::clock::{ms, now_ns};
use crate::load::Load;
use crate::plan::{Mode, Plan};
use crate::report::{Aim, Figure, INKSTREAM, Report, percentile};

const SCENARIO: &str = "saving an edit of 20,000 words, with code, tables and lists";

#[derive(serde::Deserialize)]
struct Articles {
    items: Vec<Item>,
}

#[derive(serde::Deserialize)]
struct Item {
    id: String,
}

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let times = if bench.quick { 10 } else { 60 };
    let target = bench.targets.iter().find(|it| it.name == INKSTREAM).ok_or("no Inkstream")?;
    // An article to edit: what is in it does not matter.
    let plan = Plan { key: 0, ttft_ms: 0, gap_ms: 0, tokens: 20, mode: Mode::Speak };
    bench.field.run(target, Load::at_once(1, 1, plan)).await?;
    let mut connection = Connection::open(target.address).await?;
    let articles: Articles = connection.get("/api/v1/articles?limit=1").await?;
    let id = &articles.items.first().ok_or("no article")?.id;
    let path = format!("/api/v1/articles/{id}");

    let mut changed = 0;
    let mut edit = async |code: usize| {
        changed += 1;
        let body = serde_json::json!({"text": text(changed, code)}).to_string();
        let request = post(target.address, &path, &body, "application/json");
        let request = String::from_utf8(request)?.replacen("POST", "PATCH", 1).replacen(
            "\r\n\r\n",
            "\r\nif-match: *\r\n\r\n",
            1,
        );
        let sent = now_ns();
        let (status, answer) = connection.call(request.as_bytes()).await?;
        if status != 200 {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok::<f64, Error>(ms(now_ns() - sent))
    };
    // The first one compiles the grammars.
    edit(0).await?;
    let mut word = Vec::new();
    let mut code = Vec::new();
    for time in 1..=times {
        code.push(edit(time).await?);
        word.push(edit(time).await?);
    }
    let mut add = |name: &str, aim: Option<Aim>, taken: &[f64]| {
        for (at, percent) in [(0.5, "p50"), (0.95, "p95")] {
            let figure = Figure::new(SCENARIO, format!("{name}, {percent}"), "ms");
            let figure = figure.value(INKSTREAM, percentile(taken, at));
            report.add(match aim {
                Some(aim) => figure.aim(aim),
                None => figure,
            });
        }
    };
    add("a word is corrected", Some(Aim::AtMost(50.0)), &word);
    add("all of its code is new", None, &code);
    Ok(())
}

/// 20,000 words: 80 sections of prose, each with a list, a table and twelve lines of code.
/// The heading tells the edits apart, and `code` what is in the blocks of code.
fn text(time: usize, code: usize) -> String {
    let mut text = format!("# A long article, edit {time}\n\n");
    for section in 0..80 {
        text.push_str(&format!("## Section {section}\n\n"));
        for _ in 0..5 {
            text.push_str(
                &"the *scheduler* reads `one` task from its **queue** and runs it ".repeat(4),
            );
            text.push_str("until it waits.\n\n");
        }
        text.push_str("- a point that is made\n- another, with [a link](https://example.org/)\n\n");
        text.push_str("| column | other |\n|---|--:|\n| a cell | 1 |\n| a cell | 2 |\n\n```rust\n");
        for line in 0..12 {
            text.push_str(&format!(
                "    let value_{line} = work(\"{section}\", {code}); // said\n"
            ));
        }
        text.push_str("```\n\n");
    }
    text
}
