#!/usr/bin/env bash
# Installs what a target needs and is not there yet: scripts/setup.sh run|test|check|all
#
# What is right on the PATH or in the tools directory is left alone; what is installed goes to the tools directory
# (INKSTREAM_TOOLS, by default ~/.cache/inkstream/tools), or comes from rustup and apt-get.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

trunk_version=0.21.14
binaryen_version=132
esbuild_version=0.28.2
wasm_split_version=0.2.4
cargo_deny_version=0.20.2
schemathesis_version=4.32.5
node_minimum=18
rust_minimum=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# The command-line tool has to equal the crate, to the patch.
wasm_bindgen_version=$(grep -A 1 '^name = "wasm-bindgen"$' Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p')

need_rust() {
    local found
    if ! have rustc || ! have cargo; then
        fail "Rust is not installed." \
            "Install rustup as https://rustup.rs says, open a new shell, and run this again."
    fi
    found=$(version_of rustc --version)
    [ -n "$found" ] || fail "rustc is there, but does not run: $(rustc --version 2>&1 | head -n 1)" \
        "Run 'rustup default stable', then this again."
    at_least "$rust_minimum" "$found" || fail "Rust $rust_minimum or newer is needed; this is $found ($(command -v rustc))." \
        "Run 'rustup update stable && rustup default stable', then this again. A rustc from apt-get is too old: see https://rustup.rs"
}

need_node() {
    local found
    found=$(version_of node --version)
    [ -n "$found" ] || fail "Node is not installed." \
        "Install Node $node_minimum or newer, with npm: see https://nodejs.org/en/download (Debian: apt-get install nodejs npm)."
    at_least "$node_minimum" "$found" || fail "Node $node_minimum or newer is needed; this is $found ($(command -v node))." \
        "Install a newer one: see https://nodejs.org/en/download"
    [ -n "$(version_of npm --version)" ] || fail "Node is there, but npm is not, or does not run." \
        "Install npm (Debian: apt-get install npm), then run this again."
}

# Debian's packages that turn out to be missing; they are installed together, and first, since sudo may ask for a password.
packages=()

need_c_compiler() { have cc || packages+=(gcc libc6-dev); }

need_chromium() {
    local found
    found=$(find_chromium) || exit 1
    [ -n "$found" ] || packages+=(chromium)
}

need_chinese_font() {
    [ "$(uname -s)" = Linux ] || return 0
    [ -n "$(fc-list :lang=zh family 2>/dev/null)" ] || [ -d /usr/share/fonts/opentype/noto ] || packages+=(fonts-noto-cjk)
}

install_packages() {
    [ ${#packages[@]} -gt 0 ] || return 0
    local list="${packages[*]}" as_root=() install
    install="apt-get update && apt-get install -y --no-install-recommends $list"
    have apt-get || fail "Missing on this machine: $list (Debian's names)." \
        "Install them with your system's package manager; for a browser elsewhere set CHROMIUM to its path."
    if [ "$(id -u)" != 0 ]; then
        if ! have sudo || ! { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            fail "These Debian packages are missing, and installing them needs root: $list" "Run: su -c '$install'"
        fi
        as_root=(sudo)
    fi
    say "Installing Debian packages: $list (usually under 1 min)"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120)
    { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${packages[@]}"; } ||
        fail "apt-get could not install: $list" "Check the network and /etc/apt/sources.list, then run as root: $install"
}

# Debian's python3 comes without what makes a virtual environment.
need_python() { python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv); }

need_wasm_target() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] && return
    have rustup || fail "This Rust has no WebAssembly target, and rustup is not there to add it." \
        "Install rustup as https://rustup.rs says, and run this again."
    say "Adding Rust's WebAssembly target (a few seconds)"
    rustup target add wasm32-unknown-unknown ||
        fail "rustup could not add the WebAssembly target." "Check the network, then run: rustup target add wasm32-unknown-unknown"
}

need_rust_components() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
    say "Adding rustfmt and clippy (a few seconds)"
    rustup component add rustfmt clippy ||
        fail "rustfmt and clippy could not be added." "Check the network, then run: rustup component add rustfmt clippy"
}

compiled=
# cargo_install CRATE VERSION "usual time" [OPTION…]
cargo_install() {
    local crate=$1 version=$2 usual=$3
    shift 3
    say "Installing $crate $version into $tools (usually $usual on two cores, once per machine)"
    mkdir -p "$tools"
    compiled=yes
    # A tool that runs for seconds need not be optimised for minutes. One build directory lets the tools share what
    # they have in common; it goes when the set-up is through.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR=$tools/build \
        cargo install "$crate" --version "$version" --root "$tools" --force "$@"
}

