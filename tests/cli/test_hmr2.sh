#!/bin/bash
# test_hmr2.sh TRYON WRITE_FILES: importing HMR2.0 and SMPL and running them, as a person meets it. Ends with the line CI
# reads.
write_files=$(realpath "$2")
. "$(dirname "$0")/common.sh"
same() { cmp "$1" "$2"; }
smaller() { [ "$(stat -c %s "$1")" -lt "$(stat -c %s "$2")" ]; }

check files_of_random_numbers_are_written "$write_files" .
photo=$root/tests/fixtures/capture/mannequin_front.jpg
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
check the_estimator_writes_both_bodies succeeds "$tryon" avatar "$photo" --height 172 --estimator hmr2 --model model --out avatar
check the_avatar_has_seven_files test "$(ls avatar | wc -l)" = 7

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
check a_box_without_a_side_is_refused refused --bbox "$tryon" hmr2 "$photo" --model model --bbox 1,2,3 --raw out
check a_turned_box_is_refused refused --bbox "$tryon" hmr2 "$photo" --model model --bbox 10,10,5,50 --raw out
check nobody_is_refused refused "nobody was found" "$tryon" hmr2 frames/a.jpg --model model --raw out
check a_person_too_many_is_refused refused "no person 7" "$tryon" hmr2 "$photo" --model model --person 7 --raw out
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
