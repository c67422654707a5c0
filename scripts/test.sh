#!/usr/bin/env bash
# Runs the tests: scripts/test.sh [OPTION OF PLAYWRIGHT…], or only the browser's with --e2e first.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

status=0
if [ "${1:-}" = --e2e ]; then
    shift
else
    say "Unit, property, server and documentation tests"
    cargo test --features ssr --no-fail-fast || status=$?
    scripts/fuzz.sh || status=$?
fi

say "Browser tests"
CHROMIUM=$(find_chromium)
export CHROMIUM
(cd end2end && npx --no-install playwright test "$@") || status=$?
exit "$status"
