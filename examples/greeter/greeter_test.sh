#!/usr/bin/env bash
# Runs the greeter's server and client, in plaintext and over TLS, and compares what they print.
set -euo pipefail
here=$(dirname "$0")
work=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap stop EXIT

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# Starts the server on a free port; $port is set.
start() {
    $here/server 127.0.0.1:0 "$@" >"$work/server.out" &
    server=$!
    for _ in $(seq 200); do
        port=$(sed -n 's/^listening on port //p' "$work/server.out")
        [ -n "$port" ] && return
        sleep 0.05
    done
    fail "the server did not start"
}

# SIGTERM ends it, with exit code 0.
finish() {
    kill "$server"
    wait "$server" || fail "the server ended with $?"
    server=
}

# The client's output is: a greeting, 1, 2, 3.
expect_greeting() {
    local out
    out=$($here/client "127.0.0.1:$port" World "$@") || fail "the client ended with $?"
    [ "$out" = "$(printf 'Good day, World.\n1\n2\n3')" ] || fail "the client printed: $out"
}

start
expect_greeting
if $here/client "127.0.0.1:$port" "" 2>"$work/refusal"; then fail "an empty name was greeted"; fi
printf 'SayHello: NAME_MISSING: Nobody can be greeted without a name.\n  name: must not be empty\n' |
    diff - "$work/refusal" || fail "the refusal reads differently"
finish

# One authority, one certificate for each side. A test's keys: they live as long as the test.
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${new_key[@]}" -keyout "$work/ca.key" -out "$work/ca.pem" -subj "/CN=greeter authority" 2>/dev/null
for side in server client; do
    openssl req "${new_key[@]}" -keyout "$work/$side.key" -out "$work/$side.csr" -subj "/CN=$side" 2>/dev/null
    openssl x509 -req -in "$work/$side.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
        -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "$work/$side.pem" 2>/dev/null
done
start "$work/ca.pem" "$work/server.pem" "$work/server.key"
expect_greeting "$work/ca.pem" "$work/client.pem" "$work/client.key"
if $here/client "127.0.0.1:$port" World 2>/dev/null; then fail "a client without TLS was served"; fi
finish
echo "ok"
