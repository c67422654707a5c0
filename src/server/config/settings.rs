//! The simple settings: `[server]`, `[generation]`, `[log]`, each from the last layer that has it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::document::{Document, SECTIONS, Setting, Table, Value};
use super::location::{ConfigError, Location, closest};
use super::sources::Environment;
use super::{CacheConfig, GenerationConfig, LogConfig, LogFormat, ServerConfig, hosting};

/// A day: no timeout is longer.
const LONGEST_SECONDS: f64 = 86_400.0;
/// A year: nothing is cached longer.
const LONGEST_HOURS: f64 = 8784.0;

/// Names that a later version will know. Ignoring them would mislead whoever set them.
const LATER: &[(&str, &str)] = &[
    ("INKSTREAM_DATABASE_URL", "other databases than the built-in SQLite are"),
    ("INKSTREAM_REDIS_URL", "Redis is"),
];

/// The variable that overrides a setting.
fn variable(section: &str, key: &str) -> String {
    match (section, key) {
        ("log", "filter") => "INKSTREAM_LOG".to_owned(),
        ("log", "format") => "INKSTREAM_LOG_FORMAT".to_owned(),
        // By themselves their names would not say what they belong to.
        ("cache" | "routing", _) => {
            format!("INKSTREAM_{}_{}", section.to_uppercase(), key.to_uppercase())
        }
        _ => format!("INKSTREAM_{}", key.to_uppercase()),
    }
}

/// Lays the environment over a document's sections.
///
/// # Errors
/// A variable is set that this version cannot honour, or whose name is nearly one of ours.
pub(super) fn overlay(
    document: &mut Document,
    environment: &Environment,
) -> Result<(), ConfigError> {
    for (name, what) in LATER {
        if environment.get(name).is_some() {
            return Err(ConfigError::new(
                &Location::Variable((*name).to_owned()),
                format!("{what} not supported by this version."),
                format!("Unset {name}."),
            ));
        }
    }
    let mut known = vec!["INKSTREAM_CONFIG".to_owned()];
    for (section, keys) in SECTIONS {
        for key in *keys {
            let name = variable(section, key);
            if let Some(value) = environment.get(&name) {
                let setting = Setting {
                    value: Value::Text(value.to_owned()),
                    location: Location::Variable(name.clone()),
                };
                document
                    .sections
                    .entry((*section).to_owned())
                    .or_insert_with(|| Table {
                        title: format!("[{section}]"),
                        location: setting.location.clone(),
                        settings: Default::default(),
                    })
                    .settings
                    .insert((*key).to_owned(), setting);
            }
            known.push(name);
        }
    }
    // Of other names nothing is said: Kubernetes puts its own beside ours, such as INKSTREAM_PORT.
    for name in environment.names().filter(|name| name.starts_with("INKSTREAM_")) {
        if !known.iter().any(|known| known == name)
            && let Some(meant) = closest(name, known.iter().map(String::as_str))
        {
            return Err(ConfigError::new(
                &Location::Variable(name.to_owned()),
                format!("{name} is not known; did you mean {meant}?"),
                format!("Correct it, or unset {name}."),
            ));
        }
    }
    Ok(())
}

/// # Errors
/// A value is of the wrong type or out of range.
pub(super) fn server(table: &Table) -> Result<ServerConfig, ConfigError> {
    Ok(ServerConfig {
        listen: listen(table)?,
        data_dir: path(table, "data_dir")?,
        site_dir: match table.text("site_dir")?.0.trim() {
            "" => None,
            _ => Some(path(table, "site_dir")?),
        },
        allowed_hosts: table
            .words("allowed_hosts")?
            .into_iter()
            .map(|host| host.to_ascii_lowercase())
            .collect(),
        access_token: hosting::access_token(table)?,
        session_lifetime: Duration::from_secs(
            u64::from(table.whole("session_days", 1, 365)?) * 86_400,
        ),
        public_url: hosting::public_url(table)?,
        trusted_proxies: hosting::trusted_proxies(table)?,
        cors_origins: hosting::cors_origins(table)?,
    })
}

/// # Errors
/// A value is of the wrong type or out of range.
pub(super) fn generation(table: &Table) -> Result<GenerationConfig, ConfigError> {
    let seconds =
        |key| table.number(key, f64::MIN_POSITIVE, LONGEST_SECONDS).map(Duration::from_secs_f64);
    let (retry_quick_min, retry_quick_max) = span(table, "retry_min_ms", "retry_max_ms", 0.001)?;
    let (backoff_min, backoff_max) = span(table, "backoff_min_s", "backoff_max_s", 1.0)?;
    Ok(GenerationConfig {
        connect_timeout: seconds("connect_timeout_s")?,
        first_token_timeout: seconds("first_token_timeout_s")?,
        idle_timeout: seconds("idle_timeout_s")?,
        total_timeout: seconds("total_timeout_s")?,
        deadline: seconds("deadline_s")?,
        retries: table.whole("retries", 0, 10)?,
        retry_quick_min,
        retry_quick_max,
        backoff_min,
        backoff_max,
        breaker_open: seconds("breaker_open_s")?,
        max_continuations: table.whole("max_continuations", 0, 1000)?,
        max_concurrent: table.whole("max_concurrent", 1, 1_000_000)? as usize,
        max_text_bytes: table.whole("max_text_bytes", 1, 1 << 30)? as usize,
    })
}

