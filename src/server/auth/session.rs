//! Sessions that the server need not remember: a cookie that says when it ends, signed.
//!
//! The key lies in the data directory and is mixed with the token, so that a new token, or a new
//! key, ends every session. Signing out forgets the cookie in one browser.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use axum::http::header::{COOKIE, HeaderMap};

use super::super::store::StoreError;

/// The cookie.
const NAME: &str = "inkstream_session";
/// What keys of this kind are for (BLAKE3's key derivation wants it global and fixed).
const CONTEXT: &str = "inkstream 2026-11 session cookie";
/// The length of the key, in bytes.
pub const KEY_BYTES: usize = 32;
/// The key's file in the data directory.
const KEY_FILE: &str = "session.key";

/// Signs sessions, and knows its own again.
pub struct Sessions {
    key: [u8; blake3::KEY_LEN],
    lifetime: Duration,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl Sessions {
    /// Sessions bound to a key and a token.
    pub fn new(key: &[u8; KEY_BYTES], token: &[u8], lifetime: Duration) -> Self {
        let material = [key.as_slice(), token].concat();
        Self { key: blake3::derive_key(CONTEXT, &material), lifetime }
    }

    /// The `Set-Cookie` of a session that begins at `now_ms`.
    pub fn begin(&self, now_ms: i64, https: bool) -> String {
        let ends = now_ms / 1000 + i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let value = format!("{ends}.{}", self.signature(&ends.to_string()).to_hex());
        cookie(&value, self.lifetime.as_secs(), https)
    }

    /// The `Set-Cookie` that ends a session in the browser that gets it.
    pub fn end(https: bool) -> String {
        cookie("", 0, https)
    }

    /// Whether one of the request's cookies is a session of ours that has not ended.
    pub fn is_valid(&self, headers: &HeaderMap, now_ms: i64) -> bool {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
            .any(|value| self.is_ours(value, now_ms))
    }

    fn is_ours(&self, value: &str, now_ms: i64) -> bool {
        let Some((ends, signature)) = value.split_once('.') else { return false };
        let Ok(signature) = blake3::Hash::from_hex(signature) else { return false };
        // Hashes compare in constant time.
        signature == self.signature(ends)
            && ends.parse::<i64>().is_ok_and(|ends| now_ms / 1000 < ends)
    }

    fn signature(&self, ends: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.key, ends.as_bytes())
    }
}

fn cookie(value: &str, max_age: u64, https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{NAME}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
}

/// The key of a data directory, made at first use and readable by its owner alone.
///
/// # Errors
/// [`StoreError::DataDir`], naming the file.
pub fn key_in(data_dir: &Path) -> Result<[u8; KEY_BYTES], StoreError> {
    let path = data_dir.join(KEY_FILE);
    read_or_make(&path).map_err(|source| StoreError::DataDir { path, source })
}

fn read_or_make(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "it is not a key of 32 bytes; remove it")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key: [u8; KEY_BYTES] = rand::random();
            // Whole under another name first: a key that is cut short would stop every start.
            let fresh = path.with_extension("key.new");
            let mut options = std::fs::File::options();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&fresh)?;
            file.write_all(&key)?;
            file.sync_all()?;
            std::fs::rename(&fresh, path)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn sessions(token: &str) -> Sessions {
        Sessions::new(&[7; KEY_BYTES], token.as_bytes(), Duration::from_secs(60))
    }

    fn with(cookie: &str) -> HeaderMap {
        let pair = cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {pair}")).unwrap())])
    }

    #[test]
    fn a_session_is_known_again_until_it_ends() {
        let sessions = sessions("secret");
        let headers = with(&sessions.begin(NOW, false));
        assert!(sessions.is_valid(&headers, NOW + 59_000));
        assert!(!sessions.is_valid(&headers, NOW + 60_000));
    }

    #[test]
    fn another_token_key_or_time_makes_another_signature() {
        let cookie = sessions("secret").begin(NOW, false);
        assert!(!sessions("other").is_valid(&with(&cookie), NOW));
        let other_key = Sessions::new(&[8; KEY_BYTES], b"secret", Duration::from_secs(60));
        assert!(!other_key.is_valid(&with(&cookie), NOW));
        let later = cookie.replacen("=18", "=19", 1);
        assert_ne!(later, cookie);
        assert!(!sessions("secret").is_valid(&with(&later), NOW));
    }

    #[test]
    fn what_is_no_session_is_none() {
        for value in ["", ".", "9999999999.", "9999999999.zz", "x", "9999999999.0000"] {
            let headers = with(&format!("{NAME}={value}"));
            assert!(!sessions("secret").is_valid(&headers, NOW), "{value}");
        }
    }

    #[test]
    fn the_cookie_is_secure_exactly_over_https() {
        let sessions = sessions("secret");
        assert!(sessions.begin(NOW, true).ends_with("; HttpOnly; SameSite=Lax; Secure"));
        assert!(sessions.begin(NOW, false).ends_with("; HttpOnly; SameSite=Lax"));
    }

    #[test]
    fn the_key_stays_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let key = key_in(dir.path()).unwrap();
        assert_eq!(key_in(dir.path()).unwrap(), key);
        let path = dir.path().join(KEY_FILE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, b"short").unwrap();
        assert!(key_in(dir.path()).unwrap_err().to_string().contains(KEY_FILE));
    }
}
