#!/usr/bin/env bash
# The daemon among software that others wrote: it logs in at a third-party authorization server, a third-party client
# writes a change request, and the chat service must have exactly one message, also after a kill -9.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bed=${TESTBED:-$PWD/../shared/testbed}/testbed.sh
export ROOT=${ROOT:-/tmp/testbed-interop} NS=${NS:-atbedi}
export RUN=${RUN:-$ROOT/bed-run}
[ -f "$bed" ] || { echo "skipped: no testbed ($bed)"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "skipped: the testbed needs root"; exit 0; }
unshare --net true 2>/dev/null || { echo "skipped: no network namespaces here"; exit 0; }

work=$(mktemp -d)
daemon=
finish() {
    local status=$?
    [ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null || true
    if [ "$status" != 0 ]; then
        for log in login daemon; do echo "--- $log"; tail -n 40 "$work/$log.log" 2>/dev/null || true; done
    fi
    bash "$bed" down >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT

# Waits until a command succeeds, at most a number of seconds.
await() {
    local seconds=$1 what=$2
    shift 2
    for ((try = 0; try < seconds * 5; try++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    echo "not within $seconds s: $what"
    return 1
}

inside() { ip netns exec "$NS" "$@"; }

swift build --product impact-notifier
notifier=$(swift build --show-bin-path)/impact-notifier

bash "$bed" setup
# What a run that was killed has left would be counted with ours.
bash "$bed" down >/dev/null 2>&1 || true
bash "$bed" up
bot=$(sed -E 's/.*"bot.test": "([^"]+)".*/\1/' "$RUN/accounts.json")
owner=$(sed -E 's/.*"owner.test": "([^"]+)".*/\1/' "$RUN/accounts.json")

cat >"$work/config.yaml" <<YAML
account: $bot
state_directory: $work/state
stream:
  hosts: [wss://jetstream.test/subscribe]
policy:
  recipients: anyone
lookup:
  project_patience: 1s
sending:
  interval: 1s
digest:
  maximum_listed: 1 # each request has a message of its own
rules:
  - name: change-request
    collections: [org.example.changeRequest]
    reference_paths: [subject.uri]
    message: '{{author.name}} asks for {{record.title}}'
YAML
"$notifier" check --config "$work/config.yaml"

echo "--- login"
inside "$notifier" login --config "$work/config.yaml" >"$work/login.log" 2>&1 </dev/null &
login=$!
await 30 "an authorization URL" grep -q 'https://auth\.test/oauth/authorize' "$work/login.log"
url=$(grep -oE 'https://auth\.test/oauth/authorize[^[:space:]]*' "$work/login.log" | head -n 1)
inside curl -fsSL --max-time 20 -o /dev/null "$url"
wait "$login" || { echo "login failed"; exit 1; }
tail -n 3 "$work/login.log"

run_daemon() {
    # Not through the function: the signals are for the daemon, not for a shell around it.
    ip netns exec "$NS" "$notifier" run --config "$work/config.yaml" >>"$work/daemon.log" 2>&1 </dev/null &
    daemon=$!
    await 30 "readiness" inside curl -fsS http://127.0.0.1:9464/readyz
}

# Writes a record with the AT Protocol SDK for Python: account, JSON of createRecord's input without the repository.
write_record() {
    bash "$bed" exec python - "$@" <<'PYTHON'
import json, os, sys
from atproto import Client
account, body = sys.argv[1:]
did = json.load(open(os.environ["RUN"] + "/accounts.json"))[account]
reply = Client("https://pds.test/xrpc").com.atproto.repo.create_record(
    {"repo": did, **json.loads(body)}, headers={"Authorization": f"Bearer tok-{account}"})
print(reply.uri)
PYTHON
}
write_request() {
    write_record author.test '{"collection":"org.example.changeRequest","record":{"$type":"org.example.changeRequest",
        "title":"'"$1"'","subject":{"uri":"at://'"$owner"'/org.example.project/self"}}}'
}

# The messages that the chat service has taken for the owner.
messages() { grep -F '"m": "sendMessage"' "$RUN/chat.jsonl" 2>/dev/null | grep -F "$owner" | grep -vF '"refused"' || true; }
has_messages() { [ "$(messages | wc -l)" = "$1" ]; }

echo "--- one change request"
write_record owner.test '{"collection":"org.example.project","rkey":"self",
    "record":{"$type":"org.example.project","name":"Testbed"}}'
run_daemon
write_request "first"
await 60 "the first message" has_messages 1
# What the daemon does not know to be delivered is in doubt behind a kill, and holds up the owner's next for two minutes.
await 30 "its delivery is recorded" grep -qF 'msg="message delivered"' "$work/daemon.log"

echo "--- kill -9, an access token that has ended, restart, another"
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
sed -i -E 's/"expires_at":[0-9]+/"expires_at":1/' "$work/state/session.json"
run_daemon
write_request "second"
await 60 "the second message" has_messages 2
sleep 5 # a duplicate would come by now
has_messages 2 || { echo "expected 2 messages, found:"; messages; exit 1; }
messages

kill -TERM "$daemon"
wait "$daemon" || { echo "the daemon did not end with status 0"; exit 1; }
daemon=

echo "--- the session"
inside "$notifier" session status --config "$work/config.yaml" --json >"$work/status.json"
grep -qE '"generation":[1-9]' "$work/status.json" || { echo "the tokens were not renewed"; exit 1; }
# The authorization server there wants a key of whoever revokes, which a loopback client has not.
inside "$notifier" logout --config "$work/config.yaml" --force
echo "testbed: 2 change requests, 2 messages, 1 kill -9"
