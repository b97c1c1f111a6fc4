#!/usr/bin/env bash
# The page for people in headless Chromium: after 500 requests, while the ledger hangs, after the session's end, without a
# stream, and when the daemon is gone. It loads nothing from elsewhere, logs no error, has labels and contrast, fits 360 px,
# and renews itself. Pictures are left in .build/pages.
set -euo pipefail
# shellcheck source=Tests/Package/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../Package/common.sh"

browser=${IMPACT_NOTIFIER_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$browser" ] || skip "no Chromium (apt-get install chromium)"
for tool in jq curl python3; do command -v "$tool" >/dev/null || skip "no $tool"; done

pages=$PWD/.build/pages
place=$(mktemp -d)
network= daemon= look= hold=
finish() {
    local status=$?
    if [ "$status" != 0 ]; then tail -n 20 "$place/daemon.log" 2>/dev/null || true; fi
    for process in "$look" "$hold" "$daemon" "$network"; do
        [ -z "$process" ] || kill -9 "$process" 2>/dev/null || true
    done
    rm -rf "$place"
    exit "$status"
}
trap finish EXIT

swift build -q --product impact-notifier
notifier=$(swift build --show-bin-path)/impact-notifier
start_network 3600
rm -rf "$pages"
mkdir -p "$pages"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cp -r config/impact-notifier.yaml config/rules "$place/"
configure "$place/impact-notifier.yaml" bot.test
export IMPACT_NOTIFIER_CONFIG=$place/impact-notifier.yaml IMPACT_NOTIFIER_STATE_DIRECTORY=$place/state
export IMPACT_NOTIFIER_STATUS_LISTEN=127.0.0.1:$port IMPACT_NOTIFIER_SENDING_INTERVAL=0s
export IMPACT_NOTIFIER_SENDING_DAILY_LIMIT=100000 IMPACT_NOTIFIER_POLICY_AUTHOR_BURST=100000
export IMPACT_NOTIFIER_POLICY_AUTHOR_HOURLY_LIMIT=100000 IMPACT_NOTIFIER_POLICY_OWNER_HOURLY_LIMIT=100000
export IMPACT_NOTIFIER_POLICY_OWNER_DAILY_LIMIT=100000
"$notifier" check >/dev/null
browse "$notifier" login
"$notifier" run >"$place/daemon.log" 2>&1 </dev/null &
daemon=$!

# Whether the page, as text, has a line that holds this.
page_says() { curl -sf "http://127.0.0.1:$port/" | grep -qF "$1"; }
look() { python3 Tests/Interop/page.py look "$browser" "http://127.0.0.1:$port/" "$pages" "$@"; }
# Keeps a page open until it shows a text, and looks at it then: renews NAME TEXT, in the background.
renews() { python3 Tests/Interop/page.py renew "$browser" "http://127.0.0.1:$port/" "$pages" "$@"; }

step "500 requests"
wait_for 30 "the stream is connected" curl -sf "http://127.0.0.1:$port/readyz"
ask "Request 1"
python3 Tests/Interop/page.py ask "$control" author.test "$project" 499
wait_for 120 "all of them are on the page" page_says "500 requests, 500 messages."
"$notifier" status >"$place/status.txt" || fail "status ended with $?"
grep -q '^WELL: ' "$place/status.txt" || fail "status does not say that all is well"
look well "500 requests, 500 messages."

step "twenty pages open"
python3 Tests/Interop/page.py cost "http://127.0.0.1:$port/" "$daemon"

step "the ledger hangs"
renews hangs "The ledger has not answered for" &
look=$!
sleep 3
python3 Tests/Interop/page.py hold "$place/state/ledger.sqlite-shm" &
hold=$!
sleep 1
ask "While it hangs"
wait "$look" || fail "an open page does not tell of the ledger"
look=
look hangs "The ledger has not answered for"
kill "$hold"
wait "$hold" 2>/dev/null || true
hold=
wait_for 30 "it answers again" page_says "WELL: "

step "the session has ended"
"$notifier" logout >/dev/null
wait_for 30 "the page says so" page_says "Nothing can be sent: "
look ended "Nothing can be sent: "
[ "$("$notifier" status >/dev/null; echo $?)" = 1 ] || fail "status does not end with 1"

step "the stream is gone"
kill -9 "$network"
wait "$network" 2>/dev/null || true
network=
wait_for 150 "the page says so" page_says "No stream host is connected"
look gone "No stream host is connected"

step "the daemon is gone"
renews stopped "The daemon has not answered since" &
look=$!
sleep 3
kill "$daemon"
wait "$look" || fail "an open page does not tell of the daemon"
look=
wait "$daemon" || fail "the daemon ended with $?"
daemon=
[ "$("$notifier" status >/dev/null 2>&1; echo $?)" = 69 ] || fail "status does not end with 69"
echo "the page shows what it should; pictures: $pages"
