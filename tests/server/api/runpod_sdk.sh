#!/bin/sh
# runpod_sdk.sh TEST_SERVER: RunPod's client against our control plane, with a worker in the server.
set -eu
dir=$(mktemp -d /tmp/tryon-runpod.XXXXXX)
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen=>1,LocalAddr=>"127.0.0.1")->sockport')
"$1" serve "$dir/data" "127.0.0.1:$port" 1 2>"$dir/log" & server=$!
i=0
until curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"; do
  i=$((i + 1)); [ $i -lt 100 ] || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done
key=$(sed -n 's/.*"operator_key": "\([^"]*\)".*/\1/p' "$dir/data/secrets.json")
node "$(dirname "$0")/runpod_sdk.mjs" "http://127.0.0.1:$port" "$key"
