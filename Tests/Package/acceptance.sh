#!/usr/bin/env bash
# What people install, where they run it: the Debian package in a minimal Debian with systemd as its init, against the
# local network. Needs root; "skipped: …" where it cannot run. CI calls it by "make acceptance".
set -Eeuo pipefail
# shellcheck source=Tests/Package/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
need debootstrap:debootstrap systemd-nspawn:systemd-container jq:jq curl:curl nm:binutils
version=$(make -s version)
arch=$(dpkg --print-architecture)

ROOT=$WORK/root
leader=
network=
cleanup() {
    local status=$?
    if [ "$status" != 0 ] && [ -n "$leader" ]; then
        echo "--- the last lines of the journal"
        inside journalctl -q --no-pager -n 40 -o short-precise 2>/dev/null || true
    fi
    [ -z "$network" ] || kill "$network" 2>/dev/null || true
    [ -z "$leader" ] || kill -s RTMIN+4 "$leader" 2>/dev/null || true
    [ -z "${machine:-}" ] || { timeout 20 tail --pid="$machine" -f /dev/null || kill -9 "$machine"; } 2>/dev/null || true
    exit "$status"
}
trap cleanup EXIT
trap 'echo "FAILED: line $LINENO: $BASH_COMMAND" >&2' ERR

# Runs a command in the machine, with nothing of this shell's environment.
inside() {
    nsenter -t "$leader" -m -u -i -p -- env -i -C /root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}

# The shell's own kill: a minimal system has no other.
signal() { inside sh -c "kill -$1 $2"; }

boot() {
    step "a minimal Debian with systemd"
    base_root "$CACHE/systemd" systemd,systemd-sysv,sudo
    rm -rf "$ROOT"
    cp -a "$CACHE/systemd" "$ROOT"
    systemd-nspawn -q -D "$ROOT" --register=no --keep-unit -b >"$WORK/console.log" 2>&1 </dev/null &
    machine=$!
    # The first child of nspawn's is not yet the machine, and ends.
    is_up() {
        leader=$(pgrep -x -P "$machine" systemd) && [ "$(inside systemctl is-system-running 2>/dev/null)" = running ]
    }
    for _ in $(seq 200); do is_up && break || sleep 0.2; done
    [ -n "$leader" ] || skip "systemd-nspawn cannot start a machine here ($WORK/console.log)"
    is_up || skip "systemd does not come up here ($WORK/console.log)"
    # The same package under a higher version, which is all that an upgrade sees of it.
    make -s deb >"$WORK/deb.log" 2>&1 || fail "make deb: $(tail -n 20 "$WORK/deb.log")"
    cp ".build/impact-notifier_$version-1_$arch.deb" "$ROOT/root/"
    rm -rf "$WORK/higher"
    dpkg-deb --raw-extract "$ROOT$(package 1)" "$WORK/higher"
    sed -i 's/^Version: .*/Version: '"$version"'-2/' "$WORK/higher/DEBIAN/control"
    dpkg-deb -Zgzip -z1 --root-owner-group -b "$WORK/higher" "$ROOT$(package 2)" >/dev/null
    inside apt-get -q update >"$WORK/apt.log" 2>&1 || fail "apt-get update: $(tail -n 3 "$WORK/apt.log")"
}

package() { echo "/root/impact-notifier_$version-$1_$arch.deb"; }

apt() {
    inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" </dev/null >"$WORK/apt.log" 2>&1 ||
        fail "apt-get $*: $(tail -n 20 "$WORK/apt.log")"
}

property() { inside systemctl show -P "$1" "${2:-impact-notifier}"; }
is_running() { [ "$(property ActiveState "${1:-impact-notifier}")/$(property SubState "${1:-impact-notifier}")" = active/running ]; }
# A new process has told systemd that it is ready.
is_succeeded() { is_running "$2" && [ "$(property MainPID "$2")" != "$1" ]; }
# What the status endpoint answers; it shares this machine's loopback.
asks() { curl -s "http://127.0.0.1:${2:-9464}$1"; }
readiness_says() { asks /readyz "${2:-9464}" | grep -q "$1"; }
# What the endpoint shows may be a second old.
usable_is() { [ "$(usable "${2:-9464}")" = "$1" ]; }
usable() { asks /metrics "${1:-9464}" | awk '/^impact_notifier_session_usable/ { print $NF }'; }
session() { inside impact-notifier session status --json "${@:2}" | jq -r ".$1"; }
has_no_stranger() {
    local strangers
    strangers=$(inside find /var/lib/impact-notifier ! -user impact-notifier)
    [ -z "$strangers" ] || fail "files of others in the state: $strangers"
    ok "every file of the state is the daemon's"
}

