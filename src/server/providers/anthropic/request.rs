//! What is sent: the body of `POST /v1/messages`.

use serde::Serialize;

use super::super::ModelRequest;
use super::super::continuation::instruction;
use super::seam::Seam;
use crate::article::brief::{DEFAULT_TEMPERATURE, DEFAULT_TOP_P};
use crate::server::config::Continuation;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
}

#[derive(Serialize)]
struct Block<'a> {
    r#type: &'static str,
    text: &'a str,
    cache_control: CacheControl,
}

/// Up to here the prompt is the same for every article of a style, and worth being cached.
#[derive(Serialize)]
struct CacheControl {
    r#type: &'static str,
}

/// As much as the model likes, and in words. Models that think do it without being asked, but say
/// nothing of it: a minute without a word looks like a stall.
#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
    display: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl<'a> Body<'a> {
    /// `sampled`: whether the model takes sampling parameters at all; `thinking`: whether it is asked
    /// to say what it thinks.
    ///
    /// Of temperature and `top_p` only one is sent, as models from 4.5 on refuse both together:
    /// `top_p` where the brief changed that alone, else the temperature, which ends at 1 here. The
    /// penalties have no counterpart.
    pub(super) fn new(request: &'a ModelRequest, sampled: bool, thinking: bool) -> Self {
        let sampling = &request.sampling;
        let only_top_p =
            sampling.temperature == DEFAULT_TEMPERATURE && sampling.top_p != DEFAULT_TOP_P;
        let system = (!request.system.trim().is_empty()).then(|| Block {
            r#type: "text",
            text: &request.system,
            cache_control: CacheControl { r#type: "ephemeral" },
        });
        let mut messages = vec![Message { role: "user", content: &request.user }];
        if let Some(beginning) = beginning(request) {
            messages.push(Message { role: "assistant", content: beginning });
            if request.continuation == Continuation::Instruct {
                messages.push(Message { role: "user", content: instruction(&request.language) });
            }
        }
        Self {
            model: &request.model_id,
            max_tokens: sampling.max_tokens,
            system: system.into_iter().collect(),
            messages,
            stream: true,
            thinking: thinking.then_some(Thinking { r#type: "adaptive", display: "summarized" }),
            temperature: (sampled && !only_top_p).then(|| sampling.temperature.clamp(0.0, 1.0)),
            top_p: (sampled && only_top_p).then_some(sampling.top_p),
            // A blank one is refused.
            stop_sequences: sampling
                .stop
                .iter()
                .map(String::as_str)
                .filter(|stop| !stop.trim().is_empty())
                .collect(),
        }
    }
}

/// The text to go on from as it is sent. Before an instruction it may end in anything; as the last
/// message it may not end in white space. There are no other ways, so any but an instruction is
/// taken for that one.
fn beginning(request: &ModelRequest) -> Option<&str> {
    let so_far = request.so_far.as_deref()?;
    let sent = match request.continuation {
        Continuation::Instruct => so_far,
        _ => Seam::at(so_far).0,
    };
    // Blank content is refused.
    (!sent.trim().is_empty()).then_some(sent)
}

/// What was kept back of the text to go on from.
pub(super) fn seam(request: &ModelRequest) -> Seam {
    match (&request.so_far, request.continuation) {
        (None, _) | (_, Continuation::Instruct) => Seam::default(),
        (Some(so_far), _) => Seam::at(so_far).1,
    }
}
