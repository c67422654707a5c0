//! Dead letters: what failed for good is kept whole, and tried again once, as somebody asks for it.

use inkstream::article::dead_letter::{DeadLetter, DeadLetterPage};
use inkstream::article::event::{Event, GenerationState};
use inkstream::article::generation::Generation;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, error_of};
use crate::upstream::{Script, Upstream};

const LETTERS: &str = "/api/v1/dead-letters";

/// An upstream that answers with these scripts, and a server that asks it once for each article.
async fn server_before(scripts: Vec<Script>) -> (Upstream, Server) {
    let upstream = Upstream::start(scripts).await;
    let server = Server::before(&upstream.base_url(), &[]).await;
    (upstream, server)
}

fn fails() -> Script {
    Script::new().error(500, "out of <b>memory</b>")
}

/// Some text, and then nothing more.
fn breaks_off() -> Script {
    Script::new().text("# Half\n\nThe first half").close()
}

fn writes(text: &str) -> Script {
    Script::new().completion(&[text])
}

/// Writes an article that fails, and gives its generation and the id of its letter.
async fn failed(server: &Server, brief: Value) -> (Generation, String) {
    let created = server.create(brief).await;
    let events = server.events(created.id, 0).await;
    let Event::Failed { dead_letter: Some(letter), .. } = events.last().unwrap().typed() else {
        panic!("it did not fail: {:?}", events.last());
    };
    (server.generation(created.id).await, letter.to_string())
}

async fn open(server: &Server) -> Vec<String> {
    let page: DeadLetterPage = server.get(LETTERS).await.json().await.unwrap();
    page.items.iter().map(|letter| letter.id.to_string()).collect()
}

async fn letter(server: &Server, id: &str) -> DeadLetter {
    server.get(&format!("{LETTERS}/{id}")).await.json().await.unwrap()
}

async fn replay(server: &Server, id: &str, body: Value) -> Response {
    server.post(&format!("{LETTERS}/{id}/replay"), &body).await
}

async fn accepted(response: Response) -> Generation {
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let generation: Generation = response.json().await.unwrap();
    assert_eq!(location, format!("/api/v1/generations/{}", generation.id));
    generation
}

#[tokio::test]
async fn what_failed_for_good_is_kept_whole_and_survives_a_restart() {
    let (_upstream, server) = server_before(vec![breaks_off()]).await;
    let brief = json!({"topic": "How DNS <script>works", "audience": "beginners"});
    let (generation, id) = failed(&server, brief).await;
    let server = server.restart().await;
    assert_eq!(open(&server).await, [id.as_str()]);
    let letter = letter(&server, &id).await;
    assert_eq!(letter.summary.generation_id, generation.id);
    assert_eq!(letter.summary.article_id, generation.article_id);
    assert_eq!(letter.summary.topic, "How DNS <script>works");
    assert_eq!(letter.summary.model.as_deref(), Some("m"));
    assert_eq!(letter.summary.error, generation.error);
    assert_eq!(letter.summary.attempt_count, 1);
    assert!(letter.summary.has_text && letter.summary.settled_at.is_none());
    assert_eq!(letter.brief, generation.brief);
    assert!(letter.prompt.user.contains("How DNS <script>works"));
    assert!(letter.prompt.template.starts_with("technical."));
    assert_eq!(letter.text, "# Half\n\nThe first half");
    assert_eq!(letter.attempts, generation.attempts);
    let cost: i64 = letter.attempts.iter().filter_map(|attempt| attempt.usage.cost).sum();
    assert_eq!(letter.summary.usage.cost, Some(cost));
}

