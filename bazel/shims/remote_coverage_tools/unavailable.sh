#!/bin/sh
echo "bazel coverage is not available here: use --config=cov (clang's source-based coverage)" >&2
exit 1
