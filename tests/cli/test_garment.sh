#!/bin/bash
# A garment from the command line: drafted, judged, draped; mistakes are told in one line with exit status 2.
. "$(dirname "$0")/common.sh"
refuses() { check "$1" refused "${@:2}"; } # NAME WORD COMMAND…

cat >"tee.csv" <<'CSV'
basis,garment_flat
tolerance,1
size,chest,length,shoulder,sleeve
S,48,69,43,20
M,52,72,45,21
L,56,74,47,22
CSV
check "an avatar to dress" succeeds "$tryon" avatar --height 178 --weight 76 --sex male --age 35 --out "avatar"
check "a T-shirt is drafted" succeeds "$tryon" garment draft --category tshirt --chart "tee.csv" --out "tee"
check "with a pattern of each size" test -s "tee/pattern_S.svg" -a -s "tee/pattern_L.svg" -a -s "tee/garment.json"
check "a standard chart drafts trousers" succeeds "$tryon" garment draft --category trousers --standard men --out "trousers"
check "every size is judged" succeeds "$tryon" fit --avatar "avatar" --garment "tee"
check "one is recommended" grep -q '^>' stdout
check "the verdict is JSON" succeeds "$tryon" fit --avatar "avatar" --garment "tee" --json
check "with every size in it" grep -q '"L": {"score"' stdout
check "a size is draped" succeeds "$tryon" drape --avatar "avatar" --garment "tee" --size M --spacing 25 --out "one"
for f in tryon.glb fit.json drape.bin sheet.png; do check "$f is written" test -s "one/$f"; done
check "the quality is recorded" grep -q max_penetration_mm "one/fit.json"
check "all sizes at once" succeeds "$tryon" drape --avatar "avatar" --garment "tee" --size L --all --spacing 25 --threads 2 --out "all"
check "each has its drape" test -s "all/drape.S.bin" -a -s "all/drape.L.bin"
check "alone or among others, a size drapes the same" cmp "one/drape.bin" "all/drape.M.bin"
if command -v node >/dev/null && [ -d "$here/../npm/node_modules/gltf-validator" ]; then
    check "tryon.glb is clean glTF" node "$here/../lib/gltf/validate.js" "one/tryon.glb"
fi

# What a shop calls a garment may hold anything; the file it stands in is read again.
check "a name with quotes is kept without them" succeeds "$tryon" garment draft --category skirt --standard women \
    --name "The \"Slim\" \\ skirt, of sixty letters and a bit more: für die Größeren" --out "named"
check "and its garment is read" succeeds "$tryon" fit --avatar "avatar" --garment "named"
cat >"many.csv" <<CSV
basis,garment_flat
size,chest,length
$(for i in $(seq 1 28); do echo "$i,$((44 + i / 2)),70"; done)
CSV
check "a garment of 28 sizes" succeeds "$tryon" garment draft --category tshirt --chart "many.csv" --out "many"
check "is draped in all of them" succeeds "$tryon" drape --avatar "avatar" --garment "many" --size 3 --all --spacing 30 --threads 2 --out "sizes"
check "and drawn in two rows" test -s "sizes/sheet.png" -a -s "sizes/drape.28.bin"
cp -r avatar damaged
head -c 1000 avatar/avatar.glb >damaged/avatar.glb
refuses "a damaged avatar" "avatar.glb" "$tryon" drape --avatar "damaged" --garment "tee" --size M --spacing 25 --out "x"
full() { # full COMMAND…: its output meets a full disk
    status=0
    "$@" >/dev/full 2>stderr || status=$?
    cat stderr
    [ "$status" = 1 ] && [ "$(wc -l <stderr)" = 1 ] && grep -q 'standard output cannot be written' stderr
}
check "a verdict that cannot be printed is a failure" full "$tryon" fit --avatar "avatar" --garment "tee" --json
check "and a short one" full "$tryon" measure "avatar" --json

refuses "an unknown category" "--category" "$tryon" garment draft --category cape --standard men --out "x"
refuses "no chart" "--chart" "$tryon" garment draft --category tshirt --out "x"
printf 'basis,body\nsize,chest\nM,wide\n' >"bad.csv"
refuses "a cell that is no number" "row 3" "$tryon" garment draft --category tshirt --chart "bad.csv" --out "x"
refuses "an unknown size" "XXL" "$tryon" drape --avatar "avatar" --garment "tee" --size XXL --out "x"
refuses "a folder that is no garment" "garment.json" "$tryon" fit --avatar "avatar" --garment "avatar"
refuses "a preference nobody has" "--prefer" "$tryon" fit --avatar "avatar" --garment "tee" --prefer huge
refuses "a mesh whose size is not said" "which size" "$tryon" garment import "one/tryon.glb" --category tshirt --chart "tee.csv" --out "x"
refuses "a size without its mesh" "no file for size" "$tryon" garment import M="one/tryon.glb" --category tshirt --chart "tee.csv" --out "x"
refuses "a mesh that is none" "bad.csv" "$tryon" garment import M="bad.csv" --category tshirt --chart "tee.csv" --out "x"
check "nothing is left of what was refused" test ! -e "x"
finish