#[tokio::test]
async fn a_replay_afresh_writes_the_article_anew_and_settles_the_letter() {
    let (upstream, server) = server_before(vec![breaks_off(), writes("# Whole\n\nText.")]).await;
    let (generation, id) = failed(&server, json!({"topic": "How DNS works"})).await;
    let path = format!("{LETTERS}/{id}/replay");
    // Without any body, as curl -X POST sends it.
    let answer = server.request(Method::POST, &path).send().await.unwrap();
    let replayed = accepted(answer).await;
    assert_eq!(replayed.article_id, generation.article_id);
    assert_eq!(replayed.continues, None);
    let done = server.finished(replayed.id).await;
    assert_eq!((done.state, done.text.as_str()), (GenerationState::Done, "# Whole\n\nText."));
    assert_eq!(upstream.requests().len(), 2);
    assert!(open(&server).await.is_empty());
    let letter = letter(&server, &id).await;
    assert_eq!(letter.summary.replayed_by, Some(replayed.id));
    assert!(letter.summary.settled_at.is_some());
    let (status, error) = error_of(replay(&server, &id, json!({})).await).await;
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("dead_letter_settled")));
}

#[tokio::test]
async fn a_replay_from_the_text_goes_on_with_the_edited_brief() {
    let (upstream, server) = server_before(vec![breaks_off(), writes(" and the second.")]).await;
    let (generation, id) = failed(&server, json!({"topic": "How DNS works"})).await;
    let brief = json!({"topic": "How DNS works", "tone": "calm and exact"});
    let body = json!({"brief": brief, "from_text": true});
    let replayed = accepted(replay(&server, &id, body).await).await;
    assert_eq!(replayed.continues, Some(generation.id));
    let done = server.finished(replayed.id).await;
    assert_eq!(done.text, "# Half\n\nThe first half and the second.");
    assert_eq!(done.brief.tone.as_deref(), Some("calm and exact"));
    assert!(upstream.request(1).await.body.to_string().contains("calm and exact"));
}

#[tokio::test]
async fn a_replay_that_fails_too_is_a_letter_of_its_own() {
    let (_upstream, server) = server_before(vec![fails()]).await;
    let (_, id) = failed(&server, json!({"topic": "a"})).await;
    let replayed = accepted(replay(&server, &id, json!({})).await).await;
    server.events(replayed.id, 0).await;
    let now = open(&server).await;
    assert_eq!(now.len(), 1);
    assert_ne!(now[0], id);
    assert_eq!(letter(&server, &now[0]).await.summary.generation_id, replayed.id);
}

#[tokio::test]
async fn replays_of_one_brief_are_one_call_and_none_is_given_what_was_there_before() {
    let scripts = vec![writes("# Old\n"), breaks_off(), fails(), writes("# New\n"), fails()];
    let (upstream, server) = server_before(scripts).await;
    let brief = json!({"topic": "the same"});
    let old = server.create(brief.clone()).await;
    assert_eq!(server.finished(old.id).await.text, "# Old\n");
    // One of them came to half a text, the other to none.
    let mut fresh = brief.clone();
    fresh["refresh"] = json!(true);
    let mut letters = Vec::new();
    for _ in 0..2 {
        letters.push(failed(&server, fresh.clone()).await.1);
    }
    for id in letters {
        let replayed = accepted(replay(&server, &id, json!({"brief": brief})).await).await;
        assert_eq!(server.finished(replayed.id).await.text, "# New\n");
    }
    assert_eq!(upstream.requests().len(), 4, "the second has what the first was given");
}

#[tokio::test]
async fn who_continues_an_article_has_seen_to_its_letter() {
    let (_upstream, server) = server_before(vec![breaks_off(), writes(" and the second.")]).await;
    let (generation, id) = failed(&server, json!({"topic": "a"})).await;
    let path = format!("/api/v1/generations/{}/continue", generation.id);
    let continued = accepted(server.request(Method::POST, &path).send().await.unwrap()).await;
    server.finished(continued.id).await;
    assert!(open(&server).await.is_empty());
    assert_eq!(letter(&server, &id).await.summary.replayed_by, Some(continued.id));
}

