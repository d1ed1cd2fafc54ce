#!/bin/bash
# test_hmr2.sh TRYON WRITE_FILES: importing HMR2.0 and SMPL and running them, as a person meets it. Ends with the line CI
# reads.
write_files=$(realpath "$2")
. "$(dirname "$0")/common.sh"
same() { cmp "$1" "$2"; }
smaller() { [ "$(stat -c %s "$1")" -lt "$(stat -c %s "$2")" ]; }

photo=$root/tests/fixtures/capture/mannequin_front.jpg
check files_of_random_numbers_are_written "$write_files" . "$TRYON_ASSETS/open_body.safetensors" "$photo"
box=(--bbox 150,20,450,740)

check a_checkpoint_is_imported succeeds "$tryon" import hmr2 random.ckpt --smpl random.pkl --out model
check three_files_are_left test "$(ls model)" = $'hmr2.onnx\nhmr2.weights\nsmpl.safetensors'
check eight_bits_are_imported succeeds "$tryon" import hmr2 random.ckpt --smpl random.pkl --int8 --out model8
check eight_bits_are_fewer smaller model8/hmr2.weights model/hmr2.weights
check a_picture_is_read succeeds "$tryon" hmr2 "$photo" --model model "${box[@]}" --raw one.npz --threads 1
check two_threads_read_it succeeds "$tryon" hmr2 "$photo" --model model "${box[@]}" --raw two.npz --threads 2
check threads_change_no_byte same one.npz two.npz
check eight_bits_read_it succeeds "$tryon" hmr2 "$photo" --model model8 "${box[@]}" --raw eight.npz
check a_person_is_found succeeds "$tryon" hmr2 "$photo" --model model --out found --height 172
check the_person_has_parameters_and_an_avatar test "$(ls found)" = $'body_person0_neutral.glb\nbody_person0_params.npz'
check the_validator_finds_no_fault node "$root/tests/lib/gltf/validate.js" found/body_person0_neutral.glb
mkdir frames
cp "$photo" frames/b.jpg
cp "$root/tests/fixtures/images/rgb.jpg" frames/a.jpg
cp random.pkl frames/c.txt
frames_are_read() {
    says "$tryon" hmr2 frames --model model --out batch
    cat stderr
    [ "$status" = 0 ] && grep -q '^1 of 2 pictures$' stderr && [ "$(ls batch)" = b.jpg ] &&
        [ "$(ls batch/b.jpg)" = "$(ls found)" ]
}
check a_folder_of_frames_is_read frames_are_read
# A frame that is done is not done again; one that was broken off is.
frames_are_taken_up_again() {
    cp "$photo" frames/d.jpg
    mkdir batch/d.jpg.part
    touch -d '2001-01-01' batch/b.jpg/body_person0_params.npz
    frames_are_read_once_more
    [ "$status" = 0 ] && grep -q '^1 were done by an earlier run' stderr && grep -q '^2 of 3 pictures$' stderr &&
        [ "$(ls batch)" = $'b.jpg\nd.jpg' ] && [ "$(date -r batch/b.jpg/body_person0_params.npz +%Y)" = 2001 ] &&
        cmp batch/b.jpg/body_person0_params.npz batch/d.jpg/body_person0_params.npz
}
frames_are_read_once_more() {
    says "$tryon" hmr2 frames --model model --out batch
    cat stderr
}
check a_run_over_frames_is_taken_up_again frames_are_taken_up_again

# On a body that is nobody's the network's own files are written beside the built-in body's.
nobody_s_body_is_said() {
    succeeds "$tryon" avatar "$photo" --height 172 --estimator hmr2 --model model --out avatar &&
        grep -q 'not a person.*built-in body' stderr && grep -q 'tryon open body 1' avatar/measurements.json
}
check nobody_s_body_is_said nobody_s_body_is_said
check the_avatar_has_seven_files test "$(ls avatar | wc -l)" = 7

