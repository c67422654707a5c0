#!/usr/bin/env bash
# Builds the server and the client: scripts/build.sh release|dev. With `--client` the client alone, which then stays where it
# is kept.
#
# The client of each profile is kept in target/client/PROFILE and put in place as target/site, so that going from
# `make run` to `make test` and back costs nothing. Trunk always builds anew; here it is called only when an input is
# newer than the last build.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

profile=${1:-release}
case $profile in
release) trunk_option=(--release) usual="3 to 12 min" ;;
dev) trunk_option=() usual="1 to 4 min" ;;
*) fail "'$profile' is no build." "Use release or dev." ;;
esac
built=.built-$profile
kept=target/client/$profile

# True when a stamp is there and no input of the client is newer. Folders count too: they change when a file goes.
is_fresh() {
    [ -e "$1" ] || return 1
    local inputs=(src style public Cargo.toml Cargo.lock Trunk.toml .cargo/config.toml scripts/split.mjs scripts/snip.mjs scripts/packs.js scripts/embed.mjs scripts/wasm.mjs scripts/wasm_format.mjs scripts/compress.mjs scripts/setup.sh)
    [ -z "$(find "${inputs[@]}" \( -path src/server -o -path src/main.rs \) -prune -o -newer "$1" -print -quit)" ]
}

build_client() {
    say "Building the client, $profile (usually $usual the first time on two cores)"
    mkdir -p target/client
    # What is edited while the build runs is newer than this, and will be built the next time.
    local started=target/client/.started-$profile
    touch "$started"
    # Trunk takes only `true` and `false` for NO_COLOR, and fails on the usual `1`.
    local colour=auto
    [ -z "${NO_COLOR:-}" ] || colour=never
    env -u NO_COLOR trunk build --offline --color "$colour" --dist "$root/$kept" "${trunk_option[@]}"
    mv "$started" "$kept/$built"
}

# Trunk empties its output folder, so a build by hand into target/site takes the stamp with it.
put_in_place() {
    rm -rf target/site.new target/site.old
    cp -a "$kept" target/site.new
    [ ! -e target/site ] || mv target/site target/site.old
    mv target/site.new target/site
    rm -rf target/site.old
}

# Trunk may download nothing, and the client has packages of its own. Without a network and with everything there this
# does nothing.
cargo fetch --locked --quiet

build_server() {
    say "Building the server, $profile (usually $usual the first time on two cores)"
    if [ "$profile" = dev ] && [ "${1:-}" = --tests ]; then
        # The tests' dependencies ask for other features of a few crates; a build by itself would compile those twice.
        cargo test --features ssr --no-run
    elif [ "$profile" = dev ]; then
        cargo build --features ssr --bin inkstream
    else
        # The program carries the client that lies in target/site.
        cargo build --features carry --bin inkstream --release
    fi
}

bring_client() {
    if ! is_fresh "target/site/$built"; then
        is_fresh "$kept/$built" || build_client
        put_in_place
    fi
}

if [ "${2:-}" = --client ]; then
    is_fresh "$kept/$built" || build_client
elif [ "$profile" = release ]; then
    bring_client
    build_server
else
    build_server "${2:-}"
    bring_client
fi
