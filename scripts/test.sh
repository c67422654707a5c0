#!/usr/bin/env bash
# Runs the tests: scripts/test.sh [OPTION OF PLAYWRIGHT…], or only the browser's with --e2e first.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

status=0
all=
if [ "${1:-}" = --e2e ]; then
    shift
else
    say "Unit, property, server and documentation tests"
    node --test --test-reporter spec scripts/snip.test.mjs || status=$?
    cargo test --features ssr --no-fail-fast || status=$?
    scripts/fuzz.sh || status=$?
    [ $# -gt 0 ] || all=yes
fi

say "Browser tests"
CHROMIUM=$(find_chromium)
export CHROMIUM
(cd end2end && npx --no-install playwright test "$@") || status=$?
if [ -n "$all" ]; then
    # What the compiler merges, what is left out and what is minified differ there.
    scripts/build.sh release --client
    say "The release's client: what a browser downloads"
    node scripts/size.mjs target/client/release || status=$?
    say "Browser tests of the release's client: every page, and one article from brief to end"
    (cd end2end && INKSTREAM_SITE_DIR=$root/target/client/release npx --no-install playwright test --output results/release access whole) || status=$?
fi
exit "$status"