# On a person's body in SMPL's layout: avatar, tape, fit and drape. The random network's pose is nobody's.
check a_body_like_smpl_is_imported succeeds "$tryon" import hmr2 random.ckpt --smpl like.pkl --out like
avatar_on_smpl() {
    succeeds "$tryon" avatar "$photo" --height 172 --weight 70 --estimator hmr2 --model like --out smpl &&
        grep -q '"body": "smpl"' smpl/measurements.json && grep -q 'not listened to' stderr && [ "$(ls smpl | wc -l)" = 7 ]
}
check an_avatar_stands_on_smpl avatar_on_smpl
check its_glb_is_valid node "$root/tests/lib/gltf/validate.js" smpl/avatar.glb
check its_web_glb_is_valid node "$root/tests/lib/gltf/validate.js" smpl/avatar.web.glb
value_of() { sed -n "s/.*\"$1\": {\"value_cm\": \([0-9.]*\).*/\1/p"; }
the_tape_reads_the_same() { # the_tape_reads_the_same WHAT FROM
    "$tryon" measure "$2" --model like --json >measured.json || return
    local a b
    a=$(value_of "$1" <smpl/measurements.json)
    b=$(value_of "$1" <measured.json)
    echo "$1: $a and $b"
    awk -v a="$a" -v b="$b" 'BEGIN { exit !(a > 10 && (a - b) ^ 2 < 0.0025) }' # half a millimetre: float32 in the GLB
}
check the_tape_reads_the_same_off_the_parameters the_tape_reads_the_same waist_natural_girth smpl
check the_tape_reads_the_same_off_the_mesh the_tape_reads_the_same chest_girth smpl/avatar.glb
height_is_met() { awk -v a="$(value_of height <smpl/measurements.json)" 'BEGIN { exit !((a - 172) ^ 2 < 0.25) }'; }
check the_stated_height_is_met height_is_met
both_bodies_agree() { # with the built-in one of the same photo, to well within their ranges
    "$tryon" avatar "$photo" --height 172 --weight 70 --out own >/dev/null || return
    for k in chest_girth waist_omphalion_girth hip_girth thigh_girth inseam arm_length; do
        echo "$k $(value_of $k <smpl/measurements.json) $(value_of $k <own/measurements.json)"
    done | awk '{ print; if (($2 - $3) ^ 2 > 9) bad = 1 } END { exit bad }' # 3 cm: the ranges are 8 cm and more
}
check both_bodies_agree both_bodies_agree
# Two people: everyone's parameters, the avatar of the one asked for.
pair_is_seen() {
    succeeds "$tryon" hmr2 pair.png --model like --out pair &&
        [ "$(ls pair)" = $'body_person0_neutral.glb\nbody_person0_params.npz\nbody_person1_params.npz' ]
}
check both_people_have_parameters pair_is_seen
the_other_has_an_avatar() {
    succeeds "$tryon" avatar pair.png --height 165 --estimator hmr2 --model like --person 1 --out other &&
        grep -q several_people other/measurements.json && [ -s other/avatar.glb ] &&
        [ -s other/body_person0_params.npz ] && [ -s other/body_person1_params.npz ] &&
        [ -s other/body_person1_neutral.glb ] && [ ! -e other/body_person0_neutral.glb ] &&
        [ "$(value_of height <other/measurements.json | cut -c 1-3)" = 165 ]
}
check the_other_has_an_avatar the_other_has_an_avatar
check an_avatar_without_its_body_is_told refused "name the folder" "$tryon" measure smpl --model nowhere
cat >tee.csv <<'CSV'
basis,garment_flat
tolerance,1
size,chest,length,shoulder,sleeve
S,48,69,43,20
M,52,72,45,21
L,56,74,47,22
CSV
check a_shirt_is_drafted succeeds "$tryon" garment draft --category tshirt --chart tee.csv --out tee
check its_sizes_are_judged succeeds "$tryon" fit --avatar smpl --garment tee --model like
a_size_is_draped() {
    succeeds "$tryon" drape --avatar smpl --garment tee --size L --spacing 20 --model like --out draped &&
        grep -q '^L .*ok: in the body 0.00 mm' stdout && [ -s draped/tryon.glb ]
}
check a_size_is_draped a_size_is_draped
check a_dressed_smpl_is_valid node "$root/tests/lib/gltf/validate.js" draped/tryon.glb

