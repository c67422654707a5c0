#!/usr/bin/env bash
# Sends what the API's document allows, and what it does not, to a server of its own: no answer may be a 500, and none
# may be one that the document does not describe. The same requests every time, and at most as long as is said here.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

longest=240
seed=20261127
place=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$place"
}
trap end EXIT

say "Fuzzing the API by its document (usually under 1 min)"
# The demo writes at once, so that no request has to wait for an article.
printf '[routes]\ndefault = ["demo/instant"]\n' >"$place/inkstream.toml"
(
    cd "$place"
    # A key in the developer's own environment shall not bring a provider that costs money.
    exec env -i PATH="$PATH" HOME="$place" INKSTREAM_LISTEN=127.0.0.1:0 INKSTREAM_DISCOVER=0 INKSTREAM_LOG=warn \
        "$root/target/debug/inkstream" serve --config "$place/inkstream.toml"
) 2>"$place/log" &
server=$!
url=
for _ in $(seq 100); do
    url=$(grep -oE 'listening on http://[^ "]+' "$place/log" | head -n 1 | cut -d ' ' -f 3) || true
    [ -z "$url" ] || break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[ -n "$url" ] || fail "the server to be fuzzed did not start: $(tail -n 3 "$place/log")" "Run scripts/build.sh dev --tests first."

status=0
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
# In a place of its own: what it remembers of a run would change the next.
(
    cd "$place"
    timeout "$longest" "$tools/schemathesis/bin/schemathesis" run "$url/api/v1/openapi.json" --checks "$checks" \
        --phases coverage,fuzzing --max-examples 40 --seed "$seed" --request-timeout 20 --continue-on-failure
) >"$place/report" 2>&1 || status=$?
if [ "$status" = 0 ]; then
    sed -n '/ SUMMARY /,$p' "$place/report"
else
    cat "$place/report"
    [ "$status" != 124 ] || fail "fuzzing took longer than $longest s." "See above where it was; is the machine busy?"
fi
exit "$status"
