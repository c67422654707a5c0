//! The file, `.env` and the environment, one over the other.

use std::path::PathBuf;
use std::time::Duration;

use inkstream::server::config::{
    CacheConfig, Config, Continuation, LogFormat, Protocol, RoutePolicy,
};
use secrecy::ExposeSecret;

use super::{Files, LOCAL, error_of};

#[test]
fn without_anything_the_documented_defaults_and_the_demo_apply() {
    let config = Files::empty().load();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.server.data_dir, PathBuf::from("data"));
    assert_eq!(config.server.site_dir, None);
    assert_eq!(config.generation.connect_timeout, Duration::from_secs(5));
    assert_eq!(config.generation.first_token_timeout, Duration::from_secs(60));
    assert_eq!(config.generation.idle_timeout, Duration::from_secs(30));
    assert_eq!(config.generation.total_timeout, Duration::from_secs(900));
    assert_eq!(config.generation.deadline, Duration::from_secs(3600));
    assert_eq!(config.generation.retries, 3);
    assert_eq!(config.generation.retry_quick_min, Duration::from_millis(200));
    assert_eq!(config.generation.retry_quick_max, Duration::from_millis(500));
    assert_eq!(config.generation.backoff_min, Duration::from_secs(2));
    assert_eq!(config.generation.backoff_max, Duration::from_secs(10));
    assert_eq!(config.generation.breaker_open, Duration::from_secs(60));
    assert_eq!(config.generation.max_continuations, 24);
    assert_eq!(config.generation.max_concurrent, 2000);
    assert_eq!(config.generation.max_text_bytes, 2_097_152);
    let day = Duration::from_secs(24 * 3600);
    let cache =
        CacheConfig { enabled: true, ttl: day, max_entries: 1024, max_bytes: 64 * 1024 * 1024 };
    assert_eq!(config.cache, cache);
    assert_eq!(config.routing.policy, RoutePolicy::Order);
    assert!(config.routing.priorities.is_empty());
    assert_eq!(config.log.filter, "info");
    assert_eq!(config.log.format, LogFormat::Auto);
    assert!(config.demo_only);
    assert_eq!(config.routes.len(), 1);
    assert_eq!(config.routes["default"], ["demo/steady"]);
    let demo: Vec<&str> = config.models.keys().map(String::as_str).collect();
    assert_eq!(
        demo,
        [
            "demo/drops",
            "demo/fails",
            "demo/instant",
            "demo/rate-limited",
            "demo/slow-start",
            "demo/stalls",
            "demo/steady",
            "demo/truncated"
        ]
    );
    assert!(config.warnings.is_empty());
}

#[test]
fn a_local_provider_comes_before_everything_and_the_demo_is_no_candidate() {
    let files = Files::with(LOCAL);
    let config = Config::load(&files.sources().with("LOCAL_KEY", "sk-1")).unwrap();
    let provider = &config.providers["local"];
    assert_eq!(provider.protocol, Protocol::OpenAi);
    assert_eq!(provider.base_url, "http://127.0.0.1:8000/v1");
    assert_eq!(provider.api_key.as_ref().unwrap().expose_secret(), "sk-1");
    let model = &config.models["local/glm"];
    assert_eq!((model.provider.as_str(), model.id.as_str()), ("local", "GLM-4.7-Flash"));
    assert_eq!((model.context_window, model.max_output), (32768, 8192));
    assert_eq!((model.price_input, model.price_output), (Some(0.14), Some(0.28)));
    assert_eq!(model.currency.as_deref(), Some("CNY"));
    assert_eq!(model.continuation, Continuation::Prefix);
    for style in ["technical", "tutorial", "overview", "default"] {
        assert_eq!(config.routes[style], ["local/glm"], "{style}");
    }
    assert!(!config.demo_only);
    assert!(config.models.contains_key("demo/steady"), "a brief can still name it");
}

#[test]
fn later_layers_win_and_leave_the_rest_alone() {
    let files = Files::with("[server]\nlisten = \"127.0.0.1:4000\"\ndata_dir = \"a\"\n");
    files.write(".env", "INKSTREAM_DATA_DIR=b\nINKSTREAM_SITE_DIR='from dot env'\n");
    let sources = files.sources().with("INKSTREAM_DATA_DIR", "c");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.server.data_dir, PathBuf::from("c"));
    assert_eq!(config.server.site_dir, Some(PathBuf::from("from dot env")));
    assert_eq!(config.generation.retries, 3);
    assert_eq!(std::env::var("INKSTREAM_SITE_DIR").ok(), None, "the process is left alone");
}

