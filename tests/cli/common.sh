# What the tests of the command line share. Sourced with the program as $1, never run: leaves the shell in a folder of its
# own, which goes away with it. A test ends with "finish".
set -uo pipefail
tryon=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
export TRYON_ASSETS=$root/build/assets # the sanitizer builds have no assets of their own
export LSAN_OPTIONS=print_suppressions=0 # a sanitizer that has suppressed something would say so on stderr
[ -f "$TRYON_ASSETS/open_body.safetensors" ] || {
    echo "the models are missing: run script/build first"
    echo "0 passed, 1 failed"
    exit 1
}

passed=0 failed=0
check() { # check NAME COMMAND…
    local name=$1
    shift
    if "$@" >check.out 2>&1; then
        passed=$((passed + 1))
        echo "ok   $name"
    else
        failed=$((failed + 1))
        echo "FAIL $name: $*"
        cat check.out
    fi
}

says() { # says COMMAND…: runs it, keeping stdout, stderr and status
    status=0
    "$@" >stdout 2>stderr </dev/null || status=$?
}

# What wrong input promises: status 2, one line on stderr that names the program, nothing on stdout, no folder.
refused() { # refused WORD COMMAND…: and the line holds WORD
    local word=$1
    shift
    rm -rf out
    says "$@"
    cat stderr
    [ "$status" = 2 ] && [ "$(wc -l <stderr)" = 1 ] && grep -q '^tryon: ' stderr && grep -qF -- "$word" stderr &&
        [ ! -s stdout ] && [ ! -e out ]
}

succeeds() {
    says "$@"
    cat stderr
    [ "$status" = 0 ]
}

finish() { # ends with the line CI reads
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}
