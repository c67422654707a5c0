//! Compares two texts, block by block and within a block word by word.
//!
//! Words are those of Unicode's rules, Chinese and Japanese ones those of ICU's dictionary, which
//! lies in the program as it is and takes no memory.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use crate::article::comparison::{Change, Look, Piece, Row};

/// After this time the rest is compared more coarsely: whole stretches count as changed.
const PATIENCE: Duration = Duration::from_millis(500);
/// Blocks with less in common than this are two different blocks. Of 1.
const ALIKE: f32 = 0.35;
/// How many words are looked at to find which blocks of a stretch belong together.
const PAIRING_WORK: usize = 4_000_000;

/// What became of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Both texts in their order.
    pub rows: Vec<Row>,
    /// How many words only the second has.
    pub added: u32,
    /// How many words only the first has.
    pub removed: u32,
}

/// Compares two Markdown texts. Takes milliseconds for an article, and for texts of megabytes
/// some hundreds of them: not for a thread that others wait for.
pub fn compare<'a>(from: &'a str, to: &'a str) -> Compared {
    let deadline = Some(Instant::now() + PATIENCE);
    let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let (from, to) = (blocks(from), blocks(to));
    let mut compared = Compared::default();
    for (change, old, new) in stretches(&from, &to, deadline) {
        match change {
            false => compared.rows.extend(to[new].iter().map(|text| same(text))),
            true => {
                let words_of = |blocks: &[&'a str]| -> Vec<Words<'a>> {
                    blocks.iter().map(|text| Words::of(&segmenter, text)).collect()
                };
                let (old, new) = (words_of(&from[old]), words_of(&to[new]));
                compared.changed_stretch(&old, &new, deadline);
            }
        }
    }
    compared
}

/// A block with its words and what stands between them.
struct Words<'a> {
    text: &'a str,
    pieces: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn of(segmenter: &WordSegmenterBorrowed<'static>, text: &'a str) -> Self {
        let mut pieces = Vec::new();
        let mut start = 0;
        for end in segmenter.segment_str(text) {
            if let Some(piece) = text.get(start..end).filter(|piece| !piece.is_empty()) {
                pieces.push(piece);
            }
            start = end;
        }
        Self { text, pieces }
    }

    /// How much two blocks have in common: 0 nothing, 1 all words, in whatever order.
    fn likeness(&self, other: &Self) -> f32 {
        let mut counts: HashMap<&str, i32> = HashMap::new();
        let mut own = 0_u32;
        for word in self.pieces.iter().filter(|piece| is_word(piece)) {
            *counts.entry(word).or_default() += 1;
            own += 1;
        }
        let (mut shared, mut others) = (0_u32, 0_u32);
        for word in other.pieces.iter().filter(|piece| is_word(piece)) {
            others += 1;
            if let Some(left) = counts.get_mut(word).filter(|left| **left > 0) {
                *left -= 1;
                shared += 1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a rough measure")]
        let likeness = 2.0 * shared as f32 / (own + others).max(1) as f32;
        likeness
    }
}

impl Compared {
    /// A stretch that differs: blocks that are alike stand side by side, the others alone.
    fn changed_stretch(&mut self, old: &[Words<'_>], new: &[Words<'_>], by: Option<Instant>) {
        let (mut next_old, mut next_new) = (0, 0);
        let late = by.is_some_and(|by| Instant::now() >= by);
        let pairs = if late { Vec::new() } else { pairs(old, new) };
        for (old_at, new_at) in pairs {
            self.alone(&old[next_old..old_at], &new[next_new..new_at]);
            self.changed(&old[old_at], &new[new_at], by);
            (next_old, next_new) = (old_at + 1, new_at + 1);
        }
        self.alone(&old[next_old..], &new[next_new..]);
    }

    fn alone(&mut self, old: &[Words<'_>], new: &[Words<'_>]) {
        for block in old {
            self.removed += count(&block.pieces);
            let from = vec![Piece { text: block.text.to_owned(), changed: true }];
            let row = Row { change: Change::Removed, look: look(block.text), from, to: Vec::new() };
            self.rows.push(row);
        }
        for block in new {
            self.added += count(&block.pieces);
            let to = vec![Piece { text: block.text.to_owned(), changed: true }];
            let row = Row { change: Change::Added, look: look(block.text), from: Vec::new(), to };
            self.rows.push(row);
        }
    }

    fn changed(&mut self, old: &Words<'_>, new: &Words<'_>, by: Option<Instant>) {
        let (mut from, mut to) = (Vec::new(), Vec::new());
        let mut stretches = stretches(&old.pieces, &new.pieces, by);
        join_across_gaps(&mut stretches, &old.pieces);
        for (changed, old_range, new_range) in stretches {
            let (old_pieces, new_pieces) = (&old.pieces[old_range], &new.pieces[new_range]);
            for (pieces, side) in [(old_pieces, &mut from), (new_pieces, &mut to)] {
                if !pieces.is_empty() {
                    side.push(Piece { text: pieces.concat(), changed });
                }
            }
            if changed {
                self.removed += count(old_pieces);
                self.added += count(new_pieces);
            }
        }
        self.rows.push(Row { change: Change::Changed, look: look(new.text), from, to });
    }
}

/// Stretches of two lists, in order: whether they differ, and where they lie in each.
type Stretch = (bool, Range<usize>, Range<usize>);

fn stretches(from: &[&str], to: &[&str], deadline: Option<Instant>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, from, to, deadline) {
        let changed = !matches!(op, DiffOp::Equal { .. });
        let (old, new) = (op.old_range(), op.new_range());
        match stretches.last_mut() {
            Some((true, last_old, last_new)) if changed => {
                (last_old.end, last_new.end) = (old.end, new.end);
            }
            _ => stretches.push((changed, old, new)),
        }
    }
    stretches
}

