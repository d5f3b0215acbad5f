#!/bin/sh
# Reviews a change with `krender diff`, and keeps one comment on its pull request up to date: the common part of the
# recipes for all hosts, and the whole of the one for a plain shell. docs/ci.md describes it.
#
# Settings are environment variables. Lists have one entry on a line.
#   KRENDER_BASE       revision to compare with (required)
#   KRENDER_HEAD       revision with the change                      [HEAD]
#   KRENDER_PATHS      list of directories to search for targets     [.]
#   KRENDER_FORMAT     format of the file for later steps            [markdown]
#   KRENDER_FAIL_ON    differences that fail: `none`, or those of `krender diff --fail-on`, with commas   [none]
#   KRENDER_ARGUMENTS  list of further arguments of `krender diff`   [--untrusted]
#   KRENDER_COMMENT    `yes` or `no`                                 [yes]
#   KRENDER_HOST       `github`, `gitlab`, `bitbucket`, or `none`    [none]
#   KRENDER_NAME       name of the comment, if there are several     [default]
#   KRENDER_TOKEN      token that may write comments; only comment.py gets it
#   KRENDER_OUT        new or empty directory for the files          [krender-review]
#   KRENDER_PROGRAM    the program                                   [krender]
#
# Exit codes: 0, 1 if there are differences to fail on, 2 if something could not be done.
set -eu

token=${KRENDER_TOKEN:-}
unset KRENDER_TOKEN # neither krender nor what it runs needs it
here=$(cd "$(dirname "$0")" && pwd)
program=${KRENDER_PROGRAM:-krender}
base=${KRENDER_BASE:?the revision to compare with is not set}
head=${KRENDER_HEAD:-HEAD}
format=${KRENDER_FORMAT:-markdown}
fail_on=${KRENDER_FAIL_ON:-none}
host=${KRENDER_HOST:-none}
out=${KRENDER_OUT:-krender-review}

say() { printf 'krender: %s\n' "$1"; }

stop() { # a setting is wrong
    say "$1" >&2
    exit 2
}

random() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

output() { # an output of the step: its name and value. No value can contain the delimiter, which is new each time
    [ -n "${GITHUB_OUTPUT:-}" ] || return 0
    delimiter=krender-$(random)
    printf '%s<<%s\n%s\n%s\n' "$1" "$delimiter" "$2" "$delimiter" >>"$GITHUB_OUTPUT"
}

case $fail_on in *[!a-z,-]* | '') stop "\`$fail_on\` is not a list of differences to fail on" ;; esac
case $host in github | gitlab | bitbucket | none) ;; *) stop "the host \`$host\` is not known" ;; esac
case ${KRENDER_COMMENT:-yes} in yes | true) comment=yes ;; no | false) comment=no ;; *) stop 'KRENDER_COMMENT is `yes` or `no`' ;; esac
[ "$host" != none ] || comment=no
case $base in -* | *..*) stop "\`$base\` is not a revision" ;; esac

mkdir -p "$out"
[ -z "$(ls -A "$out")" ] || stop "the directory \`$out\` is not empty"
out=$(cd "$out" && pwd)
review=$out/review.md

if [ "$host" = github ]; then
    # What krender says about files of the repository is no command for the runner, which reads both streams.
    exec 2>&1
    resume=$(random)
    printf '::stop-commands::%s\n' "$resume"
    trap 'printf "::%s::\n" "$resume"' EXIT
fi

# The arguments: each line of a list is one, whatever else it contains.
set -f
IFS='
'
set -- "--git=$base...$head" ${KRENDER_ARGUMENTS---untrusted} -- ${KRENDER_PATHS:-.}
unset IFS
set +f

case $host in
github | gitlab) length=$host ;;
bitbucket) length=32000 ;; # with room for the marker
none) length=100000000 ;;  # a file may be long
esac
code=0
"$program" diff --format markdown --max-length "$length" "$@" >"$review" || code=$?
case $code in
0) result=same ;;
1) result=different ;;
*)
    code=2 result=failed
    if ! [ -s "$review" ]; then
        printf '### The change could not be compared\n\nThe log of the job has the reason.\n' >"$review"
        say 'if git does not know a revision, let the job fetch the whole history: docs/ci.md has the setting of each host'
    fi
    ;;
esac

# The summary of a job has more room than a comment.
summary=$review
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ "$result" = different ]; then
    summary=$out/summary.md
    "$program" diff --format markdown --max-length job-summary "$@" >"$summary" || [ $? -eq 1 ] || code=2
fi
file=$review
if [ "$format" != markdown ] && [ "$result" != failed ]; then
    file=$out/review.$format
    "$program" diff --format "$format" "$@" >"$file" || [ $? -eq 1 ] || code=2
fi
[ "$host" = github ] || "$program" diff "$@" 2>/dev/null || : # the log is what people read there

verdict=$code
if [ "$code" -ne 2 ] && [ "$fail_on" != any ]; then
    verdict=0
    if [ "$fail_on" != none ]; then
        "$program" diff --fail-on "$fail_on" "$@" >/dev/null || verdict=$?
        [ "$verdict" -le 1 ] || verdict=2
    fi
fi

said='no comment was asked for'
if [ "$comment" = yes ]; then
    set -- --host "$host" --name "${KRENDER_NAME:-default}" --body "$review"
    [ "$result" != same ] || set -- "$@" --clear
    if said=$(KRENDER_TOKEN=$token python3 "$here/comment.py" "$@"); then
        say "comment: $said"
    else
        said='skipped: the host could not be asked; the log has the reason'
        [ "$verdict" -ne 0 ] || verdict=2
    fi
fi

if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$summary" >>"$GITHUB_STEP_SUMMARY"
    case $said in skipped*) printf '\nNo comment was written (%s).\n' "$said" >>"$GITHUB_STEP_SUMMARY" ;; esac
fi
output result "$result"
output review "$file"
# The last line of a review is for programs: a comment with JSON that has no text of the repository.
output counts "$(sed -n '$ s/^<!-- krender-diff: \({.*}\) -->$/\1/p' "$review")"
[ "$verdict" -ne 1 ] || say "there are differences to fail on (\`$fail_on\`)"
exit "$verdict"
