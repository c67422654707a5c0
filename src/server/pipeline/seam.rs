//! Joins a continuation to the text that it goes on from.
//!
//! Models repeat some of what they were given before they go on. An overlap of at least
//! [`MIN_OVERLAP`] characters is removed; so is a heading that stands in the text already, with the
//! paragraphs that follow it there as here, and the fence of a block of code that is still open.
//! Nothing is ever inserted.

/// The shortest repetition that is taken for one, in characters.
const MIN_OVERLAP: usize = 8;

/// How much of the text's end a repetition can begin in, in bytes, where it begins anywhere.
const WINDOW: usize = 4096;

/// Holds a continuation back until it is known what of it is new.
#[derive(Debug)]
pub struct Seam {
    /// `None` once the seam is closed.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    /// The text so far.
    text: String,
    /// Where lines begin in it that a model may begin again with, and how they read.
    anchors: Vec<(usize, String)>,
    /// What came and is not decided on yet.
    held: String,
}

impl Seam {
    /// A seam at the end of `text`.
    pub fn after(text: &str) -> Self {
        let open = Open { text: text.to_owned(), anchors: anchors(text), held: String::new() };
        Self { open: Some(open) }
    }

    /// Takes what came, and gives what of it is new and decided.
    pub fn push(&mut self, text: &str) -> String {
        let Some(open) = &mut self.open else {
            return text.to_owned();
        };
        open.held.push_str(text);
        if open.is_undecided() {
            return String::new();
        }
        self.finish()
    }

    /// Gives what was still held back when the continuation ended.
    pub fn finish(&mut self) -> String {
        self.open.take().map(|open| open.join()).unwrap_or_default()
    }
}

impl Open {
    fn tail(&self) -> &str {
        &self.text[self.text.ceil_char_boundary(self.text.len().saturating_sub(WINDOW))..]
    }

    /// Whether more text could still make a repetition of what came, or make it longer.
    fn is_undecided(&self) -> bool {
        let (held, tail) = (self.held.as_str(), self.tail());
        let first = held.chars().next().map_or("", |c| &held[..c.len_utf8()]);
        let repeats_so_far = held.len() < WINDOW
            && tail.match_indices(first).any(|(at, _)| tail[at..].starts_with(held));
        repeats_so_far || self.restart(&held[self.overlap()..]).is_undecided
    }

    fn join(&self) -> String {
        let fresh = &self.held[self.overlap()..];
        let breaks = fresh.len() - fresh.trim_start_matches('\n').len();
        let end = breaks + self.restart(fresh).repeated;
        // What follows begins a line, as it did behind what is dropped.
        let dropped = &fresh[breaks..end];
        let kept = match breaks {
            0 if !self.text.ends_with('\n') => dropped.len() - dropped.trim_end_matches('\n').len(),
            _ => 0,
        };
        fresh[..breaks].to_owned() + &fresh[end - kept..]
    }

    /// How many bytes at the start of what came repeat the end of the text.
    fn overlap(&self) -> usize {
        let (held, tail) = (self.held.as_str(), self.tail());
        let ends = held.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.enumerate()
            .take_while(|(_, end)| *end <= tail.len())
            .filter(|(index, end)| index + 1 >= MIN_OVERLAP && tail.ends_with(&held[..*end]))
            .map(|(_, end)| end)
            .last()
            .unwrap_or(0)
    }

    /// What of `fresh`, behind its leading line breaks, begins again with a line of the text.
    fn restart(&self, fresh: &str) -> Restart {
        let came = fresh.trim_start_matches('\n');
        let Some((line, rest)) = came.split_once('\n') else {
            // Also where nothing but line breaks came.
            let line = came.trim_end();
            let begins = |(_, anchor): &(usize, String)| anchor.starts_with(line);
            let whole = |(_, anchor): &(usize, String)| anchor == line;
            let is_undecided = self.anchors.iter().any(begins);
            let repeated = if self.anchors.iter().any(whole) { came.len() } else { 0 };
            return Restart { repeated, is_undecided };
        };
        let mut longest = Restart::default();
        for (at, anchor) in self.anchors.iter().filter(|(_, anchor)| anchor == line.trim_end()) {
            let before = self.text[*at + anchor.len()..].split_once('\n').map_or("", |(_, b)| b);
            let same = common(before, rest);
            longest.is_undecided |= same == rest.len() && same < before.len();
            let repeated = if same == before.len() { same } else { whole_blocks(&rest[..same]) };
            longest.repeated = longest.repeated.max(line.len() + 1 + repeated);
        }
        longest
    }
}

