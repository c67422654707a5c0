//! Cuts a text into pieces that look like a model's tokens.

use super::articles::is_cjk;

/// The longest piece of a word, in Unicode scalar values.
const PIECE: usize = 5;

/// The pieces of a text, in order; together they are the text.
pub(super) fn split(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (token, rest) = text.split_at(first(text));
        text = rest;
        (!token.is_empty()).then_some(token)
    })
}

/// How many pieces a text has.
pub(super) fn count(text: &str) -> usize {
    split(text).count()
}

/// The length of the first piece, in bytes: 1 to 5 letters with the space before them, 1 or 2
/// Chinese characters, up to 3 marks, an indentation, a line end or two.
fn first(text: &str) -> usize {
    let Some(c) = text.chars().next() else { return 0 };
    match c {
        '\n' => run(text, 2, |next| next == '\n'),
        ' ' => match run(text, 8, |next| next == ' ') {
            1 => {
                1 + text[1..].chars().next().map_or(0, |next| match next {
                    _ if next.is_whitespace() || is_cjk(next) => 0,
                    _ => first(&text[1..]),
                })
            }
            // The last one belongs to the word.
            spaces => spaces - 1,
        },
        _ if is_cjk(c) => run(text, if u32::from(c).is_multiple_of(4) { 1 } else { 2 }, is_cjk),
        _ if of_word(c) => {
            let word = text.chars().take_while(|next| of_word(*next)).count();
            run(text, if word <= PIECE { word } else { word.div_ceil(2).min(PIECE) }, of_word)
        }
        _ if c.is_ascii_punctuation() => run(text, 3, |next| next.is_ascii_punctuation()),
        _ => c.len_utf8(),
    }
}

fn of_word(c: char) -> bool {
    c.is_alphanumeric() && !is_cjk(c)
}

/// The bytes of the first so many characters that are alike.
fn run(text: &str, most: usize, alike: impl Fn(char) -> bool) -> usize {
    text.chars().take(most).take_while(|c| alike(*c)).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_look_like_tokens() {
        let pieces: Vec<&str> = split("## A scheduler, in Rust\n\n    let x = 1;\n").collect();
        let expected = [
            "##", " A", " sched", "uler", ",", " in", " Rust", "\n\n", "   ", " let", " x", " =",
            " 1", ";", "\n",
        ];
        assert_eq!(pieces, expected);
        for piece in split("为什么异步运行时需要调度器") {
            assert!((1..=2).contains(&piece.chars().count()));
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-z0-9 \n#墨流é，.]{0,80}|\\PC{0,40}") {
            prop_assert_eq!(split(&text).collect::<String>(), text);
        }
    }
}
