//! The one shape of every error, and its stable codes.

use serde::{Deserialize, Serialize};

/// What went wrong, in the shape that every answer, event and log line uses.
///
/// `resolution` is never empty: it says what the reader of the error can do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Problem {
    /// What happened, in one sentence.
    pub message: String,
    /// The family of the error, for programs that only want to know whose fault it is.
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    /// The field, header or path segment at fault, when there is one.
    pub param: Option<String>,
    /// The stable, precise name of the error.
    pub code: Code,
    /// The id under which the server logged it. Empty in a problem that no request caused.
    pub request_id: String,
    /// What to do next.
    pub resolution: String,
}

/// The envelope of a [`Problem`] as an HTTP body: `{"error": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProblemBody {
    /// The problem itself.
    pub error: Problem,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ProblemKind {
    /// The request cannot be carried out as it stands.
    InvalidRequestError,
    /// The thing named does not exist.
    NotFoundError,
    /// The request contradicts the state of the thing named.
    ConflictError,
    /// Who calls may not do this.
    PermissionError,
    /// The model API failed.
    UpstreamError,
    /// Inkstream itself failed.
    ServerError,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:tt, $kind:ident, $status:literal;)*) => {
        /// The stable names of all errors. Clients may rely on them; messages may change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub enum Code { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Code {
            /// Every code there is, for documentation and tests.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it stands in the body, for example `invalid_brief`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The family the code belongs to.
            pub fn kind(self) -> ProblemKind {
                match self { $(Self::$name => ProblemKind::$kind,)* }
            }

            /// The HTTP status that goes with it (RFC 9110).
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    InvalidJson = "invalid_json", InvalidRequestError, 400;
    /// A field of the brief is missing, out of range or of the wrong type.
    InvalidBrief = "invalid_brief", InvalidRequestError, 422;
    /// A field that the brief does not know.
    UnknownField = "unknown_field", InvalidRequestError, 422;
    /// A model that the configuration does not know.
    UnknownModel = "unknown_model", InvalidRequestError, 422;
    /// A query parameter or a field outside the brief is not understood.
    InvalidParameter = "invalid_parameter", InvalidRequestError, 400;
    /// A change to an article that cannot be made as it stands.
    InvalidArticle = "invalid_article", InvalidRequestError, 422;
    /// A text was sent without saying which revision it changes.
    PreconditionRequired = "precondition_required", InvalidRequestError, 428;
    /// A request header is not understood.
    InvalidHeader = "invalid_header", InvalidRequestError, 400;
    /// `Last-Event-ID` is not a number, or lies beyond the end of the log.
    InvalidLastEventId = "invalid_last_event_id", InvalidRequestError, 400;
    /// An `Idempotency-Key` came back with another body.
    IdempotencyKeyReused = "idempotency_key_reused", InvalidRequestError, 422;
    /// The body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", InvalidRequestError, 415;
    /// The body is larger than the limit.
    BodyTooLarge = "body_too_large", InvalidRequestError, 413;
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", InvalidRequestError, 405;
    /// No such path.
    NotFound = "not_found", NotFoundError, 404;
    /// No such generation.
    GenerationNotFound = "generation_not_found", NotFoundError, 404;
    /// No such article.
    ArticleNotFound = "article_not_found", NotFoundError, 404;
    /// No such revision of the article.
    RevisionNotFound = "revision_not_found", NotFoundError, 404;
    /// No such dead letter.
    DeadLetterNotFound = "dead_letter_not_found", NotFoundError, 404;
    /// The dead letter was replayed or discarded before.
    DeadLetterSettled = "dead_letter_settled", ConflictError, 409;
    /// The article has another current revision than the one that was changed.
    RevisionConflict = "revision_conflict", ConflictError, 412;
    /// The generation has ended already.
    GenerationEnded = "generation_ended", ConflictError, 409;
    /// The generation is still running.
    GenerationRunning = "generation_running", ConflictError, 409;
    /// The generation runs in another process (the command line), which alone can stop it.
    GenerationElsewhere = "generation_elsewhere", ConflictError, 409;
    /// The `Host` header names a host that this server does not serve.
    HostNotAllowed = "host_not_allowed", PermissionError, 421;
    /// The access token, or a session made with it, is missing or wrong.
    AccessTokenNeeded = "access_token_needed", PermissionError, 401;
    /// Too many wrong access tokens came.
    TooManyGuesses = "too_many_guesses", PermissionError, 429;
    /// The day's budget of the installation does not reach for it.
    BudgetExhausted = "budget_exhausted", PermissionError, 429;
    /// A browser sent the request from another site.
    CrossOrigin = "cross_origin", PermissionError, 403;
    /// As many generations are waiting as the server lets wait.
    Overloaded = "overloaded", ServerError, 503;
    /// The server is shutting down.
    ShuttingDown = "shutting_down", ServerError, 503;
    /// The database cannot be written: full, read-only or gone.
    StorageUnavailable = "storage_unavailable", ServerError, 503;
    /// A bug.
    Internal = "internal", ServerError, 500;
    /// The model's text grew over `generation.max_text_bytes`.
    TextTooLong = "text_too_long", UpstreamError, 502;
    /// The provider could not be reached.
    UpstreamUnreachable = "upstream_unreachable", UpstreamError, 502;
    /// The provider did not answer in time, or fell silent.
    UpstreamTimeout = "upstream_timeout", UpstreamError, 504;
    /// The provider refused the key.
    UpstreamUnauthorized = "upstream_unauthorized", UpstreamError, 502;
    /// The provider limits the rate.
    UpstreamRateLimited = "upstream_rate_limited", UpstreamError, 429;
    /// The provider refused the request.
    UpstreamRejected = "upstream_rejected", UpstreamError, 502;
    /// The provider failed.
    UpstreamFailed = "upstream_failed", UpstreamError, 502;
    /// The models that may write it hold less than its prompt and text have.
    ContextTooSmall = "context_too_small", UpstreamError, 502;
    /// The model reached the longest answer that it may give before the end of the text.
    AnswerLimit = "answer_limit", UpstreamError, 502;
    /// The provider's stream ended before the answer was complete.
    UpstreamTruncated = "upstream_truncated", UpstreamError, 502;
    /// The provider answered with something that is not its protocol.
    UpstreamMalformed = "upstream_malformed", UpstreamError, 502;
}

impl Problem {
    /// A problem without a field and without a request.
    pub fn new(code: Code, message: impl Into<String>, resolution: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind: code.kind(),
            param: None,
            code,
            request_id: String::new(),
            resolution: resolution.into(),
        }
    }

    /// Names the field, header or path segment at fault.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = if self.message.ends_with(['.', '!', '?', '。']) { "" } else { "." };
        write!(f, "{}: {}{end} {}", self.code.as_str(), self.message, self.resolution)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_shape_has_all_six_fields() {
        let problem =
            Problem::new(Code::InvalidBrief, "No topic.", "Send one.").with_param("topic");
        let value = serde_json::to_value(ProblemBody { error: problem }).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"error": {
                "message": "No topic.", "type": "invalid_request_error", "param": "topic",
                "code": "invalid_brief", "request_id": "", "resolution": "Send one."
            }})
        );
    }

    #[test]
    fn names_in_code_and_on_the_wire_agree() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
