//! A TOML file as settings that know their line, so that every complaint can name it.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::location::{ConfigError, Location, closest};
use super::sources::{Environment, is_variable};

/// A value and where it was set.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub value: Value,
    pub location: Location,
}

/// What a key can hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<String>),
}

/// One `[table]`, its values by key.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// As errors name it: `[server]`.
    pub title: String,
    /// Where it begins.
    pub location: Location,
    pub settings: BTreeMap<String, Setting>,
}

/// A whole file.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Those of [`SECTIONS`].
    pub sections: BTreeMap<String, Table>,
    pub providers: Vec<Table>,
    pub models: Vec<Table>,
    pub routes: Option<Table>,
}

/// The keys of each table. A key that is not here is a typo.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    (
        "server",
        &[
            "listen",
            "data_dir",
            "site_dir",
            "access_token",
            "session_days",
            "public_url",
            "allowed_hosts",
            "trusted_proxies",
            "cors_origins",
            "discover",
        ],
    ),
    (
        "generation",
        &[
            "connect_timeout_s",
            "first_token_timeout_s",
            "idle_timeout_s",
            "total_timeout_s",
            "deadline_s",
            "retries",
            "retry_min_ms",
            "retry_max_ms",
            "backoff_min_s",
            "backoff_max_s",
            "breaker_open_s",
            "max_continuations",
            "max_concurrent",
            "max_text_bytes",
        ],
    ),
    ("cache", &["enabled", "ttl_hours", "max_entries", "max_mb"]),
    ("routing", &["policy", "fast", "default", "premium"]),
    ("limits", &["daily_budget", "currency"]),
    ("log", &["filter", "format"]),
];
const PROVIDER_KEYS: &[&str] = &[
    "name",
    "protocol",
    "base_url",
    "api_key",
    "auth",
    "jwt_claims",
    "jwt_lifetime_s",
    "jwt_unit",
    "usage_option",
    "max_concurrent",
    "max_waiting",
];
const MODEL_KEYS: &[&str] = &[
    "name",
    "provider",
    "id",
    "context_window",
    "max_output",
    "price_input",
    "price_output",
    "price_cache_read",
    "price_cache_write",
    "currency",
    "continuation",
    "sampling",
    "thinking",
];
const ROUTE_KEYS: &[&str] = &["technical", "tutorial", "overview", "default"];
const TABLES: &[&str] =
    &["server", "generation", "cache", "routing", "limits", "log", "providers", "models", "routes"];

/// What a file is read with: its name and text for the lines, the environment for `${NAME}`.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    environment: &'a Environment,
}

impl Document {
    /// # Errors
    /// The text is not TOML, has a key or table that is not known, a value of a type that no key
    /// has, or a `${NAME}` that is not set.
    pub fn parse(file: &str, text: &str, environment: &Environment) -> Result<Self, ConfigError> {
        let reader = Reader { file, text, environment };
        let root = DeTable::parse(text).map_err(|error| {
            ConfigError::new(
                &reader.location(error.span().unwrap_or_default()),
                format!("this is not valid TOML: {}.", error.message().trim_end_matches('.')),
                "Correct the line; https://toml.io explains the format.",
            )
        })?;
        let mut document = Self::default();
        for (key, value) in root.get_ref() {
            let name = key.get_ref().as_ref();
            let location = reader.location(key.span());
            match name {
                "providers" => document.providers = reader.list(name, value, PROVIDER_KEYS)?,
                "models" => document.models = reader.list(name, value, MODEL_KEYS)?,
                "routes" => {
                    document.routes = Some(reader.table("[routes]", location, value, ROUTE_KEYS)?);
                }
                _ => {
                    let Some((_, keys)) = SECTIONS.iter().find(|(section, _)| *section == name)
                    else {
                        return Err(unknown("table", name, &location, "the file", TABLES));
                    };
                    let table = reader.table(&format!("[{name}]"), location, value, keys)?;
                    document.sections.insert(name.to_owned(), table);
                }
            }
        }
        Ok(document)
    }

