#!/usr/bin/env bash
# The container image, made from the package and used as docs/operations.md says: read-only, without a capability, against
# the local network. Needs root and podman; "skipped: …" where it cannot run. CI calls it by "make acceptance".
set -Eeuo pipefail
# shellcheck source=Tests/Package/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
need debootstrap:debootstrap podman:podman buildah:buildah runc:runc jq:jq curl:curl
package=.build/impact-notifier_$(make -s version)-1_$(dpkg --print-architecture).deb
[ -e "$package" ] || make -s deb

# A store of its own: the base image is made here, and must not be taken for the one of that name. Podman takes no more than
# 50 characters for the second folder.
store=(--root "$WORK/podman" --runroot "$PWD/.build/podman-run" --runtime=runc --cgroup-manager=cgroupfs)
podman() { command podman "${store[@]}" "$@" 2>>"$WORK/podman.log"; }
# The daemon logs on standard error, like podman.
logs() { command podman "${store[@]}" logs $container 2>&1; }
image=localhost/impact-notifier
container=notifier
network=
cleanup() {
    local status=$?
    [ "$status" = 0 ] || { logs | tail -n 20; tail -n 5 "$WORK/podman.log"; } || true
    [ -z "$network" ] || kill "$network" 2>/dev/null || true
    podman rm -f -t 0 $container >/dev/null || true
    exit "$status"
}
trap cleanup EXIT
trap 'echo "FAILED: line $LINENO: $BASH_COMMAND" >&2' ERR

# The options of docs/operations.md. Beside them, what a machine without systemd and without a network of podman's needs.
run() {
    podman run --network=host --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
        --read-only --tmpfs /tmp --cap-drop=ALL --security-opt no-new-privileges \
        -v impact-notifier:/var/lib/impact-notifier -v "$WORK/etc:/etc/impact-notifier:ro" "$@"
}

step "the image"
base_root "$CACHE/plain" ca-certificates
: >"$WORK/podman.log"
podman rm -f -t 0 $container >/dev/null || true
podman volume rm -f impact-notifier >/dev/null || true
podman image exists localhost/base ||
    tar -C "$CACHE/plain" -c . | podman import -q - localhost/base >/dev/null || skip "podman cannot import an image here"
rm -rf "$WORK/package"
install -D -m 644 -t "$WORK/package" "$package"
podman build -q --isolation=chroot --format docker --build-context package="$WORK/package" \
    --build-arg RUNTIME=localhost/base -t $image . >/dev/null || fail "podman build: $(tail -n 5 "$WORK/podman.log")"
[ "$(podman image inspect $image --format '{{.Config.User}}')" = 65532:65532 ] || fail "the image's user"
ok "made from the package"

step "configuration, rules, a secret"
start_network 3600
rm -rf "$WORK/etc"
mkdir -p "$WORK/etc/secrets"
cp -R config/impact-notifier.yaml config/rules "$WORK/etc/"
configure "$WORK/etc/impact-notifier.yaml" bot.test
sed -i 's|^  #encryption_key_file:|  encryption_key_file:|' "$WORK/etc/impact-notifier.yaml"
openssl rand -hex 32 >"$WORK/etc/secrets/session-key"
chown -R 65532:65532 "$WORK/etc/secrets"
chmod 700 "$WORK/etc/secrets"
chmod 600 "$WORK/etc/secrets/session-key"
chmod 755 "$WORK/etc" "$WORK/etc/rules"
chmod 644 "$WORK/etc/impact-notifier.yaml" "$WORK"/etc/rules/*
run --rm $image check >/dev/null || fail "check"

step "login, start, message"
browse run --rm $image login
run -d --name $container --log-driver k8s-file --stop-timeout 180 $image >/dev/null || fail "podman run"
is_healthy() { podman healthcheck run $container; }
wait_for 20 "it is healthy" is_healthy
delivers bot.test "From a container"
facts=$(podman exec $container sh -c 'id -u; grep CapEff /proc/1/status; touch /etc/x 2>&1 || true; stat -c "%u %a" /var/lib/impact-notifier
    grep -c "\"encrypted\"" /var/lib/impact-notifier/session.json; ls /usr/share/doc/impact-notifier/docs/oauth.md')
for fact in 65532 'CapEff:	0000000000000000' 'Read-only file system' '65532 700' /usr/share/doc/impact-notifier/docs/oauth.md; do
    grep -qF "$fact" <<<"$facts" || fail "“$fact” is not in: $facts"
done
ok "user 65532, no capability, nothing writable but the state"
podman exec $container impact-notifier reload >/dev/null || fail "reload"
echo 'surprise: 1' >>"$WORK/etc/impact-notifier.yaml"
! podman exec $container impact-notifier reload >/dev/null || fail "a refused reload succeeds"
sed -i '$d' "$WORK/etc/impact-notifier.yaml"
podman exec $container impact-notifier doctor >"$WORK/doctor.log" || fail "doctor: $(grep FAIL "$WORK/doctor.log")"
delivers bot.test "After a bad reload"

step "stop"
begin=$SECONDS
podman stop $container >/dev/null
[ $((SECONDS - begin)) -lt 20 ] || fail "it took $((SECONDS - begin)) s"
[ "$(podman inspect $container --format '{{.State.ExitCode}}')" = 0 ] || fail "it did not end by itself"
[ "$(logs | wc -l)" -gt 10 ] || fail "the log is empty"
strangers=$(logs | grep -v '^level=' || true)
[ -z "$strangers" ] || fail "lines that are not ours: $strangers"
ok "ended by itself with 0; $(logs | wc -l) lines, all ours"
printf '\ncontainer passed after %s s\n' "$((SECONDS - started))"
