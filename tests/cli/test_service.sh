#!/bin/bash
# test_service.sh TRYON: what README promises of the service, by README's own lines with curl. Ends with the line CI reads.
. "$(dirname "$0")/common.sh"

"$tryon" serve --data data --listen 127.0.0.1:0 2>log &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 100); do
    base=$(sed -n 's/^tryon: serving on \(http[^ ]*\).*/\1/p' log)
    [ -z "$base" ] || break
    sleep 0.1
done
idle=$(awk '/^VmRSS/ { print $2 }' "/proc/$server/status")

# The block of README that begins with B=, for this server, program and photo. Its five seconds are for a machine that
# has nothing else to do: here the drape is waited for.
drape='until curl -s $B/v1/tryons/$TRYON -H "$A" | grep -q "\"drape\":{\"status\":\"ready"; do sleep 0.2; done'
awk '/^B=http/ { on = 1 } on && /^```/ { exit } on' "$root/README.md" |
    sed "s|http://127.0.0.1:8080|$base|; s|build/release/tryon|$tryon|; s|demo/photo.jpg|$root/demo/photo.jpg|" |
    awk -v drape="${drape//\\/\\\\}" 'sub(/^sleep 5/, "") { print drape } 1' | sed "s/^; *curl/curl/" >lines
echo 'printf "%s\n" "$A" >guest; printf "%s" "$AVATAR" >avatar; printf "%s" "$TRYON" >tryon' >>lines
bash lines >said 2>complaints

is_id() { [[ $(cat "$1") =~ ^[0-9a-f-]{36}$ ]]; }
is_glb() { [ "$(head -c 4 "$1")" = glTF ]; }
status_of() { curl -s -o body -w '%{http_code}' -H "$(cat guest)" "$@"; }
everything_goes_with_me() {
    [ "$(status_of -X DELETE "$base/v1/me")" = 204 ] && [ "$(status_of "$base/v1/avatars/$(cat avatar)")" = 401 ] || return 1
    for _ in $(seq 100); do # the sweeper comes each second
        [ -n "$(find data/blobs -type f -path '*avatars*')" ] || return 0
        sleep 0.1
    done
    return 1
}
check the_server_starts test -n "$base"
check it_rests_in_thirty_megabytes test "$idle" -lt 30720
check the_lines_run_without_a_complaint test ! -s complaints
check there_is_an_avatar is_id avatar
check its_progress_ends_ready grep -q '^event: ready' said
check its_file_is_a_glb is_glb avatar.glb
check there_is_a_try_on is_id tryon
check every_size_is_judged grep -q '"order":\["S","M","L"\]' said
check the_chosen_size_is_draped is_glb tryon.glb
check the_brand_sees_it grep -q '"event_type":"tryon_started","events":1,"shoppers":1' said
check everything_goes_with_me everything_goes_with_me
kill -TERM $server
check it_ends_when_asked wait $server
finish
