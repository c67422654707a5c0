//! One of `[[providers]]`: what the file says, filled up with what is known of a provider of its
//! name.

use secrecy::SecretString;

use super::document::Table;
use super::location::{ConfigError, Location};
use super::presets::Presets;
use super::sources::Environment;
use super::{Protocol, ProviderConfig, auth};

/// # Errors
/// Something of it is wrong or missing.
pub(super) fn of_table(
    table: &Table,
    name: &str,
    presets: &Presets,
    environment: &Environment,
) -> Result<ProviderConfig, ConfigError> {
    let preset = presets.providers.iter().find(|preset| preset.name == name);
    let local = presets.local.iter().find(|server| server.name == name);
    let known = preset.map(|preset| preset.protocol).or(local.map(|_| Protocol::OpenAi));
    let protocol = protocol(table, name, known)?;
    let base_url = match (protocol, table.optional_text("base_url")?) {
        (Protocol::Demo, _) => String::new(),
        (_, Some((text, location))) => base_url(&text, location, "base_url", protocol)?,
        (_, None) => {
            let known = preset.filter(|preset| preset.protocol == protocol);
            let known = known.map(|preset| &preset.base_url).or(local.map(|it| &it.base_url));
            known.cloned().ok_or_else(|| missing_url(table, name))?
        }
    };
    let api_key = match (table.optional_text("api_key")?, preset) {
        (Some((key, _)), _) if key.is_empty() => None,
        (Some((key, location)), _) => Some(checked_key(&key, name, location)?),
        (None, Some(preset)) => {
            let location = Location::Variable(preset.key_variable.clone());
            let key = environment.get(&preset.key_variable);
            key.map(|key| checked_key(key.trim(), name, &location)).transpose()?
        }
        (None, None) => None,
    };
    let auth = match auth::of_table(table, name, api_key.as_ref())? {
        Some(auth) => auth,
        None => auth::of_preset(preset.is_some_and(|preset| preset.signs), api_key.as_ref()),
    };
    let usage_option = match table.settings.contains_key("usage_option") {
        true => table.flag("usage_option")?,
        false => {
            let known = preset.map(|preset| preset.usage_option);
            known.or(local.map(|server| server.usage_option)).unwrap_or(true)
        }
    };
    let requests = |key: &str, min: u32| {
        let given = table.settings.get(key).map(|_| table.whole(key, min, 1_000_000));
        given.transpose().map(|given| given.map(|number| number as usize))
    };
    Ok(ProviderConfig {
        api_key,
        auth,
        usage_option,
        max_concurrent: requests("max_concurrent", 1)?,
        max_waiting: requests("max_waiting", 0)?.unwrap_or(ProviderConfig::USUAL_WAITING),
        ..ProviderConfig::new(name, protocol, base_url)
    })
}

fn protocol(table: &Table, name: &str, known: Option<Protocol>) -> Result<Protocol, ConfigError> {
    match (table.optional_text("protocol")?, known) {
        (Some((text, location)), _) => match text.as_str() {
            "openai" => Ok(Protocol::OpenAi),
            "anthropic" => Ok(Protocol::Anthropic),
            "demo" => Ok(Protocol::Demo),
            other => Err(ConfigError::new(
                location,
                format!(
                    "the provider `{name}` has the unknown protocol \"{}\".",
                    other.escape_debug()
                ),
                "Use \"openai\", \"anthropic\" or \"demo\".",
            )),
        },
        (None, Some(known)) => Ok(known),
        (None, None) => table.get("protocol").map(|_| Protocol::OpenAi),
    }
}

/// A key that a header can carry. The key itself is never part of the message.
///
/// # Errors
/// It has a character that none can.
pub(super) fn checked_key(
    key: &str,
    provider: &str,
    location: &Location,
) -> Result<SecretString, ConfigError> {
    if key.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(SecretString::from(key));
    }
    Err(ConfigError::new(
        location,
        format!("the key of `{provider}` has a character that no header can carry."),
        "Copy it again, without spaces, quotes or line breaks around it.",
    ))
}

fn missing_url(table: &Table, name: &str) -> ConfigError {
    ConfigError::new(
        &table.location,
        format!("the provider `{name}` has no `base_url`."),
        "Add one, for example base_url = \"http://127.0.0.1:8000/v1\".",
    )
}

/// Checks a base URL and takes the slashes off its end.
///
/// # Errors
/// It is no URL, holds what does not belong into it, or reaches too far.
pub(super) fn base_url(
    text: &str,
    location: &Location,
    key: &str,
    protocol: Protocol,
) -> Result<String, ConfigError> {
    let wrong = |why: &str| {
        let remedy = match protocol {
            Protocol::Anthropic => {
                "Write the URL up to, not with, /v1/messages: for example https://api.anthropic.com."
            }
            _ => {
                "Write the URL up to, not with, /chat/completions: for example \
                 https://api.example.com/v1."
            }
        };
        ConfigError::new(location, format!("`{key}` {why}."), remedy)
    };
    let url =
        reqwest::Url::parse(text.trim()).map_err(|error| wrong(&format!("is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("does not begin with http:// or https:// and a host"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user name or password in it; the key belongs into `api_key`"));
    }
    let trimmed = url.as_str().trim_end_matches('/');
    if trimmed.ends_with("/completions") || trimmed.ends_with("/messages") {
        return Err(wrong("names the call itself"));
    }
    if protocol == Protocol::Anthropic && trimmed.ends_with("/v1") {
        return Err(wrong("ends in /v1, which is a part of the call"));
    }
    Ok(trimmed.to_owned())
}
