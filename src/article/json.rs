//! Reading JSON.
//!
//! In the browser the browser's own parser does it: `serde_json` would bring another, and for every
//! type a way to read it from an array as well, which is half of what reading takes there.

use serde::de::DeserializeOwned;

/// Why a value could not be read.
#[cfg(not(feature = "hydrate"))]
pub type Unreadable = serde_json::Error;
/// Why a value could not be read.
#[cfg(feature = "hydrate")]
pub type Unreadable = serde_wasm_bindgen::Error;

/// Reads a value. In the browser a number beyond 2⁵³ is none.
///
/// # Errors
/// It is no JSON, or not what is expected.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    #[cfg(not(feature = "hydrate"))]
    return serde_json::from_str(text);
    #[cfg(feature = "hydrate")]
    js_sys::JSON::parse(text)
        .map_err(|_| Unreadable::new("no JSON"))
        .and_then(serde_wasm_bindgen::from_value)
}
