#!/usr/bin/env bash
# Installs the package from the repository in a minimal Debian without a network, uses it as several users, upgrades and
# purges it; `make packages-test`. As root. The base system is made once, by debootstrap. SUITE=bookworm
. "$(dirname "$(readlink -f "$0")")/common.sh"
. packaging/base.sh
needs unshare util-linux ip iproute2
[ "$(id -u)" = 0 ] || fail "must be root, to make a system within this one"
[ -e "$DIST/apt/dists/stable/InRelease" ] || packaging/apt-repo.sh
system=$BUILD/system
fresh "$system"
base_system "$system"
mkdir -p "$system/repository" "$system/captures"
cp -a "$DIST/apt/." "$system/repository"
cp tests/captures/tls13.* "$system/captures"
cp packaging/deb/in-chroot.sh "$system/captures"
# in_netns COMMAND...: in it, with a network that has nothing but lo, and processes that all end with the command.
in_netns() {
    unshare --net --mount --pid --fork --propagation private bash -euc '
        ip link set lo up
        mount -t proc proc "$1/proc"
        mount -t sysfs sysfs "$1/sys"
        mount -t devtmpfs devtmpfs "$1/dev"
        exec chroot "$@"' - "$system" "$@"
}
in_netns /bin/bash /captures/in-chroot.sh "$VERSION"

package=$(compgen -G "$DIST/netwatch-$VERSION-1.*.rpm" | head -n 1)
if [ -n "$package" ]; then
    fresh "$system"
    base_system "$system"
    mkdir "$system/captures"
    cp packaging/rpm/in-chroot.sh "$system/captures"
    rpm --root "$system" --import "$DIST/yum/RPM-GPG-KEY-netwatch"
    rpm --root "$system" --checksig "$package" | grep 'signatures OK$' >/dev/null || fail "the signature of $package does not hold"
    # its needs are said in the names of rpm's world, which this Debian does not know
    rpm --root "$system" --nodeps --install "$package"
    in_netns /bin/bash /captures/in-chroot.sh
    [ -z "$(rpm --root "$system" --verify --nodeps netwatch)" ] || fail "rpm --verify finds changed files"
    rpm --root "$system" --nodeps --erase netwatch
    left=$(find "$system" -xdev -path '*netwatch*' ! -path "$system/var/*" ! -path "$system/home/*" ! -path "$system/tmp/*" \
        -printf '%P\n')
    [ -z "$left" ] || fail "left by the .rpm: $left"
    printf 'ok    rpm: signature, verification, and nothing is left when it is erased\n'
fi

tarball=$(compgen -G "$DIST/netwatch-$VERSION-airgap-*.tar.gz" | head -n 1)
if [ -n "$tarball" ]; then
    fresh "$system"
    base_system "$system"
    tar -C "$system/root" -xf "$tarball"
    # it comes by another way, and not out of the tarball
    cp "$DIST/yum/RPM-GPG-KEY-netwatch" "$system/root/key.asc"
    cp packaging/airgap/in-chroot.sh "$system/tmp/airgap.sh"
    in_netns /bin/bash /tmp/airgap.sh
fi
rm -rf "$system"
