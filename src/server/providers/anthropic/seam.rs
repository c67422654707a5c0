//! The white space at the end of a beginning that the model is to go on from.
//!
//! Anthropic refuses a beginning that ends in white space, so it is sent without. The model then
//! writes that white space again, as its text has none yet; what of it stands in the article
//! already is dropped here.

/// What may still come a second time.
#[derive(Debug, Default)]
pub(super) struct Seam(String);

impl Seam {
    /// Divides a beginning into what is sent and the white space that is kept back.
    pub(super) fn at(so_far: &str) -> (&str, Self) {
        let sent = so_far.trim_end();
        (sent, Self(so_far[sent.len()..].to_owned()))
    }

    /// More of the answer, cut anywhere, without what the article has already.
    pub(super) fn new_of<'a>(&mut self, text: &'a str) -> &'a str {
        if self.0.is_empty() {
            return text;
        }
        let mut same = 0;
        for (given, c) in self.0.chars().zip(text.chars()) {
            if given != c {
                break;
            }
            same += c.len_utf8();
        }
        if same < text.len() {
            self.0.clear();
        } else {
            self.0.drain(..same);
        }
        &text[same..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The article, where the model's answer comes in these pieces.
    fn joined(so_far: &str, pieces: &[&str]) -> String {
        let (_, mut seam) = Seam::at(so_far);
        let mut text = so_far.to_owned();
        for piece in pieces {
            text += seam.new_of(piece);
        }
        text
    }

    #[test]
    fn what_is_sent_ends_in_no_white_space() {
        for (so_far, sent) in [("a \n", "a"), ("a", "a"), ("墨\u{3000}", "墨"), (" ", "")] {
            assert_eq!(Seam::at(so_far).0, sent);
        }
    }

    #[test]
    fn white_space_is_neither_lost_nor_doubled() {
        for (so_far, answer, whole) in [
            ("a\n\n", "\n\nb", "a\n\nb"),
            ("a\n", "\n\nb", "a\n\nb"),
            ("a\n\n", "\nb", "a\n\nb"),
            ("a ", "b c", "a b c"),
            ("a", " b", "a b"),
            ("a\n", "  b", "a\n  b"),
            ("墨\u{3000}", "\u{3000}\u{3000}流", "墨\u{3000}\u{3000}流"),
        ] {
            assert_eq!(joined(so_far, &[answer]), whole, "{so_far:?} {answer:?}");
            let cut: Vec<String> = answer.chars().map(String::from).collect();
            let cut: Vec<&str> = cut.iter().map(String::as_str).collect();
            assert_eq!(joined(so_far, &cut), whole, "{so_far:?} {answer:?}, cut");
        }
    }

    #[test]
    fn only_the_start_of_the_answer_is_looked_at() {
        assert_eq!(joined("a\n\n", &["\n", "b\n\n", "c"]), "a\n\nb\n\nc");
    }
}
