#!/bin/bash
# test_avatar.sh TRYON: the program as a person meets it: exit statuses, sentences, files. Ends with the line CI reads.
. "$(dirname "$0")/common.sh"

same_folders() {
    local f
    for f in "$1"/*; do cmp "$f" "$2/$(basename "$f")" || return 1; done
    [ "$(ls "$1")" = "$(ls "$2")" ]
}

answers=(--height 172 --weight 70 --sex female --age 31)
files=$'avatar.glb\navatar.web.glb\nmeasurements.json\nparams.npz\npreview.png'

no_command_is_wrong_input() { says "$tryon"; [ "$status" = 2 ] && grep -q avatar stderr && [ ! -s stdout ]; }
help_lists_every_command() {
    succeeds "$tryon" --help || return 1
    local c
    for c in avatar measure body import doctor; do grep -q "^  $c " stdout || return 1; done
}
every_command_explains_itself() {
    "$tryon" --help | sed -n 's/^  \([a-z0-9]*\) .*/\1/p' >commands
    local c
    while read -r c; do succeeds "$tryon" "$c" --help && grep -q "tryon $c" stdout || return 1; done <commands
    [ -s commands ]
}
check no_command_is_wrong_input no_command_is_wrong_input
check help_lists_every_command help_lists_every_command
check every_command_explains_itself every_command_explains_itself
check an_unknown_command_is_refused refused frobnicate "$tryon" frobnicate
check a_healthy_machine_is_told_so succeeds "$tryon" doctor

# Answers alone.
check answers_alone_make_an_avatar succeeds "$tryon" avatar "${answers[@]}" --out one --threads 1
check the_folder_holds_five_files test "$(ls one)" = "$files"
# The stated height is believed within half a centimetre, which is how exactly people know it.
check measurements_keep_their_promises node "$here/check_measurements.js" one/measurements.json height=172±0.5
check the_same_answers_give_the_same_bytes succeeds "$tryon" avatar "${answers[@]}" --out two --threads 1
check the_same_answers_give_the_same_files same_folders one two
check two_threads_run succeeds "$tryon" avatar "${answers[@]}" --out three --threads 2
check two_threads_give_the_same_files same_folders one three
check the_validator_finds_no_fault node "$here/../lib/gltf/validate.js" one/avatar.glb one/avatar.web.glb
json_goes_to_stdout() { succeeds "$tryon" avatar "${answers[@]}" --out two --json && cmp stdout two/measurements.json; }
check json_goes_to_stdout json_goes_to_stdout
check height_alone_is_enough succeeds "$tryon" avatar --height 180 --out height
check height_alone_keeps_the_promises node "$here/check_measurements.js" height/measurements.json height=180±0.5
check a_tape_is_taken succeeds "$tryon" avatar "${answers[@]}" --tape chest_girth=99 --tape waist_natural_girth=84 --out tape
# A person's own tape is good to about a centimetre (ISO 8559 repeat measurements by amateurs).
check a_tape_is_honoured node "$here/check_measurements.js" tape/measurements.json \
    chest_girth=99±1 waist_natural_girth=84±1 chest_girth@tape hip_girth@prior

# Photos: a mannequin of our own (tests/fixtures/README.md) stands for a person.
front=$root/tests/fixtures/capture/mannequin_front.jpg
side=$root/tests/fixtures/capture/mannequin_side.jpg
mode_is() { node -e 'process.exit(JSON.parse(require("fs").readFileSync(process.argv[1])).mode === process.argv[2] ? 0 : 1)' "$@"; }
check a_photo_makes_an_avatar succeeds "$tryon" avatar "$front" "${answers[@]}" --out photo1 --threads 1
check a_photo_makes_five_files test "$(ls photo1)" = "$files"
check a_photo_keeps_the_promises node "$here/check_measurements.js" photo1/measurements.json height=172±0.5
check a_photo_is_mode_b mode_is photo1/measurements.json B
check a_photo_gives_valid_files node "$here/../lib/gltf/validate.js" photo1/avatar.glb photo1/avatar.web.glb
check a_photo_on_two_threads_runs succeeds "$tryon" avatar "$front" "${answers[@]}" --out photo2 --threads 2
check a_photo_on_two_threads_gives_the_same_files same_folders photo1 photo2
check two_photos_make_an_avatar succeeds "$tryon" avatar "$front" --side "$side" "${answers[@]}" --out both
check two_photos_keep_the_promises node "$here/check_measurements.js" both/measurements.json height=172±0.5
check two_photos_are_mode_c mode_is both/measurements.json C
check a_side_photo_alone_is_refused refused front "$tryon" avatar --side "$side" "${answers[@]}" --out out
check a_bad_side_photo_is_named refused side "$tryon" avatar "$front" --side "$root/tests/fixtures/images/text.jpg" "${answers[@]}" --out out

