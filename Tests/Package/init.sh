#!/usr/bin/env bash
# From nothing to the first direct message by "init", without a terminal and in one (tmux), by a script that knows the
# local network, five answers, and otherwise only what the program prints. CI calls it by "make acceptance".
set -Eeuo pipefail
# shellcheck source=Tests/Package/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need jq:jq curl:curl
network=
daemon=
cleanup() {
    local status=$?
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ -z "$network" ] || kill "$network" 2>/dev/null || true
    screen kill-server 2>/dev/null || true
    exit "$status"
}
trap cleanup EXIT
trap 'echo "FAILED: line $LINENO: $BASH_COMMAND" >&2' ERR

# A tmux of its own, and what stands on its screen, broken lines as one.
screen() { command tmux -L impact-notifier-init "$@"; }
shown() { screen capture-pane -p -J -S - -t init; }
shows() { shown | grep -qF -- "$1"; }

# The daemon, by the line that was printed for it, tells an owner; then it ends.
runs() {
    bash -c "exec $1" >"$WORK/run.log" 2>&1 &
    daemon=$!
    wait_for 30 "“$1” reads the stream" grep -q 'msg="stream open"' "$WORK/run.log"
    delivers "$2" "$3"
    kill "$daemon"
    wait "$daemon" || fail "the daemon ended with $?: $(tail -n 3 "$WORK/run.log")"
    daemon=
}

without_terminal() {
    step "without a terminal"
    local commands
    impact-notifier init --config "$FOLDER/one.yaml" --account bot.test --rule change-request --recipients anyone \
        --send-to owner.test "${settings[@]}" >"$WORK/init.log" </dev/null || fail "init ended with $?"
    mapfile -t commands < <(sed -n 's/^  //p' "$WORK/init.log")
    [ ${#commands[@]} = 3 ] || fail "it does not print three commands: $(cat "$WORK/init.log")"
    browse bash -c "${commands[0]}"
    bash -c "${commands[1]}" >"$WORK/doctor.log" || fail "${commands[1]}: $(grep FAIL "$WORK/doctor.log")"
    is_told_once bot.test "This is a test" || fail "no test message"
    ok "a test message, by: ${commands[1]}"
    runs "${commands[2]}" bot.test "Without a terminal"
}

answers=0
answer() {
    wait_for 30 "it asks “$1”" shows "$1"
    [ -z "$2" ] || screen send-keys -t init -l -- "$2"
    screen send-keys -t init Enter
    answers=$((answers + 1))
}

in_terminal() {
    step "in a terminal"
    local begin=$SECONDS address run
    need tmux:tmux
    {
        printf '%q ' impact-notifier init --config "$FOLDER/two.yaml" "${settings[@]}"
        printf '\necho "init ended with $?"\nsleep 600\n'
    } >"$FOLDER/terminal.sh"
    screen -f /dev/null new-session -d -x 120 -y 50 -s init "bash $FOLDER/terminal.sh" ||
        skip "tmux cannot start a terminal here"
    answer "1. Which account" two.test
    answer "2. What is to be told of" change-request
    answer "3. How does it log in" ""
    answer "4. Who gets messages" anyone
    answer "5. Log in now" owner.test
    wait_for 30 "it prints an address" shows /oauth/authorize
    address=$(shown | grep -m 1 -o 'http://[^ ]*/oauth/authorize[^ ]*')
    curl -sfL -o /dev/null "$address" || fail "the browser cannot open $address"
    wait_for 60 "it ended well" shows "init ended with 0"
    is_told_once two.test "This is a test" || fail "no test message"
    [ "$answers" -le 5 ] || fail "it asked $answers times"
    [ $((SECONDS - begin)) -lt 60 ] || fail "it took $((SECONDS - begin)) s"
    ok "a test message after $answers answers and $((SECONDS - begin)) s"
    run=$(shown | sed -n 's/^  \(impact-notifier run .*[^ ]\) *$/\1/p')
    [ -n "$run" ] || fail "it does not say how to start the daemon: $(shown | tail -n 5)"
    runs "$run" two.test "After five answers"
}

FOLDER=$WORK/init
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
step "the local network"
start_network 3600
swift build -q --product impact-notifier
PATH=$(swift build --show-bin-path):$PATH
init_settings
settings+=(--set status.listen=\"off\")
without_terminal
in_terminal
printf '\ninit passed after %s s, with %s answers in a terminal\n' "$((SECONDS - started))" "$answers"
