#!/usr/bin/env bash
# The alert rules: their form, what they do (promtool's unit tests), and that each alert is shown to fire and not to fire.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rules=config/prometheus/impact-notifier.rules.yaml
tests=Tests/Alerts/impact-notifier.test.yaml

# promtool from Debian's package of Prometheus, unpacked and not installed: installing it would start a server.
get_promtool() {
    local folder=.build/promtool
    if ! [ -x "$folder/usr/bin/promtool" ]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        echo "getting promtool from Debian's package prometheus" >&2
        (cd "$folder" && { apt-get -q download prometheus || { update && apt-get -q download prometheus; }; }) >&2
        dpkg -x "$folder"/prometheus_*.deb "$folder/unpacked"
        install -D "$folder/unpacked/usr/bin/promtool" "$folder/usr/bin/promtool"
        rm -rf "$folder/unpacked" "$folder"/prometheus_*.deb
    fi
    echo "$folder/usr/bin/promtool"
}

update() {
    local as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get -q -o DPkg::Lock::Timeout=120 update
}

promtool=$(command -v promtool) || promtool=$(get_promtool)
"$promtool" check rules "$rules"
"$promtool" test rules "$tests"

# Of each alert one expectation in which it fires, and one in which it does not.
status=0
for alert in $(sed -n 's/^ *- alert: *//p' "$rules"); do
    fires=$(grep -c "labels: 'ALERTS{alertname=\"$alert\", alertstate=\"firing\"" "$tests" || true)
    rests=$(grep -A 1 "expr: 'ALERTS{alertname=\"$alert\", alertstate=\"firing\"}'" "$tests" | grep -c 'exp_samples: \[\]' || true)
    if [ "$fires" = 0 ] || [ "$rests" = 0 ]; then
        echo "$alert: no test in which it fires, or none in which it does not" >&2
        status=1
    fi
done
exit "$status"
