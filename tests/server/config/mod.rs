//! What an operator writes, and what comes of it.

mod catalog;
mod discovery;
mod layers;
mod presets;

use inkstream::server::config::{Config, Sources};
use tempfile::TempDir;

/// A directory with an `inkstream.toml`.
pub struct Files(TempDir);

impl Files {
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn with(toml: &str) -> Self {
        let files = Self::empty();
        files.write("inkstream.toml", toml);
        files
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    pub fn sources(&self) -> Sources {
        Sources::of_directory(self.0.path())
    }

    pub fn load(&self) -> Config {
        Config::load(&self.sources()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The error without the directory, which differs from run to run.
    pub fn error(&self) -> String {
        error_of(&self.sources())
    }

    /// The same, where a variable holds a key.
    pub fn error_with(&self, variable: &str) -> String {
        error_of(&self.sources().with(variable, "sk-secret"))
    }
}

fn error_of(sources: &Sources) -> String {
    let error = Config::load(sources).expect_err("it should be refused").to_string();
    error.replace(&format!("{}/", sources.directory.display()), "")
}

const LOCAL: &str = r#"
[[providers]]
name = "local"
protocol = "openai"
base_url = "http://127.0.0.1:8000/v1/"
api_key = "${LOCAL_KEY}"

[[models]]
name = "local/glm"
provider = "local"
id = "GLM-4.7-Flash"
context_window = 32768
max_output = 8192
price_input = 0.14
price_output = 0.28
currency = "CNY"
continuation = "prefix"
"#;