#[tokio::test]
async fn of_many_replays_at_once_one_is_written() {
    let (upstream, server) = server_before(vec![fails(), writes("text")]).await;
    let (_, id) = failed(&server, json!({"topic": "a"})).await;
    let asked = (0..8).map(|_| replay(&server, &id, json!({})));
    let answers = futures_util::future::join_all(asked).await;
    let mut begun = Vec::new();
    for answer in answers {
        match answer.status() {
            StatusCode::ACCEPTED => begun.push(accepted(answer).await.id),
            status => assert_eq!(status, StatusCode::CONFLICT),
        }
    }
    let [one] = begun[..] else { panic!("{begun:?}") };
    server.finished(one).await;
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn the_same_key_gives_the_same_replay() {
    let (upstream, server) = server_before(vec![fails(), writes("text")]).await;
    let (_, id) = failed(&server, json!({"topic": "a"})).await;
    let ask = |body: Value| {
        let request = server.request(Method::POST, &format!("{LETTERS}/{id}/replay"));
        request.header("Idempotency-Key", "once").json(&body).send()
    };
    let answers = futures_util::future::join_all([ask(json!({})), ask(json!({}))]).await;
    let mut ids = Vec::new();
    for answer in answers {
        ids.push(accepted(answer.unwrap()).await.id);
    }
    server.finished(ids[0]).await;
    ids.push(accepted(ask(json!({})).await.unwrap()).await.id);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(upstream.requests().len(), 2);
    let (status, error) = error_of(ask(json!({"from_text": true})).await.unwrap()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(error["code"], "idempotency_key_reused");
}

#[tokio::test]
async fn what_is_wrong_with_a_replay_is_named_and_leaves_the_letter_open() {
    let (_upstream, server) = server_before(vec![breaks_off()]).await;
    let (_, id) = failed(&server, json!({"topic": "a"})).await;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let cases = [
        (json!({"brief": {"topic": ""}}), unprocessable, "invalid_brief", "topic"),
        (json!({"brief": {"style": "tutorial"}}), unprocessable, "invalid_brief", "topic"),
        (json!({"brief": {"topic": "a", "length": "x"}}), unprocessable, "invalid_brief", "length"),
        (json!({"brief": {"topic": "a", "colour": 1}}), unprocessable, "unknown_field", "colour"),
        (json!({"model": "nobody"}), unprocessable, "unknown_model", "model"),
        (
            json!({"brief": {"topic": "a", "model": "nobody"}}),
            unprocessable,
            "unknown_model",
            "model",
        ),
        (
            json!({"brief": {"topic": "a", "format": "html"}, "from_text": true}),
            unprocessable,
            "invalid_brief",
            "format",
        ),
        (json!({"from_text": "yes"}), StatusCode::BAD_REQUEST, "invalid_parameter", "from_text"),
        (json!({"temperature": 1}), StatusCode::BAD_REQUEST, "invalid_parameter", "temperature"),
    ];
    for (body, expected, code, param) in cases {
        let (status, error) = error_of(replay(&server, &id, body.clone()).await).await;
        assert_eq!(status, expected, "{body}");
        assert_eq!((&error["code"], &error["param"]), (&json!(code), &json!(param)), "{body}");
    }
    let path = format!("{LETTERS}/{id}/replay");
    let request = || server.request(Method::POST, &path);
    let unmarked = request().body("{}").send().await.unwrap();
    assert_eq!(error_of(unmarked).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let broken = request().header("content-type", "application/json").body("{").send().await;
    assert_eq!(error_of(broken.unwrap()).await.1["code"], "invalid_json");
    assert_eq!(open(&server).await, [id]);
}

#[tokio::test]
async fn a_letter_is_given_back_where_nothing_can_begin() {
    let upstream = Upstream::start(vec![fails()]).await;
    let budget = [("INKSTREAM_DAILY_BUDGET", "100")];
    let server = Server::before(&upstream.base_url(), &budget).await;
    let (_, id) = failed(&server, json!({"topic": "a"})).await;
    let server = server.restart_with(&[("INKSTREAM_DAILY_BUDGET", "0.000001")]).await;
    let (status, error) = error_of(replay(&server, &id, json!({})).await).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(error["code"], "budget_exhausted");
    assert_eq!(open(&server).await, [id]);
}

#[tokio::test]
async fn a_discarded_letter_is_gone_and_its_article_stays() {
    let (_upstream, server) = server_before(vec![breaks_off()]).await;
    let (generation, id) = failed(&server, json!({"topic": "a"})).await;
    let path = format!("{LETTERS}/{id}");
    let answer = server.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(open(&server).await.is_empty());
    let (status, error) =
        error_of(server.request(Method::DELETE, &path).send().await.unwrap()).await;
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("dead_letter_settled")));
    let kept = server.generation(generation.id).await;
    assert_eq!((kept.text, kept.revision_id), (generation.text, generation.revision_id));
    let article = server.get(&format!("/api/v1/articles/{}", generation.article_id)).await;
    assert_eq!(article.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let server = Server::start().await;
    let path = format!("{LETTERS}/01890a5d-ac96-774b-bcce-b302099a8057");
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/replay")),
    ] {
        let (status, error) = error_of(server.request(method, &path).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(error["code"], "dead_letter_not_found");
    }
    for query in ["limit=0", "limit=101", "limit=x", "cursor=abc", "colour=1"] {
        let (status, error) = error_of(server.get(&format!("{LETTERS}?{query}")).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        let param = query.split('=').next().unwrap();
        assert_eq!(error["param"], param, "{query}");
    }
}

#[tokio::test]
async fn a_letter_of_a_deleted_article_comes_back_with_it() {
    let (_upstream, server) = server_before(vec![fails()]).await;
    let (generation, id) = failed(&server, json!({"topic": "a"})).await;
    let article = format!("/api/v1/articles/{}", generation.article_id);
    server.request(Method::DELETE, &article).send().await.unwrap();
    assert!(open(&server).await.is_empty());
    let (status, _) = error_of(replay(&server, &id, json!({})).await).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.post(&format!("{article}/restore"), &json!({})).await;
    assert_eq!(open(&server).await, [id]);
}

#[tokio::test]
async fn the_list_goes_page_by_page_and_several_are_settled_at_once() {
    let (_upstream, server) = server_before(vec![fails(), fails(), fails(), writes("text")]).await;
    let mut ids = Vec::new();
    for topic in ["a", "b", "c"] {
        ids.push(failed(&server, json!({"topic": topic})).await.1);
    }
    let mut seen = Vec::new();
    let mut path = format!("{LETTERS}?limit=2");
    loop {
        let page: DeadLetterPage = server.get(&path).await.json().await.unwrap();
        assert!((1..=2).contains(&page.items.len()));
        seen.extend(page.items.iter().map(|letter| letter.id.to_string()));
        let Some(next) = page.next else { break };
        path = format!("{LETTERS}?limit=2&cursor={next}");
    }
    seen.reverse();
    assert_eq!(seen, ids);

    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let body = json!({"ids": [ids[0], ids[0], nobody]});
    let outcome: Value =
        server.post(&format!("{LETTERS}/replay"), &body).await.json().await.unwrap();
    assert_eq!(outcome["results"].as_array().unwrap().len(), 2);
    assert_eq!(outcome["results"][0], json!({"id": ids[0], "error": null}));
    assert_eq!(outcome["results"][1]["error"]["code"], "dead_letter_not_found");
    let body = json!({"ids": [ids[0], ids[1]]});
    let outcome: Value =
        server.post(&format!("{LETTERS}/discard"), &body).await.json().await.unwrap();
    assert_eq!(outcome["results"][0]["error"]["code"], "dead_letter_settled");
    assert_eq!(outcome["results"][1]["error"], Value::Null);
    assert_eq!(open(&server).await, [ids[2].as_str()]);
    for call in ["replay", "discard"] {
        let answer = server.post(&format!("{LETTERS}/{call}"), &json!({"ids": []})).await;
        let (status, error) = error_of(answer).await;
        assert_eq!((status, &error["param"]), (StatusCode::BAD_REQUEST, &json!("ids")));
    }
}
