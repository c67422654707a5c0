//! A model API that fails costs a notice, never an article.

mod coalescing;
mod continuation;
mod faults;
mod many;
mod order;

use inkstream::article::event::Event;
use inkstream::article::generation::Generation;
use serde_json::{Value, json};

use crate::support::{Heard, Server, text_of};
use crate::upstream::{Script, Upstream};

/// Waits that are shorter than in life.
const QUICK: &str = "[generation]\nretry_min_ms = 1\nretry_max_ms = 2\n\
    backoff_min_s = 0.003\nbackoff_max_s = 0.01\n";

/// A server with the models `a`, `b`, … at these URLs, asked in this order; `a` costs 1 and 2 CNY a
/// million tokens, `b` twice that, and so on.
async fn server_before(urls: &[String], settings: &[(&str, &str)]) -> Server {
    let mut file = QUICK.to_owned();
    let names = ["a", "b", "c"];
    for (index, (url, name)) in urls.iter().zip(names).enumerate() {
        let (input, output) = (index + 1, 2 * (index + 1));
        file += &format!(
            "[[providers]]\nname = \"p{name}\"\nprotocol = \"openai\"\nbase_url = \"{url}\"\n\
             [[models]]\nname = \"{name}\"\nprovider = \"p{name}\"\nid = \"the-{name}\"\n\
             context_window = 32768\nmax_output = 8192\nprice_input = {input}.0\n\
             price_output = {output}.0\ncurrency = \"CNY\"\n"
        );
    }
    let route = json!(names[..urls.len()]);
    file += &format!("[routes]\ndefault = {route}\n");
    Server::start_with(&file, settings).await
}

/// What came of one brief.
struct Told {
    generation: Generation,
    events: Vec<Heard>,
}

impl Told {
    async fn of(server: &Server, brief: Value) -> Self {
        let created = server.create(brief).await;
        let events = server.events(created.id, 0).await;
        let generation = server.generation(created.id).await;
        let told = Self { generation, events };
        told.is_consistent();
        told
    }

    /// What holds however it ended.
    fn is_consistent(&self) {
        let Generation { text, usage, attempts, .. } = &self.generation;
        assert_eq!(text_of(&self.events), *text, "what was heard is what is kept");
        let used = attempts.iter().filter(|one| one.usage.prompt + one.usage.completion > 0);
        let costs: Option<i64> = used.map(|attempt| attempt.usage.cost).sum();
        if usage.cost.is_some() {
            assert_eq!(usage.cost, costs, "the costs of the attempts add up");
        }
        let tokens = |tokens: fn(&_) -> u64| attempts.iter().map(tokens).sum::<u64>();
        assert_eq!(usage.prompt, tokens(|attempt| attempt.usage.prompt));
        assert_eq!(usage.completion, tokens(|attempt| attempt.usage.completion));
        assert!(attempts.iter().all(|attempt| attempt.outcome.is_some()), "{attempts:?}");
    }

    /// The kinds of all notices, with the model that each is about.
    fn notices(&self) -> Vec<(String, String)> {
        let notices = self.events.iter().filter(|event| event.name == "notice");
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        notices.map(|event| (word(&event.data["kind"]), word(&event.data["model"]))).collect()
    }

    /// The models of all attempts, in order.
    fn asked(&self) -> Vec<&str> {
        self.generation.attempts.iter().map(|attempt| attempt.model.as_str()).collect()
    }

    /// The dead letter, where it failed into one.
    fn dead_letter(&self) -> Option<String> {
        match self.events.last().unwrap().typed() {
            Event::Failed { dead_letter, .. } => dead_letter.map(|id| id.to_string()),
            _ => None,
        }
    }
}

fn notice(kind: &str, model: &str) -> (String, String) {
    (kind.to_owned(), model.to_owned())
}

/// An upstream that writes the same whole article to everyone.
async fn healthy() -> Upstream {
    Upstream::start(vec![Script::new().completion(&["# T\n\n", "whole."])]).await
}

/// The URL of a port on which nobody listens.
fn nowhere() -> String {
    // It was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}/v1")
}
