//! The command line: reads what was asked for, and starts it.

mod doctor;
mod generate;
mod output;
mod serve;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use super::config::{Config, Sources, discover, unpriced};
use super::store::{Store, StoreError};
use super::telemetry::{self, metrics};

/// Turns a topic into a publishable technical article, live.
#[derive(Debug, Parser)]
#[command(name = "inkstream", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    /// The configuration file, instead of inkstream.toml in the working directory
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Configuration: inkstream.toml, .env and the environment; inkstream.example.toml shows every key.
A key such as OPENAI_API_KEY, DEEPSEEK_API_KEY or SILICONFLOW_API_KEY connects that provider;
without any, a local model server is used, or else the built-in demo. `inkstream doctor` says
whether they answer.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the web server
    Serve,
    /// Write one article to standard output; everything else goes to standard error
    Generate(Box<GenerateArgs>),
    /// Look whether every provider answers, and say what to do where one does not; asks each for a
    /// few tokens
    Doctor(DoctorArgs),
    /// Bring the database up to date and end (serve and generate do so by themselves)
    Migrate,
}

/// A brief. What is left out is left to the defaults.
#[derive(Debug, Args)]
struct GenerateArgs {
    /// What the article is about
    topic: String,
    /// The kind of article
    #[arg(long, value_parser = ["technical", "tutorial", "overview"], default_value = "technical")]
    style: String,
    /// Language of the article, such as en or zh-CN [default: that of the topic]
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Model to try first, as the configuration names it, such as demo/instant
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Length in words or, in Chinese, characters
    #[arg(long, value_name = "N")]
    length: Option<u32>,
    /// Who reads it
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// Tools and languages that it should use
    #[arg(long, value_name = "TEXT")]
    tech_stack: Option<String>,
    /// What readers know already
    #[arg(long, value_name = "TEXT")]
    prerequisites: Option<String>,
    /// How long reading or following it should take, such as "15 minutes"
    #[arg(long, value_name = "TEXT")]
    duration: Option<String>,
    /// Tone of voice
    #[arg(long, value_name = "TEXT")]
    tone: Option<String>,
    /// Sampling: 0 to 2, 0.3 to 0.9 advised
    #[arg(long, value_name = "X")]
    temperature: Option<f64>,
    /// Sampling: 0 to 1, 0.7 and more advised
    #[arg(long, value_name = "X")]
    top_p: Option<f64>,
    /// Longest answer, in tokens
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
    /// Print every event as one line of JSON: {"seq", "event", "data"}
    #[arg(long)]
    json: bool,
}

/// How the report is given.
#[derive(Debug, Args)]
struct DoctorArgs {
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Why a command ended without its result: a sentence that names the remedy.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(cli)).unwrap_or_else(|failure| {
        complain(&failure.to_string());
        ExitCode::FAILURE
    })
}

/// How many threads run tasks: half of the processors. The kernel's part of moving tokens takes as
/// much again, and the store, the colouring and the parsing of finished articles have threads of
/// their own. Threads that have company wake each other for work that they cannot take over: with
/// two on two processors a token at 200 streams cost a fifth more (`make bench -- cpu`). One moves
/// some 50,000 tokens a second; `TOKIO_WORKER_THREADS` says otherwise.
fn workers() -> usize {
    let told = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|told| told.parse().ok());
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    told.filter(|told| *told > 0).unwrap_or(processors / 2).max(1)
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let mut config = Config::load(&Sources::of_process(cli.config))?;
    // Whoever reads an article in the terminal wants no log beside it, unless he asked for one.
    if !matches!(cli.command, Command::Serve) && config.log.filter == "info" {
        "warn".clone_into(&mut config.log.filter);
    }
    telemetry::start_logging(&config.log)?;
    match cli.command {
        Command::Serve => serve::run(config).await,
        Command::Generate(args) => generate::run(complete(config).await, *args).await,
        Command::Doctor(args) => doctor::run(config, args).await,
        Command::Migrate => migrate(&config).await,
    }
}

/// Finds models on the network, and tells the log what the operator should know.
async fn complete(config: Config) -> Config {
    metrics::start();
    let config = discover::complete(config).await;
    for warning in config.warnings.iter().chain(&unpriced(&config)) {
        tracing::warn!("{warning}");
    }
    config
}

async fn migrate(config: &Config) -> Result<ExitCode, Failure> {
    Store::open(&config.server.data_dir).await.map_err(storage)?.close().await;
    note(&format!("the database in {} is up to date", config.server.data_dir.display()));
    Ok(ExitCode::SUCCESS)
}

/// A failure of the database, with its remedy.
fn storage(error: StoreError) -> Failure {
    format!("{error} {}", error.resolution()).into()
}

/// Says something to the person at the terminal; standard output belongs to the article.
fn note(line: &str) {
    // Where nobody reads standard error any more there is nobody to tell, and no reason to stop.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn complain(message: &str) {
    note(&format!("inkstream: {message}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_configuration_can_be_named_before_and_after_the_command() {
        for arguments in [
            ["inkstream", "--config", "a.toml", "serve"],
            ["inkstream", "serve", "--config", "a.toml"],
        ] {
            assert_eq!(Cli::parse_from(arguments).config, Some(PathBuf::from("a.toml")));
        }
    }
}
