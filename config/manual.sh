#!/usr/bin/env bash
# Manual pages from what the commands themselves say: manual.sh PROGRAM GENERATOR DIRECTORY, where GENERATOR is
# swift-argument-parser's generate-manual. Its pages have names with dots, lack a list of commands and know nothing of
# files; that is mended here.
set -euo pipefail
# What the commands say is UTF-8, whatever the caller's language.
export LC_ALL=C.UTF-8

program=$(readlink -f "$1")
generator=$(readlink -f "$2")
mkdir -p "$3"
pages=$(readlink -f "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
date=$(git log -1 --format=%cs 2>/dev/null || date -u +%F)

# The generator drops what is not ASCII without a word. It runs a program to get the texts: this one, in between.
"$program" --experimental-dump-help |
    sed 's/[–—]/-/g; s/…/.../g; s/→/->/g; s| docs/| /usr/share/doc/impact-notifier/docs/|g' > "$work/help.json"
if foreign=$(LC_ALL=C grep -n '[^ -~]' "$work/help.json"); then
    echo "the manual would lose characters of: $foreign" >&2
    exit 1
fi
printf '#!/bin/sh\ncat "%s"\n' "$work/help.json" > "$work/program"
chmod +x "$work/program"
mkdir "$work/pages"
"$generator" "$work/program" --multi-page --date "$date" --output-directory "$work/pages"
rm "$work/pages/impact-notifier.help.1"

rm -f "$pages"/*.1
(cd "$work/pages" && awk -v pages="$pages" '
    # Read all pages first: the main one lists the others, by name and in order.
    FNR == 1 { file[++count] = FILENAME; section = "" }
    /^\.Sh / { section = $0 }
    # Quotes would stand in "apropos".
    /^\.Nd / { gsub(/^\.Nd "?|\.?"?$/, ""); about[count] = $0; $0 = ".Nd " $0 }
    { text[count, ++lines[count]] = $0; in_section[count, lines[count]] = section }

    function page_name(path) { sub(/\.1$/, "", path); gsub(/\./, "-", path); return path }
    function words(path) { sub(/\.1$/, "", path); gsub(/\./, " ", path); return path }

    END {
        for (i = 1; i <= count; i++) {
            target = pages "/" page_name(file[i]) ".1"
            others = 0
            for (n = 1; n <= lines[i]; n++) {
                line = text[i, n]
                section = in_section[i, n]
                # A paragraph of its own; mdoc knows no empty line.
                if (line == "") line = ".Pp"
                if (line ~ /^\.Dt /) line = ".Dt " toupper(page_name(file[i])) " 1"
                if (section == ".Sh NAME" && line ~ /^\.Nm /) line = ".Nm " page_name(file[i])
                if (section == ".Sh SYNOPSIS" && line == ".Nm") line = ".Nm \"" words(file[i]) "\""
                if (line == ".Ex -std") line = "0 for success; the others are in\n" \
                    ".Pa /usr/share/doc/impact-notifier/docs/operations.md ."
                if (line == ".Sh \"EXIT STATUS\"" && file[i] == "impact-notifier.1") {
                    print ".Sh COMMANDS\n.Bl -tag -width 6n" > target
                    for (k = 2; k <= count; k++)
                        print ".It Xr " page_name(file[k]) " 1\n" about[k] "." > target
                    print ".El" > target
                    print ".Sh FILES\n.Bl -tag -width 6n" > target
                    print ".It Pa /etc/impact-notifier/impact-notifier.yaml\nThe configuration; with its defaults in comments." > target
                    print ".It Pa /etc/impact-notifier/NAME.yaml\nThat of the instance NAME,\n" \
                        ".Pa impact-notifier@NAME.service ." > target
                    print ".It Pa /etc/impact-notifier/secrets/\nKeys and app password." > target
                    print ".It Pa /var/lib/impact-notifier/\nLedger and session." > target
                    print ".It Pa /var/lib/impact-notifier-NAME/\nThose of the instance NAME." > target
                    print ".It Pa /usr/share/doc/impact-notifier/\nREADME.md, and docs/ with operations.md and oauth.md." > target
                    print ".El" > target
                }
                if (line ~ /^\.Xr /) {
                    others = 1
                    sub(/ 1 ?,?$/, "", line)
                    name = page_name(substr(line, 5))
                    if (name == "impact-notifier-help") continue
                    print ".Xr " name " 1 ," > target
                    continue
                }
                if (line == ".Sh \"SEE ALSO\"") others = 1
                print line > target
            }
            if (i > 1) {
                if (!others) print ".Sh \"SEE ALSO\"" > target
                print ".Xr impact-notifier 1" > target
            } else {
                print ".Xr journalctl 1 ,\n.Xr systemctl 1" > target
            }
            close(target)
        }
    }
' impact-notifier.1 impact-notifier.*.*1)
