//! One-shot reading against pulldown-cmark's.

use proptest::prelude::*;

use super::{reference, soup};
use crate::article::markdown::parse;

#[test]
fn scratch_soup() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut good, mut bad, mut skipped) = (0, 0, 0);
    let mut shown: Vec<String> = vec![];
    for _ in 0..100000 {
        let mut tree = soup::common().new_tree(&mut runner).unwrap();
        if !readable(&tree.current()) { continue }
        let differs = |text: &str| -> Option<bool> {
            let text = &format!("{text}\n");
            let theirs = std::panic::catch_unwind(|| reference::read(text)).ok()??;
            Some(reference::level(parse(text)) != reference::level(theirs))
        };
        match differs(&tree.current()) { None => skipped += 1, Some(false) => good += 1, Some(true) => {
            bad += 1;
            if shown.len() < 40 {
            // shrink
            let mut best = tree.current();
            if tree.simplify() { for _ in 0..400 {
                let c = tree.current();
                if differs(&c) == Some(true) { best = c; if !tree.simplify() { break } } else if !tree.complicate() { break }
            } }
            if !shown.contains(&best) {
            println!("== {best:?}\n-- ours\n{:?}\n-- theirs\n{:?}\n", reference::level(parse(&best)).blocks, reference::level(reference::read(&best).unwrap()).blocks);
            shown.push(best); }
            }
        } }
    }
    println!("good {good} bad {bad} skipped {skipped}");
}
#[test]
fn scratch_ask() {
    for text in ["a\n|-|\n", "| a\n|-\n", "|a|\n-|\n", "a|\n-|\n", "a\n-|\n", "a\n|-\n", "|a|\n|-\n", "a\n:-:\n","a|\n:-:\n", "|a|\n---\n", "a|b\n---|\n", "a\n|:-:|\n", "- [ ]\n\n  a\n", "|a|\n|-|\nb\n- c\n", "|a|\n|-|\n    b\n","|a|\n|-|\n=\n", "|a|\n|-|\n[b]: /c\n", "| a \\\n|-|-|\n","> |a|\n> |-|\nb|\n", "[^1]\na\n[^1]: b\n", "[^1](/u)\n\n[^1]: x\n", "![^1]\n\n[^1]: x\n", "[^A]\n\n[^a]: x\n", "- [^1]\n\n  [^1]: x\n\n      y\n"] {
        let theirs = reference::level(reference::read(text).unwrap());
        let ours = reference::level(parse(text));
        println!("== {text:?} {}\n{:?}\n{:?}", ours == theirs, ours.blocks, theirs.blocks);
    }
}

fn readable(text: &str) -> bool {
    text.lines().all(|line| line.find('|').is_none_or(|at| line[..at].chars().all(|c| " >-+*0123456789.)".contains(c))))
}
