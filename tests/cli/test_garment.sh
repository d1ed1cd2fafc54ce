#!/bin/bash
# A garment from the command line: drafted, judged, draped; mistakes are told in one line with exit status 2.
set -u
tryon=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # NAME COMMAND…
    local name=$1
    shift
    if "$@" >"$work/out" 2>"$work/err"; then
        passed=$((passed + 1))
        cp "$work/out" "$work/said"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        cat "$work/out" "$work/err"
    fi
}
refuses() { # NAME WORD COMMAND…: exit 2 and one line on stderr that holds the word
    local name=$1 word=$2 rc=0
    shift 2
    "$@" >"$work/out" 2>"$work/err" || rc=$?
    if [ "$rc" = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$word" "$work/err"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name (exit $rc)"
        cat "$work/err"
    fi
}

cat >"$work/tee.csv" <<'CSV'
basis,garment_flat
tolerance,1
size,chest,length,shoulder,sleeve
S,48,69,43,20
M,52,72,45,21
L,56,74,47,22
CSV
check "an avatar to dress" "$tryon" avatar --height 178 --weight 76 --sex male --age 35 --out "$work/avatar"
check "a T-shirt is drafted" "$tryon" garment draft --category tshirt --chart "$work/tee.csv" --out "$work/tee"
check "with a pattern of each size" test -s "$work/tee/pattern_S.svg" -a -s "$work/tee/pattern_L.svg" -a -s "$work/tee/garment.json"
check "a standard chart drafts trousers" "$tryon" garment draft --category trousers --standard men --out "$work/trousers"
check "every size is judged" "$tryon" fit --avatar "$work/avatar" --garment "$work/tee"
check "one is recommended" grep -q '^>' "$work/said"
check "the verdict is JSON" "$tryon" fit --avatar "$work/avatar" --garment "$work/tee" --json
check "with every size in it" grep -q '"L": {"score"' "$work/said"
check "a size is draped" "$tryon" drape --avatar "$work/avatar" --garment "$work/tee" --size M --spacing 25 --out "$work/one"
for f in tryon.glb fit.json drape.bin sheet.png; do check "$f is written" test -s "$work/one/$f"; done
check "the quality is recorded" grep -q max_penetration_mm "$work/one/fit.json"
check "all sizes at once" "$tryon" drape --avatar "$work/avatar" --garment "$work/tee" --size L --all --spacing 25 --threads 2 --out "$work/all"
check "each has its drape" test -s "$work/all/drape.S.bin" -a -s "$work/all/drape.L.bin"
check "alone or among others, a size drapes the same" cmp "$work/one/drape.bin" "$work/all/drape.M.bin"
if command -v node >/dev/null && [ -d "$here/../npm/node_modules/gltf-validator" ]; then
    check "tryon.glb is clean glTF" node "$here/../lib/gltf/validate.js" "$work/one/tryon.glb"
fi

refuses "an unknown category" "--category" "$tryon" garment draft --category cape --standard men --out "$work/x"
refuses "no chart" "--chart" "$tryon" garment draft --category tshirt --out "$work/x"
printf 'basis,body\nsize,chest\nM,wide\n' >"$work/bad.csv"
refuses "a cell that is no number" "row 3" "$tryon" garment draft --category tshirt --chart "$work/bad.csv" --out "$work/x"
refuses "an unknown size" "XXL" "$tryon" drape --avatar "$work/avatar" --garment "$work/tee" --size XXL --out "$work/x"
refuses "a folder that is no garment" "garment.json" "$tryon" fit --avatar "$work/avatar" --garment "$work/avatar"
refuses "a preference nobody has" "--prefer" "$tryon" fit --avatar "$work/avatar" --garment "$work/tee" --prefer huge
refuses "a mesh whose size is not said" "which size" "$tryon" garment import "$work/one/tryon.glb" --category tshirt --chart "$work/tee.csv" --out "$work/x"
refuses "a size without its mesh" "no file for size" "$tryon" garment import M="$work/one/tryon.glb" --category tshirt --chart "$work/tee.csv" --out "$work/x"
refuses "a mesh that is none" "bad.csv" "$tryon" garment import M="$work/bad.csv" --category tshirt --chart "$work/tee.csv" --out "$work/x"
check "nothing is left of what was refused" test ! -e "$work/x"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
