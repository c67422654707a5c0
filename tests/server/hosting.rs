//! The settings of a server for colleagues: what they mean, and what is said where they are wrong.

use inkstream::server::config::{Config, Sources, unpriced};

fn load(toml: &str) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("inkstream.toml"), toml).unwrap();
    Config::load(&Sources::of_directory(directory.path())).map_err(|error| error.to_string())
}

const PRICED: &str = "[[models]]\nname = \"costly\"\nprovider = \"demo\"\nid = \"instant\"\n\
    price_input = 1.0\nprice_output = 2.0\ncurrency = \"USD\"\n";

#[test]
fn by_default_nobody_is_let_in_from_outside_and_nothing_is_limited() {
    let config = load("").unwrap();
    assert!(config.server.access_token.is_none() && config.server.public_url.is_none());
    assert!(config.server.trusted_proxies.is_empty() && config.server.cors_origins.is_empty());
    assert_eq!(config.server.session_lifetime.as_secs(), 30 * 86_400);
    assert_eq!(config.limits.daily_budget, None);
}

#[test]
fn the_public_address_says_host_and_scheme() {
    let config = load("[server]\npublic_url = \"https://Ink.Example.org/\"\n").unwrap();
    let public = config.server.public_url.unwrap();
    assert_eq!(public.host, "ink.example.org");
    assert_eq!(public.origin, "https://ink.example.org");
    assert!(public.https);
}

#[test]
fn a_wrong_setting_is_named_with_its_line_and_a_remedy() {
    for (line, key, remedy) in [
        ("access_token = \"short\"", "access_token", "openssl rand"),
        ("access_token = \"with some spaces\"", "access_token", "openssl rand"),
        ("session_days = 0", "session_days", "from 1 to 365"),
        ("public_url = \"ink.example.org\"", "public_url", "https://ink.example.org"),
        ("public_url = \"https://ink.example.org/sub\"", "public_url", "alone"),
        ("trusted_proxies = [\"10.0.0.0/33\"]", "trusted_proxies", "10.0.0.0/8"),
        ("trusted_proxies = [\"proxy\"]", "trusted_proxies", "127.0.0.1"),
        ("cors_origins = [\"*\"]", "cors_origins", "https://"),
    ] {
        let error = load(&format!("[server]\n{line}\n")).unwrap_err();
        assert!(error.contains("inkstream.toml:2"), "{line}: {error}");
        assert!(error.contains(key) && error.contains(remedy), "{line}: {error}");
    }
    for line in ["daily_budget = -1", "daily_budget = \"much\"", "currency = \"yuan\""] {
        let error = load(&format!("[limits]\n{line}\n")).unwrap_err();
        assert!(error.contains("inkstream.toml:2"), "{line}: {error}");
    }
    let error = load("[server]\naccess_token = \"ein-Schlüssel\"\n").unwrap_err();
    assert!(!error.contains("Schl"), "a secret is never shown: {error}");
}

#[test]
fn a_budget_in_another_currency_than_the_prices_is_refused() {
    let error = load(&format!("[limits]\ndaily_budget = 5.0\n{PRICED}")).unwrap_err();
    assert!(error.contains("CNY") && error.contains("costly") && error.contains("USD"), "{error}");
    let budget = "[limits]\ndaily_budget = 5.0\ncurrency = \"usd\"\n";
    let config = load(&format!("{budget}{PRICED}")).unwrap();
    assert_eq!(config.limits.daily_budget, Some(5_000_000));
}

#[test]
fn models_without_a_price_are_named_where_there_is_a_budget() {
    let bare = "[[providers]]\nname = \"p\"\nprotocol = \"openai\"\n\
                base_url = \"http://127.0.0.1:1/v1\"\n\
                [[models]]\nname = \"bare\"\nprovider = \"p\"\nid = \"x\"\n";
    let config = load(&format!("[limits]\ndaily_budget = 5.0\n{bare}")).unwrap();
    assert!(unpriced(&config).unwrap().contains("bare"));
    assert_eq!(unpriced(&load(bare).unwrap()), None);
}

#[test]
fn a_token_never_shows_in_debug_output() {
    let config = load("[server]\naccess_token = \"very-secret-token\"\n").unwrap();
    assert!(!format!("{config:?}").contains("very-secret"));
}
