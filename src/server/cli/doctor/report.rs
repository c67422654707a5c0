//! What the doctor found, as lines for people and as JSON for programs.

use std::fmt;

use serde::Serialize;

use crate::article::problem::{Code, Problem};

/// Everything that was looked at.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whether articles can be written: what is written can be kept, and every provider that is
    /// needed works.
    pub works: bool,
    /// Where everything is kept.
    pub storage: StorageReport,
    /// The model APIs.
    pub providers: Vec<ProviderReport>,
    /// What in the configuration is to be looked at.
    pub warnings: Vec<String>,
}

/// The data directory.
#[derive(Debug, Default, Serialize)]
pub struct StorageReport {
    /// Where it is.
    pub directory: String,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// A model API.
#[derive(Debug, Default, Serialize)]
pub struct ProviderReport {
    /// Its name in the configuration.
    pub name: String,
    /// Where it is asked, without what may be secret in it; empty for the demo.
    pub base_url: String,
    /// Whether a route, or a priority, names a model of it; or it was to tell its models, and there
    /// are no others but the demo's.
    pub needed: bool,
    /// How it went.
    pub outcome: Outcome,
    /// The model that was asked, by its name in the configuration.
    pub model: Option<String>,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<u64>,
    /// How many models it lists; null where it has no list.
    pub listed: Option<usize>,
    /// The ids of configured models that it does not list.
    pub unlisted: Vec<String>,
    /// What is wrong.
    pub problem: Option<Problem>,
}

/// How a check went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// It was not looked at, for a reason that is not its own.
    #[default]
    NotAsked,
}

impl Outcome {
    /// How it is with a provider that was not asked, by the reason.
    pub fn of_no_test(reason: Code) -> Self {
        match reason {
            Code::BudgetExhausted | Code::StorageUnavailable | Code::Overloaded => Self::NotAsked,
            _ => Self::Fails,
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Works => '✓',
            Self::Fails => '✗',
            Self::NotAsked => '–',
        }
    }
}

impl StorageReport {
    /// Whether it can be used.
    pub fn outcome(&self) -> Outcome {
        if self.problem.is_none() { Outcome::Works } else { Outcome::Fails }
    }
}

impl fmt::Display for StorageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} data directory {}", self.outcome().mark(), self.directory)?;
        told(f, self.problem.as_ref())
    }
}

impl fmt::Display for ProviderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.outcome.mark(), self.name)?;
        if !self.base_url.is_empty() {
            write!(f, " at {}", self.base_url)?;
        }
        if let Some(model) = &self.model {
            write!(f, ", {model}")?;
        }
        if let Some(waited) = self.first_token_ms {
            write!(f, ": first token after {waited} ms")?;
        }
        match self.listed {
            None => {}
            Some(1) => f.write_str(", lists 1 model")?,
            Some(listed) => write!(f, ", lists {listed} models")?,
        }
        if !self.unlisted.is_empty() {
            write!(f, ", but not {}", self.unlisted.join(", "))?;
        }
        if !self.needed {
            f.write_str(" (no route needs it)")?;
        }
        told(f, self.problem.as_ref())
    }
}

/// Ends the line, and says on others what is wrong and what helps.
fn told(f: &mut fmt::Formatter<'_>, problem: Option<&Problem>) -> fmt::Result {
    match problem {
        None => writeln!(f),
        Some(problem) => {
            writeln!(f, "\n    {}\n    → {}", problem.message, problem.resolution)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_works_takes_one_line() {
        let report = ProviderReport {
            name: "deepseek".into(),
            base_url: "https://api.deepseek.com/beta".into(),
            needed: true,
            outcome: Outcome::Works,
            model: Some("deepseek/flash".into()),
            first_token_ms: Some(412),
            listed: Some(2),
            ..ProviderReport::default()
        };
        assert_eq!(
            report.to_string(),
            "✓ deepseek at https://api.deepseek.com/beta, deepseek/flash: first token after 412 \
             ms, lists 2 models\n"
        );
    }

    #[test]
    fn what_is_wrong_and_what_helps_stand_below() {
        let report = ProviderReport {
            name: "zhipu".into(),
            outcome: Outcome::Fails,
            unlisted: vec!["glm-9".into()],
            listed: Some(1),
            problem: Some(Problem::new(Code::UpstreamUnauthorized, "No.", "Check the key.")),
            ..ProviderReport::default()
        };
        assert_eq!(
            report.to_string(),
            "✗ zhipu, lists 1 model, but not glm-9 (no route needs it)\n    No.\n    → Check the \
             key.\n"
        );
    }
}
