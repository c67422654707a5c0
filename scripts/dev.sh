#!/usr/bin/env bash
# Rebuilds the client and the server on change, and restarts the server: scripts/dev.sh [OPTION OF SERVE…]
# Ctrl-C ends all of it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

trunk=
server=

# Both run in process groups of their own (setsid), so that what they started ends with them.
stop() { # PID
    [ -n "$1" ] || return 0
    kill -TERM -- "-$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
finish() {
    trap - EXIT INT TERM HUP
    stop "$server"
    stop "$trunk"
    exit "$1"
}
trap 'finish $?' EXIT
trap 'printf "\n"; finish 0' INT TERM HUP

restart_server() {
    if cargo build --features ssr --bin inkstream; then
        stop "$server"
        setsid target/debug/inkstream serve "$@" &
        server=$!
    else
        say "The server did not build; the one before stays. Waiting for the next change."
    fi
}

# What Trunk is told to leave alone (Trunk.toml) has to be there.
mkdir -p target end2end data
env -u NO_COLOR setsid trunk watch --offline &
trunk=$!
until [ -e target/site/index.html ]; do
    kill -0 "$trunk" 2>/dev/null || fail "trunk has ended." "See its message above."
    sleep 0.5
done

stamp=target/.dev-seen
while :; do
    touch "$stamp"
    restart_server "$@"
    until [ -n "$(find src Cargo.toml Cargo.lock -newer "$stamp" -print -quit)" ]; do
        kill -0 "$trunk" 2>/dev/null || fail "trunk has ended." "See its message above."
        sleep 0.5
    done
    say "Changed: rebuilding"
done
