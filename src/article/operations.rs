//! What an installation is doing, for those who run it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{GenerationState, Usage};
use super::generation::UnixMs;
use super::problem::Code;

/// Everything that is going on, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Operations {
    /// The server's clock.
    pub now: UnixMs,
    /// The generations that run or wait in this process, the oldest first.
    pub running: Vec<RunningGeneration>,
    /// The line before the whole server.
    pub queue: Queue,
    /// The circuit breaker of every model, by name.
    pub breakers: Vec<Breaker>,
    /// How every provider has been doing since the server was started, by name.
    pub providers: Vec<ProviderHealth>,
    /// How many dead letters wait for someone.
    pub dead_letters: u32,
    /// What today costs.
    pub spending: Spending,
}

/// A generation that runs or waits for its turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RunningGeneration {
    /// UUIDv7.
    pub id: Uuid,
    /// The article that it writes for.
    pub article_id: Uuid,
    /// What was asked for.
    pub topic: String,
    /// `queued` or `running`.
    pub state: GenerationState,
    /// The model that writes; null before one was chosen.
    pub model: Option<String>,
    /// When it was accepted.
    pub created_at: UnixMs,
    /// Milliseconds since then.
    pub elapsed_ms: u64,
    /// Tokens and money so far.
    pub usage: Usage,
    /// Its place in line, from 1; null where it waits for nobody.
    pub place: Option<u64>,
}

/// How many use something, and how many wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Queue {
    /// How many there is room for at once.
    pub places: u32,
    /// How many are in.
    pub taken: u32,
    /// How many wait.
    pub waiting: u32,
}

/// Whether a model is asked, or left alone because it kept failing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Breaker {
    /// The model, by its name in the configuration.
    pub model: String,
    /// Where it stands.
    pub state: BreakerState,
    /// Milliseconds until it is tried again; null unless it is open.
    pub reopens_in_ms: Option<u64>,
}

/// Where a circuit breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// One call is let through to see.
    HalfOpen,
    /// The model is left alone.
    Open,
}

impl BreakerState {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// How a provider has been doing: its last 50 attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProviderHealth {
    /// Its name in the configuration.
    pub name: String,
    /// The line before it; null where any number may ask it at once.
    pub queue: Option<Queue>,
    /// How many of the attempts came to a good end.
    pub succeeded: u32,
    /// How many failed.
    pub failed: u32,
    /// How many failed in which way, the most frequent first.
    pub errors: Vec<ErrorCount>,
    /// Milliseconds to the first token: half of the attempts took at most so long. Null where none
    /// came.
    pub first_token_p50_ms: Option<u64>,
    /// The same for 95 of 100.
    pub first_token_p95_ms: Option<u64>,
    /// The latest failure.
    pub last_error: Option<LastError>,
}

/// How often something failed in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ErrorCount {
    /// In which way.
    pub code: Code,
    /// How often.
    pub count: u32,
}

/// A failure at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LastError {
    /// In which way.
    pub code: Code,
    /// The model that was asked.
    pub model: String,
    /// When.
    pub at: UnixMs,
}

/// What a day (UTC) costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Spending {
    /// When the day began.
    pub since: UnixMs,
    /// What the generations that began in it have cost so far, by currency.
    pub costs: Vec<Amount>,
    /// The day's budget; null where none is set.
    pub budget: Option<DayBudget>,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// In millionths of the currency.
    pub cost: i64,
}

/// What a day may cost, and how much of it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DayBudget {
    /// ISO 4217.
    pub currency: String,
    /// In millionths of the currency.
    pub limit: i64,
    /// What is spent or set aside for what runs, in millionths.
    pub used: i64,
}
