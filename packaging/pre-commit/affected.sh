#!/bin/sh
# Runs krender on the targets that the change affects, and on no others: the hooks in .pre-commit-hooks.yaml.
#
# usage: affected.sh build|check|diff [ARGUMENT ...]
#
# pre-commit runs it at the top of the repository, where unstaged changes are put aside. The change is what is staged, or
# what is between the two commits that pre-commit was given (`--from-ref`, as in CI).
set -eu

action=${1:?an action is missing: build, check or diff}
shift
program=${KRENDER_PROGRAM:-krender}
command -v "$program" >/dev/null || {
    echo "krender: the program \`$program\` is not on the PATH; docs/ci.md tells how to get it" >&2
    exit 1
}

since=${PRE_COMMIT_FROM_REF:-HEAD}
if ! git rev-parse --quiet --verify "$since^{commit}" >/dev/null; then
    [ "$since" = HEAD ] || {
        echo "krender: git does not know the commit \`$since\`" >&2
        exit 1
    }
    # There is no commit yet: everything is new.
    case $action in
    build) exec "$program" build --all . "$@" >/dev/null ;;
    check) exec "$program" check --all . "$@" ;;
    diff) exit 0 ;;
    esac
fi

if [ "$action" = diff ]; then # it reads affected targets only, and informs
    "$program" diff --git "$since" "$@" || [ $? -eq 1 ]
    exit
fi

list=$(mktemp)
trap 'rm -f "$list"' EXIT
"$program" affected --since "$since" -0 >"$list"
[ -s "$list" ] || exit 0 # some versions of xargs run the command once for an empty list
case $action in
build) xargs -0 "$program" build "$@" -- <"$list" >/dev/null ;;
check) xargs -0 "$program" check "$@" -- <"$list" ;;
*)
    echo "krender: the action \`$action\` is not known: build, check or diff" >&2
    exit 1
    ;;
esac
