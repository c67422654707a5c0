# shellcheck shell=bash
# What the other scripts share; they source it first.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Outside the clone, so that a second clone finds everything installed.
tools=${INKSTREAM_TOOLS:-$HOME/.cache/inkstream/tools}
case $tools in /*) ;; *) tools=$root/$tools ;; esac

# The fallback at the end serves shells that were opened before rustup was installed.
export PATH="$tools/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

# Others rely on target/release/inkstream and target/site, wherever a developer keeps other builds.
export CARGO_TARGET_DIR=$root/target

# It would take the place of what .cargo/config.toml asks for.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS

say() { printf '==> %s\n' "$*"; }

# fail "what is wrong" "the remedy"
fail() {
    printf '\nerror: %s\nremedy: %s\n' "$1" "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least 1.95 1.96.1 succeeds: the second version is not older than the first.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# The first thing in a tool's output that looks like a version; nothing if the tool cannot run.
version_of() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true; }

# The browser for the tests: $CHROMIUM, or one that is on the PATH; nothing if there is none.
find_chromium() {
    if [ -n "${CHROMIUM:-}" ]; then
        command -v "$CHROMIUM" ||
            fail "CHROMIUM names '$CHROMIUM', which is no program." "Correct it, or unset it to use Debian's chromium."
        return
    fi
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return
    done
    return 0
}
