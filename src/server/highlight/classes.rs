//! From a grammar's scopes to the five classes that the page knows.

use std::sync::OnceLock;

use syntect::parsing::{Scope, ScopeStack};

/// What a scope says about the text in it.
#[derive(Clone, Copy)]
enum Rule {
    /// It has this class.
    Is(&'static str),
    /// It has this class if there is a letter or digit in it; punctuation stays plain.
    Word(&'static str),
    /// An operator: a keyword where it is a word (`and`, `as`, `in`).
    Operator,
}

use Rule::{Is, Operator, Word};

/// The first prefix of a scope's name that stands here decides; a scope that has none says
/// nothing, and the one around it is asked. An empty class ends the search.
const RULES: &[(&str, Rule)] = &[
    ("comment", Is("c")),
    // Differences and headings.
    ("meta.diff.header", Is("c")),
    ("meta.diff.range", Is("f")),
    ("markup.inserted", Is("s")),
    ("markup.deleted", Is("k")),
    ("markup.heading", Is("k")),
    // Code inside a string.
    ("meta.interpolation", Is("")),
    ("meta.template.expression", Is("")),
    ("meta.group.expansion", Is("")),
    ("meta.embedded", Is("")),
    // Keys of YAML and TOML; properties and attributes.
    ("entity.name.tag.yaml", Is("f")),
    ("entity.name.tag.toml", Is("f")),
    ("support.type.property-name", Is("f")),
    ("entity.other.attribute-name", Word("f")),
    ("entity.name.tag", Word("k")),
    // Literals.
    ("storage.type.string", Is("s")),
    ("string", Is("s")),
    ("constant.character.escape", Is("s")),
    ("constant.other.placeholder", Is("s")),
    ("constant.numeric", Is("n")),
    ("constant.language", Is("n")),
    ("constant.character", Is("n")),
    ("constant.other.color", Is("n")),
    ("keyword.other.unit", Is("n")),
    // Keywords. Go's grammar calls every name of a type a storage type.
    ("punctuation.definition.keyword", Is("k")),
    ("keyword.operator", Operator),
    ("keyword", Word("k")),
    ("storage.type.keyword", Word("k")),
    ("storage.type.go", Is("")),
    ("storage.modifier.conversion", Is("")),
    ("storage", Word("k")),
    ("variable.language", Word("k")),
    // Functions that are called, and names that are defined.
    ("variable.function", Word("f")),
    ("variable.annotation", Word("f")),
    ("entity.name.function", Word("f")),
    ("entity.name.macro", Word("f")),
    ("support.function", Word("f")),
    ("support.macro", Word("f")),
    // TypeScript's grammar uses this where a type is merely named.
    ("entity.name.type.ts", Is("")),
    ("entity.name.type.tsx", Is("")),
    ("entity.name.type", Word("f")),
    ("entity.name.class", Word("f")),
    ("entity.name.struct", Word("f")),
    ("entity.name.trait", Word("f")),
    ("entity.name.interface", Word("f")),
    ("entity.name.impl", Word("f")),
    ("variable", Is("")),
];

/// Scopes around a string that is a key.
const KEYS: &[&str] = &["meta.mapping.key", "meta.structure.dictionary.key"];

struct Compiled {
    rules: Vec<(Scope, Rule)>,
    keys: Vec<Scope>,
}

fn compiled() -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| Compiled {
        rules: RULES
            .iter()
            .filter_map(|(name, rule)| Some((Scope::new(name).ok()?, *rule)))
            .collect(),
        keys: KEYS.iter().filter_map(|name| Scope::new(name).ok()).collect(),
    })
}

/// The class of a piece of code: `k` keyword, `s` string, `n` number or constant, `f` function or
/// name that is defined, `c` comment, or empty.
pub(super) fn class_of(stack: &ScopeStack, text: &str) -> &'static str {
    let Compiled { rules, keys } = compiled();
    let stack = stack.as_slice();
    let rule = stack.iter().rev().find_map(|scope| {
        rules.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, rule)| *rule)
    });
    match rule {
        Some(Is("s"))
            if stack.iter().any(|scope| keys.iter().any(|key| key.is_prefix_of(*scope))) =>
        {
            "f"
        }
        Some(Is(class)) => class,
        Some(Word(class)) if text.contains(char::is_alphanumeric) => class,
        Some(Operator) if text.trim().bytes().all(|byte| byte.is_ascii_alphabetic()) => "k",
        Some(Word(_) | Operator) | None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_a_scope() {
        assert_eq!(compiled().rules.len(), RULES.len());
        assert_eq!(compiled().keys.len(), KEYS.len());
    }
}
