//! Random documents: the marks of Markdown, thrown together.

use proptest::prelude::*;

/// Marks that both parsers read alike.
const COMMON: &[&str] = &[
    "*",
    "**",
    "***",
    "_",
    "__",
    "~~",
    "`",
    "``",
    "[",
    "]",
    "(",
    ")",
    "](/u)",
    "](/u \"t\")",
    "[x](/y)",
    "![",
    "![i](/j)",
    "&amp;",
    "&",
    "&#65;",
    "\\",
    "\\*",
    "|",
    "#",
    "## ",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "2) ",
    "> ",
    "    ",
    "  ",
    " ",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "```\n",
    "~~~ rust\n",
    "---\n",
    "===\n",
    "|-|-|\n",
    "| a | b |\n",
    "[a]: /u\n",
    "[a]",
    "[b][a]",
    "[a][]",
    "[ ] ",
    "[x] ",
    "word",
    "a b",
    "é",
    "!",
    ".",
    ":",
    "\"",
    "'",
    "=",
    "-",
    "<",
    "1",
    "  \n",
    "[^1]",
    "[^1]: ",
];

/// Marks that ours alone reads, or reads differently.
const OWN: &[&str] = &[
    "~",
    "\\\n",
    "[^2]",
    "<b>",
    "<sub>",
    "</sub>",
    "<br>",
    "<!-- c -->",
    "<script>",
    "</script>",
    "<div>\n",
    "</div>\n",
    "<a href='x'>",
    "https://a.b/c",
    "www.x.y",
    "a@b.cc",
    "<https://a.b>",
    "\t",
    "中文",
    "，",
    "：",
    "“",
    "\r\n",
    "\r",
    "\0",
    "\u{a0}",
    "<!--",
    "<?",
    "&nbsp;",
    "http",
    "<ta",
    "[^",
    "![a](b",
    "<iframe>",
    "</iframe>",
    "\u{feff}",
    "- [ ] ",
    "- [x] t\n",
];

fn soup(tokens: Vec<&'static str>, length: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(tokens), 1..length)
        .prop_map(|tokens| tokens.concat())
}

/// A document that both parsers should read alike.
pub fn common() -> impl Strategy<Value = String> {
    soup(COMMON.to_vec(), 24)
}

/// A document with everything in it.
pub fn any() -> impl Strategy<Value = String> {
    soup([COMMON, OWN].concat(), 40)
}
