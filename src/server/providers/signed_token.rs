//! Short-lived tokens, signed with a key of the form `id.secret` (JWT, RFC 7519; HS256, RFC 7518
//! §3.2), as Zhipu asks for them.
//!
//! A token is used until a minute before it ends, by every request. When that is, is seen by two
//! clocks: that of the wall, which the provider's has to agree with, and one that never jumps. So a
//! wall clock that is set back cannot make an old token look fresh.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::header::HeaderValue;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::server::config::{JwtClaim, JwtConfig, JwtUnit, key_parts};

/// How long before its end a token is replaced: as long as a request may take to arrive.
const MARGIN: Duration = Duration::from_secs(60);

/// The time by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Since 1970, by a clock that can be set.
    wall: Duration,
    /// Since some moment, by one that cannot.
    steady: Duration,
}

type Clock = Box<dyn Fn() -> Moment + Send + Sync>;

/// Signs tokens, and keeps the one in use.
pub(super) struct Signer {
    id: SecretString,
    key: hmac::Key,
    settings: JwtConfig,
    clock: Clock,
    current: Mutex<Option<Signed>>,
}

struct Signed {
    authorization: HeaderValue,
    at: Moment,
}

/// A token as a header's value, and whether it was signed just now.
pub(super) struct Token {
    pub(super) authorization: HeaderValue,
    pub(super) fresh: bool,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Signer {
    /// `None` where the key has not the form `id.secret`.
    pub(super) fn new(key: &SecretString, settings: &JwtConfig) -> Option<Self> {
        let started = Instant::now();
        Self::with_clock(
            key,
            settings,
            Box::new(move || Moment {
                wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
                steady: started.elapsed(),
            }),
        )
    }

    fn with_clock(key: &SecretString, settings: &JwtConfig, clock: Clock) -> Option<Self> {
        let (id, secret) = key_parts(key.expose_secret())?;
        Some(Self {
            id: SecretString::from(id),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            settings: settings.clone(),
            clock,
            current: Mutex::new(None),
        })
    }

    /// The token in use; a new one where there is none, or where it ends soon. `None` where its
    /// characters fit no header, which those of Base64 always do.
    pub(super) fn token(&self) -> Option<Token> {
        // Whoever comes while one is signed waits for it, some microseconds, and uses it too.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        if let Some(signed) = current.as_ref().filter(|signed| self.is_good(signed.at, now)) {
            return Some(Token { authorization: signed.authorization.clone(), fresh: false });
        }
        let authorization = self.sign(now)?;
        *current = Some(Signed { authorization: authorization.clone(), at: now });
        Some(Token { authorization, fresh: true })
    }

