#!/usr/bin/env bash
# Everything that can be judged without running the program; the first fault ends it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

say "Format"
cargo fmt --check

# Never --all-features: server, client and renderer are builds of their own.
say "Lints of the server (usually 2 min the first time)"
cargo clippy --quiet --features carry --all-targets -- -D warnings
say "Lints of the client (usually 1 min the first time)"
cargo clippy --quiet --lib --features hydrate --target wasm32-unknown-unknown -- -D warnings

say "Lints of the renderer for other pages"
cargo clippy --quiet --lib --features embed --target wasm32-unknown-unknown -- -D warnings

say "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --features ssr

# Not the advisories: their database has to be fetched, and a check should not depend on the day.
say "Dependencies: bans, licences, sources"
if have cargo-deny; then
    cargo-deny --log-level error check --hide-inclusion-graph bans licenses sources
else
    say "skipped: cargo-deny is not installed"
fi

say "Scripts"
if have shellcheck; then
    shellcheck -x -P SCRIPTDIR scripts/*.sh .ci/run
else
    say "skipped: shellcheck is not installed"
fi
