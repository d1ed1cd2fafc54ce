#!/bin/sh
# Runs a command with TRYON_TEST_S3_ENDPOINT naming a private S3 server (npm s3rver) on a free port.  s3.sh COMMAND ARG…
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d /tmp/tryon-s3.XXXXXX)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen=>1,LocalAddr=>"127.0.0.1")->sockport')
# Its continuation tokens are made with a cipher that OpenSSL 3 keeps in its legacy drawer.
node --openssl-legacy-provider -r "$here/s3_settled.js" "$here/../npm/node_modules/s3rver/bin/s3rver.js" -d "$dir" \
  -a 127.0.0.1 -p "$port" --no-vhost-buckets --configure-bucket tryon >"$dir/log" 2>&1 & server=$!
i=0
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
  i=$((i + 1)); [ $i -lt 100 ] || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done
export TRYON_TEST_S3_ENDPOINT="http://127.0.0.1:$port"
"$@"
