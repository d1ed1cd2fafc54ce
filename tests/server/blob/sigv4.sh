#!/bin/sh
# sigv4.sh TEST_PROGRAM: compares with the oracle on 1,000 random requests.
set -eu
file=$(mktemp)
trap 'rm -f "$file"' EXIT
node "$(dirname "$0")/sigv4_oracle.mjs" 1000 20261122 >"$file"
"$1" "$file"
