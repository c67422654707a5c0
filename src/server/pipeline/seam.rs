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

/// Of lines that read the same, so many of the last are places where a model may begin again.
const ANCHORS_ALIKE: usize = 4;

/// More line breaks than this before the first line are an answer of their own.
const BREAKS_MAX: usize = 8;

/// Holds a continuation back until it is known what of it is new. What is compared once is not
/// compared again: a text that repeats itself for ever costs what any other costs.
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
    stage: Stage,
}

/// What is being looked for in what came.
#[derive(Debug)]
enum Stage {
    /// A repetition of the text's end: where in the text it may begin, and the longest that was
    /// found, in bytes.
    Overlap { starts: Vec<usize>, found: usize },
    /// The first line behind that, of which `from` is the beginning in what came.
    Line { from: usize },
    /// What stands behind such a line in the text, as far as it came again.
    Again { from: usize, line: usize, places: Vec<Place>, longest: usize },
}

/// A place in the text with whose line a model began again.
#[derive(Debug)]
struct Place {
    /// Where the text goes on behind the line.
    behind: usize,
}

impl Seam {
    /// A seam at the end of `text`.
    pub fn after(text: &str) -> Self {
        let from = text.ceil_char_boundary(text.len().saturating_sub(WINDOW));
        let starts = text[from..].char_indices().map(|(at, _)| from + at).collect();
        let stage = Stage::Overlap { starts, found: 0 };
        let (anchors, held) = (anchors(text), String::new());
        Self { open: Some(Open { text: text.to_owned(), anchors, held, stage }) }
    }

    /// Takes what came, and gives what of it is new and decided.
    pub fn push(&mut self, text: &str) -> String {
        let Some(open) = &mut self.open else {
            return text.to_owned();
        };
        let before = open.held.len();
        open.held.push_str(text);
        match open.decide(before) {
            Some(repeated) => self.close(repeated),
            None => String::new(),
        }
    }

    /// Gives what was still held back when the continuation ended.
    pub fn finish(&mut self) -> String {
        match self.open.as_mut().map(Open::give_up) {
            Some(repeated) => self.close(repeated),
            None => String::new(),
        }
    }

    fn close(&mut self, repeated: Repeated) -> String {
        self.open.take().map(|open| open.without(repeated)).unwrap_or_default()
    }
}

/// What of a continuation is repeated.
#[derive(Clone, Copy, Debug)]
struct Repeated {
    /// Bytes at its start that repeat the end of the text.
    overlap: usize,
    /// Bytes behind that, and behind line breaks, that begin again with a line of the text.
    again: usize,
}

impl Open {
    /// Looks at what came behind `before`; `None` while more could make a difference.
    fn decide(&mut self, mut before: usize) -> Option<Repeated> {
        loop {
            match &mut self.stage {
                Stage::Overlap { starts, found } => {
                    let came = &self.held.as_bytes()[before..];
                    let text = self.text.as_bytes();
                    let held = &self.held;
                    starts.retain(|start| {
                        let rest = &text[(start + before).min(text.len())..];
                        if came.starts_with(rest) {
                            let whole = text.len() - start;
                            if held[..whole].chars().count() >= MIN_OVERLAP {
                                *found = whole.max(*found);
                            }
                            return false;
                        }
                        rest.starts_with(came)
                    });
                    if !starts.is_empty() && self.held.len() < WINDOW {
                        return None;
                    }
                    self.stage = Stage::Line { from: *found };
                }
                Stage::Line { from } => {
                    let from = *from;
                    let fresh = &self.held[from..];
                    let came = fresh.trim_start_matches('\n');
                    let breaks = fresh.len() - came.len();
                    let Some((line, _)) = came.split_once('\n') else {
                        let line = came.trim_end();
                        let may_be = came.len() <= WINDOW
                            && breaks <= BREAKS_MAX
                            && anchors(&self.text)
                                .iter()
                                .any(|(_, anchor)| anchor.starts_with(line));
                        return (!may_be).then_some(Repeated { overlap: from, again: 0 });
                    };
                    let trimmed = line.trim_end();
                    let alike = self.anchors.iter().filter(|(_, it)| it == trimmed);
                    let mut places: Vec<Place> = alike
                        .map(|(at, anchor)| {
                            let rest = &self.text[at + anchor.len()..];
                            let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
                            Place { behind: at + anchor.len() + end }
                        })
                        .collect();
                    if places.is_empty() || breaks > BREAKS_MAX || line.len() > WINDOW {
                        return Some(Repeated { overlap: from, again: 0 });
                    }
                    places.drain(..places.len().saturating_sub(ANCHORS_ALIKE));
                    let line = breaks + line.len() + 1;
                    before = from + line;
                    self.stage = Stage::Again { from, line, places, longest: 0 };
                }
                Stage::Again { from, line, places, longest } => {
                    let begin = *from + *line;
                    let seen = before - begin;
                    let came = &self.held.as_bytes()[before..];
                    // The nearest end of the text decides: what follows it is new.
                    let mut end = None;
                    places.retain(|place| {
                        let text = &self.text.as_bytes()[place.behind..];
                        let rest = &text[seen.min(text.len())..];
                        let same =
                            rest.iter().zip(came).take_while(|(one, two)| one == two).count();
                        if same == rest.len() {
                            end = Some(end.map_or(text.len(), |end: usize| end.min(text.len())));
                        } else {
                            *longest = (seen + same).max(*longest);
                        }
                        same == came.len() && same < rest.len()
                    });
                    let breaks_line = *line;
                    let (overlap, longest) = (*from, *longest);
                    if let Some(end) = end {
                        return Some(self.repeated(overlap, breaks_line, end));
                    }
                    if !places.is_empty() {
                        return None;
                    }
                    let again = whole_blocks(&self.held[begin..], longest);
                    return Some(self.repeated(overlap, breaks_line, again));
                }
            }
        }
    }

