//! What a key of a known provider brings with it.

use std::time::Duration;

use inkstream::server::config::discover::Target;
use inkstream::server::config::{Auth, Config, Continuation, JwtClaim, JwtUnit, Protocol};
use secrecy::ExposeSecret;

use super::Files;

#[test]
fn a_siliconflow_key_brings_its_models_by_style() {
    let sources = Files::empty().sources().with("SILICONFLOW_API_KEY", " sk-sf\n");
    let config = Config::load(&sources).unwrap();
    let provider = &config.providers["siliconflow"];
    assert_eq!(provider.base_url, "https://api.siliconflow.cn/v1");
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "sk-sf");
    let id_of = |style: &str| {
        assert_eq!(config.routes[style].len(), 1);
        config.models[&config.routes[style][0]].id.as_str()
    };
    assert_eq!(id_of("technical"), "deepseek-ai/DeepSeek-V2.5");
    assert_eq!(id_of("tutorial"), "Qwen/Qwen-32B");
    assert_eq!(id_of("overview"), "THUDM/glm-4-9b-chat");
    assert!(!config.demo_only);
}

#[test]
fn an_anthropic_key_brings_its_models_which_take_neither_a_beginning_nor_sampling() {
    let config = Config::load(&Files::empty().sources().with("ANTHROPIC_API_KEY", "sk")).unwrap();
    let provider = &config.providers["anthropic"];
    assert_eq!(provider.protocol, Protocol::Anthropic);
    assert_eq!(provider.base_url, "https://api.anthropic.com");
    assert_eq!(config.routes["technical"][0], "anthropic/sonnet-5.5");
    for model in config.models.values().filter(|model| model.provider == "anthropic") {
        assert_eq!(model.continuation, Continuation::Instruct, "{}", model.name);
        assert!(!model.sampling && model.thinking, "{}", model.name);
        assert!(model.price_cache_read < model.price_input, "{}", model.name);
        assert!(model.price_cache_write > model.price_input, "{}", model.name);
    }
    assert!(config.warnings.is_empty() && config.discovery.targets.is_empty());
}

#[test]
fn a_server_of_a_known_name_needs_no_more_than_that() {
    let config = Files::with(
        "[[providers]]\nname = \"vllm\"\n\
         [[models]]\nname = \"m\"\nprovider = \"vllm\"\nid = \"x\"\nsampling = false\n",
    )
    .load();
    assert_eq!(config.providers["vllm"].base_url, "http://127.0.0.1:8000/v1");
    assert_eq!(config.models["m"].continuation, Continuation::ContinueFinalMessage);
    assert!(!config.models["m"].sampling);
}

#[test]
fn zhipu_is_shown_a_signed_token_where_its_key_can_sign() {
    let auth = |key: &str| {
        let config = Config::load(&Files::empty().sources().with("ZHIPU_API_KEY", key)).unwrap();
        config.providers["zhipu"].auth.clone()
    };
    assert!(matches!(auth("id.secret"), Auth::Jwt(_)));
    assert_eq!(auth("plain"), Auth::Key);
}

#[test]
fn a_token_can_be_described() {
    let provider = |lines: &str| {
        format!(
            "[[providers]]\nname = \"l\"\nprotocol = \"openai\"\nbase_url = \"http://h/v1\"\n\
             api_key = \"sk-id.sk-secret\"\n{lines}"
        )
    };
    let config = Files::with(&provider(
        "auth = \"jwt\"\njwt_claims = [\"iss\", \"exp\"]\njwt_lifetime_s = 120\njwt_unit = \"s\"\n",
    ))
    .load();
    let Auth::Jwt(jwt) = &config.providers["l"].auth else { panic!("a key as it is") };
    assert_eq!(jwt.claims, [JwtClaim::Iss, JwtClaim::Exp]);
    assert_eq!((jwt.lifetime, jwt.unit), (Duration::from_secs(120), JwtUnit::Seconds));
    assert_eq!(Files::with(&provider("")).load().providers["l"].auth, Auth::Key);
    for (toml, complaint) in [
        (provider("auth = \"basic\""), "`auth` of the provider `l` is \"basic\""),
        (provider("jwt_unit = \"s\""), "Add auth = \"jwt\""),
        (provider("auth = \"jwt\"\njwt_unit = \"h\""), "`jwt_unit` is \"h\""),
        (provider("auth = \"jwt\"\njwt_claims = []"), "`jwt_claims` is empty"),
        (provider("auth = \"jwt\"\njwt_claims = [\"sub\"]"), "unknown claim \"sub\""),
        (provider("auth = \"jwt\"\njwt_lifetime_s = 60"), "is not a number from 120"),
        (provider("auth = \"jwt\"").replace("id.sk", "id-sk"), "has not the form id.secret"),
    ] {
        let error = Files::with(&toml).error();
        assert!(error.contains(complaint), "{toml}: {error}");
        assert!(!error.contains("sk-"), "{error}");
    }
}

#[test]
fn several_keys_make_candidates_in_the_order_of_the_presets() {
    let sources = Files::empty()
        .sources()
        .with("OPENAI_API_KEY", "a")
        .with("SILICONFLOW_API_KEY", "b")
        .with("MOONSHOT_API_KEY", "");
    let config = Config::load(&sources).unwrap();
    assert_eq!(
        config.routes["technical"],
        ["siliconflow/deepseek-v2.5", "openai/gpt-4.1", "openai/gpt-4.1-mini"]
    );
    assert!(!config.providers.contains_key("moonshot"), "an empty key is no key");
}

#[test]
fn the_file_overrides_what_a_key_brings() {
    let files = Files::with(
        "[[providers]]\nname = \"siliconflow\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
         [[models]]\nname = \"siliconflow/qwen-32b\"\nprovider = \"siliconflow\"\nid = \"Qwen/New\"\n",
    );
    let config = Config::load(&files.sources().with("SILICONFLOW_API_KEY", "sk")).unwrap();
    let provider = &config.providers["siliconflow"];
    assert_eq!(provider.base_url, "http://127.0.0.1:9/v1");
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "sk");
    assert_eq!(config.models["siliconflow/qwen-32b"].id, "Qwen/New");
    assert_eq!(config.routes["tutorial"], ["siliconflow/qwen-32b"]);
}

#[test]
fn openai_base_url_puts_another_server_in_openais_place() {
    let sources = Files::empty().sources().with("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.providers["openai"].base_url, "http://127.0.0.1:9/v1");
    assert_eq!(config.discovery.targets, [Target::Configured("openai".to_owned())]);
    let named = Config::load(&sources.with("OPENAI_MODEL", "tiny")).unwrap();
    assert_eq!(named.routes["technical"], ["openai/tiny"]);
    assert!(named.discovery.targets.is_empty());
}