check the_checkpoint_and_smpl_are_needed refused "something is missing" "$tryon" import hmr2 random.ckpt --out out
check a_missing_checkpoint_is_refused refused nowhere.ckpt "$tryon" import hmr2 nowhere.ckpt --smpl random.pkl --out out
check smpl_is_no_checkpoint refused "not a zip file" "$tryon" import hmr2 random.pkl --smpl random.pkl --out out
check a_checkpoint_is_no_smpl refused random.ckpt "$tryon" import hmr2 random.ckpt --smpl random.ckpt --out out
head -c 400000 random.ckpt >torn.ckpt
head -c 40000 random.pkl >torn.pkl
check a_torn_checkpoint_is_refused refused "cut short" "$tryon" import hmr2 torn.ckpt --smpl random.pkl --out out
check a_torn_smpl_file_is_refused refused "cut short" "$tryon" import hmr2 random.ckpt --smpl torn.pkl --out out
cp random.ckpt bent.ckpt
printf 'bent' | dd of=bent.ckpt bs=1 seek=300000 conv=notrunc 2>/dev/null
check a_bent_checkpoint_is_refused refused "checksum" "$tryon" import hmr2 bent.ckpt --smpl random.pkl --out out
# Files that were damaged after the import.
damage() { # damage FILE: its folder beside a copy of the others
    rm -rf hurt
    cp -r model hurt
    case $2 in
    torn) truncate -s -1000 "hurt/$1" ;;
    bent) printf '\x5a' | dd of="hurt/$1" bs=1 seek="$(($(stat -c %s "hurt/$1") / 2))" conv=notrunc 2>/dev/null ;;
    esac
}
for file in hmr2.weights hmr2.onnx smpl.safetensors; do
    for how in torn bent; do
        damage $file $how
        check "a_${how}_${file}_is_refused" refused "$file is not as tryon import hmr2 wrote it" "$tryon" hmr2 "$photo" --model hurt "${box[@]}" --raw out
    done
done
check a_box_without_a_side_is_refused refused --bbox "$tryon" hmr2 "$photo" --model model --bbox 1,2,3 --raw out
check a_turned_box_is_refused refused --bbox "$tryon" hmr2 "$photo" --model model --bbox 10,10,5,50 --raw out
check nobody_is_refused refused "nobody was found" "$tryon" hmr2 frames/a.jpg --model model --raw out
check a_person_too_many_is_refused refused "no person 7" "$tryon" hmr2 "$photo" --model model --person 7 --raw out
check a_person_too_many_has_no_avatar refused "no person 7" "$tryon" avatar "$photo" --height 172 --estimator hmr2 --model model --person 7 --out out
check a_person_is_for_hmr2 refused "go with --estimator hmr2" "$tryon" avatar "$photo" --height 172 --person 1 --out out
check a_model_that_is_not_there_is_refused refused nowhere "$tryon" hmr2 "$photo" --model nowhere --raw out
check an_estimator_without_its_model_is_refused refused "import HMR2.0 first" "$tryon" avatar "$photo" --height 172 --estimator hmr2 --model nowhere --out out
check an_unknown_device_is_refused refused --device "$tryon" hmr2 "$photo" --model model --device abacus --raw out
cuda_is_there_or_refused() {
    says "$tryon" hmr2 "$photo" --model model "${box[@]}" --device cuda --raw cuda.npz
    cat stderr
    [ "$status" = 0 ] || { [ "$status" = 2 ] && [ "$(wc -l <stderr)" = 1 ] && grep -q 'CUDA cannot be used here' stderr; }
}
check cuda_is_there_or_refused cuda_is_there_or_refused

finish
