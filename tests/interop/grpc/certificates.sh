#!/bin/sh
# A certificate authority and a server's certificate for tests on loopback, as ca.pem, server1.pem and
# server1.key in the folder FOLDER. The authority's key is not kept.
# usage: certificates.sh FOLDER
set -eu
cd "$1"
umask 077
keys="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
names="DNS:localhost,DNS:*.test.google.fr,DNS:waterzooi.test.google.be,IP:127.0.0.1,IP:::1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
openssl genpkey $keys -out "$work/ca.key"
openssl req -x509 -new -key "$work/ca.key" -days 3650 -subj "/CN=interop test authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" -out ca.pem
# shellcheck disable=SC2086
openssl genpkey $keys -out server1.key
openssl req -new -key server1.key -subj "/CN=interop test server" -out "$work/server.csr"
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' "$names" \
    >"$work/extensions"
openssl x509 -req -in "$work/server.csr" -CA ca.pem -CAkey "$work/ca.key" -set_serial 1 -days 3650 \
    -extfile "$work/extensions" -out server1.pem 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
chmod 644 ca.pem server1.pem server1.key
