//! The parser against its invariants and against pulldown-cmark.
mod agreement;
mod chunking;
mod consumer;
mod grammar;
mod half_typed;
mod reference;
mod soup;
mod work;
use super::*;
#[test]
fn scratch_spec() {
    let examples: Vec<String> = serde_json::from_str(include_str!("/tmp/md/spec.json")).unwrap();
    let other: Vec<(String, String)> = serde_json::from_str(include_str!("/tmp/md/other.json")).unwrap();
    let all = examples.into_iter().enumerate().map(|(i, e)| (format!("{}", i + 1), e)).chain(other);
    let (mut good, mut bad, mut skipped) = (0, 0, 0);
    let mut names = vec![];
    for (name, example) in all {
        let Some(theirs) = reference::read(&example) else { skipped += 1; let _ = parse(&example); continue };
        let ours = reference::level(parse(&example));
        let theirs = reference::level(theirs);
        if ours == theirs { good += 1 } else { bad += 1; 
            names.push(name.clone());
            println!("== {name}\n{example}\n-- ours\n{:?}\n-- theirs\n{:?}\n", ours.blocks, theirs.blocks);
        }
    }
    println!("good {good} bad {bad} skipped {skipped} {names:?}");
}
