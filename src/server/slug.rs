//! A title as part of a URL.

use pinyin::ToPinyin;

/// The longest slug, in bytes.
const MAX_BYTES: usize = 80;

/// Makes a title part of a URL: lower-case ASCII letters, digits and single hyphens between words,
/// Chinese in Pinyin without tones, at most 80 bytes, cut between words. What has no letters that
/// can be written so becomes `article`.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in words(title) {
        if slug.is_empty() {
            slug.push_str(&word[..word.len().min(MAX_BYTES)]);
        } else if slug.len() + 1 + word.len() > MAX_BYTES {
            break;
        } else {
            slug.push('-');
            slug.push_str(&word);
        }
    }
    if slug.is_empty() { "article".to_owned() } else { slug }
}

/// The words of a title in lower-case ASCII; each Chinese character is one.
fn words(title: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else if let Some(letters) = latin(c) {
            word.push_str(letters);
        } else if !matches!(c, '\'' | '\u{2019}' | '\u{300}'..='\u{36f}') {
            words.push(std::mem::take(&mut word));
            if let Some(pinyin) = c.to_pinyin() {
                // The one letter outside ASCII is the ü, which URLs write as v.
                words.push(pinyin.plain().replace('ü', "v"));
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The ASCII letters for those of Western European languages, and for full-width forms.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì'..='ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'ş' | 'š' => "s",
        'ß' => "ss",
        'ť' | 'þ' => "t",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return full_width(c),
    })
}

fn full_width(c: char) -> Option<&'static str> {
    const ASCII: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    let index = match c {
        '０'..='９' => c as usize - '０' as usize,
        'ａ'..='ｚ' => 10 + (c as usize - 'ａ' as usize),
        _ => return None,
    };
    ASCII.get(index..=index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_become_readable_urls() {
        for (title, expected) in [
            ("How Rust's async/await Works", "how-rusts-async-await-works"),
            ("  C++ & Rust: a tale  ", "c-rust-a-tale"),
            ("Redis 缓存的实现", "redis-huan-cun-de-shi-xian"),
            ("用Rust写CLI", "yong-rust-xie-cli"),
            ("绿色", "lv-se"),
            ("Café déjà-vu Straße", "cafe-deja-vu-strasse"),
            ("Ｒｕｓｔ２０２４", "rust2024"),
            ("İstanbul", "istanbul"),
            ("", "article"),
            ("🎉！？", "article"),
        ] {
            assert_eq!(slug(title), expected, "{title}");
        }
    }

    #[test]
    fn a_long_title_is_cut_between_words() {
        assert_eq!(slug(&"abcdefgh ".repeat(20)), "abcdefgh-".repeat(9).trim_end_matches('-'));
        assert_eq!(slug(&"x".repeat(500)), "x".repeat(80));
    }

    proptest! {
        #[test]
        fn any_title_gives_a_slug(title in any::<String>()) {
            let slug = slug(&title);
            prop_assert!((1..=80).contains(&slug.len()));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
            prop_assert!(slug.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')));
        }
    }
}
