//! `inkstream doctor`: looks whether everything that an article needs is there, and says what is
//! not and what to do about it.
//!
//! Every provider is asked for its list of models, which costs nothing, and for a few tokens, the
//! way that articles are asked for.

mod report;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use self::report::{Outcome, ProviderReport, Report, StorageReport};
use super::{DoctorArgs, Failure};
use crate::article::problem::Problem;
use crate::server::config::{Config, ModelConfig, Protocol, ProviderConfig, discover, unpriced};
use crate::server::connections::{TEST_TOKENS, test};
use crate::server::pipeline::Providers;
use crate::server::providers;
use crate::server::store::{Store, StoreError};

/// How long a provider has to list its models.
const LIST_PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything, and prints a line for each thing as soon as it is known; with `--json` the
/// whole report at the end.
///
/// # Errors
/// Nothing can be printed. What it finds is no error, but the exit status: 1 where the data
/// directory cannot be used, or a provider fails that a route needs.
pub async fn run(config: Config, args: DoctorArgs) -> Result<ExitCode, Failure> {
    let mut out = io::stdout();
    let mut say = |text: String| if args.json { Ok(()) } else { out.write_all(text.as_bytes()) };
    say(format!("Every provider is asked for at most {TEST_TOKENS} tokens.\n"))?;
    let config = discover::complete(config).await;
    let (store, storage) = storage(&config).await;
    say(storage.to_string())?;
    let apis = providers::build(&config);
    let mut report = Report { storage, ..Report::default() };
    for provider in config.providers.values() {
        let needed = is_needed(&config, provider);
        if provider.protocol == Protocol::Demo && !needed {
            continue;
        }
        let looked = look_at(&config, &apis, store.as_ref(), provider, needed).await;
        say(looked.to_string())?;
        report.providers.push(looked);
    }
    report.warnings = config.warnings.iter().cloned().chain(unpriced(&config)).collect();
    if config.demo_only {
        report.warnings.push(
            "No model is connected: articles come from the built-in demo. Set a key such as \
             DEEPSEEK_API_KEY, or start a local model server."
                .to_owned(),
        );
    }
    for warning in &report.warnings {
        say(format!("! {warning}\n"))?;
    }
    if let Some(store) = store {
        store.close().await;
    }
    report.works = report.storage.outcome() != Outcome::Fails
        && report.providers.iter().all(|it| !it.needed || it.outcome != Outcome::Fails);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    out.flush()?;
    Ok(if report.works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Opens the database as the server does, and sees whether it can be written.
async fn storage(config: &Config) -> (Option<Store>, StorageReport) {
    let directory = config.server.data_dir.display().to_string();
    let opened = async {
        let store = Store::open(&config.server.data_dir).await?;
        store.ping().await?;
        Ok::<_, StoreError>(store)
    };
    match opened.await {
        Ok(store) => (Some(store), StorageReport { directory, problem: None }),
        Err(error) => (None, StorageReport { directory, problem: Some(error.to_problem()) }),
    }
}

async fn look_at(
    config: &Config,
    apis: &Providers,
    store: Option<&Store>,
    provider: &ProviderConfig,
    needed: bool,
) -> ProviderReport {
    let mut report = ProviderReport {
        name: provider.name.clone(),
        base_url: provider.speakable_url(),
        needed,
        ..ProviderReport::default()
    };
    // Not every server has a list; what else is wrong is said by the question for tokens, unless the
    // list was to say whom to ask.
    if provider.protocol != Protocol::Demo {
        match discover::list(provider, LIST_PATIENCE).await {
            Ok(listed) => {
                report.listed = Some(listed.len());
                report.unlisted = unlisted(config, &provider.name, &listed);
            }
            Err(error) if has_no_model(config, &provider.name) => {
                report.outcome = Outcome::Fails;
                report.problem = Some(Problem::new(
                    error.code,
                    format!("It could not be asked for its models: {error}."),
                    "Start the server or correct its base_url or key; or add a [[models]] entry.",
                ));
                return report;
            }
            Err(_) => {}
        }
    }
    match test(config, apis, store, &provider.name, None).await {
        Ok(tested) => {
            report.outcome = if tested.works { Outcome::Works } else { Outcome::Fails };
            report.model = Some(tested.model);
            report.first_token_ms = tested.first_token_ms;
            report.problem = tested.problem;
        }
        Err(problem) => {
            report.outcome = Outcome::of_no_test(problem.code);
            report.problem = Some(problem);
        }
    }
    report
}

/// The models of the configuration that their provider does not list, where its list is whole.
fn unlisted(config: &Config, provider: &str, listed: &[ModelConfig]) -> Vec<String> {
    if listed.is_empty() || listed.len() >= discover::MAX_MODELS {
        return Vec::new();
    }
    let is_listed = |model: &&ModelConfig| listed.iter().any(|other| other.id == model.id);
    let own = config.models.values().filter(|model| model.provider == provider);
    own.filter(|model| !is_listed(model)).map(|model| model.id.clone()).collect()
}

/// Whether a route, or a priority, names a model of the provider; or would, if it told its models and
/// nothing else is connected.
fn is_needed(config: &Config, provider: &ProviderConfig) -> bool {
    let named = config.routes.values().chain(config.routing.priorities.values()).flatten();
    let is_named = named
        .filter_map(|name| config.models.get(name))
        .any(|model| model.provider == provider.name);
    let silent = provider.protocol != Protocol::Demo && has_no_model(config, &provider.name);
    is_named || (silent && config.demo_only && !config.discovery.routes_fixed)
}

fn has_no_model(config: &Config, provider: &str) -> bool {
    config.models.values().all(|model| model.provider != provider)
}
