use super::*;

fn refused(json: &str) -> Problem {
    Brief::from_json(json.as_bytes()).unwrap_err()
}

#[test]
fn a_topic_is_enough() {
    let brief = Brief::from_json(r#"{"topic": " 锁 "}"#.as_bytes()).unwrap();
    assert_eq!(brief, Brief::on(" 锁 "));
    assert_eq!(brief.warnings(), []);
}

#[test]
fn what_is_wrong_is_named() {
    for (json, param) in [
        ("{}", "topic"),
        (r#"{"topic": null}"#, "topic"),
        (r#"{"topic": " \n "}"#, "topic"),
        (r#"{"topic": 7}"#, "topic"),
        (r#"{"topic": "a\u0000"}"#, "topic"),
        (r#"{"topic": "a", "topics": 1}"#, "topics"),
        (r#"{"topic": "a", "style": "poem"}"#, "style"),
        (r#"{"topic": "a", "format": "rtf"}"#, "format"),
        (r#"{"topic": "a", "temperature": 2.1}"#, "temperature"),
        (r#"{"topic": "a", "temperature": "hot"}"#, "temperature"),
        (r#"{"topic": "a", "top_p": -0.1}"#, "top_p"),
        (r#"{"topic": "a", "max_tokens": 0}"#, "max_tokens"),
        (r#"{"topic": "a", "max_tokens": 1.5}"#, "max_tokens"),
        (r#"{"topic": "a", "frequency_penalty": 3}"#, "frequency_penalty"),
        (r#"{"topic": "a", "presence_penalty": -3}"#, "presence_penalty"),
        (r#"{"topic": "a", "stop": ["1","2","3","4","5"]}"#, "stop"),
        (r#"{"topic": "a", "stop": [""]}"#, "stop"),
        (r#"{"topic": "a", "language": "中文"}"#, "language"),
        (r#"{"topic": "a", "length": 0}"#, "length"),
        (r#"{"topic": "a", "priority": "urgent"}"#, "priority"),
        (r#"{"topic": "a", "refresh": "yes"}"#, "refresh"),
    ] {
        let problem = refused(json);
        assert_eq!(problem.param.as_deref(), Some(param), "{json}");
        assert!(!problem.resolution.is_empty());
    }
}

#[test]
fn a_topic_is_counted_in_characters_not_bytes() {
    let json = |chars: usize| format!(r#"{{"topic": "{}"}}"#, "文".repeat(chars));
    assert!(Brief::from_json(json(TOPIC_MAX_CHARS).as_bytes()).is_ok());
    assert_eq!(refused(&json(TOPIC_MAX_CHARS + 1)).code, Code::InvalidBrief);
}

#[test]
fn broken_json_says_where() {
    let problem = refused("{\"topic\": ");
    assert_eq!(problem.code, Code::InvalidJson);
    assert!(problem.message.contains("line 1"));
}

#[test]
fn what_is_unusual_is_accepted_with_a_remark() {
    let brief = Brief::from_json(br#"{"topic": "a", "temperature": 1.5, "top_p": 0.2}"#).unwrap();
    let params: Vec<_> = brief.warnings().into_iter().map(|w| w.param).collect();
    assert_eq!(params, ["temperature", "top_p"]);
}

#[test]
fn one_stop_sequence_and_lists_of_tools_are_taken_as_programs_hold_them() {
    let json = br#"{"topic": "a", "stop": "END", "tech_stack": ["Rust", "Tokio"], "duration": 15}"#;
    let brief = Brief::from_json(json).unwrap();
    assert_eq!(brief.stop, ["END"]);
    assert_eq!(brief.tech_stack.as_deref(), Some("Rust, Tokio"));
    assert_eq!(brief.duration.as_deref(), Some("15"));
}

#[test]
fn every_field_is_listed() {
    let value = serde_json::to_value(Brief::default()).unwrap();
    let mut named: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut listed = Brief::FIELDS.to_vec();
    named.sort_unstable();
    listed.sort_unstable();
    assert_eq!(named, listed);
}
