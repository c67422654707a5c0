//! How a provider is shown its key.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::document::Table;
use super::location::{ConfigError, Location};

/// How a provider is shown its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// As it is: `Authorization: Bearer`, or `x-api-key` with Anthropic's protocol.
    #[default]
    Key,
    /// By a token that is signed with it.
    Jwt(JwtConfig),
}

/// What is signed, and for how long it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtConfig {
    /// What the token says.
    pub claims: Vec<JwtClaim>,
    /// How long it holds.
    pub lifetime: Duration,
    /// The unit of its times.
    pub unit: JwtUnit,
}

/// Zhipu's, which it documents at <https://docs.bigmodel.cn>.
impl Default for JwtConfig {
    fn default() -> Self {
        Self {
            claims: vec![JwtClaim::ApiKey, JwtClaim::Exp, JwtClaim::Timestamp],
            lifetime: Duration::from_secs(3600),
            unit: JwtUnit::Milliseconds,
        }
    }
}

/// Something that a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtClaim {
    /// The key's id.
    ApiKey,
    /// The key's id.
    Iss,
    /// When it was signed.
    Iat,
    /// When it ends.
    Exp,
    /// When it was signed.
    Timestamp,
}

impl JwtClaim {
    const ALL: [Self; 5] = [Self::ApiKey, Self::Iss, Self::Iat, Self::Exp, Self::Timestamp];

    /// Its name in the token and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Iss => "iss",
            Self::Iat => "iat",
            Self::Exp => "exp",
            Self::Timestamp => "timestamp",
        }
    }
}

/// The unit of a token's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtUnit {
    /// As RFC 7519 has it.
    Seconds,
    /// As Zhipu has it.
    Milliseconds,
}

/// A key of the form `id.secret` in its two parts.
pub fn key_parts(key: &str) -> Option<(&str, &str)> {
    let (id, secret) = key.trim().split_once('.')?;
    (!id.is_empty() && !secret.is_empty()).then_some((id, secret))
}

/// What a known provider does where nothing is said: one that takes both is shown a token where the
/// key can sign one.
pub(super) fn of_preset(signs: bool, key: Option<&SecretString>) -> Auth {
    match key.and_then(|key| key_parts(key.expose_secret())) {
        Some(_) if signs => Auth::Jwt(JwtConfig::default()),
        _ => Auth::Key,
    }
}

/// What the file says; `None` where it says nothing.
///
/// # Errors
/// A value is unknown or out of range, or the key cannot sign.
pub(super) fn of_table(
    table: &Table,
    provider: &str,
    key: Option<&SecretString>,
) -> Result<Option<Auth>, ConfigError> {
    let settings = ["jwt_claims", "jwt_lifetime_s", "jwt_unit"];
    let jwt_key = settings.iter().find_map(|name| table.settings.get(*name));
    let location = match table.optional_text("auth")? {
        Some((auth, location)) if auth == "jwt" => location,
        Some((auth, location)) if auth != "bearer" => {
            return Err(ConfigError::new(
                location,
                format!("`auth` of the provider `{provider}` is \"{}\".", auth.escape_debug()),
                "Use \"bearer\" or \"jwt\".",
            ));
        }
        given => {
            let Some(setting) = jwt_key else { return Ok(given.map(|_| Auth::Key)) };
            return Err(ConfigError::new(
                &setting.location,
                format!("the provider `{provider}` has settings of a token, but signs none."),
                "Add auth = \"jwt\", or remove them.",
            ));
        }
    };
    if key.and_then(|key| key_parts(key.expose_secret())).is_none() {
        return Err(ConfigError::new(
            location,
            format!("the key of `{provider}` cannot sign: it has not the form id.secret."),
            "Copy the whole key, with the dot in it; or set auth = \"bearer\", which sends it as it is.",
        ));
    }
    let usual = JwtConfig::default();
    let claims = match table.settings.get("jwt_claims") {
        Some(setting) => claims(&table.words("jwt_claims")?, &setting.location)?,
        None => usual.claims,
    };
    let lifetime = match table.settings.contains_key("jwt_lifetime_s") {
        // A token is replaced a minute before its end.
        true => Duration::from_secs(table.whole("jwt_lifetime_s", 120, 86_400)?.into()),
        false => usual.lifetime,
    };
    let unit = match table.optional_text("jwt_unit")? {
        None => usual.unit,
        Some((unit, _)) if unit == "s" => JwtUnit::Seconds,
        Some((unit, _)) if unit == "ms" => JwtUnit::Milliseconds,
        Some((unit, location)) => {
            return Err(ConfigError::new(
                location,
                format!("`jwt_unit` is \"{}\".", unit.escape_debug()),
                "Use \"ms\" or \"s\".",
            ));
        }
    };
    Ok(Some(Auth::Jwt(JwtConfig { claims, lifetime, unit })))
}

fn claims(names: &[String], location: &Location) -> Result<Vec<JwtClaim>, ConfigError> {
    let known = JwtClaim::ALL.map(JwtClaim::as_str);
    let wrong = |message: String| {
        ConfigError::new(location, message, format!("Use some of: {}.", known.join(", ")))
    };
    if names.is_empty() {
        return Err(wrong("`jwt_claims` is empty.".to_owned()));
    }
    let claim = |name: &String| {
        JwtClaim::ALL.into_iter().find(|claim| claim.as_str() == name).ok_or_else(|| {
            wrong(format!("`jwt_claims` has the unknown claim \"{}\".", name.escape_debug()))
        })
    };
    names.iter().map(claim).collect()
}
