//! Joins a continuation to the text that it goes on from.
//!
//! Models repeat some of what they were given before they go on. An overlap of at least
//! [`MIN_OVERLAP`] characters is removed, and a heading that stands in the text already; nothing is
//! ever inserted.

/// The shortest repetition that is taken for one, in characters.
const MIN_OVERLAP: usize = 8;

/// How much of the text's end a repetition can begin in, in bytes.
const WINDOW: usize = 4096;

/// Holds a continuation back until it is known what of it is new.
#[derive(Debug)]
pub struct Seam {
    /// The end of the text so far.
    tail: String,
    /// All headings of the text so far, as lines.
    headings: Vec<String>,
    /// What came and is not decided on yet; `None` once the seam is closed.
    held: Option<String>,
}

impl Seam {
    /// A seam at the end of `text`.
    pub fn after(text: &str) -> Self {
        let from = text.ceil_char_boundary(text.len().saturating_sub(WINDOW));
        Self { tail: text[from..].to_owned(), headings: headings(text), held: Some(String::new()) }
    }

    /// Takes what came, and gives what of it is new and decided.
    pub fn push(&mut self, text: &str) -> String {
        let Some(mut held) = self.held.take() else {
            return text.to_owned();
        };
        held.push_str(text);
        if self.is_undecided(&held) {
            self.held = Some(held);
            return String::new();
        }
        self.join(&held)
    }

    /// Gives what was still held back when the continuation ended.
    pub fn finish(&mut self) -> String {
        match self.held.take() {
            Some(held) => self.join(&held),
            None => String::new(),
        }
    }

    /// Whether more text could still make a repetition of what came, or make it longer.
    fn is_undecided(&self, held: &str) -> bool {
        let first = held.chars().next().map_or("", |c| &held[..c.len_utf8()]);
        let mut beginnings = self.tail.match_indices(first);
        let repeats_so_far = beginnings.any(|(at, _)| self.tail[at..].starts_with(held));
        let line = held[self.overlap(held)..].trim_start_matches('\n');
        let heading_so_far = !line.contains('\n')
            && self.headings.iter().any(|heading| heading.starts_with(line.trim_end()));
        held.len() < WINDOW && (repeats_so_far || heading_so_far)
    }

    fn join(&self, held: &str) -> String {
        let fresh = &held[self.overlap(held)..];
        let line = fresh.trim_start_matches('\n');
        let (first, rest) = line.split_once('\n').unwrap_or((line, ""));
        if self.headings.iter().any(|heading| heading == first.trim_end()) {
            return fresh[..fresh.len() - line.len()].to_owned() + rest;
        }
        fresh.to_owned()
    }

    /// How many bytes at the start of `held` repeat the end of the text.
    fn overlap(&self, held: &str) -> usize {
        let ends = held.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.enumerate()
            .filter(|(index, end)| index + 1 >= MIN_OVERLAP && self.tail.ends_with(&held[..*end]))
            .map(|(_, end)| end)
            .last()
            .unwrap_or(0)
    }
}

/// The headings of a text, as lines; none where the text ends inside a block of code, in which a
/// comment may look like one.
fn headings(text: &str) -> Vec<String> {
    let (mut headings, mut in_code) = (Vec::new(), false);
    for line in text.lines() {
        if ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence)) {
            in_code = !in_code;
        } else if !in_code && is_heading(line) {
            headings.push(line.trim_end().to_owned());
        }
    }
    if in_code { Vec::new() } else { headings }
}

fn is_heading(line: &str) -> bool {
    let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
    (1..=6).contains(&hashes) && line[hashes..].starts_with(' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn continued(text: &str, pieces: &[&str]) -> String {
        let mut seam = Seam::after(text);
        let mut joined = text.to_owned();
        for piece in pieces {
            joined.push_str(&seam.push(piece));
        }
        joined + &seam.finish()
    }

    #[test]
    fn a_repetition_is_removed_and_nothing_else() {
        let text = "# T\n\nThe quick brown fox";
        assert_eq!(continued(text, &["quick brown ", "fox jumps"]), format!("{text} jumps"));
        assert_eq!(continued(text, &[" fox jumps"]), format!("{text} fox jumps"), "too short");
        assert_eq!(continued(text, &[" jumps"]), format!("{text} jumps"));
        assert_eq!(continued(text, &["quick brown cat"]), format!("{text}quick brown cat"));
        assert_eq!(continued(text, &[]), text);
        assert_eq!(continued(text, &["quick brown fox"]), text, "nothing new");
    }

    #[test]
    fn a_chinese_repetition_is_counted_in_characters() {
        let text = "当一个线程的本地队列为空，它会随机挑一个同伴";
        assert_eq!(
            continued(text, &["它会随机挑一个", "同伴，取走一半。"]),
            format!("{text}，取走一半。")
        );
    }

    #[test]
    fn a_heading_that_stands_already_is_dropped_and_a_new_one_is_kept() {
        let text = "# T\n\n## One\n\nabc.\n\n";
        assert_eq!(continued(text, &["## O", "ne\nmore"]), format!("{text}more"));
        assert_eq!(continued(text, &["## Two\nmore"]), format!("{text}## Two\nmore"));
    }

    #[test]
    fn what_only_looks_like_a_heading_is_kept_and_so_is_the_break_before_one() {
        let text = "# T\n\n```sh\n# Install\nmake all\n";
        let comment = "# Install\nmake docs\n";
        assert_eq!(continued(text, &[comment]), format!("{text}{comment}"));
        let text = "# T\n\n## One\n\nthe end";
        assert_eq!(continued(text, &["\n\n## One\nmore"]), format!("{text}\n\nmore"));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_continuation_is_cut(
            text in "[ab#\n 文]{0,30}", more in "[ab#\n 文]{0,30}", cut in 0usize..30,
        ) {
            let cut = more.floor_char_boundary(cut.min(more.len()));
            let (one, two) = more.split_at(cut);
            prop_assert_eq!(continued(&text, &[one, two]), continued(&text, &[&more]));
        }
    }
}