install_package() {
    step "the package on the bare system"
    apt install --no-install-recommends "$(package 1)"
    grep -q 'sudo impact-notifier init' "$WORK/apt.log" || fail "the installation does not say what to do"
    [ "$(property ActiveState)/$(property UnitFileState)" = inactive/disabled ] || fail "it was started or enabled"
    [ "$(inside passwd -S impact-notifier | cut -d ' ' -f 2)" = L ] || fail "the user is not locked"
    [ "$(inside stat -c '%U %a' /var/lib/impact-notifier)" = "impact-notifier 700" ] || fail "the state directory"
    [ "$(inside stat -c '%U:%G %a' /etc/impact-notifier/secrets)" = "root:impact-notifier 2750" ] || fail "secrets"
    inside impact-notifier --version | grep -qx "$version" || fail "--version"
    for page in operations oauth delivery; do inside test -s "/usr/share/doc/impact-notifier/docs/$page.md" || fail "$page"; done
    ok "installed, neither enabled nor started; $(stat -c %s "$ROOT$(package 1)") octets"
    printf 'exposure: %s\n' "$(inside systemd-analyze security impact-notifier --no-pager | tail -n 1)"
}

is_explained() { inside journalctl -q -u impact-notifier -o cat | grep 'account: this key is required'; }

start_without_configuration() {
    step "a start without configuration"
    ! inside systemctl start impact-notifier 2>/dev/null || fail "it started without an account"
    [ "$(property ExecMainStatus)" = 78 ] || fail "status $(property ExecMainStatus)"
    # A restart would be scheduled by now: the state would be activating.
    [ "$(property ActiveState)/$(property NRestarts)" = failed/0 ] || fail "it is tried again"
    wait_for 10 "ended with 78, once, and the journal says why" is_explained
    inside systemctl reset-failed impact-notifier
}

first_message() {
    step "configuration, start, login, message"
    init_settings
    # The package's own configuration is in the place; nobody has changed it.
    inside impact-notifier init --account bot.test --rule change-request --recipients anyone "${settings[@]}" \
        >"$WORK/init.log" 2>&1 </dev/null || fail "init: $(tail -n 5 "$WORK/init.log")"
    inside impact-notifier check >/dev/null || fail "check"
    ! inside impact-notifier init --account bot.test --rule leaflet >"$WORK/init-again.log" 2>&1 </dev/null ||
        fail "init replaces a configuration"
    grep -qx '  systemctl enable --now impact-notifier' "$WORK/init.log" || fail "init does not say how to start"
    inside systemctl enable -q --now impact-notifier || fail "systemctl enable --now"
    [ "$(usable)" = 0 ] || fail "session_usable without a session"
    wait_for 10 "/readyz says that nothing can be sent" readiness_says 'nothing can be sent'
    browse inside sudo -u impact-notifier impact-notifier login
    logged_in_at=$SECONDS
    wait_for 10 "the running daemon has taken the login over" readiness_says '^ok$'
    wait_for 10 "session_usable after the login" usable_is 1
    delivers bot.test "First"
    inside sudo -u impact-notifier impact-notifier doctor >"$WORK/doctor.log" || fail "doctor: $(grep FAIL "$WORK/doctor.log")"
    for command in "jobs list" "session check" "suppress list"; do
        # shellcheck disable=SC2086
        inside impact-notifier $command >/dev/null || fail "$command as root"
    done
    inside runuser -u impact-notifier -- impact-notifier jobs list >/dev/null || fail "jobs list by runuser"
    has_no_stranger
}

reload() {
    step "reloads"
    local file=$ROOT/etc/impact-notifier/impact-notifier.yaml pid
    pid=$(property MainPID)
    sed -i 's|^  #level: info|  level: debug|' "$file"
    inside systemctl reload impact-notifier || fail "a good reload fails"
    inside impact-notifier reload >/dev/null || fail "a good reload by root's command fails"
    ok "a good one is in force"
    cp "$file" "$WORK/good.yaml"
    echo 'surprise: 1' >>"$file"
    ! inside systemctl reload impact-notifier 2>/dev/null || fail "a refused reload succeeds"
    is_running || fail "it ended"
    ok "a bad one fails, and the old one stays"
    delivers bot.test "After a bad reload"
    cat "$WORK/good.yaml" >"$file"
    sed -i 's|^  level: debug|  #level: info|' "$file"
    inside systemctl reload impact-notifier || fail "the mended reload fails"
    [ "$(property MainPID)" = "$pid" ] || fail "another process"
}

