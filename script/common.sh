# What the scripts of this folder share. Sourced, never run; leaves the shell in the project's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Words go to stderr, so that a script's stdout is its result and nothing else.
say() { printf '%s\n' "$*" >&2; }
die() {
    say "${0##*/}: $*"
    exit 1
}

# The comment block below a script's first line is its help.
help() {
    awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
    exit 0
}

# quietly LOG COMMAND…: runs it with its output in LOG, which is shown only when the command fails.
quietly() {
    local log=$1 rc=0
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 || rc=$?
    [ "$rc" = 0 ] || {
        cat "$log" >&2
        say "failed ($rc): $*"
    }
    return "$rc"
}
