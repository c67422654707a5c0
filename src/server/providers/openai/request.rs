//! What is sent: the body of `POST /chat/completions`.

use serde::Serialize;

use super::super::ModelRequest;
use super::super::continuation::instruction;
use crate::server::config::Continuation;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    max_tokens: u32,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    sampling: Option<Sampled>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_final_message: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_generation_prompt: Option<bool>,
}

#[derive(Serialize)]
struct Sampled {
    temperature: f64,
    top_p: f64,
    frequency_penalty: f64,
    presence_penalty: f64,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
    /// DeepSeek's mark of a beginning to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<bool>,
    /// Moonshot's mark of the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
}

impl<'a> Message<'a> {
    fn new(role: &'static str, content: &'a str) -> Self {
        Self { role, content, prefix: None, partial: None }
    }
}

impl<'a> Body<'a> {
    /// `usage_option`: whether the server understands that usage is asked for; `sampled`: whether
    /// the model takes sampling parameters.
    pub(super) fn new(request: &'a ModelRequest, usage_option: bool, sampled: bool) -> Self {
        let sampling = &request.sampling;
        let mut body = Self {
            model: &request.model_id,
            messages: vec![
                Message::new("system", &request.system),
                Message::new("user", &request.user),
            ],
            stream: true,
            stream_options: usage_option.then_some(StreamOptions { include_usage: true }),
            max_tokens: sampling.max_tokens,
            sampling: sampled.then_some(Sampled {
                temperature: sampling.temperature,
                top_p: sampling.top_p,
                frequency_penalty: sampling.frequency_penalty,
                presence_penalty: sampling.presence_penalty,
            }),
            stop: &sampling.stop,
            continue_final_message: None,
            add_generation_prompt: None,
        };
        if let Some(so_far) = request.so_far.as_deref().filter(|text| !text.is_empty()) {
            body.go_on(so_far, request.continuation, &request.language);
        }
        body
    }

    fn go_on(&mut self, so_far: &'a str, continuation: Continuation, language: &str) {
        let mut beginning = Message::new("assistant", so_far);
        let mut asked = None;
        match continuation {
            Continuation::Prefix => {
                beginning.prefix = Some(true);
                beginning.partial = Some(true);
            }
            Continuation::ContinueFinalMessage => {
                self.continue_final_message = Some(true);
                self.add_generation_prompt = Some(false);
            }
            Continuation::Prefill => {}
            Continuation::Instruct => {
                asked = Some(Message::new("user", instruction(language)));
            }
        }
        self.messages.push(beginning);
        self.messages.extend(asked);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::super::super::Sampling;
    use super::super::super::continuation::{GO_ON, GO_ON_CHINESE};
    use super::*;
    use crate::article::brief::Format;

    fn body(change: impl FnOnce(&mut ModelRequest)) -> Value {
        let mut request = ModelRequest {
            generation: Uuid::nil(),
            request_id: "r".into(),
            model_id: "glm".into(),
            system: "You write.".into(),
            user: "Write.".into(),
            so_far: None,
            continuation: Continuation::Instruct,
            topic: "t".into(),
            language: "en".into(),
            format: Format::Markdown,
            sampling: Sampling {
                temperature: 0.7,
                top_p: 0.95,
                max_tokens: 4096,
                frequency_penalty: 0.1,
                presence_penalty: 0.1,
                stop: vec![],
            },
        };
        change(&mut request);
        serde_json::to_value(Body::new(&request, true, true)).unwrap()
    }

    fn going_on(continuation: Continuation) -> Value {
        body(|request| {
            request.so_far = Some("# A".into());
            request.continuation = continuation;
        })
    }

    #[test]
    fn a_request_streams_and_asks_for_usage() {
        assert_eq!(
            body(|_| {}),
            json!({
                "model": "glm",
                "messages": [
                    {"role": "system", "content": "You write."},
                    {"role": "user", "content": "Write."}
                ],
                "stream": true,
                "stream_options": {"include_usage": true},
                "temperature": 0.7, "top_p": 0.95, "max_tokens": 4096,
                "frequency_penalty": 0.1, "presence_penalty": 0.1
            })
        );
    }

    #[test]
    fn stop_sequences_are_sent_where_there_are_any() {
        assert_eq!(body(|request| request.sampling.stop = vec!["END".into()])["stop"][0], "END");
    }

    #[test]
    fn each_continuation_has_its_own_form() {
        let last = |body: &Value| body["messages"].as_array().unwrap().last().unwrap().clone();

        let prefix = going_on(Continuation::Prefix);
        assert_eq!(
            last(&prefix),
            json!({"role": "assistant", "content": "# A", "prefix": true, "partial": true})
        );

        let kept = going_on(Continuation::ContinueFinalMessage);
        assert_eq!(last(&kept), json!({"role": "assistant", "content": "# A"}));
        assert_eq!(kept["continue_final_message"], true);
        assert_eq!(kept["add_generation_prompt"], false);

        let prefill = going_on(Continuation::Prefill);
        assert_eq!(last(&prefill), json!({"role": "assistant", "content": "# A"}));
        assert_eq!(prefill.get("continue_final_message"), None);

        let instruct = going_on(Continuation::Instruct);
        assert_eq!(instruct["messages"][2], json!({"role": "assistant", "content": "# A"}));
        assert_eq!(last(&instruct), json!({"role": "user", "content": GO_ON}));
    }

    #[test]
    fn the_instruction_speaks_the_articles_language() {
        let body = body(|request| {
            request.so_far = Some("# 标题".into());
            request.language = "zh-CN".into();
        });
        assert_eq!(body["messages"][3]["content"], GO_ON_CHINESE);
    }

    #[test]
    fn nothing_so_far_is_a_fresh_request() {
        let body = body(|request| request.so_far = Some(String::new()));
        assert_eq!(body["messages"].as_array().unwrap().len(), 2);
    }
}