    /// Forgets a token that the provider refused, unless another has taken its place already.
    pub(super) fn forget(&self, refused: &Token) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|signed| signed.authorization == refused.authorization);
    }

    /// Whether a token that was signed `at` can be used, by both clocks.
    fn is_good(&self, at: Moment, now: Moment) -> bool {
        let usable = self.settings.lifetime.saturating_sub(MARGIN);
        let young = |then: Duration, now: Duration| {
            // One from the future was signed before the clock was set back.
            now.checked_sub(then).is_some_and(|age| age < usable)
        };
        young(at.wall, now.wall) && young(at.steady, now.steady)
    }

    fn sign(&self, now: Moment) -> Option<HeaderValue> {
        let time = |since_1970: Duration| match self.settings.unit {
            JwtUnit::Seconds => json!(since_1970.as_secs()),
            JwtUnit::Milliseconds => {
                json!(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
            }
        };
        let claim = |claim: &JwtClaim| match claim {
            JwtClaim::ApiKey | JwtClaim::Iss => json!(self.id.expose_secret()),
            JwtClaim::Iat | JwtClaim::Timestamp => time(now.wall),
            JwtClaim::Exp => time(now.wall + self.settings.lifetime),
        };
        let claims: Map<String, Value> =
            self.settings.claims.iter().map(|it| (it.as_str().to_owned(), claim(it))).collect();
        // `sign_type` is Zhipu's own; others pass over what they do not know (RFC 7515, §4).
        let header = json!({"alg": "HS256", "sign_type": "SIGN"});
        let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
        let signed =
            format!("{}.{}", part(header.to_string()), part(Value::from(claims).to_string()));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        let token = format!("Bearer {signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        let mut value = HeaderValue::try_from(token).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    use super::*;

    /// By Python's `hmac.new(b"the-secret", …, "sha256")`.
    const VECTOR: &str = concat!(
        "Bearer eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04ifQ.",
        "eyJhcGlfa2V5IjoidGhlLWlkIiwiZXhwIjoxNzAwMDAzNjAwMDAwLCJ0aW1lc3RhbXAiOjE3MDAwMDAwMDAwMDB9.",
        "jMxfPlj0m_NtgVMubQcGkeADFZTTgPUpneLn_rsiwpk",
    );

    /// Both clocks, in seconds.
    #[derive(Clone, Default)]
    struct Clocks(Arc<(AtomicU64, AtomicU64)>);

    impl Clocks {
        fn at(wall: u64) -> Self {
            let clocks = Self::default();
            clocks.0.0.store(wall, SeqCst);
            clocks
        }

        fn pass(&self, seconds: u64) {
            self.0.0.fetch_add(seconds, SeqCst);
            self.0.1.fetch_add(seconds, SeqCst);
        }

        fn set(&self, wall: u64) {
            self.0.0.store(wall, SeqCst);
        }

        fn signer(&self, settings: &JwtConfig) -> Signer {
            let clocks = self.clone();
            let clock = move || Moment {
                wall: Duration::from_secs(clocks.0.0.load(SeqCst)),
                steady: Duration::from_secs(clocks.0.1.load(SeqCst)),
            };
            let key = SecretString::from("the-id.the-secret");
            Signer::with_clock(&key, settings, Box::new(clock)).unwrap()
        }
    }

    fn text(token: &Token) -> &str {
        token.authorization.to_str().unwrap()
    }

    fn claims(token: &Token) -> Value {
        let payload = text(token).split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_what_zhipu_documents() {
        let token = Clocks::at(1_700_000_000).signer(&JwtConfig::default()).token().unwrap();
        assert_eq!(text(&token), VECTOR);
        assert_eq!(
            claims(&token),
            json!({"api_key": "the-id", "exp": 1_700_003_600_000_u64, "timestamp": 1_700_000_000_000_u64})
        );
        assert!(token.fresh && token.authorization.is_sensitive());
    }

    #[test]
    fn other_claims_come_in_seconds_where_that_is_asked() {
        let settings = JwtConfig {
            claims: vec![JwtClaim::Iss, JwtClaim::Iat, JwtClaim::Exp],
            lifetime: Duration::from_secs(1800),
            unit: JwtUnit::Seconds,
        };
        let token = Clocks::at(1_000).signer(&settings).token().unwrap();
        assert_eq!(claims(&token), json!({"iss": "the-id", "iat": 1_000, "exp": 2_800}));
    }

    #[test]
    fn a_token_serves_until_a_minute_before_its_end() {
        let clocks = Clocks::at(1_000_000);
        let signer = clocks.signer(&JwtConfig::default());
        let first = signer.token().unwrap();
        clocks.pass(3539);
        let same = signer.token().unwrap();
        assert!(!same.fresh && text(&same) == text(&first));
        clocks.pass(1);
        let next = signer.token().unwrap();
        assert!(next.fresh && text(&next) != text(&first));
    }

    #[test]
    fn many_at_once_sign_once_per_renewal() {
        let clocks = Clocks::at(1_000_000);
        let signer = clocks.signer(&JwtConfig::default());
        for _ in 0..20 {
            let fresh = AtomicU64::new(0);
            std::thread::scope(|scope| {
                for _ in 0..16 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            fresh.fetch_add(u64::from(signer.token().unwrap().fresh), SeqCst);
                        }
                    });
                }
            });
            assert_eq!(fresh.load(SeqCst), 1);
            clocks.pass(3600);
        }
    }

    #[test]
    fn a_clock_that_jumps_leaves_no_old_token_in_use() {
        let clocks = Clocks::at(1_000_000);
        let signer = clocks.signer(&JwtConfig::default());
        signer.token().unwrap();
        clocks.set(1_010_000);
        assert!(signer.token().unwrap().fresh, "forwards, beyond its end");
        clocks.set(1_000_000);
        assert!(signer.token().unwrap().fresh, "backwards, before it was signed");
        // A little forwards, then time passes while the wall clock is set back again and again.
        clocks.set(1_000_100);
        assert!(!signer.token().unwrap().fresh);
        clocks.pass(3540);
        clocks.set(1_000_200);
        assert!(signer.token().unwrap().fresh, "its end has come by the clock that never jumps");
    }

    #[test]
    fn a_refused_token_is_forgotten_unless_it_is_replaced_already() {
        let clocks = Clocks::at(1_000_000);
        let signer = clocks.signer(&JwtConfig::default());
        let refused = signer.token().unwrap();
        clocks.pass(1);
        signer.forget(&refused);
        let next = signer.token().unwrap();
        assert!(next.fresh);
        signer.forget(&refused);
        assert!(!signer.token().unwrap().fresh);
    }

    #[test]
    fn neither_part_of_the_key_is_shown() {
        let signer = Clocks::at(0).signer(&JwtConfig::default());
        let token = signer.token().unwrap();
        let shown = format!("{signer:?} {:?}", token.authorization);
        assert!(!shown.contains("the-id") && !shown.contains("the-secret"), "{shown}");
    }

    #[test]
    fn a_key_of_another_form_signs_nothing() {
        for key in ["sk-1", "a.", ".b", ""] {
            assert!(Signer::new(&SecretString::from(key), &JwtConfig::default()).is_none());
        }
    }
}
