//! A real server on a free port with a database of its own, and what tests ask of it.

use std::path::Path;
use std::time::Duration;

use inkstream::article::event::Event;
use inkstream::article::generation::Generation;
use inkstream::article::sse::Decoder;
use inkstream::server::config::{Config, Sources};
use inkstream::server::router::router;
use inkstream::server::serve;
use inkstream::server::state::AppState;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long a test waits for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct Server {
    pub base: String,
    pub client: Client,
    pub state: AppState,
    pub data: TempDir,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    settings: Vec<(String, String)>,
    file: Option<String>,
}

impl Server {
    /// With the demo alone, which writes at once.
    pub async fn start() -> Self {
        Self::start_with("[routes]\ndefault = [\"demo/instant\"]\n", &[]).await
    }

    /// With one model, `m`, at an OpenAI-compatible upstream, which is asked once.
    pub async fn before(base_url: &str, settings: &[(&str, &str)]) -> Self {
        let once = [&[("INKSTREAM_RETRIES", "0")], settings].concat();
        Self::persistent_before(base_url, &once).await
    }

    /// The same, asked again where it fails, after waits that are shorter than in life.
    pub async fn persistent_before(base_url: &str, settings: &[(&str, &str)]) -> Self {
        let file = format!(
            "[[providers]]\nname = \"p\"\nprotocol = \"openai\"\nbase_url = \"{base_url}\"\n\
             api_key = \"sk-secret-of-the-test\"\n\
             [[models]]\nname = \"m\"\nprovider = \"p\"\nid = \"the-model\"\n\
             context_window = 32768\nmax_output = 8192\n\
             price_input = 1.0\nprice_output = 2.0\ncurrency = \"CNY\"\n\
             [generation]\nretry_min_ms = 1\nretry_max_ms = 2\n\
             backoff_min_s = 0.003\nbackoff_max_s = 0.01\n\
             [routes]\ndefault = [\"m\"]\n"
        );
        Self::start_with(&file, settings).await
    }

    /// With a configuration file and settings as environment variables.
    pub async fn start_with(file: &str, settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self::start_in(TempDir::new().unwrap(), Some(file.to_owned()), settings).await
    }

    async fn start_in(
        data: TempDir,
        file: Option<String>,
        settings: Vec<(String, String)>,
    ) -> Self {
        if let Some(file) = &file {
            std::fs::write(data.path().join("inkstream.toml"), file).unwrap();
        }
        let directory = data.path().to_str().unwrap();
        let mut sources = Sources::of_directory(directory)
            .with("INKSTREAM_DATA_DIR", directory)
            .with("INKSTREAM_DISCOVER", "0");
        for (name, value) in &settings {
            sources = sources.with(name, value);
        }
        let state = AppState::start(Config::load(&sources).unwrap()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve::serve(listener, router(&state), shutdown.clone()));
        // Err: another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { base, client, state, data, shutdown, task, settings, file }
    }

    /// Ends cleanly, and starts again on the same data.
    pub async fn restart(self) -> Self {
        let Self { shutdown, task, state, data, settings, file, .. } = self;
        shutdown.cancel();
        state.shutdown().await;
        tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap().unwrap();
        drop(state);
        Self::start_in(data, file, settings).await
    }

    /// The same, with other settings laid over those it was started with.
    pub async fn restart_with(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        self.restart().await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).timeout(PATIENCE)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// Begins a generation that must be accepted.
    pub async fn create(&self, brief: Value) -> Generation {
        let response = self.post("/api/v1/generations", &brief).await;
        let status = response.status();
        let body = response.text().await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub async fn generation(&self, id: impl std::fmt::Display) -> Generation {
        let response = self.get(&format!("/api/v1/generations/{id}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// Reads the log from behind `after` to its end.
    pub async fn events(&self, id: impl std::fmt::Display, after: u64) -> Vec<Heard> {
        let mut reader = self.reader(id, after).await;
        let mut events = Vec::new();
        while let Some(event) = reader.next().await {
            events.push(event);
        }
        events
    }

    /// A reader of the log from behind `after`.
    pub async fn reader(&self, id: impl std::fmt::Display, after: u64) -> Reader {
        let mut request = self.request(Method::GET, &format!("/api/v1/generations/{id}/events"));
        if after > 0 {
            request = request.header("Last-Event-ID", after);
        }
        Reader::of(request.send().await.unwrap())
    }

    /// Waits for the end, and gives the resource.
    pub async fn finished(&self, id: impl std::fmt::Display + Copy) -> Generation {
        self.events(id, 0).await;
        self.generation(id).await
    }
}

/// One event as a client hears it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub id: u64,
    pub name: String,
    pub data: Value,
}

impl Heard {
    /// The event in its type; panics where it has none.
    pub fn typed(&self) -> Event {
        Event::parse(&self.name, &self.data.to_string()).unwrap().unwrap()
    }
}

/// All deltas of what was heard, joined.
pub fn text_of(events: &[Heard]) -> String {
    let deltas = events.iter().filter(|event| event.name == "delta");
    deltas.map(|event| event.data["text"].as_str().unwrap()).collect()
}

/// A client that reads an event stream.
pub struct Reader {
    response: Response,
    decoder: Decoder,
    waiting: std::collections::VecDeque<Heard>,
}

impl Reader {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, decoder: Decoder::new(), waiting: Default::default() }
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let bytes = self.response.chunk().await.expect("the stream broke off")?;
            for event in self.decoder.push(&bytes).unwrap() {
                self.waiting.push_back(Heard {
                    id: event.id.expect("an event without an id").parse().unwrap(),
                    name: event.event,
                    data: serde_json::from_str(&event.data).unwrap(),
                });
            }
        }
    }

    /// Reads on until an event of this name comes.
    pub async fn until(&mut self, name: &str) -> Heard {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("no {name} came"));
            if event.name == name {
                return event;
            }
        }
    }
}

/// The database of a data directory, for what no server would do to it.
pub async fn database_in(directory: &Path) -> sqlx::SqlitePool {
    let file = directory.join("inkstream.db");
    sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap()
}

/// The error of an answer that must be one of ours: the status, and all six fields.
pub async fn error_of(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let error = body["error"].clone();
    let fields: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["code", "message", "param", "request_id", "resolution", "type"]);
    for field in ["message", "type", "code", "resolution"] {
        assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {error}");
    }
    assert_eq!(error["request_id"], json!(request_id));
    (status, error)
}
