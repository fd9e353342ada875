#!/usr/bin/env bash
# Tries the set-up in a fresh root of a release, with git, make, python3 and certificates only.
#
#   sudo tests/setup/in_bare_root.sh SUITE [PACKAGE...]      SUITE: bookworm, trixie, jammy, noble
#
# PACKAGEs are installed besides. The commit that is checked out is cloned into the root and set up
# there by an ordinary user, with the proxy, index and certificate variables of this environment.
# Roots are kept in $BARE_ROOTS (/var/tmp/bare-roots); $DEBOOTSTRAP_OPTIONS goes to debootstrap.
set -euo pipefail

suite=${1:?usage: in_bare_root.sh SUITE [PACKAGE...]}
shift
project=$(cd "$(dirname "$0")/../.." && pwd)
roots=${BARE_ROOTS:-/var/tmp/bare-roots}
fresh=$roots/$suite
root=$roots/$suite-trial
# Mounts are made in a name space of their own, so that they are gone however this ends.
if [ -z "${BARE_ROOT_PRIVATE:-}" ]; then
    rm -rf --one-file-system "$root"
    BARE_ROOT_PRIVATE=yes exec unshare --mount --propagation private "$0" "$suite" "$@"
fi

make_fresh_root() {
    local mirror=http://deb.debian.org/debian script=/usr/share/debootstrap/scripts/sid
    case $suite in
        jammy | noble) mirror=http://archive.ubuntu.com/ubuntu script=/usr/share/debootstrap/scripts/gutsy ;;
    esac
    mkdir -p "$roots"
    rm -rf --one-file-system "$fresh.tmp"
    # shellcheck disable=SC2086
    debootstrap --variant=minbase --include=git,make,python3,ca-certificates ${DEBOOTSTRAP_OPTIONS:-} \
        "$suite" "$fresh.tmp" "$mirror" "$script" >"$fresh.log"
    mv "$fresh.tmp" "$fresh"
}

# What reaches out of the root: certificates, proxies, indexes; nothing else of this environment.
mapfile -t kept < <(env | grep -iE '^(SSL_CERT_FILE|(https?|no|all)_proxy|UV_[A-Z_]+|PIP_INDEX_URL)=' || true)

as_user() {
    chroot --userspec=1000:1000 "$root" env -i HOME=/home/user PATH=/usr/bin:/bin "${kept[@]}" "$@"
}

timed() {
    local start=$EPOCHREALTIME
    "$@"
    echo "== $(echo "$EPOCHREALTIME $start" | awk '{printf "%.2f", $1 - $2}') s: ${*:2}"
}

[ -d "$fresh" ] || make_fresh_root
cp -a "$fresh" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
if [ -n "${SSL_CERT_FILE:-}" ]; then
    mkdir -p "$root$(dirname "$SSL_CERT_FILE")"
    cp "$SSL_CERT_FILE" "$root$SSL_CERT_FILE"
fi
case $suite in jammy | noble)
    for pocket in updates security; do
        echo "deb http://archive.ubuntu.com/ubuntu $suite-$pocket main universe" >>"$root/etc/apt/sources.list"
    done ;;
esac
if [ $# -gt 0 ]; then
    chroot "$root" sh -c 'apt-get -qq update && apt-get -qq --no-install-recommends install "$@"' sh "$@" >/dev/null
fi
echo 'user:x:1000:1000::/home/user:/bin/sh' >>"$root/etc/passwd"
mkdir -p "$root/home/user"
git clone --quiet --no-local "$project" "$root/home/user/project"
chown -R 1000:1000 "$root/home/user"

packages_before=$(chroot "$root" dpkg-query --show | sha256sum)
timed as_user make --no-print-directory -C /home/user/project setup
timed as_user make --no-print-directory -C /home/user/project setup
as_user sh -c 'cd /home/user/project && TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python -c "
import os, sys
import tfx.v1, tensorflow_data_validation, ml_metadata, tensorflow_transform, tensorflow_model_analysis
print(sys.version, os.confstr(\"CS_GNU_LIBC_VERSION\"), tfx.v1.__version__)
"'
[ "$packages_before" = "$(chroot "$root" dpkg-query --show | sha256sum)" ]
echo "== $suite: passed; the system's packages are as they were"
