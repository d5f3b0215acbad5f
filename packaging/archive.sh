#!/bin/sh
# Packs a built program with the scripts of the recipes into the archive that they install, and prints its SHA-256.
#
# usage: archive.sh PROGRAM ARCHIVE.tar.gz
#
# The same program gives the same bytes: names are sorted, and there are no times and owners.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$1" "$folder/krender"
cp "$here/comment.py" "$here/review.sh" "$folder"
chmod 755 "$folder"/*
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - -C "$folder" comment.py krender review.sh |
    gzip -n >"$2"
sha256sum "$2" | cut -d ' ' -f 1
