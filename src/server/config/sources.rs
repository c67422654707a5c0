//! Where the configuration is read from: files by their paths, and an environment that is handed in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::location::{ConfigError, Location};

/// What [`super::Config::load`] reads. Nothing else is looked at.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file named on the command line; it must exist.
    pub file: Option<PathBuf>,
    /// Where `inkstream.toml` and `.env` are looked for.
    pub directory: PathBuf,
    /// The environment.
    pub environment: BTreeMap<String, String>,
}

impl Sources {
    /// The working directory and the environment of this process. Variables that are not UTF-8
    /// are left out: no name that we know can have such a value.
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, directory: PathBuf::from("."), environment }
    }

    /// A directory and an empty environment.
    pub fn of_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), ..Self::default() }
    }

    /// The same with a variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// The environment with `.env` beneath it. An empty value counts as not set, as a line
/// `OPENAI_API_KEY=` in a template would otherwise be a key.
#[derive(Debug, Default)]
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// # Errors
    /// `.env` is there but cannot be read or understood.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        let path = sources.directory.join(".env");
        if path.is_file() {
            let location = Location::File(name_of(&path));
            let entries = dotenvy::from_path_iter(&path)
                .map_err(|error| unreadable(&location, &error.to_string()))?;
            for entry in entries {
                let (name, value) = entry.map_err(|error| dot_env_error(&location, &error))?;
                // The first one counts, as with dotenvy's own loading.
                variables.entry(name).or_insert(value);
            }
        }
        variables.extend(sources.environment.clone());
        variables.retain(|_, value| !value.trim().is_empty());
        Ok(Self(variables))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(super) fn read_file(path: &Path, named_by: Option<&str>) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        let location = Location::File(name_of(path));
        match named_by {
            Some(by) if error.kind() == std::io::ErrorKind::NotFound => ConfigError::new(
                &location,
                format!("there is no such file, but {by} names it."),
                format!("Create it, for example from inkstream.example.toml, or correct {by}."),
            ),
            _ => unreadable(&location, &error.to_string()),
        }
    })
}

/// A path as messages show it: without the leading `./` of the working directory.
pub(super) fn name_of(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn unreadable(location: &Location, why: &str) -> ConfigError {
    ConfigError::new(
        location,
        format!("the file cannot be read: {why}."),
        "Make it a readable UTF-8 text file, or remove it.",
    )
}

/// The line itself stays out of the message: it may hold a key.
fn dot_env_error(location: &Location, error: &dotenvy::Error) -> ConfigError {
    match error {
        dotenvy::Error::LineParse(line, _) => ConfigError::new(
            location,
            match line.split('=').next().map(str::trim).filter(|name| is_variable(name)) {
                Some(name) => format!("the line of `{name}` cannot be understood."),
                None => "a line cannot be understood.".to_owned(),
            },
            "Write NAME=value, and put values with spaces, quotes or # into single quotes.",
        ),
        other => unreadable(location, &other.to_string()),
    }
}

/// Whether a word can be the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
