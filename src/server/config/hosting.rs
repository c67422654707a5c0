//! The settings of a server that colleagues reach: who may come in, under which name, through
//! which proxies, and what a day may cost.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;
use secrecy::SecretString;

use super::document::{Table, Value};
use super::location::{ConfigError, Location};
use super::{Config, LimitsConfig, Protocol, ServerConfig};

/// The shortest access token, in characters: fewer are guessed.
const TOKEN_MIN: usize = 8;

/// The address that people type, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// As `Origin` names it: scheme, host and a port that is not the scheme's own.
    pub origin: String,
    /// The host in lower case, without a port.
    pub host: String,
    /// Whether it is HTTPS.
    pub https: bool,
}

/// Behind a proxy that is not named all clients have one address.
pub(super) fn proxy_unnamed(server: &ServerConfig) -> Option<String> {
    let behind_one = server.public_url.as_ref().is_some_and(|public| public.https);
    (behind_one && server.trusted_proxies.is_empty()).then(|| {
        "public_url is HTTPS, which a proxy must speak, but trusted_proxies is empty: everyone \
         seems to come from the proxy's address, and shares one allowance of wrong tokens. Add \
         its address, for example trusted_proxies = [\"127.0.0.1\"]."
            .to_owned()
    })
}

/// # Errors
/// The token could not be sent in a header, or is too short to be a secret.
pub(super) fn access_token(table: &Table) -> Result<Option<SecretString>, ConfigError> {
    let (text, location) = table.text("access_token")?;
    let token = text.trim();
    if token.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| {
        ConfigError::new(
            location,
            format!("`access_token` in [server] {why}."),
            "Make one with `openssl rand -hex 16`.",
        )
    };
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("has other characters than ASCII letters, digits and signs"));
    }
    if token.len() < TOKEN_MIN {
        return Err(wrong(&format!("is shorter than {TOKEN_MIN} characters")));
    }
    Ok(Some(SecretString::from(token)))
}

/// # Errors
/// It is no address of a site.
pub(super) fn public_url(table: &Table) -> Result<Option<PublicUrl>, ConfigError> {
    let (text, location) = table.text("public_url")?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let url = site("public_url", text.trim(), location)?;
    Ok(Some(PublicUrl {
        origin: url.origin().ascii_serialization(),
        host: host(&url),
        https: url.scheme() == "https",
    }))
}

/// # Errors
/// An entry is neither an address nor a range.
pub(super) fn trusted_proxies(table: &Table) -> Result<Vec<IpNet>, ConfigError> {
    let location = &table.get("trusted_proxies")?.location;
    let read = |word: &String| {
        let word = word.trim();
        word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            ConfigError::new(
                location,
                format!("`trusted_proxies` in [server] has \"{word}\", which is no address."),
                "Write addresses or ranges, for example 127.0.0.1, ::1 or 10.0.0.0/8.",
            )
        })
    };
    table.words("trusted_proxies")?.iter().map(read).collect()
}

/// # Errors
/// An entry is no origin; `*` is none either.
pub(super) fn cors_origins(table: &Table) -> Result<Vec<String>, ConfigError> {
    let location = &table.get("cors_origins")?.location;
    let read = |word: &String| {
        site("cors_origins", word.trim(), location).map(|url| url.origin().ascii_serialization())
    };
    table.words("cors_origins")?.iter().map(read).collect()
}

/// # Errors
/// The budget is neither "off" nor an amount.
pub(super) fn limits(table: &Table) -> Result<LimitsConfig, ConfigError> {
    let (currency, location) = table.text("currency")?;
    let currency = currency.trim().to_ascii_uppercase();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(ConfigError::new(
            location,
            "`currency` in [limits] is not a code of three letters.",
            "Write for example CNY, USD or EUR.",
        ));
    }
    let off = match &table.get("daily_budget")?.value {
        Value::Text(text) => text.trim().eq_ignore_ascii_case("off"),
        Value::Flag(flag) => !flag,
        _ => false,
    };
    let daily_budget = if off {
        None
    } else {
        // In millionths, which the range keeps far from the end of the integers.
        Some((table.number("daily_budget", 0.0, 1e9)? * 1e6).round() as i64)
    };
    Ok(LimitsConfig { daily_budget, currency })
}

/// A budget that cannot limit is worse than none.
///
/// # Errors
/// A model has its prices in another currency than the budget.
pub(super) fn check_currencies(config: &Config, location: &Location) -> Result<(), ConfigError> {
    if config.limits.daily_budget.is_none() {
        return Ok(());
    }
    let ours = &config.limits.currency;
    let foreign = config.models.values().find(|model| {
        let priced = [model.price_input, model.price_output]
            .iter()
            .any(|price| price.is_some_and(|price| price > 0.0));
        priced && model.currency.as_ref().is_some_and(|currency| currency != ours)
    });
    match foreign {
        None => Ok(()),
        Some(model) => Err(ConfigError::new(
            location,
            format!(
                "`daily_budget` in [limits] is in {ours}, but the prices of {} are in {}.",
                model.name,
                model.currency.as_deref().unwrap_or_default()
            ),
            "Set `currency` to that of your models, or give the model its prices in it under \
             [[models]].",
        )),
    }
}

/// What the operator should know of a budget that cannot see everything.
pub fn unpriced(config: &Config) -> Option<String> {
    config.limits.daily_budget?;
    let unpriced: Vec<&str> = config
        .models
        .values()
        .filter(|model| model.price_input.is_none() || model.price_output.is_none())
        // The demo is free.
        .filter(|model| config.providers[&model.provider].protocol != Protocol::Demo)
        .map(|model| model.name.as_str())
        .collect();
    (!unpriced.is_empty()).then(|| {
        format!(
            "the daily budget counts these models as free, as they have no price: {}. \
             Give them price_input and price_output under [[models]].",
            unpriced.join(", ")
        )
    })
}

fn site(key: &str, text: &str, location: &Location) -> Result<Url, ConfigError> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    url.ok_or_else(|| {
        ConfigError::new(
            location,
            format!("`{key}` in [server] has \"{text}\", which is not the address of a site."),
            "Write scheme and host alone, for example https://ink.example.org.",
        )
    })
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase()
}
