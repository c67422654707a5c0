//! Random articles: what a model writes, every mark with its other half.

use proptest::prelude::*;

/// Words of both languages; none begins or ends with a mark.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,8}",
        1 => "[A-Z][a-z]{2,6}",
        1 => "[0-9]{1,4}",
        2 => proptest::sample::select(vec!["模型", "流式输出", "注意", "增量解析", "性能", "浏览器"])
            .prop_map(str::to_owned),
    ]
}

fn words() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 1..5).prop_map(|words| words.join(" "))
}

/// A stretch of running text with marks.
fn marked() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => words(),
        2 => words().prop_map(|text| format!("**{text}**")),
        2 => words().prop_map(|text| format!("*{text}*")),
        1 => words().prop_map(|text| format!("***{text}***")),
        1 => words().prop_map(|text| format!("__{text}__")),
        1 => words().prop_map(|text| format!("_{text}_")),
        1 => words().prop_map(|text| format!("~~{text}~~")),
        2 => words().prop_map(|text| format!("`{text}`")),
        1 => words().prop_map(|text| format!("`` {text} ` ``")),
        1 => (words(), words()).prop_map(|(a, b)| format!("**{a} *{b}***")),
        1 => (words(), words()).prop_map(|(a, b)| format!("*{a} **{b}** c*")),
        2 => (words(), "[a-z]{1,6}").prop_map(|(text, path)| {
            format!("[{text}](https://example.org/{path} \"{text}\")")
        }),
        1 => words().prop_map(|text| format!("[**{text}**](/a)")),
        1 => words().prop_map(|text| format!("![{text}](/a.png)")),
        1 => Just("a &amp; b &lt; c \\* d".to_owned()),
        1 => Just("2 * 3 and 4 < 5".to_owned()),
    ]
}

/// Running text on one line.
fn line() -> impl Strategy<Value = String> {
    proptest::collection::vec(marked(), 1..5).prop_map(|parts| parts.join(" "))
}

fn paragraph() -> impl Strategy<Value = String> {
    (word(), proptest::collection::vec(line(), 1..4), any::<bool>()).prop_map(
        |(first, lines, hard)| format!("{first} {}", lines.join(if hard { "  \n" } else { "\n" })),
    )
}

fn code() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec("[a-z(){};= ]{0,20}", 0..5);
    (proptest::sample::select(vec!["```", "~~~", "````"]), "[a-z]{0,5}", lines).prop_map(
        |(fence, language, lines)| format!("{fence}{language}\n{}\n{fence}", lines.join("\n")),
    )
}

fn table() -> impl Strategy<Value = String> {
    let row = || {
        (words(), marked().prop_filter("a bar", |cell| !cell.contains('|')))
            .prop_map(|(a, b)| format!("| {a} | {b} |"))
    };
    (row(), proptest::collection::vec(row(), 0..4))
        .prop_map(|(head, rows)| [vec![head, "|:---|---:|".to_owned()], rows].concat().join("\n"))
}

fn indent(text: &str, first: &str, rest: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(index, line)| match (index, line) {
            (0, _) => format!("{first}{line}"),
            (_, "") => String::new(),
            _ => format!("{rest}{line}"),
        })
        .collect();
    lines.join("\n")
}

fn list(item: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let mark = proptest::sample::select(vec!["- ", "* ", "1. ", "- [ ] ", "- [x] "]);
    (mark, proptest::collection::vec(item, 1..4), any::<bool>()).prop_map(|(mark, items, loose)| {
        let rest = if mark == "1. " { "   " } else { "  " };
        let items: Vec<String> = items.iter().map(|item| indent(item, mark, rest)).collect();
        items.join(if loose { "\n\n" } else { "\n" })
    })
}

fn block() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => paragraph(),
        2 => (1..=6_usize, word(), line()).prop_map(|(level, first, line)| {
            format!("{} {first} {line}", "#".repeat(level))
        }),
        1 => (word(), line()).prop_map(|(first, line)| format!("{first} {line}\n===")),
        2 => code(),
        1 => table(),
        1 => Just("***".to_owned()),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        let several = proptest::collection::vec(inner, 1..3);
        prop_oneof![
            several.clone().prop_map(|blocks| indent(&blocks.join("\n\n"), "> ", "> ")),
            list((paragraph(), proptest::option::of(several)).prop_map(|(first, more)| {
                match more {
                    Some(blocks) => format!("{first}\n\n{}", blocks.join("\n\n")),
                    None => first,
                }
            })),
        ]
    })
}

/// An article.
pub fn article() -> impl Strategy<Value = String> {
    proptest::collection::vec(block(), 1..6).prop_map(|blocks| blocks.join("\n\n") + "\n")
}
