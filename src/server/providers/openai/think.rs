//! Divides an answer's text into what the model thought first and what it wrote.

use super::super::events::Events;

const OPENS: &str = "<think>";
const CLOSES: &str = "</think>";

/// White space at the start is held until it is clear what follows, up to so many bytes.
const HELD_MAX: usize = 1024;

/// Where in an answer we are. A `<think>` block counts only before everything else. It and the
/// white space after it are reasoning; its marks and the white space before it are dropped.
#[derive(Debug)]
pub(super) enum Think {
    /// White space so far, or the beginning of the opening mark.
    Before(String),
    /// In the block; held is what may be the beginning of the closing mark.
    Inside(String),
    /// White space after the block.
    After,
    /// In the text.
    Text,
}

impl Default for Think {
    fn default() -> Self {
        Self::Before(String::new())
    }
}

impl Think {
    /// Takes more of the answer, cut anywhere.
    pub(super) fn push(&mut self, content: &str, out: &mut Events) {
        match self {
            Self::Text => out.text(content),
            Self::Before(held) => {
                held.push_str(content);
                let begun = held.trim_ascii_start();
                if let Some(rest) = begun.strip_prefix(OPENS) {
                    let rest = rest.to_owned();
                    *self = Self::Inside(String::new());
                    self.push(&rest, out);
                } else if !OPENS.starts_with(begun) || held.len() > HELD_MAX {
                    out.text(held);
                    *self = Self::Text;
                }
            }
            Self::Inside(held) => {
                held.push_str(content);
                if let Some((thought, rest)) = held.split_once(CLOSES) {
                    out.reasoning(thought);
                    let rest = rest.to_owned();
                    *self = Self::After;
                    self.push(&rest, out);
                } else {
                    let open = held.rfind('<').filter(|at| CLOSES.starts_with(&held[*at..]));
                    let rest = held.split_off(open.unwrap_or(held.len()));
                    out.reasoning(held);
                    *held = rest;
                }
            }
            Self::After => {
                let text = content.trim_ascii_start();
                out.reasoning(&content[..content.len() - text.len()]);
                if !text.is_empty() {
                    out.text(text);
                    *self = Self::Text;
                }
            }
        }
    }

    /// Lets go of what was held: no more of the answer will come.
    pub(super) fn end(&mut self, out: &mut Events) {
        match self {
            Self::Before(held) => out.text(held),
            Self::Inside(held) => out.reasoning(held),
            Self::After | Self::Text => {}
        }
        *self = Self::Text;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::ModelEvent;
    use super::*;

    /// The reasoning and the text of an answer that comes in these pieces.
    fn divided(pieces: &[&str]) -> (String, String) {
        let (mut think, mut out) = (Think::default(), Events::default());
        for piece in pieces {
            think.push(piece, &mut out);
        }
        think.end(&mut out);
        let (mut reasoning, mut text) = (String::new(), String::new());
        while let Some(event) = out.pop() {
            match event {
                ModelEvent::Text(more) => text += &more,
                ModelEvent::Reasoning(more) => reasoning += &more,
                other => panic!("{other:?}"),
            }
        }
        (reasoning, text)
    }

    const ANSWERS: [(&str, &str, &str); 10] = [
        ("<think>a < b</think>\n\n# T\n", "a < b\n\n", "# T\n"),
        ("\n<think>a</think>b", "a", "b"),
        ("<think></think> b", " ", "b"),
        ("<think>a</thin", "a</thin", ""),
        ("<think>a</</think>b", "a</", "b"),
        ("<thinking>a", "", "<thinking>a"),
        ("  # T", "", "  # T"),
        ("# T <think>a</think>", "", "# T <think>a</think>"),
        ("<think>想</think>\r\n\u{3000}文<think>", "想\r\n", "\u{3000}文<think>"),
        (" \n ", "", " \n "),
    ];

    #[test]
    fn only_a_leading_block_and_the_white_space_after_it_are_reasoning() {
        for (answer, reasoning, text) in ANSWERS {
            assert_eq!(divided(&[answer]), (reasoning.to_owned(), text.to_owned()), "{answer:?}");
        }
    }

    #[test]
    fn endless_white_space_is_not_held_for_ever() {
        let (mut think, mut out) = (Think::default(), Events::default());
        think.push(&" ".repeat(HELD_MAX + 1), &mut out);
        assert!(!out.is_empty());
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(which in 0..ANSWERS.len(), cuts in any::<u32>()) {
            let (answer, reasoning, text) = ANSWERS[which];
            let mut pieces = vec![String::new()];
            for (n, c) in answer.chars().enumerate() {
                if cuts >> (n % 32) & 1 == 1 {
                    pieces.push(String::new());
                }
                pieces.last_mut().unwrap().push(c);
            }
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(divided(&pieces), (reasoning.to_owned(), text.to_owned()));
        }
    }
}