#[derive(Debug, Default)]
struct Restart {
    /// How much is repeated, in bytes.
    repeated: usize,
    /// Whether more text could make it longer.
    is_undecided: bool,
}

/// How many bytes two texts begin with in common.
fn common(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    one.floor_char_boundary(same)
}

/// The length of the paragraphs that a text begins with and that have ended in it: up to a blank
/// line that is not in a block of code.
fn whole_blocks(text: &str) -> usize {
    let (mut length, mut at, mut in_code, mut is_long) = (0, 0, false, false);
    for line in text.split_inclusive('\n') {
        at += line.len();
        in_code ^= is_fence(line);
        is_long |= line.chars().count() > MIN_OVERLAP;
        if line == "\n" && is_long && !in_code {
            length = at;
        }
    }
    length
}

/// The lines that a model may begin again with: the headings, or where the text ends inside a block
/// of code, in which a comment may look like one, the line that opens the block.
fn anchors(text: &str) -> Vec<(usize, String)> {
    let (mut headings, mut fence, mut at) = (Vec::new(), None, 0);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        if is_fence(line) {
            fence = match fence {
                None => Some((at, trimmed.to_owned())),
                Some(_) => None,
            };
        } else if fence.is_none() && is_heading(trimmed) {
            headings.push((at, trimmed.to_owned()));
        }
        at += line.len();
    }
    match fence {
        None => headings,
        // One without a language reads like the end of the block.
        Some((at, line)) => {
            let named = line.ends_with(|c| !"`~".contains(c));
            named.then_some((at, line)).into_iter().collect()
        }
    }
}

fn is_fence(line: &str) -> bool {
    ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence))
}

/// A heading with text in it.
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

    #[test]
    fn who_begins_the_article_again_is_cut_to_what_is_new() {
        let text = "# Title\n\nThe lead of it all.\n\n## One\n\nIt begins";
        let again = "# Title\n\nThe lead of it all.\n\n## One\n\nIt begins with this.";
        assert_eq!(continued(text, &[again]), format!("{text} with this."));
        let again = "# Title\n\nThe lead of it all.\n\n## Two\n\nOther.";
        assert_eq!(continued(text, &[again]), format!("{text}\n\n## Two\n\nOther."));
        let other = "# Title\n\nThe lead of another.";
        assert_eq!(continued(text, &[other]), format!("{text}\n\nThe lead of another."));
    }

    #[test]
    fn a_block_of_code_that_is_open_is_not_opened_again() {
        let text = "# T\n\n```rust\nfn main() {\n";
        assert_eq!(
            continued(text, &["```rust\n", "    let x = 1;\n}\n```\n"]),
            format!("{text}    let x = 1;\n}}\n```\n")
        );
        assert_eq!(
            continued(text, &["```rust\nfn main() {\n    let x = 1;\n"]),
            format!("{text}    let x = 1;\n")
        );
        assert_eq!(continued(text, &["```\n\nProse."]), format!("{text}```\n\nProse."), "its end");
        let plain = "a\n\n```\nx\n";
        assert_eq!(continued(plain, &["```\nafter"]), format!("{plain}```\nafter"));
    }

    #[test]
    fn tables_and_lists_go_on_where_they_are() {
        let table = "| a | b |\n| - | - |\n| 1 | 2 |\n";
        assert_eq!(continued(table, &["| 3 | 4 |\n"]), format!("{table}| 3 | 4 |\n"));
        let row = "| a | b |\n| - | - |\n| first | sec";
        assert_eq!(continued(row, &["| first | second |\n"]), format!("{row}ond |\n"));
        let list = "- one thing\n- another th";
        assert_eq!(continued(list, &["- another thing\n- last"]), format!("{list}ing\n- last"));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_continuation_is_cut(
            text in "[ab#\n `文]{0,40}", more in "[ab#\n `文]{0,40}", cut in 0usize..40,
        ) {
            let cut = more.floor_char_boundary(cut.min(more.len()));
            let (one, two) = more.split_at(cut);
            prop_assert_eq!(continued(&text, &[one, two]), continued(&text, &[&more]));
        }
    }
}
