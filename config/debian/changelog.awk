# CHANGELOG.md as a Debian changelog. Variables: version and revision of the package, maintainer, and date for an
# entry that is not released yet. An entry is "## VERSION (YYYY-MM-DD)" with items "- …"; other prose is left out.

function wrap(text, lead,    words, count, i, line) {
    count = split(text, words, / +/)
    line = lead
    for (i = 1; i <= count; i++) {
        if (length(line) + length(words[i]) > 78) { print line; line = "   " }
        line = line " " words[i]
    }
    print line
}

function end_item() { if (item != "") wrap(item, "  *"); item = "" }

function end_entry() {
    end_item()
    if (entries) printf "\n -- %s  %s\n\n", maintainer, when
}

/^## / {
    end_entry()
    entries++
    if (entries == 1 && $2 != version) {
        print "CHANGELOG.md begins with " $2 ", the program is " version > "/dev/stderr"
        failed = 1
        exit
    }
    printf "impact-notifier (%s-%s) bookworm; urgency=medium\n\n", $2, entries == 1 ? revision : 1
    when = date
    if (match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]/)) {
        command = "LC_ALL=C date -u -R -d " substr($0, RSTART, RLENGTH)
        command | getline when
        close(command)
    }
    next
}

entries && /^- / { end_item(); item = substr($0, 3); next }
entries && item != "" && /^  +[^ ]/ { sub(/^ +/, ""); item = item " " $0; next }
{ end_item() }

END {
    if (failed) exit 1
    if (!entries) { print "CHANGELOG.md has no entry" > "/dev/stderr"; exit 1 }
    end_entry()
}
