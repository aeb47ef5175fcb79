#!/usr/bin/env bash
# Installs the package from the repository in a minimal Debian without a network, uses it as several users, upgrades and
# purges it; `make packages-test`. As root. The base system is made once, by debootstrap. SUITE=bookworm
. "$(dirname "$(readlink -f "$0")")/common.sh"
needs debootstrap debootstrap unshare util-linux ip iproute2
[ "$(id -u)" = 0 ] || fail "must be root, to make a system within this one"
[ -e "$DIST/apt/dists/stable/InRelease" ] || packaging/apt-repo.sh
SUITE=${SUITE:-bookworm}
base=$BUILD/base-$SUITE
if ! [ -e "$base.made" ]; then
    rm -rf "$base"
    debootstrap --variant=minbase --include=libcap2-bin,debconf "$SUITE" "$base" >"$base.log" 2>&1 ||
        fail "debootstrap failed: $base.log"
    touch "$base.made"
fi
system=$BUILD/system
fresh "$system"
cp -a "$base/." "$system"
mkdir -p "$system/repository" "$system/captures"
cp -a "$DIST/apt/." "$system/repository"
cp tests/captures/tls13.* "$system/captures"
cp packaging/deb/in-chroot.sh "$system/captures"
# a network of its own with nothing but lo, so that nothing can be fetched; processes of its own, that all end with it
unshare --net --mount --pid --fork --propagation private bash -euc '
    ip link set lo up
    mount -t proc proc "$1/proc"
    mount -t sysfs sysfs "$1/sys"
    mount -t devtmpfs devtmpfs "$1/dev"
    exec chroot "$1" /bin/bash /captures/in-chroot.sh "$2"' - "$system" "$VERSION"
rm -rf "$system"
