#!/bin/bash
# Called by packages-test.sh in a minimal Debian without a network: the tarball is unpacked in /root, the key of the release
# is /root/key.asc.
set -u
export DEBIAN_FRONTEND=noninteractive
failed=0
ok() { printf 'ok    airgap: %s\n' "$*"; }
failed() { printf 'FAILED airgap: %s\n' "$*"; failed=1; }
expect() {  # expect CODE WHAT COMMAND...
    local wanted=$1 what=$2 code=0
    shift 2
    "$@" >/tmp/said 2>&1 || code=$?
    if [ $code = "$wanted" ]; then ok "$what"; else failed "$what: exit code $code, not $wanted"; sed 's/^/       | /' /tmp/said; fi
}
untouched() { ! [ -e /usr/bin/netwatch ] && ! [ -e /usr/local/bin/netwatch ] && ! dpkg -s netwatch >/dev/null 2>&1; }

cd /root/netwatch-*-airgap-* || exit 1
cp -a . /root/whole
echo >>docs/read.md
expect 1 "a changed file is refused" ./install.sh --key /root/key.asc
cp -a /root/whole/docs/read.md docs/
echo 'echo hello' >more.sh
expect 1 "a file more is refused" ./install.sh --key /root/key.asc
rm more.sh
sed -i 's/^-----BEGIN PGP SIGNATURE-----$/&\nVersion: 1/; 5s/./A/' SHA256SUMS.asc
expect 1 "another signature is refused" ./install.sh --key /root/key.asc
cp -a /root/whole/SHA256SUMS.asc .
if untouched; then ok "nothing was touched"; else failed "something was installed"; fi
expect 0 "--check installs nothing" ./install.sh --key /root/key.asc --check
if untouched; then ok "and nothing was touched"; else failed "something was installed"; fi
expect 0 "it installs the package" ./install.sh --key /root/key.asc
expect 0 "which passes its self-test" netwatch --self-test
expect 0 "and is purged" dpkg --purge netwatch
expect 0 "it installs the one file" ./install.sh --key /root/key.asc portable
expect 0 "which passes its self-test" /usr/local/bin/netwatch --self-test
exit $failed
