//! What failed, in English.

use crate::article::problem::{Code, Problem};

/// What happened, and what can be done; in the server's own words where there are none here.
pub(in crate::app::i18n) fn words(problem: &Problem) -> (String, String) {
    let (what, remedy) = match problem.code {
        Code::UpstreamUnreachable => (
            "The model's server could not be reached.",
            "Check the provider's address in the configuration and the network, then try again.",
        ),
        Code::UpstreamTimeout => {
            ("The model did not answer in time.", "Try again, or choose another model.")
        }
        Code::UpstreamUnauthorized => {
            ("The provider refused the key.", "Check the provider's key in the configuration.")
        }
        Code::UpstreamRateLimited => (
            "The provider limits how often it may be asked.",
            "Wait a moment and try again, or choose another model.",
        ),
        Code::UpstreamRejected => (
            "The provider refused the request.",
            match problem.resolution.as_str() {
                "" => {
                    "Choose another model, or check the account, the model's id and the sampling \
                       parameters."
                }
                resolution => resolution,
            },
        ),
        Code::UpstreamFailed => ("The model failed.", "Try again, or choose another model."),
        Code::UpstreamTruncated => {
            ("The model's answer broke off.", "Continue from the text so far.")
        }
        Code::AnswerLimit => {
            ("The model reached the longest answer it may give.", "Continue from the text so far.")
        }
        Code::UpstreamMalformed => (
            "The provider answered with something that is not its protocol.",
            "Check the provider's address in the configuration.",
        ),
        Code::DeadLetterNotFound => (
            "There is no such dead letter.",
            "Its article may have been deleted, or the address is incomplete.",
        ),
        Code::DeadLetterSettled => (
            "Somebody has tried this again or discarded it already.",
            "The list shows what is left.",
        ),
        Code::GenerationElsewhere => (
            "This is being written by the command line.",
            "Stop it there; the text so far is kept.",
        ),
        Code::StorageUnavailable => (
            "The database cannot be written.",
            "Make room or check its file, then try again. What you typed is still here.",
        ),
        Code::Overloaded => (
            "Too many articles are waiting to be written.",
            "Try again in a moment. What you typed is still here.",
        ),
        Code::BudgetExhausted => (
            "Today's budget of this installation is used up.",
            "It begins anew at midnight UTC; whoever runs the server can raise it. Nothing that was \
             typed or written is lost.",
        ),
        Code::AccessTokenNeeded | Code::TooManyGuesses => {
            ("Your sign-in has ended.", "Reload the page to sign in again. Your draft is kept.")
        }
        Code::ShuttingDown => ("The server is restarting.", "Try again in a moment."),
        _ => return (problem.message.clone(), problem.resolution.clone()),
    };
    (what.to_owned(), remedy.to_owned())
}
