//! What the library is asked.

use serde_json::Value;

use crate::Error;
use crate::words::{Dice, character, word};

/// One kind of question, in several wordings.
pub struct Question {
    /// What it is called in the report.
    pub name: &'static str,
    /// Paths with their queries.
    pub paths: Vec<String>,
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Searches for texts that are made for 20 numbers.
fn searches(name: &'static str, further: &str, text: impl Fn(u32) -> String) -> Question {
    let path = |n| format!("/api/v1/articles?limit=20{further}&q={}", encoded(&text(n)));
    Question { name, paths: (0..20).map(path).collect() }
}

/// The number of items in an answer.
pub fn items(body: &[u8]) -> Result<usize, Error> {
    let body: Value = serde_json::from_slice(body)?;
    let page = body.get("page").unwrap_or(&body);
    Ok(page["items"].as_array().ok_or("an answer without items")?.len())
}

/// All questions; some need places in the list, which are asked for here.
pub async fn all(client: &reqwest::Client, base: &str) -> Result<Vec<Question>, Error> {
    let list = "/api/v1/articles?limit=20";
    let mut following = Vec::new();
    let mut cursor = String::new();
    for _ in 0..200 {
        let path = format!("{base}{list}{cursor}");
        let text = client.get(path).send().await?.error_for_status()?.text().await?;
        let page: Value = serde_json::from_str(&text)?;
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        following.push(format!("{list}{cursor}"));
    }
    let once = |name, path: &str| Question { name, paths: vec![path.to_owned()] };
    let mut dice = Dice::new(0xFEED_5EED);
    let numbers: Vec<u32> = (0..20).map(|_| dice.below(2_000)).collect();
    let any = |n: u32| numbers[n as usize % numbers.len()];
    Ok(vec![
        once("the page's data, with the count", "/page-data/library"),
        once("first page", list),
        Question { name: "next pages, 200 deep", paths: following },
        once("first page, one style", &format!("{list}&style=tutorial")),
        once("first page, one language", &format!("{list}&language=zh")),
        once("first page, rare state", &format!("{list}&state=failed")),
        once(
            "first page, style, language, state",
            &format!("{list}&state=failed&language=en&style=overview"),
        ),
        searches("1 character, common", "", |n| character(n).to_string()),
        searches("1 character, any", "", |n| character(any(n)).to_string()),
        searches("2 characters, common", "", |n| {
            [character(n % 5), character(n / 5)].iter().collect()
        }),
        searches("2 characters, rare", "", |n| {
            [character(any(n)), character(any(n + 7))].iter().collect()
        }),
        searches("4 characters", "", |n| {
            [n, n + 1, n + 2, n + 3].map(|n| character(n % 4)).iter().collect()
        }),
        searches("English word, common", "", word),
        searches("English word, common, without its last letter", "", |n| {
            let mut typed = word(n);
            typed.pop();
            typed
        }),
        searches("English word, any", "", |n| word(any(n))),
        searches("1 letter", "", |n| char::from(b'a' + n as u8).to_string()),
        searches("English prefix", "", |n| word(any(n)).chars().take(3).chain(['*']).collect()),
        searches("two words", "", |n| format!("{} {}", word(n), word(any(n)))),
        searches("two words, common", "", |n| format!("{} {}", word(n % 5), word(n / 5 + 5))),
        searches("Chinese and English", "", |n| format!("{} {}", character(n), word(n))),
        searches("nothing there", "", |n| format!("nowhere{n}")),
        searches("common word, rare state", "&state=failed", word),
        searches("common word, other language", "&language=zh", word),
    ])
}