    /// What is repeated of what came, where nothing more will.
    fn give_up(&mut self) -> Repeated {
        match &self.stage {
            Stage::Overlap { starts: _, found } => {
                let found = *found;
                self.stage = Stage::Line { from: found };
                self.decide(self.held.len()).unwrap_or_else(|| self.give_up())
            }
            Stage::Line { from } => {
                let came = self.held[*from..].trim_start_matches('\n');
                let line = came.trim_end();
                let is_one = self.anchors.iter().any(|(_, anchor)| anchor == line);
                Repeated { overlap: *from, again: if is_one { came.len() } else { 0 } }
            }
            Stage::Again { from, line, longest, .. } => {
                let begin = from + line;
                // All that came is the same as somewhere, or no place is left.
                let longest = (self.held.len() - begin).max(*longest);
                self.repeated(*from, *line, whole_blocks(&self.held[begin..], longest))
            }
        }
    }

    /// `line`: with the line breaks before it and its own; `again`: what is repeated behind it.
    fn repeated(&self, overlap: usize, line: usize, again: usize) -> Repeated {
        let fresh = &self.held[overlap..];
        let breaks = fresh.len() - fresh.trim_start_matches('\n').len();
        Repeated { overlap, again: line - breaks + again }
    }

    fn without(&self, Repeated { overlap, again }: Repeated) -> String {
        let fresh = &self.held[overlap..];
        let breaks = fresh.len() - fresh.trim_start_matches('\n').len();
        let end = breaks + again;
        // What follows begins a line, as it did behind what is dropped.
        let dropped = &fresh[breaks..end];
        let kept = match breaks {
            0 if !self.text.ends_with('\n') => dropped.len() - dropped.trim_end_matches('\n').len(),
            _ => 0,
        };
        fresh[..breaks].to_owned() + &fresh[end - kept..]
    }
}

/// The length of the paragraphs that a text begins with and that have ended within its first `bytes`:
/// up to a blank line that is not in a block of code.
fn whole_blocks(text: &str, bytes: usize) -> usize {
    let (mut length, mut at, mut in_code, mut is_long) = (0, 0, false, false);
    let text = &text[..text.floor_char_boundary(bytes)];
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

    #[test]
    fn what_repeats_itself_for_ever_is_held_back_no_longer_than_it_can_matter() {
        let text = "## Step\n".repeat(4_000);
        let mut seam = Seam::after(&text);
        let mut held = 0;
        for piece in ["##", " St", "ep\n"].iter().cycle().take(30_000) {
            held = if seam.push(piece).is_empty() { held + piece.len() } else { 0 };
        }
        assert!(held <= text.len(), "{held}");
        let mut seam = Seam::after("# T\n\n## One\n");
        assert!((0..100).any(|_| !seam.push("\n").is_empty()), "blank lines are given out");
        let mut seam = Seam::after(&"a".repeat(5_000));
        (0..5_000).for_each(|_| _ = seam.push("a"));
        assert_eq!(seam.push("b"), "b");
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
