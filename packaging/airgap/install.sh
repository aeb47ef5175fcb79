#!/bin/sh
# Installs netwatch on a machine without a network, from the folder that this file lies in. Nothing is touched before every
# file of it was found to be as it was packed.
#
#   ./install.sh [--key FILE] [--check] [portable [FOLDER]]
#
# --key FILE   the public key of the release, got by another way: the list of sums must be signed by it
# --check      stop after the checks
# portable     copy the one-file program to FOLDER (/usr/local/bin) and nothing else, whatever packages this system knows
set -eu
cd "$(dirname "$(readlink -f "$0")")"
key='' only='' portable=''
folder=/usr/local/bin
while [ $# -gt 0 ]; do
    case $1 in
    --key) key=${2:?--key takes a file}; shift ;;
    --check) only=yes ;;
    portable) portable=yes; folder=${2:-$folder}; break ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done

stop() { echo "install.sh: $*; nothing was changed" >&2; exit 1; }

sha256sum --check --strict --quiet SHA256SUMS >&2 || stop "a file is not as it was packed"
# the folder has nothing that is not in the list
find . -type f ! -name 'SHA256SUMS*' ! -name RELEASE-KEY.asc | sort >/tmp/netwatch-here.$$
sed 's/^[0-9a-f]* [ *]//' SHA256SUMS | sort | cmp -s - /tmp/netwatch-here.$$ || { rm -f /tmp/netwatch-here.$$
    stop "there are files that were not packed"; }
rm -f /tmp/netwatch-here.$$
if [ -n "$key" ]; then
    command -v gpgv >/dev/null || stop "gpgv is not here, and the signature cannot be checked"
    ring=$(mktemp)
    # a key in armour, as gpgv reads it: without its frame
    sed -n '/^$/,/^[=-]/{/^$/d;/^[=-]/d;p}' "$key" | base64 -d >"$ring" || stop "$key is no key"
    gpgv --quiet --keyring "$ring" SHA256SUMS.asc SHA256SUMS 2>/dev/null || { rm -f "$ring"
        stop "the list of sums is not signed by that key"; }
    rm -f "$ring"
    echo "install.sh: every file is as it was packed, and the key of $key signed the list"
else
    echo "install.sh: every file is as it was packed; by whom is known with --key FILE"
fi
[ -z "$only" ] || exit 0
./netwatch-portable --self-test >/dev/null || stop "netwatch does not run here: ./netwatch-portable --self-test"

if [ -n "$portable" ]; then
    install -m 0755 netwatch-portable "$folder/netwatch"
elif command -v dpkg >/dev/null && [ -e "$(echo netwatch_*.deb)" ]; then
    dpkg --install netwatch_*.deb
elif command -v rpm >/dev/null && [ -e "$(echo netwatch-*.rpm)" ]; then
    rpm --install --verbose netwatch-*.rpm
else
    install -m 0755 netwatch-portable "$folder/netwatch"
fi
echo "install.sh: done; netwatch --self-test"