    /// Takes everything that `upper` sets; what it leaves out stays.
    pub fn lay_over(&mut self, upper: Self) {
        for (name, table) in upper.sections {
            match self.sections.get_mut(&name) {
                Some(lower) => lower.settings.extend(table.settings),
                None => {
                    self.sections.insert(name, table);
                }
            }
        }
        self.providers.extend(upper.providers);
        self.models.extend(upper.models);
        self.routes = upper.routes.or(self.routes.take());
    }
}

impl Reader<'_> {
    fn location(&self, span: Range<usize>) -> Location {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        Location::Line { file: self.file.to_owned(), line: before.matches('\n').count() + 1 }
    }

    fn list(
        &self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        keys: &[&str],
    ) -> Result<Vec<Table>, ConfigError> {
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(ConfigError::new(
                &self.location(value.span()),
                format!("`{name}` is a list of tables."),
                format!("Write [[{name}]] with two brackets on each side."),
            ));
        };
        let title = format!("[[{name}]]");
        entries
            .iter()
            .map(|entry| self.table(&title, self.location(entry.span()), entry, keys))
            .collect()
    }

    fn table(
        &self,
        title: &str,
        location: Location,
        value: &Spanned<DeValue<'_>>,
        keys: &[&str],
    ) -> Result<Table, ConfigError> {
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(ConfigError::new(
                &location,
                format!("{title} is a table, not {}.", value.get_ref().type_str()),
                format!("Write {title} on a line of its own, and its keys on the lines below."),
            ));
        };
        let mut settings = BTreeMap::new();
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let location = self.location(key.span());
            if !keys.contains(&name) {
                return Err(unknown("key", name, &location, title, keys));
            }
            let value = self.value(name, title, &location, value)?;
            settings.insert(name.to_owned(), Setting { value, location });
        }
        Ok(Table { title: title.to_owned(), location, settings })
    }

    fn value(
        &self,
        key: &str,
        title: &str,
        location: &Location,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Value, ConfigError> {
        let wrong = |what: &str| {
            ConfigError::new(
                location,
                format!("`{key}` in {title} is {what}, which no setting is."),
                "Use a string, a number, true or false, or a list of strings.",
            )
        };
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::Text(self.expand(key, title, location, text)?),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let number = i64::from_str_radix(&digits, number.radix())
                    .map_err(|_| wrong("a number too large"))?;
                Value::Number(number as f64)
            }
            DeValue::Float(number) => Value::Number(
                number.as_str().replace('_', "").parse().map_err(|_| wrong("not a number"))?,
            ),
            DeValue::Array(entries) => Value::List(
                entries
                    .iter()
                    .map(|entry| match entry.get_ref() {
                        DeValue::String(text) => {
                            self.expand(key, title, &self.location(entry.span()), text)
                        }
                        _ => Err(wrong("a list of other things than strings")),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            DeValue::Table(_) => return Err(wrong("a table")),
            DeValue::Datetime(_) => return Err(wrong("a date")),
        })
    }

    /// Puts the environment's values in the place of `${NAME}`.
    fn expand(
        &self,
        key: &str,
        title: &str,
        location: &Location,
        text: &str,
    ) -> Result<String, ConfigError> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            expanded.push_str(before);
            let Some((name, after)) = after.split_once('}').filter(|(name, _)| is_variable(name))
            else {
                return Err(ConfigError::new(
                    location,
                    format!("`{key}` in {title} has a `${{` without the name of a variable."),
                    "Write ${NAME}, with letters, digits and underscores between the braces.",
                ));
            };
            let Some(value) = self.environment.get(name) else {
                return Err(ConfigError::new(
                    location,
                    format!("`{key}` in {title} reads the variable {name}, which is not set."),
                    format!("Set {name} in the environment or in .env, or remove the key."),
                ));
            };
            expanded.push_str(value);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

fn unknown(
    what: &str,
    name: &str,
    location: &Location,
    place: &str,
    known: &[&str],
) -> ConfigError {
    let message = match closest(name, known.iter().copied()) {
        Some(meant) => {
            format!("unknown {what} `{name}` in {place}; did you mean `{meant}`?")
        }
        None => format!("unknown {what} `{name}` in {place}."),
    };
    ConfigError::new(location, message, format!("Known there: {}.", known.join(", ")))
}
