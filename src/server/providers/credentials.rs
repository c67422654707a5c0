//! How a provider is shown who asks.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::signed_token::{Signer, Token};
use crate::server::config::{Auth, Protocol, ProviderConfig};

/// Anthropic's own header.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The version of Anthropic's API that is spoken. It is the only one; what is new comes as new
/// fields.
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// What goes with every request.
#[derive(Debug)]
pub(super) struct Credentials {
    fixed: HeaderMap,
    signer: Option<Signer>,
}

impl Credentials {
    /// # Errors
    /// What is wrong with the key, as the end of a sentence that begins with the provider.
    pub(super) fn new(provider: &ProviderConfig) -> Result<Self, &'static str> {
        let mut fixed = HeaderMap::new();
        if provider.protocol == Protocol::Anthropic {
            fixed.insert(ANTHROPIC_VERSION, HeaderValue::from_static("2023-06-01"));
        }
        let mut signer = None;
        match (&provider.api_key, &provider.auth, provider.protocol) {
            (None, ..) => {}
            (Some(key), Auth::Jwt(settings), _) => {
                let cannot = "has a key that cannot sign: it has not the form id.secret";
                signer = Some(Signer::new(key, settings).ok_or(cannot)?);
            }
            (Some(key), Auth::Key, Protocol::Anthropic) => {
                fixed.insert(X_API_KEY, header("", key)?);
            }
            (Some(key), Auth::Key, _) => {
                fixed.insert(AUTHORIZATION, header("Bearer ", key)?);
            }
        }
        Ok(Self { fixed, signer })
    }

    /// The headers of a request, and the token among them where there is one.
    pub(super) fn headers(&self) -> (HeaderMap, Option<Token>) {
        let mut headers = self.fixed.clone();
        let token = self.signer.as_ref().and_then(Signer::token);
        if let Some(token) = &token {
            headers.insert(AUTHORIZATION, token.authorization.clone());
        }
        (headers, token)
    }

    /// The headers anew, where a token was refused that may have been too old; `None` where
    /// another would be refused as well.
    pub(super) fn instead_of(&self, refused: Option<&Token>) -> Option<HeaderMap> {
        let (signer, refused) = (self.signer.as_ref()?, refused?);
        if refused.fresh {
            return None;
        }
        signer.forget(refused);
        Some(self.headers().0)
    }
}

/// The headers of a single request.
///
/// # Errors
/// What is wrong with the key, as the end of a sentence that begins with the provider.
pub(in crate::server) fn credentials(provider: &ProviderConfig) -> Result<HeaderMap, String> {
    Ok(Credentials::new(provider)?.headers().0)
}

fn header(scheme: &str, key: &SecretString) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::try_from(format!("{scheme}{}", key.expose_secret().trim()))
        .map_err(|_| "has a key with characters that no header can carry")?;
    value.set_sensitive(true);
    Ok(value)
}
