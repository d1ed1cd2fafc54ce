#!/bin/sh
# Runs a command with TRYON_TEST_DATABASE_URL pointing at a private PostgreSQL cluster in a temporary folder, on a free
# port, as a user without rights; with --pool in front, through pgbouncer in transaction mode. Everything is gone after.
#   postgres.sh [--pool] COMMAND ARG…
set -eu
pool=
if [ "$1" = --pool ]; then pool=1; shift; fi
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/initdb" ] || { echo "postgres.sh: install postgresql" >&2; exit 1; }
dir=$(mktemp -d /tmp/tryon-pg.XXXXXX)
run=
if [ "$(id -u)" = 0 ]; then
  run="setpriv --reuid=postgres --regid=postgres --clear-groups"
  chown postgres "$dir"
fi
cleanup() {
  [ -z "${bouncer:-}" ] || kill "$bouncer" 2>/dev/null || true
  $run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap cleanup EXIT INT TERM
free_port() { # asks the kernel
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen=>1,LocalAddr=>"127.0.0.1")->sockport'
}
cd "$dir"
$run "$bin/initdb" -D "$dir/data" -A trust -U tryon --no-sync -E UTF8 >/dev/null
port=$(free_port)
cat >>"$dir/data/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
max_connections = 60
shared_buffers = 32MB
CONF
$run "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" start >/dev/null || { cat "$dir/log" >&2; exit 1; }
$run "$bin/createdb" -h 127.0.0.1 -p "$port" -U tryon tryon
export TRYON_TEST_DATABASE_URL="postgres://tryon@127.0.0.1:$port/tryon"
export TRYON_TEST_PG_DATA="$dir/data" TRYON_TEST_PG_BIN="$bin" TRYON_TEST_PG_RUN="$run"
if [ -n "$pool" ]; then
  bport=$(free_port)
  cat >"$dir/pgbouncer.ini" <<CONF
[databases]
tryon = host=127.0.0.1 port=$port dbname=tryon user=tryon
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $bport
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
server_reset_query =
logfile = $dir/pgbouncer.log
unix_socket_dir =
CONF
  [ -z "$run" ] || chown postgres "$dir/pgbouncer.ini"
  $run pgbouncer -q "$dir/pgbouncer.ini" & bouncer=$!
  export TRYON_TEST_DATABASE_URL="postgres://tryon@127.0.0.1:$bport/tryon"
  i=0
  until "$bin/psql" -q "$TRYON_TEST_DATABASE_URL" -c 'select 1' >/dev/null 2>&1; do
    i=$((i + 1)); [ $i -lt 50 ] || { cat "$dir/pgbouncer.log" >&2; exit 1; }
    sleep 0.1
  done
fi
cd / # the folder goes away
"$@"
