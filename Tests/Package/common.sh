# shellcheck shell=bash
# What the scripts beside it and the page's check share: a local network on this machine, a person with a browser, and patience.

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# Several run at a time, each in a folder of its own.
WORK=$PWD/.build/acceptance/$(basename "$0" .sh)
CACHE=$PWD/.build/acceptance/cache
mkdir -p "$WORK" "$CACHE"
started=$SECONDS

skip() {
    echo "skipped: $1"
    [ -z "${ACCEPTANCE_REQUIRED:-}" ] || exit 1
    exit 0
}

step() { printf '\n--- %s (at %s s)\n' "$1" "$((SECONDS - started))"; }
ok() { printf 'ok: %s\n' "$1"; }
fail() {
    printf 'FAILED: %s\n' "$1" >&2
    exit 1
}

# Runs a command until it succeeds: wait_for SECONDS WHAT COMMAND...
wait_for() {
    local limit=$1 what=$2 begin=$SECONDS
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $((SECONDS - begin)) -lt "$limit" ] || fail "$what (not within $limit s)"
        sleep 0.2
    done
    ok "$what"
}

need() {
    local missing=() tool package
    for pair in "$@"; do
        tool=${pair%%:*} package=${pair#*:}
        command -v "$tool" >/dev/null || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    echo "installing ${missing[*]}"
    apt-get -q -o DPkg::Lock::Timeout=120 update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends \
        "${missing[@]}" >/dev/null || skip "${missing[*]} cannot be installed"
}

# The root file system of a minimal Debian, made once: base_root DIRECTORY PACKAGES
base_root() {
    [ -e "$1/.complete" ] && return
    rm -rf "$1"
    debootstrap --variant=minbase ${2:+--include="$2"} bookworm "$1" >"$WORK/debootstrap.log" 2>&1 ||
        skip "debootstrap finds no Debian here ($WORK/debootstrap.log)"
    # Packages are fetched from where this machine has them.
    rm -f "$1/etc/apt/sources.list"
    cp -a /etc/apt/. "$1/etc/apt/"
    touch "$1/.complete"
}

# Starts the local network with an access token's life in seconds; its addresses are in $WORK/network.json.
start_network() {
    swift build -q --product impact-sandbox
    rm -f "$WORK/network.json"
    "$(swift build --show-bin-path)/impact-sandbox" serve --account bot.test --account two.test --account owner.test \
        --account author.test --access-lifetime "$1" >"$WORK/network.json" 2>"$WORK/network.log" &
    network=$!
    wait_for 20 "the local network is there" has_network
}

# jq -e takes an empty file for good (1.6): whether the address is there is for the address itself to say.
has_network() { control=$(jq -r '.control // empty' "$WORK/network.json") && [ -n "$control" ]; }

did() { jq -r --arg handle "$1" '.accounts[] | select(.handle == $handle).did' "$WORK/network.json"; }

record() {
    jq -n --arg repo "$1" --arg collection "$2" --argjson record "$3" '$ARGS.named' |
        curl -sf -H 'Content-Type: application/json' --data @- "$control/records" | jq -r .uri
}

# Writes a change request with a title.
ask() {
    [ -n "${project:-}" ] || project=$(record owner.test org.example.project '{"name": "Analytical Engine"}')
    record author.test org.example.change.request "$(jq -n --arg title "$1" --arg subject "$project" '$ARGS.named')" \
        >/dev/null
}

# How often an account has told the owner of a title.
told() {
    curl -sf "$control/messages" |
        jq --arg from "$(did "$1")" --arg title "$2" '[.[] | select(.from == $from and (.text | contains($title)))] | length'
}

is_told_once() { [ "$(told "$1" "$2")" = 1 ]; }

# A change request becomes one direct message of an account, and stays one.
delivers() {
    ask "$2"
    wait_for 30 "“$2” became a direct message of $1" is_told_once "$1" "$2"
}

# Fills in the configuration as an operator does, line by line: configure FILE HANDLE
configure() {
    local urls
    urls=$(jq -r '[.plc, .appview, .streams[0].jetstream2] | @tsv' "$WORK/network.json")
    read -r plc appview stream <<<"$urls"
    sed -i -e "s|^#account: .*|account: $(did "$2")|" \
        -e "s|^  #hosts:$|  hosts: [\"$stream\"]|" \
        -e "s|^  #plc_directory: .*|  plc_directory: $plc|" \
        -e "s|^  #appview: .*|  appview: $appview|" \
        -e 's|^  #recipients: followers|  recipients: anyone|' \
        -e 's|^  #interval: 15s|  interval: 100ms|' \
        -e 's|^  #answers_interval: 1m|  answers_interval: 5s|' \
        -e 's|^  #settle: 2m|  settle: 2s|' \
        -e 's|^  #owner_hourly_limit: 6|  owner_hourly_limit: 1000|' \
        -e 's|^  #owner_daily_limit: 24|  owner_daily_limit: 1000|' \
        -e 's|^  #maximum_listed: 5|  maximum_listed: 1|' \
        -e 's|^  #allow_loopback: false|  allow_loopback: true|' "$1"
}

# The same as options of "init", in $settings.
init_settings() {
    local urls plc appview stream setting
    urls=$(jq -r '[.plc, .appview, .streams[0].jetstream2] | @tsv' "$WORK/network.json")
    read -r plc appview stream <<<"$urls"
    settings=()
    for setting in "stream.hosts=[\"$stream\"]" "identity.plc_directory=$plc" "identity.appview=$appview" \
        sending.interval=100ms sending.answers_interval=5s sending.settle=2s policy.owner_hourly_limit=1000 \
        policy.owner_daily_limit=1000 digest.maximum_listed=1 development.allow_loopback=true; do
        settings+=(--set "$setting")
    done
}

# Starts a login and plays the person with the browser: browse COMMAND...
browse() {
    local output=$WORK/login.log
    # Else the address of the login before would do, for a moment.
    : >"$output"
    "$@" >"$output" 2>&1 </dev/null &
    local login=$!
    wait_for 30 "login prints an address" grep -q '/oauth/authorize' "$output"
    curl -sfL -o /dev/null "$(grep -m 1 -o 'http://[^ ]*/oauth/authorize[^ ]*' "$output")"
    wait "$login" || fail "login ended with $?: $(tail -n 3 "$output")"
    grep -q '^Logged in as ' "$output" || fail "login: $(tail -n 3 "$output")"
    ok "logged in by: ${*: -4}"
}
