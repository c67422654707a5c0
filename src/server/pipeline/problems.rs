//! What is said of writing that failed.

use std::time::Duration;

use crate::article::problem::{Code, Problem};
use crate::server::providers::{ErrorClass, ProviderError};

/// A failure that may pass.
pub fn failure(code: Code, message: String, resolution: &str) -> ProviderError {
    ProviderError {
        class: ErrorClass::Retryable,
        code,
        message,
        resolution: resolution.to_owned(),
        retry_after: None,
        of_request: false,
    }
}

/// A candidate that cannot be asked for this.
pub fn unfit(problem: Problem) -> ProviderError {
    ProviderError {
        class: ErrorClass::Candidate,
        code: problem.code,
        message: problem.message,
        resolution: problem.resolution,
        retry_after: None,
        of_request: true,
    }
}

/// The text is longer than is kept, in bytes.
pub fn too_long(max: usize) -> Problem {
    Problem::new(
        Code::TextTooLong,
        format!("The text grew over {max} bytes and was cut there."),
        "An operator can raise generation.max_text_bytes.",
    )
}

/// The answer reached its length with nothing in it.
pub fn exhausted(model: &str) -> ProviderError {
    ProviderError {
        class: ErrorClass::Candidate,
        of_request: true,
        ..failure(
            Code::AnswerLimit,
            format!("{model} reached the end of its answer without a word."),
            "Choose another model, or raise the model's max_output.",
        )
    }
}

/// The answer ended with nothing in it.
pub fn empty(model: &str) -> ProviderError {
    failure(
        Code::UpstreamFailed,
        format!("{model} ended without a word."),
        "Try again, or choose another model.",
    )
}

/// The model would not write it; `word` is its provider's for that.
pub fn refused(model: &str, word: &str) -> Problem {
    Problem::new(
        Code::UpstreamRejected,
        format!("{model} or a filter of its provider ended the text ({word})."),
        "Change the topic, or choose another model. The text so far is kept.",
    )
}

/// The text was not whole when all its time was over.
pub fn out_of_time(deadline: Duration) -> Problem {
    let seconds = deadline.as_secs();
    Problem::new(
        Code::UpstreamTimeout,
        format!("The text was not finished within {seconds} s."),
        "Continue goes on from the text; an operator can raise generation.deadline_s.",
    )
}

/// A bug ended it.
pub fn broken() -> Problem {
    Problem::new(
        Code::Internal,
        "Inkstream failed while writing.",
        "The text so far is kept; Continue goes on from it.",
    )
}
