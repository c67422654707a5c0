//! The figures, as a table to read and as JSON to keep.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use crate::Error;

/// The targets in the order of the table's columns.
pub const DIRECT: &str = "direct";
/// The gateway that hands bytes through.
pub const PASSING: &str = "passing";
/// The gateway that parses and rewrites.
pub const PARSING: &str = "parsing";
/// The server of this project.
pub const INKSTREAM: &str = "inkstream";

const COLUMNS: [&str; 4] = [DIRECT, PASSING, PARSING, INKSTREAM];

/// What a figure should be; only Inkstream's is judged.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// This multiple of the parsing gateway's figure or more.
    TimesParsing(f64),
}

/// One line of the report.
#[derive(Serialize)]
pub struct Figure {
    scenario: &'static str,
    name: String,
    unit: &'static str,
    values: Vec<(&'static str, f64)>,
    aim: Option<Aim>,
    met: Option<bool>,
}

impl Figure {
    /// A line without values.
    pub fn new(scenario: &'static str, name: impl Into<String>, unit: &'static str) -> Self {
        Self { scenario, name: name.into(), unit, values: Vec::new(), aim: None, met: None }
    }

    /// Adds a target's value.
    pub fn set(&mut self, target: &'static str, value: f64) {
        self.values.push((target, value));
    }

    /// The line with a target's value added.
    pub fn value(mut self, target: &'static str, value: f64) -> Self {
        self.set(target, value);
        self
    }

    /// Sets what is aimed at. Call it after the values.
    pub fn aim(mut self, aim: Aim) -> Self {
        self.met = self.of(INKSTREAM).and_then(|ours| match aim {
            Aim::AtMost(limit) => Some(ours <= limit),
            Aim::AtLeast(limit) => Some(ours >= limit),
            Aim::TimesParsing(times) => self.of(PARSING).map(|theirs| ours >= times * theirs),
        });
        self.aim = Some(aim);
        self
    }

    fn of(&self, target: &str) -> Option<f64> {
        self.values.iter().find(|(name, _)| *name == target).map(|(_, value)| *value)
    }
}

/// Everything that was measured.
#[derive(Default, Serialize)]
pub struct Report {
    /// Whether this was the small version.
    quick: bool,
    /// Seconds since 1970 at the end of the run.
    taken_at: u64,
    /// CPUs of the machine.
    cpus: usize,
    /// What else the machine was doing: the load average over a minute, before the run.
    load_before: String,
    figures: Vec<Figure>,
    /// What could not be measured, and why.
    failures: Vec<String>,
}

impl Report {
    /// An empty report.
    pub fn new(quick: bool, load_before: String) -> Self {
        Self { quick, load_before, ..Self::default() }
    }

    /// The load average before the run.
    pub fn load_before(&self) -> &str {
        &self.load_before
    }

    /// Adds a line.
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Notes something that could not be measured.
    pub fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    /// Whether everything could be measured.
    pub fn whole(&self) -> bool {
        self.failures.is_empty()
    }

    /// The table.
    pub fn table(&self) -> String {
        let width = self.figures.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
        let mut table = String::new();
        let mut scenario = "";
        for figure in &self.figures {
            if figure.scenario != scenario {
                scenario = figure.scenario;
                let _ = write!(table, "\n{scenario}\n  {:width$}", "");
                for column in COLUMNS {
                    let _ = write!(table, " {column:>10}");
                }
                let _ = writeln!(table, "  ink/parsing  aim");
            }
            let _ = writeln!(table, "  {:width$}{}", figure.name, figure.cells());
        }
        for failure in &self.failures {
            let _ = write!(table, "\nnot measured: {failure}\n");
        }
        table
    }

    /// Writes the JSON.
    pub fn save(&mut self, path: &Path) -> Result<(), Error> {
        self.taken_at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        self.cpus = std::thread::available_parallelism()?.get();
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        Ok(fs::write(path, serde_json::to_string_pretty(self)?)?)
    }
}

impl Figure {
    fn cells(&self) -> String {
        let mut cells = String::new();
        for column in COLUMNS {
            let value = self.of(column).map(number).unwrap_or_default();
            let _ = write!(cells, " {value:>10}");
        }
        let ratio = match (self.of(INKSTREAM), self.of(PARSING)) {
            (Some(ours), Some(theirs)) if theirs > 0.0 => format!("{:.2}", ours / theirs),
            _ => String::new(),
        };
        let _ = write!(cells, "  {ratio:>11}  {}", self.unit);
        if let Some(aim) = self.aim {
            let text = match aim {
                Aim::AtMost(limit) => format!("at most {}", number(limit)),
                Aim::AtLeast(limit) => format!("at least {}", number(limit)),
                Aim::TimesParsing(times) => format!("at least {times} of parsing"),
            };
            let verdict = match self.met {
                Some(true) => "met",
                Some(false) => "NOT MET",
                None => "not measured",
            };
            let _ = write!(cells, ", {text}: {verdict}");
        }
        cells
    }
}

/// Three digits that matter, thousands apart.
fn number(value: f64) -> String {
    if value.abs() < 10.0 && value.fract() != 0.0 {
        return format!("{value:.3}");
    }
    if value.abs() < 1_000.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// The value below which `share` of all lie; 0 for none.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
}