kill_nine() {
    step "kill -9"
    local pid
    pid=$(property MainPID)
    signal KILL "$pid"
    wait_for 30 "the next process is ready" is_succeeded "$pid" impact-notifier
    delivers bot.test "After kill -9"
}

crash() {
    step "a crash of its own"
    local pid symbol base
    pid=$(property MainPID)
    crashed_from=$(inside date +%s.%N)
    # An illegal instruction where the daemon passes every second; gone with the process.
    symbol=$(nm "$ROOT/usr/bin/impact-notifier" | awk '$3 == "$s5OAuth13StoredSessionC6statusAA0C6StatusVyYaF" { print $1 }')
    base=$(inside awk 'NR == 1 { split($1, range, "-"); print range[1] }' "/proc/$pid/maps")
    [ -n "$symbol" ] || fail "no such function"
    printf '\x0f\x0b' | inside dd of="/proc/$pid/mem" bs=1 seek=$((16#$base + 16#$symbol)) conv=notrunc status=none
    wait_for 40 "the next process is ready" is_succeeded "$pid" impact-notifier
    crashed_until=$(inside date +%s.%N)
    inside journalctl -q -u impact-notifier --since "@${crashed_from%.*}" -o cat >"$WORK/crash.log"
    grep -m 1 -oE 'StoredSession[+A-Za-z]*\.swift:[0-9]+' "$WORK/crash.log" || fail "no file and line of the crash in the journal"
    delivers bot.test "After a crash"
}

second_instance() {
    step "a second bot beside the first"
    inside impact-notifier init --instance two --account two.test --rule change-request --recipients anyone \
        "${settings[@]}" --set status.listen=127.0.0.1:9465 >"$WORK/init.log" 2>&1 </dev/null ||
        fail "init --instance two: $(tail -n 5 "$WORK/init.log")"
    grep -qx '  impact-notifier --instance two login' "$WORK/init.log" || fail "init does not say for whom to log in"
    inside systemctl enable -q --now impact-notifier@two || fail "systemctl enable --now impact-notifier@two"
    [ "$(usable 9465)" = 0 ] || fail "it uses another's session"
    browse inside runuser -u impact-notifier -- impact-notifier login --instance two
    wait_for 10 "it has taken its login over" readiness_says '^ok$' 9465
    delivers two.test "Told by both"
    is_told_once bot.test "Told by both" || wait_for 20 "and by the first" is_told_once bot.test "Told by both"
    [ "$(session account --instance two)" = "$(did two.test)" ] || fail "session status --instance two"
    [ "$(session account)" = "$(did bot.test)" ] || fail "session status"
    [ "$(inside stat -c %U /var/lib/impact-notifier-two)" = impact-notifier ] || fail "its state directory"
    inside impact-notifier logout --instance two >/dev/null || fail "logout --instance two"
    [ "$(session state)" = ok ] || fail "the first one's session is $(session state)"
    # Root's own line, as an operator types it.
    browse inside impact-notifier login --instance two
    wait_for 10 "root's login is taken over, too" readiness_says '^ok$' 9465
    inside systemctl reload impact-notifier@two || fail "reload of an instance"
}

watchdog() {
    step "a hung daemon"
    local pid begin limit took
    pid=$(property MainPID)
    limit=$(($(property WatchdogUSec | sed 's/1min/60s/; s/[^0-9]//g') + 15))
    begin=$(date +%s%N)
    signal STOP "$pid"
    wait_for $((limit + 5)) "the next process is ready" is_succeeded "$pid" impact-notifier
    took=$((($(date +%s%N) - begin) / 1000000))
    [ "$took" -le $((limit * 1000)) ] || fail "it took $took ms, more than $limit s"
    ok "from SIGSTOP to READY: $took ms, of $limit s at most"
    delivers bot.test "After a watchdog"
}

renewals() {
    step "renewals of tokens"
    is_renewed() { [ "$(session generation)" -ge 3 ] && [ $((SECONDS - logged_in_at)) -gt $((3 * lifetime)) ]; }
    wait_for $((4 * lifetime)) "three access tokens have ended, and were renewed" is_renewed
    asks /metrics | grep -E '^impact_notifier_(oauth|session)_' || fail "no metrics of the session"
    wait_for 10 "session_usable" usable_is 1
    delivers bot.test "With renewed tokens"
    has_no_stranger
}

upgrade() {
    step "an upgrade while it runs"
    local pid other before
    pid=$(property MainPID) other=$(property MainPID impact-notifier@two)
    before=$(inside sha256sum /etc/impact-notifier/impact-notifier.yaml)
    apt install "$(package 2)"
    [ "$(inside dpkg-query -W -f '${Version}' impact-notifier)" = "$version-2" ] || fail "the version"
    wait_for 30 "the new one runs" is_succeeded "$pid" impact-notifier
    wait_for 30 "the instance, too" is_succeeded "$other" impact-notifier@two
    [ "$(inside sha256sum /etc/impact-notifier/impact-notifier.yaml)" = "$before" ] || fail "the configuration changed"
    delivers bot.test "After an upgrade"
}

older_installation() {
    step "an installation of before the package, with DynamicUser"
    inside systemctl disable -q --now impact-notifier@two
    apt remove impact-notifier
    [ "$(property LoadState)" = not-found ] || fail "the unit is still there"
    inside test -s /var/lib/impact-notifier/session.json || fail "remove took the state"
    inside test -s /etc/impact-notifier/impact-notifier.yaml || fail "remove took the configuration"
    # A process that ends meanwhile is no failure of the list.
    ! { inside sh -c 'cat /proc/[0-9]*/comm' 2>/dev/null || true; } | grep -x impact-notifier || fail "it still runs"
    ok "removed: state and configuration stay"
    # As it was where no package had ever been: the state of a dynamic user, and "make install"'s unit.
    inside sh -c 'mkdir /root/kept && cp -a /var/lib/impact-notifier /root/kept/state && cp -a /etc/impact-notifier /root/kept/etc'
    apt purge impact-notifier
    inside userdel impact-notifier
    inside sh -c 'mv /root/kept/state /var/lib/impact-notifier && mv /root/kept/etc /etc/impact-notifier && rm -r /root/kept'
    install -m 755 .build/release/impact-notifier "$ROOT/usr/bin/impact-notifier"
    sed -e 's/^User=.*/DynamicUser=yes\n&/; /^ExecReload/d' systemd/impact-notifier.service \
        >"$ROOT/etc/systemd/system/impact-notifier.service"
    inside systemctl daemon-reload
    inside systemctl enable -q --now impact-notifier || fail "the older unit does not start"
    inside test -L /var/lib/impact-notifier || fail "no link"
    delivers bot.test "By the older installation"
    apt install "$(package 2)"
    wait_for 30 "the package's daemon runs" is_running impact-notifier
    [ "$(property FragmentPath)" != /etc/systemd/system/impact-notifier.service ] || fail "the older unit shadows the package's"
    ! inside test -L /var/lib/impact-notifier || fail "the state is still a link"
    has_no_stranger
    wait_for 10 "the session was taken over" readiness_says '^ok$'
    delivers bot.test "By the package again"
}

remove_and_purge() {
    step "remove and purge"
    local left
    apt purge impact-notifier
    left=$(inside find / -xdev \( -name '*impact-notifier*' -o -name '*impact_notifier*' \) ! -path '/root/*' \
        ! -path '/var/log/*' ! -path '/var/lib/apt/*' ! -path '/var/cache/apt/*' ! -path '/proc/*' ! -path '/sys/*')
    [ -z "$left" ] || fail "purge leaves: $left"
    [ "$(inside passwd -S impact-notifier | cut -d ' ' -f 2)" = L ] || fail "the user is not there, or not locked"
    ok "nothing is left but the locked user"
}

journal() {
    step "the journal"
    local strangers
    # What the units print, and whatever our program says in another way, commands that were typed included. systemd's own
    # lines, about the units and while it prepares them, are not printed by them. Those of the crash are a backtrace.
    ours() {
        inside journalctl -q _COMM=impact-notifier + _SYSTEMD_UNIT=impact-notifier.service _TRANSPORT=stdout + \
            _SYSTEMD_UNIT=impact-notifier@two.service _TRANSPORT=stdout -o cat "$@"
    }
    strangers=$( (ours --until "@$crashed_from"; ours --since "@$crashed_until") | grep -v '^level=' | sort | uniq -c) || true
    [ -z "$strangers" ] || fail "lines that are not ours: $strangers"
    ok "$(ours | wc -l) lines, all ours but the $(ours --since "@$crashed_from" --until "@$crashed_until" | grep -vc '^level=') of the crash"
}

# Tokens are renewed when less than 10 to 40 s are left.
lifetime=45
step "the local network"
start_network $lifetime
boot
install_package
start_without_configuration
first_message
reload
kill_nine
crash
second_instance
watchdog
renewals
upgrade
older_installation
remove_and_purge
journal
printf '\nacceptance passed after %s s\n' "$((SECONDS - started))"
