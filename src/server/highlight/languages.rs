//! The languages that can be coloured, by the names that people and models write after a fence.

use std::sync::OnceLock;

use syntect::parsing::{SyntaxReference, SyntaxSet};

/// The grammars. The first call takes a tenth of a second and should be made where blocking is
/// allowed; see [`super::warm_up`].
pub(super) fn grammars() -> &'static SyntaxSet {
    static GRAMMARS: OnceLock<SyntaxSet> = OnceLock::new();
    GRAMMARS.get_or_init(two_face::syntax::extra_newlines)
}

/// Names that are neither a grammar's name nor a file extension that it lists.
const ALIASES: &[(&str, &str)] = &[
    ("assembly", "asm"),
    ("console", "bash"),
    ("csharp", "cs"),
    ("docker", "dockerfile"),
    ("elisp", "el"),
    ("fsharp", "fsx"),
    ("golang", "go"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsonl", "json"),
    ("ksh", "bash"),
    ("kube", "yaml"),
    ("kubernetes", "yaml"),
    ("mysql", "sql"),
    ("objc", "m"),
    ("objective-c", "m"),
    ("objectivec", "m"),
    ("plsql", "sql"),
    ("postgres", "sql"),
    ("postgresql", "sql"),
    ("psql", "sql"),
    ("pycon", "python"),
    ("python3", "python"),
    ("sh-session", "bash"),
    ("shell", "bash"),
    ("shell-session", "bash"),
    ("shellscript", "bash"),
    ("sqlite", "sql"),
    ("svg", "xml"),
    ("terraform", "tf"),
    ("viml", "vim"),
    ("zshrc", "bash"),
];

/// The name in what is written after a fence; what follows it are arguments: `rust,no_run`,
/// `js{1,3}`, `python:app.py`.
fn name(language: &str) -> String {
    let name = language.split([',', '{', ':', '(']).next().unwrap_or_default();
    name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Whether a language is JavaScript or of its kind.
pub(super) fn is_script(language: &str) -> bool {
    const NAMES: &[&str] = &[
        "cjs",
        "cts",
        "ecmascript",
        "javascript",
        "javascriptreact",
        "js",
        "jsx",
        "mjs",
        "mts",
        "node",
        "ts",
        "tsx",
        "typescript",
        "typescriptreact",
    ];
    NAMES.contains(&&*name(language))
}

/// The grammar for a language as it is written after a fence. `None`: it is not coloured.
pub(super) fn grammar(language: &str) -> Option<&'static SyntaxReference> {
    let name = name(language);
    if name.is_empty() || name.len() > 40 {
        return None;
    }
    let token = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(&*name, |(_, token)| token);
    // Markdown's grammar takes seconds for a line of backticks, and has little to colour.
    let plain = [
        "text",
        "txt",
        "plain",
        "plaintext",
        "none",
        "output",
        "md",
        "markdown",
        "mdown",
        "markdn",
    ];
    if plain.contains(&token) {
        return None;
    }
    grammars().find_syntax_by_token(token)
}

/// Keywords that a grammar does not know, because they are younger or belong to a dialect. Those of
/// SQL in upper case alone: in lower case `text` is rather the name of a column.
pub(super) fn more_keywords(grammar: &SyntaxReference) -> &'static [&'static str] {
    match grammar.name.as_str() {
        "Rust" => &["async", "await"],
        "SQL" => &[
            "ANALYZE",
            "BIGSERIAL",
            "BOOLEAN",
            "BYTEA",
            "CONCURRENTLY",
            "CONFLICT",
            "CROSS",
            "DO",
            "EXCLUDED",
            "EXPLAIN",
            "FILTER",
            "GENERATED",
            "IDENTITY",
            "ILIKE",
            "JSON",
            "JSONB",
            "LATERAL",
            "LOCKED",
            "MATERIALIZED",
            "NOTHING",
            "OFFSET",
            "ON",
            "OVER",
            "PARTITION",
            "RECURSIVE",
            "RETURNING",
            "SKIP",
            "TEXT",
            "TIMESTAMPTZ",
            "UUID",
            "VACUUM",
            "WINDOW",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_their_usual_names() {
        for (name, grammar_name) in [
            ("rust", "Rust"),
            ("Rust,no_run", "Rust"),
            ("rs", "Rust"),
            ("python", "Python"),
            ("py", "Python"),
            ("go", "Go"),
            ("golang", "Go"),
            ("sh", "Bourne Again Shell (bash)"),
            ("bash", "Bourne Again Shell (bash)"),
            ("shell", "Bourne Again Shell (bash)"),
            ("console", "Bourne Again Shell (bash)"),
            ("zsh", "Bourne Again Shell (bash)"),
            ("yaml", "YAML"),
            ("yml", "YAML"),
            ("toml", "TOML"),
            ("json", "JSON"),
            ("jsonc", "JSON"),
            ("sql", "SQL"),
            ("postgresql", "SQL"),
            ("dockerfile", "Dockerfile"),
            ("Dockerfile", "Dockerfile"),
            ("docker", "Dockerfile"),
            ("c", "C"),
            ("cpp", "C++"),
            ("c++", "C++"),
            ("csharp", "C#"),
            ("c#", "C#"),
            ("java", "Java"),
            ("kotlin", "Kotlin"),
            ("swift", "Swift"),
            ("ruby", "Ruby"),
            ("php", "PHP"),
            ("html", "HTML"),
            ("css", "CSS"),
            ("scss", "SCSS"),
            ("xml", "XML"),
            ("diff", "Diff"),
            ("makefile", "Makefile"),
            ("nginx", "nginx"),
            ("ini", "INI"),
            ("graphql", "GraphQL"),
            ("proto", "Protocol Buffer"),
            ("protobuf", "Protocol Buffer"),
            ("hcl", "Terraform"),
            ("lua", "Lua"),
            ("scala", "Scala"),
            ("haskell", "Haskell"),
            ("elixir", "Elixir"),
            ("zig", "Zig"),
            ("http", "HTTP Request and Response"),
        ] {
            let found = grammar(name).unwrap_or_else(|| panic!("{name} is not known"));
            assert_eq!(found.name, grammar_name, "{name}");
        }
    }

    #[test]
    fn javascript_and_its_kin_need_no_grammar() {
        for name in ["js", "jsx", "JavaScript", "ts", "tsx", "typescript", "ts:app.ts", "mjs"] {
            assert!(is_script(name), "{name}");
        }
        assert!(!is_script("json") && !is_script("java") && !is_script(""));
    }

    #[test]
    fn plain_text_and_unknown_languages_have_no_grammar() {
        for name in
            ["", "text", "plaintext", "txt", "klingon", "mermaid", "markdown", &"a".repeat(1 << 20)]
        {
            assert!(grammar(name).is_none(), "{name:.20}");
        }
    }
}