/// A space or a comma that stayed between two changed words is no island worth showing.
fn join_across_gaps(stretches: &mut Vec<Stretch>, old: &[&str]) {
    let mut joined: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for (index, (changed, old_range, new_range)) in stretches.iter().enumerate() {
        let between = joined.last().is_some_and(|last| last.0) && index + 1 < stretches.len();
        let is_gap = !changed && !old[old_range.clone()].iter().any(|piece| is_word(piece));
        match joined.last_mut() {
            Some(last) if last.0 && (*changed || (between && is_gap)) => {
                (last.1.end, last.2.end) = (old_range.end, new_range.end);
            }
            _ => joined.push((*changed, old_range.clone(), new_range.clone())),
        }
    }
    *stretches = joined;
}

/// Which blocks of a stretch belong together: the pairs in order that have the most in common.
fn pairs(old: &[Words<'_>], new: &[Words<'_>]) -> Vec<(usize, usize)> {
    let words = |blocks: &[Words<'_>]| blocks.iter().map(|it| it.pieces.len()).sum::<usize>();
    let work = words(old).saturating_mul(new.len()) + words(new).saturating_mul(old.len());
    if old.is_empty() || new.is_empty() || work > PAIRING_WORK {
        return Vec::new();
    }
    let width = new.len() + 1;
    // best[i * width + j]: of the first i and the first j.
    let mut best = vec![0.0_f32; (old.len() + 1) * width];
    let mut alike = vec![0.0_f32; old.len() * new.len()];
    for (i, one) in old.iter().enumerate() {
        for (j, other) in new.iter().enumerate() {
            let likeness = match look(one.text) == look(other.text) {
                true => one.likeness(other),
                false => 0.0,
            };
            let paired = match likeness >= ALIKE {
                true => best[i * width + j] + likeness,
                false => 0.0,
            };
            alike[i * new.len() + j] = paired;
            let without = best[i * width + j + 1].max(best[(i + 1) * width + j]);
            best[(i + 1) * width + j + 1] = paired.max(without);
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (old.len(), new.len());
    while i > 0 && j > 0 {
        let here = best[i * width + j];
        let paired = alike[(i - 1) * new.len() + j - 1];
        if paired > 0.0 && paired >= here {
            (i, j) = (i - 1, j - 1);
            pairs.push((i, j));
        } else if best[(i - 1) * width + j] >= here {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    pairs.reverse();
    pairs
}

/// The blocks of a Markdown text.
fn blocks(text: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut begun: Option<usize> = None;
    let mut end = 0;
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let close = |begun: &mut Option<usize>, end: usize, blocks: &mut Vec<_>| {
            blocks.extend(begun.take().and_then(|start| text.get(start..end)));
        };
        match fence {
            Some(open) if bare.starts_with(open) && bare.trim_matches(['`', '~']).is_empty() => {
                fence = None;
                close(&mut begun, at + line.trim_end().len(), &mut blocks);
            }
            Some(_) if !bare.is_empty() => end = at + line.trim_end().len(),
            Some(_) => {}
            None if bare.is_empty() => close(&mut begun, end, &mut blocks),
            None => {
                fence = fence_of(bare);
                if fence.is_some() || bare.starts_with('#') {
                    close(&mut begun, end, &mut blocks);
                }
                begun.get_or_insert(at);
                end = at + line.trim_end().len();
                if fence.is_none() && bare.starts_with('#') {
                    close(&mut begun, end, &mut blocks);
                }
            }
        }
        at += line.len();
    }
    blocks.extend(begun.and_then(|start| text.get(start..end.max(start))));
    blocks
}

/// The fence that a line opens.
fn fence_of(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let fence = line.get(..length).filter(|_| length >= 3)?;
    // Backticks behind the fence: a code span.
    (mark != '`' || !line.get(length..)?.contains('`')).then_some(fence)
}

fn look(block: &str) -> Look {
    let block = block.trim_start();
    let level = block.len() - block.trim_start_matches('#').len();
    match level {
        _ if fence_of(block.lines().next().unwrap_or_default()).is_some() => Look::Code,
        1..=6 if block.as_bytes().get(level).is_none_or(u8::is_ascii_whitespace) => Look::Heading,
        _ => Look::Text,
    }
}

fn same(block: &str) -> Row {
    let piece = Piece { text: block.to_owned(), changed: false };
    Row { change: Change::Same, look: look(block), from: Vec::new(), to: vec![piece] }
}

fn is_word(piece: &str) -> bool {
    piece.chars().any(char::is_alphanumeric)
}

fn count(pieces: &[&str]) -> u32 {
    u32::try_from(pieces.iter().filter(|piece| is_word(piece)).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(pieces: &[Piece]) -> String {
        let mark = |piece: &Piece| match piece.changed {
            true => format!("[{}]", piece.text),
            false => piece.text.clone(),
        };
        pieces.iter().map(mark).collect()
    }

    fn changes(from: &str, to: &str) -> Vec<(Change, String, String)> {
        let rows = compare(from, to).rows;
        rows.iter().map(|row| (row.change, marked(&row.from), marked(&row.to))).collect()
    }

    #[test]
    fn words_are_compared_within_a_block() {
        let compared = compare("One two three four.\n\nSame.", "One 2 three four.\n\nSame.");
        assert_eq!((compared.added, compared.removed), (1, 1));
        assert_eq!(
            changes("One two three four.\n\nSame.", "One 2 three four.\n\nSame."),
            [
                (Change::Changed, "One [two] three four.".into(), "One [2] three four.".into()),
                (Change::Same, String::new(), "Same.".into()),
            ]
        );
    }

    #[test]
    fn chinese_is_compared_by_words() {
        assert_eq!(
            changes("数据库事务保证一致性。", "数据库索引保证一致性。"),
            [(
                Change::Changed,
                "数据库[事务]保证一致性。".into(),
                "数据库[索引]保证一致性。".into()
            )]
        );
    }

    #[test]
    fn a_space_between_two_changed_words_is_changed_with_them() {
        assert_eq!(
            changes("a b keep c d e f", "x y keep c d e f"),
            [(Change::Changed, "[a b] keep c d e f".into(), "[x y] keep c d e f".into())]
        );
    }

    #[test]
    fn a_block_that_moved_in_is_added_and_the_others_keep_their_partners() {
        let from = "# Title\n\nThe first paragraph stands.\n\nThe last one stays as it was.";
        let to = "# Title\n\nBrand new words here.\n\nThe first paragraph stood.\n\n\
                  The last one stays as it was.";
        let kinds: Vec<Change> = compare(from, to).rows.iter().map(|row| row.change).collect();
        assert_eq!(kinds, [Change::Same, Change::Added, Change::Changed, Change::Same]);
    }

    #[test]
    fn code_with_blank_lines_is_one_block() {
        let text = "Text\n```rust\nfn a() {}\n\nfn b() {}\n```\nBehind\n# Head\nbelow";
        assert_eq!(
            blocks(text),
            ["Text", "```rust\nfn a() {}\n\nfn b() {}\n```", "Behind", "# Head", "below"]
        );
        let looks: Vec<Look> = blocks(text).into_iter().map(look).collect();
        assert_eq!(looks, [Look::Text, Look::Code, Look::Text, Look::Heading, Look::Text]);
        // A model that stopped within its code.
        assert_eq!(blocks("```\na\n\nb\n"), ["```\na\n\nb"]);
    }

    #[test]
    fn texts_of_megabytes_are_compared_all_the_same() {
        let from: String = (0..60_000).map(|i| format!("line {i} of the text\n\n")).collect();
        let to: String = (0..60_000).map(|i| format!("row {} in a text\n\n", i * 7)).collect();
        let compared = compare(&from, &to);
        assert_eq!(side(&compared.rows, false), blocks(&from).concat());
        assert_eq!(side(&compared.rows, true), blocks(&to).concat());
    }

    /// One side of a comparison, put together again.
    fn side(rows: &[Row], of_to: bool) -> String {
        let pieces = |row: &Row| match (row.change, of_to) {
            (Change::Same, _) | (_, true) => row.to.clone(),
            _ => row.from.clone(),
        };
        rows.iter().flat_map(pieces).map(|piece| piece.text).collect()
    }

    proptest! {
        #[test]
        fn nothing_of_either_text_is_lost(
            from in "([a-c 数据库事务`#\n]|\n\n|```|~~~){0,60}",
            to in "([a-c 数据库事务`#\n]|\n\n|```|~~~){0,60}",
        ) {
            let compared = compare(&from, &to);
            prop_assert_eq!(side(&compared.rows, false), blocks(&from).concat());
            prop_assert_eq!(side(&compared.rows, true), blocks(&to).concat());
            let ink = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(ink(&blocks(&from).concat()), ink(&from));
        }

        #[test]
        fn a_text_is_the_same_as_itself(text in "([a-c 数据`#\n]|\n\n|```){0,60}") {
            let compared = compare(&text, &text);
            prop_assert!(compared.rows.iter().all(|row| row.change == Change::Same));
            prop_assert_eq!((compared.added, compared.removed), (0, 0));
        }
    }
}