#[test]
fn every_simple_setting_can_come_from_the_environment() {
    let sources = Files::empty()
        .sources()
        .with("INKSTREAM_LISTEN", "localhost:0")
        .with("INKSTREAM_IDLE_TIMEOUT_S", "0.5")
        .with("INKSTREAM_RETRIES", "0")
        .with("INKSTREAM_MAX_CONCURRENT", "7")
        .with("INKSTREAM_ALLOWED_HOSTS", "ink.example.org, Other.example.org")
        .with("INKSTREAM_DEADLINE_S", "60")
        .with("INKSTREAM_BACKOFF_MIN_S", "0.01")
        .with("INKSTREAM_BACKOFF_MAX_S", "0.02")
        .with("INKSTREAM_RETRY_MIN_MS", "0.5")
        .with("INKSTREAM_CACHE_ENABLED", "off")
        .with("INKSTREAM_CACHE_TTL_HOURS", "0.5")
        .with("INKSTREAM_ROUTING_POLICY", "cheapest")
        .with("INKSTREAM_ROUTING_FAST", "demo/instant, demo/steady")
        .with("INKSTREAM_LOG", "debug")
        .with("INKSTREAM_LOG_FORMAT", "json");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.generation.idle_timeout, Duration::from_millis(500));
    assert_eq!(config.generation.retries, 0);
    assert_eq!(config.generation.max_concurrent, 7);
    assert_eq!(config.generation.deadline, Duration::from_secs(60));
    assert_eq!(config.generation.backoff_min, Duration::from_millis(10));
    assert_eq!(config.generation.backoff_max, Duration::from_millis(20));
    assert_eq!(config.generation.retry_quick_min, Duration::from_micros(500));
    assert!(!config.cache.enabled);
    assert_eq!(config.cache.ttl, Duration::from_secs(1800));
    assert_eq!(config.routing.policy, RoutePolicy::Cheapest);
    assert_eq!(config.routing.priorities["fast"], ["demo/instant", "demo/steady"]);
    assert_eq!(config.server.allowed_hosts, ["ink.example.org", "other.example.org"]);
    assert_eq!((config.log.filter.as_str(), config.log.format), ("debug", LogFormat::Json));
}

#[test]
fn rust_log_is_heard_where_nothing_more_precise_is_set() {
    let files = Files::empty();
    let usual = files.sources().with("RUST_LOG", "trace");
    assert_eq!(Config::load(&usual).unwrap().log.filter, "trace");
    let both = usual.with("INKSTREAM_LOG", "warn");
    assert_eq!(Config::load(&both).unwrap().log.filter, "warn");
}

#[test]
fn a_file_can_be_named_and_must_then_be_there() {
    let files = Files::empty();
    files.write("other.toml", "[generation]\nretries = 1\n");
    let named = files.sources().with("INKSTREAM_CONFIG", "other.toml");
    assert_eq!(Config::load(&named).unwrap().generation.retries, 1);
    let mut argument = files.sources().with("INKSTREAM_CONFIG", "other.toml");
    argument.file = Some(files.0.path().join("missing.toml"));
    assert_eq!(
        error_of(&argument),
        "missing.toml: there is no such file, but --config names it. Create it, for example from \
         inkstream.example.toml, or correct --config."
    );
}

#[test]
fn a_typo_is_named_with_its_line_its_table_and_what_was_meant() {
    assert_eq!(
        Files::with("# a comment\n[server]\ndata_dir = \"x\"\nlisen = \"127.0.0.1:1\"\n").error(),
        "inkstream.toml:4: unknown key `lisen` in [server]; did you mean `listen`? Known there: \
         listen, data_dir, site_dir, access_token, session_days, public_url, allowed_hosts, \
         trusted_proxies, cors_origins, discover."
    );
    let error = Files::with("[sever]\n").error();
    assert!(error.starts_with("inkstream.toml:1: unknown table `sever`"), "{error}");
    assert!(error.contains("did you mean `server`?"), "{error}");
    let error = Files::with(&format!("{LOCAL}contextwindow = 3\n")).error_with("LOCAL_KEY");
    assert!(error.contains("in [[models]]; did you mean `context_window`?"), "{error}");
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    let error = Files::with("[server]\nlisten = 127.0.0.1:3000\n").error();
    assert!(error.starts_with("inkstream.toml:2: this is not valid TOML:"), "{error}");
}

#[test]
fn a_variable_that_is_not_set_is_named_with_its_key() {
    assert_eq!(
        Files::with(LOCAL).error(),
        "inkstream.toml:6: `api_key` in [[providers]] reads the variable LOCAL_KEY, which is not \
         set. Set LOCAL_KEY in the environment or in .env, or remove the key."
    );
    let error = Files::with("[server]\ndata_dir = \"${DIR\"\n").error();
    assert!(error.contains("without the name of a variable"), "{error}");
}

