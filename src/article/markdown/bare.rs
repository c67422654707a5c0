//! Bare URLs and mail addresses (GFM, 6.9).

use super::super::measure::is_cjk;
use super::lines::Guess;
use super::punctuation::is_punctuation;

/// A bare link: how long it is in bytes, and what comes before its text to make the target.
#[derive(Debug, PartialEq, Eq)]
pub struct Bare {
    pub length: usize,
    pub prefix: &'static str,
}

/// Reads the URL that begins at `at`, where a word begins. [`Guess::Open`]: it may be one, or be
/// longer, when more text comes.
pub fn bare_url(text: &str, at: usize, complete: bool) -> Guess<Bare> {
    let body = &text[at..];
    let before = text[..at].chars().next_back().unwrap_or('\n');
    let free = before.is_whitespace() || matches!(before, '*' | '_' | '~' | '(') || is_cjk(before);
    for (start, prefix) in [("https://", ""), ("http://", ""), ("www.", "http://")] {
        let head = body.as_bytes().get(..start.len()).unwrap_or(body.as_bytes());
        if !head.eq_ignore_ascii_case(&start.as_bytes()[..head.len()]) {
            continue;
        }
        if head.len() < start.len() {
            if complete {
                continue;
            }
            return Guess::Open;
        }
        if free || (prefix.is_empty() && !before.is_alphanumeric()) {
            return url(body, start.len(), prefix, complete);
        }
    }
    Guess::No
}

fn url(body: &str, scheme: usize, prefix: &'static str, complete: bool) -> Guess<Bare> {
    let host_start = if prefix.is_empty() { scheme } else { 0 };
    let host = body[host_start..]
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .map_or(body.len(), |length| host_start + length);
    if host == body.len() && !complete {
        return Guess::Open;
    }
    let labels: Vec<&str> = body[host_start..host].split('.').collect();
    let recent = labels.iter().rev().take(2);
    if labels[0].is_empty()
        || recent.clone().any(|label| label.contains('_'))
        || (!prefix.is_empty() && labels.len() < 2)
    {
        return Guess::No;
    }
    // A Chinese sentence goes on after a URL without a space; its punctuation ends the URL.
    let end = body
        .find(|c: char| c.is_whitespace() || c == '<' || (is_cjk(c) && is_punctuation(c)))
        .unwrap_or(body.len());
    if end == body.len() && !complete {
        return Guess::Open;
    }
    let length = without_trailing_punctuation(&body[..end]);
    if length <= scheme { Guess::No } else { Guess::Yes(Bare { length, prefix }) }
}

/// The length without what more likely belongs to the sentence than to the URL.
fn without_trailing_punctuation(url: &str) -> usize {
    let mut end = url.len();
    let mut unbalanced =
        url.bytes().filter(|b| *b == b')').count().saturating_sub(url.matches('(').count());
    while let Some(last) = url[..end].chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' => end -= 1,
            ')' if unbalanced > 0 => {
                unbalanced -= 1;
                end -= 1;
            }
            ';' => {
                let name = url[..end - 1].trim_end_matches(|c: char| c.is_ascii_alphanumeric());
                if name.ends_with('&') && name.len() < end - 1 {
                    end = name.len() - 1;
                } else {
                    end -= 1;
                }
            }
            _ => break,
        }
    }
    end
}

/// The length of what may stand before the `@` of a mail address.
pub fn mailbox(body: &str) -> usize {
    body.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
        .count()
}

/// Reads the mail address at the start of `body`, whose mailbox is `mailbox` bytes long.
pub fn bare_mail(body: &str, mailbox: usize, complete: bool) -> Guess<Bare> {
    let bytes = body.as_bytes();
    match bytes.get(mailbox) {
        None if !complete => return Guess::Open,
        Some(b'@') => {}
        _ => return Guess::No,
    }
    let is_domain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let all = mailbox + 1 + bytes[mailbox + 1..].iter().take_while(|b| is_domain(b)).count();
    if all == bytes.len() && !complete {
        return Guess::Open;
    }
    let domain = body[mailbox + 1..all].trim_end_matches('.');
    let fits = domain.contains('.')
        && !domain.ends_with(['-', '_'])
        && domain.split('.').all(|label| !label.is_empty());
    if !fits {
        return Guess::No;
    }
    Guess::Yes(Bare { length: mailbox + 1 + domain.len(), prefix: "mailto:" })
}
