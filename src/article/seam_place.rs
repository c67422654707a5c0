//! Seams as a reader finds them: how far down the text, and between which words.

use serde::{Deserialize, Serialize};

use super::event::Seam;

/// So many characters are shown on either side of a seam.
const WORDS_AROUND: usize = 40;

/// A seam and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeamPlace {
    /// The seam.
    pub seam: Seam,
    /// How much of the text stands before it, in whole per cent.
    pub percent: u8,
    /// The last words before it, on one line.
    pub before: String,
    /// The first words behind it, on one line.
    pub behind: String,
}

/// Finds the seams in the text that they belong to. One that lies outside of it is left out.
pub fn places(text: &str, seams: &[Seam]) -> Vec<SeamPlace> {
    let place = |seam: &Seam| {
        let (before, behind) = text.split_at_checked(usize::try_from(seam.offset).ok()?)?;
        // At most a hundred.
        let percent = u8::try_from(before.len() * 100 / text.len().max(1)).unwrap_or(100);
        let reversed = before.chars().rev().take(WORDS_AROUND);
        let before: String = reversed.collect::<Vec<_>>().into_iter().rev().collect();
        let behind: String = behind.chars().take(WORDS_AROUND).collect();
        Some(SeamPlace {
            seam: seam.clone(),
            percent,
            before: on_one_line(&before),
            behind: on_one_line(&behind),
        })
    };
    seams.iter().filter_map(place).collect()
}

/// With one blank for any white space: where a seam falls between two words shall be seen.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_whitespace() {
            true if line.ends_with(' ') => {}
            true => line.push(' '),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seam(offset: usize) -> Seam {
        let reason = "length".to_owned();
        Seam { offset: offset as u64, from: None, to: "a".to_owned(), reason }
    }

    #[test]
    fn a_seam_is_shown_between_its_words() {
        let text = "One two\n\n- three";
        let found = places(text, &[seam(7)]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].before.as_str(), found[0].behind.as_str()), ("One two", " - three"));
        assert_eq!(found[0].percent, 43);
    }

    #[test]
    fn only_the_words_around_it_are_shown() {
        let text = "字".repeat(100);
        let found = places(&text, &[seam(150)]);
        assert_eq!(found[0].before.chars().count(), WORDS_AROUND);
        assert_eq!(found[0].behind.chars().count(), WORDS_AROUND);
        assert_eq!(found[0].percent, 50);
    }

    #[test]
    fn what_is_no_place_in_the_text_is_left_out() {
        assert!(places("字字", &[seam(1), seam(99)]).is_empty());
        assert!(places("", &[seam(1)]).is_empty());
    }
}