#[test]
fn a_variable_can_be_part_of_a_value_and_come_from_dot_env() {
    let files = Files::with("[server]\ndata_dir = \"/var/${WHO}/${WHAT}\"\n");
    files.write(".env", "WHO=ink\n");
    let config = Config::load(&files.sources().with("WHAT", "data")).unwrap();
    assert_eq!(config.server.data_dir, PathBuf::from("/var/ink/data"));
}

#[test]
fn dot_env_that_cannot_be_read_is_refused_without_showing_it() {
    let files = Files::empty();
    files.write(".env", "OPENAI_API_KEY=\"sk-secret\n");
    let error = files.error();
    assert!(error.contains(".env: the line of `OPENAI_API_KEY`"), "{error}");
    assert!(!error.contains("sk-secret"), "{error}");
}

#[test]
fn simple_values_out_of_range_or_of_the_wrong_type_are_refused() {
    for (line, complaint) in [
        ("[server]\nlisten = \"3000\"", "not an address with a port"),
        ("[server]\nlisten = 3000", "`listen` in [server] is not a string"),
        ("[server]\ndata_dir = \"\"", "`data_dir` in [server] is not a path"),
        ("[server]\ndiscover = \"maybe\"", "`discover` in [server] is not true or false"),
        ("[server]\nallowed_hosts = 5", "is not a list of strings"),
        ("[server]\nallowed_hosts = [5]", "a list of other things than strings"),
        ("[generation]\nidle_timeout_s = 0", "is not a number above 0"),
        ("[generation]\nconnect_timeout_s = -1", "is not a number above 0"),
        ("[generation]\ntotal_timeout_s = nan", "is not a number above 0"),
        ("[generation]\nretries = 1.5", "is not a whole number"),
        ("[generation]\nretries = 11", "is not a number from 0 to 10"),
        ("[generation]\nmax_concurrent = 0", "is not a number from 1"),
        ("[generation]\nmax_text_bytes = \"much\"", "is not a number from 1"),
        ("[generation]\ndeadline_s = 0", "`deadline_s` in [generation] is not a number above 0"),
        ("[generation]\nretry_min_ms = 501", "`retry_min_ms` in [generation] is larger than"),
        ("[generation]\nbackoff_max_s = 1.5", "`backoff_min_s` in [generation] is larger than"),
        ("[generation]\nmax_continuations = -1", "is not a number from 0 to 1000"),
        ("[cache]\nenabled = \"maybe\"", "`enabled` in [cache] is not true or false"),
        ("[cache]\nttl_hours = 0", "`ttl_hours` in [cache] is not a number above 0"),
        ("[cache]\nmax_mb = 0", "`max_mb` in [cache] is not a number from 1"),
        ("[routing]\npolicy = \"best\"", "`policy` in [routing] is \"best\""),
        ("[log]\nformat = \"xml\"", "`format` in [log] is \"xml\""),
        ("server = 5", "[server] is a table"),
        ("[providers]\nname = \"x\"", "Write [[providers]] with two brackets"),
        ("[[routes]]\ndefault = [\"demo/steady\"]", "[routes] is a table"),
    ] {
        let error = Files::with(line).error();
        assert!(error.contains(complaint), "{line}: {error}");
        assert!(error.starts_with("inkstream.toml:"), "{line}: {error}");
    }
    let error = error_of(&Files::empty().sources().with("INKSTREAM_RETRIES", "many"));
    assert!(error.starts_with("INKSTREAM_RETRIES: `retries`"), "{error}");
}

#[test]
fn what_cannot_be_honoured_yet_is_said() {
    for name in ["INKSTREAM_DATABASE_URL", "INKSTREAM_REDIS_URL"] {
        let error = error_of(&Files::empty().sources().with(name, "sk-secret"));
        assert!(error.contains("not supported by this version"), "{error}");
        assert!(error.contains(&format!("Unset {name}")), "{error}");
        assert!(!error.contains("sk-secret"), "{error}");
    }
}

#[test]
fn a_variable_that_is_nearly_one_of_ours_is_an_error_and_any_other_is_not_ours() {
    for (name, meant) in [
        ("INKSTREAM_LISTN", "INKSTREAM_LISTEN"),
        ("INKSTREAM_DALY_BUDGET", "INKSTREAM_DAILY_BUDGET"),
    ] {
        let error = error_of(&Files::empty().sources().with(name, "3"));
        assert!(error.contains(&format!("did you mean {meant}?")), "{error}");
        assert!(error.contains(&format!("unset {name}")), "{error}");
    }
    let theirs = Files::empty().sources().with("INKSTREAM_PORT_3000_TCP", "tcp://10.0.0.1:3000");
    assert!(Config::load(&theirs).unwrap().warnings.is_empty());
}

#[test]
fn keys_never_show_in_debug_output() {
    let sources = Files::empty().sources().with("OPENAI_API_KEY", "sk-secret");
    let config = Config::load(&sources).unwrap();
    assert!(!format!("{config:?}").contains("sk-secret"));
}