need_trunk() {
    local found
    found=$(version_of trunk --version)
    case $found in 0.21.*) at_least "$trunk_version" "$found" && return ;; esac
    cargo_install trunk "$trunk_version" "3 to 9 min" --locked --no-default-features ||
        fail "trunk could not be installed." "Check the network (cargo's registry), then run this again."
}

need_wasm_bindgen() {
    [ "$(version_of wasm-bindgen --version)" = "$wasm_bindgen_version" ] && return
    # Without --locked: its lock file can name a crate version that a registry lacks.
    cargo_install wasm-bindgen-cli "$wasm_bindgen_version" "1 to 2 min" --no-default-features --bin wasm-bindgen ||
        fail "wasm-bindgen could not be installed." "Check the network (cargo's registry), then run this again."
}

need_wasm_split() {
    # It cannot tell its version, but cargo knows.
    have wasm-split-cli && grep -qs "^\"wasm_split_cli_support $wasm_split_version " "$tools/.crates.toml" && return
    cargo_install wasm_split_cli_support "$wasm_split_version" "under 1 min" --features build-binary ||
        fail "wasm-split-cli could not be installed." "Check the network (cargo's registry), then run this again."
}

need_wasm_opt() {
    # It prints "wasm-opt version 132 (version_132)".
    local found
    found=$({ wasm-opt --version 2>/dev/null || true; } | grep -oE '[0-9]+' | head -n 1 || true)
    [ "${found:-0}" -ge "$binaryen_version" ] && return
    say "Installing wasm-opt (npm's binaryen $binaryen_version) into $tools (a few seconds)"
    mkdir -p "$tools/binaryen" "$tools/bin"
    npm install --prefix "$tools/binaryen" --no-save --no-audit --no-fund --loglevel=error "binaryen@$binaryen_version.0.0" ||
        fail "npm could not install binaryen." "Check the network (npm's registry), then run this again."
    ln -sf ../binaryen/node_modules/.bin/wasm-opt "$tools/bin/wasm-opt"
}

need_esbuild() {
    [ "$(version_of esbuild --version)" = "$esbuild_version" ] && return
    say "Installing esbuild $esbuild_version from npm into $tools (a few seconds)"
    mkdir -p "$tools/esbuild" "$tools/bin"
    npm install --prefix "$tools/esbuild" --no-save --no-audit --no-fund --loglevel=error "esbuild@$esbuild_version" ||
        fail "npm could not install esbuild." "Check the network (npm's registry), then run this again."
    ln -sf ../esbuild/node_modules/.bin/esbuild "$tools/bin/esbuild"
}

need_end2end() {
    [ end2end/node_modules/.package-lock.json -nt end2end/package-lock.json ] && return
    say "Installing the browser tests' packages (a few seconds)"
    npm ci --prefix end2end --no-audit --no-fund --loglevel=error ||
        fail "npm could not install the browser tests' packages." "Check the network (npm's registry), then run this again."
}

need_schemathesis() {
    local place=$tools/schemathesis
    [ "$(version_of "$place/bin/schemathesis" --version)" = "$schemathesis_version" ] && return
    say "Installing schemathesis $schemathesis_version into $place (usually under 1 min)"
    rm -rf "$place"
    { python3 -m venv "$place" && "$place/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$schemathesis_version"; } ||
        fail "schemathesis could not be installed." "Check the network (PyPI), and that python3 is 3.10 or newer; then run this again."
}

need_cargo_deny() {
    [ -n "$(version_of cargo-deny --version)" ] && return
    cargo_install cargo-deny "$cargo_deny_version" "2 to 4 min" --locked --no-default-features ||
        say "cargo-deny could not be installed (see above): the check will go on without it"
}

what=${1:-all}
case $what in run | test | check | all) ;; *) fail "'$what' is no set-up." "Use one of: run, test, check, all." ;; esac
is() { case " $* " in *" $what "*) ;; *) [ "$what" = all ] ;; esac; }

# What is quick to find missing comes first, what takes minutes last.
need_rust
is run test && need_node
need_c_compiler
is test && { need_chromium; need_chinese_font; need_python; }
install_packages
need_wasm_target
is check && need_rust_components
is run test && { need_wasm_opt; need_esbuild; }
is test && { need_end2end; need_schemathesis; }
is run test && { need_wasm_bindgen; need_wasm_split; need_trunk; }
is check && need_cargo_deny
[ -z "$compiled" ] || rm -rf "$tools/build"
[ "$SECONDS" -lt 5 ] || say "Set-up for '$what' done in $SECONDS s"