# The tape on files.
measure_agrees() { # measure_agrees PATH TOLERANCE
    succeeds "$tryon" measure "$1" --json || return 1
    node -e '
        const fs = require("fs"), [file, tolerance] = process.argv.slice(1);
        const want = JSON.parse(fs.readFileSync("one/measurements.json")).measurements;
        const got = JSON.parse(fs.readFileSync(file)).measurements;
        for (const k in want) if (!(Math.abs(want[k].value_cm - got[k].value_cm) <= tolerance)) {
            console.log(k, want[k].value_cm, got[k].value_cm);
            process.exitCode = 1;
        }' stdout "$2"
}
# Both are printed with two decimals; the GLB stores single-precision metres.
check measure_reads_a_folder measure_agrees one 0.011
check measure_reads_a_glb measure_agrees one/avatar.glb 0.02
measure_prints_a_table() { succeeds "$tryon" measure one && [ "$(grep -c ' cm$' stdout)" = 21 ]; }
check measure_prints_a_table measure_prints_a_table
check measure_refuses_what_is_not_there refused nowhere "$tryon" measure nowhere
printf 'glTF is not here' >bad.glb
check measure_refuses_what_is_no_glb refused GLB "$tryon" measure bad.glb

# Wrong answers.
check height_is_needed refused --height "$tryon" avatar --out out
check out_is_needed refused --out "$tryon" avatar --height 172
for h in 30 400 -172 0x nan inf 1e400 ''; do
    check "the height \"$h\" is refused" refused height "$tryon" avatar --height "$h" --out out
done
check a_weight_of_ten_kilograms_is_refused refused weight "$tryon" avatar --height 172 --weight 10 --out out
check an_age_of_three_is_refused refused age "$tryon" avatar --height 172 --age 3 --out out
check an_unknown_sex_is_refused refused --sex "$tryon" avatar --height 172 --sex robot --out out
check an_unknown_tape_is_refused refused --tape "$tryon" avatar --height 172 --tape nose_length=5 --out out
check a_tape_without_a_number_is_refused refused --tape "$tryon" avatar --height 172 --tape chest_girth=wide --out out
check an_impossible_tape_is_refused refused chest "$tryon" avatar --height 172 --tape chest_girth=900 --out out
check an_unknown_option_is_refused refused --colour "$tryon" avatar --height 172 --colour red --out out
check an_option_without_its_value_is_refused refused --out "$tryon" avatar --height 172 --out
check missing_models_are_named refused script/build env TRYON_ASSETS=/nowhere "$tryon" avatar --height 172 --out out

# Wrong photos.
printf 'this is not a photo' >words.jpg
head -c 600 "$root/tests/fixtures/images/rgb.jpg" >torn.jpg
: >empty.jpg
check a_missing_photo_is_refused refused nowhere.jpg "$tryon" avatar nowhere.jpg --height 172 --out out
check an_empty_photo_is_refused refused photo "$tryon" avatar empty.jpg --height 172 --out out
check words_are_no_photo refused photo "$tryon" avatar words.jpg --height 172 --out out
check a_torn_photo_is_refused refused JPEG "$tryon" avatar torn.jpg --height 172 --out out
check a_huge_picture_is_refused refused 20000 "$tryon" avatar "$root/tests/fixtures/images/bomb.png" --height 172 --out out
check a_picture_of_nobody_is_refused refused person "$tryon" avatar "$root/tests/fixtures/images/rgb.png" --height 172 --out out
check a_folder_is_no_photo refused one "$tryon" avatar one --height 172 --out out
check two_photos_need_the_word_side refused "one argument too many" "$tryon" avatar a.jpg b.jpg --height 172 --out out

# A machine that fails: status 1, and nothing that was there is touched.
cannot_write() {
    : >file
    says "$tryon" avatar --height 172 --out file/out
    cat stderr
    [ "$status" = 1 ] && [ "$(wc -l <stderr)" = 1 ] && grep -q '^tryon: ' stderr
}
check a_folder_that_cannot_be_made_is_our_failure cannot_write
keeps_old_files() {
    cp -r one kept
    says "$tryon" avatar words.jpg --height 172 --out kept
    [ "$status" = 2 ] && same_folders one kept
}
check wrong_input_leaves_an_old_avatar_alone keeps_old_files

finish
