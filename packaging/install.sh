#!/bin/sh
# Installs krender from an archive that is pinned by its SHA-256, and prints the path of the program.
#
#   KRENDER_URL      address of the archive; each VERSION in it stands for the version
#   KRENDER_VERSION  the version
#   KRENDER_SHA256   the SHA-256 of the archive
#   KRENDER_DIR      new directory for its files
set -eu

: "${KRENDER_VERSION:?the version is not set}" "${KRENDER_DIR:?the directory is not set}"
: "${KRENDER_URL:?the address of the archive is not set}" "${KRENDER_SHA256:?the SHA-256 of the archive is not set}"

stop() {
    printf 'krender: %s\n' "$1" >&2
    exit 2
}

case $KRENDER_VERSION in *[!0-9A-Za-z.+-]*) stop "\`$KRENDER_VERSION\` is not a version" ;; esac
case $KRENDER_SHA256 in *[!0-9a-f]*) stop 'a SHA-256 has 64 digits 0-9 and a-f' ;; esac
[ "${#KRENDER_SHA256}" -eq 64 ] || stop 'a SHA-256 has 64 digits 0-9 and a-f'

url=$(printf '%s\n' "$KRENDER_URL" | sed "s/VERSION/$KRENDER_VERSION/g")
mkdir -p "$KRENDER_DIR"
archive=$KRENDER_DIR/krender.tar.gz
curl --fail --silent --show-error --location --retry 3 --max-time 300 --output "$archive" -- "$url"
if command -v sha256sum >/dev/null; then sum=$(sha256sum <"$archive"); else sum=$(shasum -a 256 <"$archive"); fi
if [ "${sum%% *}" != "$KRENDER_SHA256" ]; then
    rm -f "$archive"
    stop "the archive has the SHA-256 ${sum%% *}, not the one that is pinned; nothing of it was used"
fi
tar -xzf "$archive" -C "$KRENDER_DIR"
rm -f "$archive"
"$KRENDER_DIR/krender" version | grep -qx "krender $KRENDER_VERSION" || stop "the archive is not krender $KRENDER_VERSION"
printf '%s\n' "$KRENDER_DIR/krender"
