//! Several things that are named together.

use uuid::Uuid;

use crate::article::problem::{Code, Problem};

/// How many can be named at once.
pub const SELECTION_MAX: usize = 100;

/// Those that `ids` names, each once; `what` they are is said where there are none or too many.
///
/// # Errors
/// There are none or too many; the code is the one given.
pub fn each_once(ids: Vec<Uuid>, what: &str, code: Code) -> Result<Vec<Uuid>, Problem> {
    if !(1..=SELECTION_MAX).contains(&ids.len()) {
        let message = format!("`ids` names {} {what}.", ids.len());
        let resolution = format!("Name 1 to {SELECTION_MAX} at a time.");
        return Err(Problem::new(code, message, resolution).with_param("ids"));
    }
    let mut once = Vec::with_capacity(ids.len());
    for id in ids {
        if !once.contains(&id) {
            once.push(id);
        }
    }
    Ok(once)
}
