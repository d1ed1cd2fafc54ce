#!/bin/sh
# jwt.sh TEST_PROGRAM: mints tokens with npm jose and checks them with ours.
set -eu
file=$(mktemp)
trap 'rm -f "$file"' EXIT
node "$(dirname "$0")/tokens.mjs" >"$file"
"$1" "$file"