/// The shortest and the longest wait, in a unit of so many seconds.
fn span(
    table: &Table,
    least: &str,
    most: &str,
    unit: f64,
) -> Result<(Duration, Duration), ConfigError> {
    let wait = |key| table.number(key, 0.0, LONGEST_SECONDS / unit);
    let (min, max) = (wait(least)?, wait(most)?);
    if min > max {
        let (least_at, most_at) = (&table.get(least)?.location, &table.get(most)?.location);
        // Whoever set only one of them has to be shown that one.
        let location = if least_at.is_built_in() { most_at } else { least_at };
        return Err(ConfigError::new(
            location,
            format!("`{least}` in {} is larger than `{most}`: {min} and {max}.", table.title),
            "Set both, the first to at most the second.",
        ));
    }
    Ok((Duration::from_secs_f64(min * unit), Duration::from_secs_f64(max * unit)))
}

/// # Errors
/// A value is of the wrong type or out of range.
pub(super) fn cache(table: &Table) -> Result<CacheConfig, ConfigError> {
    let hours = table.number("ttl_hours", f64::MIN_POSITIVE, LONGEST_HOURS)?;
    Ok(CacheConfig {
        enabled: table.flag("enabled")?,
        ttl: Duration::from_secs_f64(hours * 3600.0),
        max_entries: table.whole("max_entries", 1, 10_000_000)? as usize,
        max_bytes: (table.whole("max_mb", 1, 1 << 20)? as usize) << 20,
    })
}

/// # Errors
/// A value is of the wrong type or unknown.
pub(super) fn log(table: &Table, environment: &Environment) -> Result<LogConfig, ConfigError> {
    let (format, location) = table.text("format")?;
    let format = match format.as_str() {
        "auto" => LogFormat::Auto,
        "human" => LogFormat::Human,
        "json" => LogFormat::Json,
        other => {
            return Err(ConfigError::new(
                location,
                format!("`format` in [log] is \"{other}\"."),
                "Use \"auto\", \"human\" or \"json\".",
            ));
        }
    };
    let (mut filter, location) = table.text("filter")?;
    if !matches!(location, Location::Variable(_))
        && let Some(usual) = environment.get("RUST_LOG")
    {
        filter = usual.to_owned();
    }
    Ok(LogConfig { filter, format })
}

fn listen(table: &Table) -> Result<SocketAddr, ConfigError> {
    let (text, location) = table.text("listen")?;
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("{}:{port}", Ipv4Addr::LOCALHOST),
        None => text.clone(),
    };
    numeric.parse().map_err(|_| {
        ConfigError::new(
            location,
            format!("`listen` in [server] is \"{text}\", which is not an address with a port."),
            "Write for example 127.0.0.1:3000, [::1]:3000, or 127.0.0.1:0 for a free port.",
        )
    })
}

fn path(table: &Table, key: &str) -> Result<PathBuf, ConfigError> {
    let (text, location) = table.text(key)?;
    if text.trim().is_empty() || text.contains('\0') {
        return Err(ConfigError::new(
            location,
            format!("`{key}` in {} is not a path.", table.title),
            "Name a directory, absolute or relative to where Inkstream is started.",
        ));
    }
    Ok(PathBuf::from(text))
}

impl Table {
    /// The setting, or an error at the table's beginning.
    pub fn get(&self, key: &str) -> Result<&Setting, ConfigError> {
        self.settings.get(key).ok_or_else(|| {
            ConfigError::new(
                &self.location,
                format!("`{key}` is missing in {}.", self.title),
                format!("Add a line {key} = …; inkstream.example.toml shows every key."),
            )
        })
    }

    fn wrong(&self, key: &str, location: &Location, expected: &str) -> ConfigError {
        ConfigError::new(
            location,
            format!("`{key}` in {} is not {expected}.", self.title),
            format!("Set it to {expected}."),
        )
    }

    /// A string.
    pub fn text(&self, key: &str) -> Result<(String, &Location), ConfigError> {
        let Setting { value, location } = self.get(key)?;
        match value {
            Value::Text(text) => Ok((text.clone(), location)),
            _ => Err(self.wrong(key, location, "a string in double quotes")),
        }
    }

    /// A string that may be left out.
    pub fn optional_text(&self, key: &str) -> Result<Option<(String, &Location)>, ConfigError> {
        self.settings.get(key).map(|_| self.text(key)).transpose()
    }

    /// A number in a closed range; a string that reads as one, too, since variables are strings.
    pub fn number(&self, key: &str, min: f64, max: f64) -> Result<f64, ConfigError> {
        let Setting { value, location } = self.get(key)?;
        let number = match value {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| (min..=max).contains(number)).ok_or_else(|| {
            let expected = if min == f64::MIN_POSITIVE {
                format!("a number above 0 and up to {max}")
            } else {
                format!("a number from {min} to {max}")
            };
            self.wrong(key, location, &expected)
        })
    }

    /// A whole number in a closed range.
    pub fn whole(&self, key: &str, min: u32, max: u32) -> Result<u32, ConfigError> {
        let number = self.number(key, f64::from(min), f64::from(max))?;
        if number.fract() != 0.0 {
            let location = &self.get(key)?.location;
            return Err(self.wrong(key, location, "a whole number"));
        }
        // In range and whole, as was just checked.
        Ok(number as u32)
    }

    /// True or false; in variables also 1 and 0, on and off, yes and no.
    pub fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        let Setting { value, location } = self.get(key)?;
        match value {
            Value::Flag(flag) => Ok(*flag),
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" | "on" | "yes" => Ok(true),
                "0" | "false" | "off" | "no" => Ok(false),
                _ => Err(self.wrong(key, location, "true or false")),
            },
            _ => Err(self.wrong(key, location, "true or false")),
        }
    }

    /// A list of strings; in variables separated by commas.
    pub fn words(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let Setting { value, location } = self.get(key)?;
        match value {
            Value::List(words) => Ok(words.clone()),
            Value::Text(text) => Ok(text
                .split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect()),
            _ => Err(self.wrong(key, location, "a list of strings")),
        }
    }
}
