#!/usr/bin/env bash
# Runs one of the programs as a test, with files in the test's own folder.
set -euo pipefail
export FAULT_TMPDIR=$TEST_TMPDIR
exec "$@"
