#!/bin/sh
# Compares files with golden ones. Arguments come in pairs: what the build made, what it must be.
# With UPDATE=1, under `bazel run`, the golden files are written anew in the source tree.
set -eu
failed=0
while [ $# -ge 2 ]; do
    made=$1
    golden=$2
    shift 2
    if [ "${UPDATE:-}" = 1 ]; then
        mkdir -p "$(dirname "$BUILD_WORKSPACE_DIRECTORY/$golden")"
        # The machine-made file is read-only.
        rm -f "$BUILD_WORKSPACE_DIRECTORY/$golden"
        cp "$made" "$BUILD_WORKSPACE_DIRECTORY/$golden"
        chmod 644 "$BUILD_WORKSPACE_DIRECTORY/$golden"
    elif [ ! -e "$golden" ]; then
        echo "$golden is missing" >&2
        failed=1
    elif ! diff -u "$golden" "$made" >&2; then
        failed=1
    fi
done
if [ "$failed" = 1 ]; then
    echo "If this is meant: UPDATE=1 bazel run //tests/codegen:golden_test, and look at the diff." >&2
fi
exit "$failed"
