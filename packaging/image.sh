#!/usr/bin/env bash
# dist/netwatch-VERSION-image.tar: an OCI archive of a minimal Debian with the package, run as a user without rights, for
# podman load, docker load or skopeo; `make image`, as root. No engine is needed: buildah makes it. Then it is unpacked,
# and run in a chroot with the rights that `--cap-drop ALL --cap-add NET_RAW` leaves, and with none.
. "$(dirname "$(readlink -f "$0")")/common.sh"
. packaging/base.sh
needs buildah buildah unshare util-linux jq jq
[ "$(id -u)" = 0 ] || fail "must be root, to make a system within this one"
compgen -G "$DIST/netwatch_$VERSION-*.deb" >/dev/null || packaging/deb.sh
root=$BUILD/image/root
archive=$DIST/netwatch-$VERSION-image.tar

# in_netns FOLDER COMMAND...: there, with a network that has nothing but lo.
in_netns() {
    unshare --net --mount --pid --fork --propagation private bash -euc '
        ip link set lo up
        mount -t proc proc "$1/proc"
        mount -t devtmpfs devtmpfs "$1/dev"
        exec chroot "$@"' - "$@"
}

fresh "$BUILD/image"
base_system "$root"
cp "$DIST/netwatch_$VERSION"-*.deb "$root/tmp/netwatch.deb"
chroot "$root" env DEBIAN_FRONTEND=noninteractive bash -euc '
    echo netwatch netwatch/capture-by-group boolean true | debconf-set-selections
    dpkg --install /tmp/netwatch.deb
    useradd --gid netwatch --create-home netwatch' >"$BUILD/image/said.txt" 2>&1 ||
    { cat "$BUILD/image/said.txt" >&2; exit 1; }
rm -rf "$root"/tmp/* "$root"/var/{cache,log,lib/apt/lists}/* "$root"/usr/share/{doc,man,locale,info}/*

export BUILDAH_ISOLATION=chroot
storage=(--storage-driver vfs --root "$BUILD/image/store" --runroot "$BUILD/image/run")
container=$(buildah "${storage[@]}" from scratch)
# `buildah copy` would give every file to root, and the helper is the group's
cp -a "$root/." "$(buildah "${storage[@]}" mount "$container")"
buildah "${storage[@]}" umount "$container" >/dev/null
buildah "${storage[@]}" config --user netwatch --entrypoint '["/usr/bin/netwatch"]' --env LC_ALL=C.UTF-8 \
    --env TERM=xterm-256color --workingdir /home/netwatch --label org.opencontainers.image.version="$VERSION" \
    --label org.opencontainers.image.licenses=Apache-2.0 "$container"
buildah "${storage[@]}" commit --quiet --timestamp "$SOURCE_DATE_EPOCH" "$container" netwatch >/dev/null
rm -f "$archive"
buildah "${storage[@]}" push --quiet netwatch "oci-archive:$archive:netwatch:$VERSION"

unpacked=$BUILD/image/unpacked
mkdir -p "$BUILD/image/oci" "$unpacked"
tar -C "$BUILD/image/oci" -xf "$archive"
blobs=$BUILD/image/oci/blobs/sha256
manifest=$(jq -r '.manifests[0].digest' "$BUILD/image/oci/index.json")
for layer in $(jq -r '.layers[].digest' "$blobs/${manifest#sha256:}"); do
    tar -C "$unpacked" --xattrs --xattrs-include='*' -xf "$blobs/${layer#sha256:}"
done
# as_user BOUNDING COMMAND...: as the image's user, with the rights that an engine leaves.
as_user() {
    in_netns "$unpacked" setpriv --bounding-set="$1" --inh-caps=-all --reuid=netwatch --regid=netwatch --init-groups \
        env HOME=/home/netwatch LC_ALL=C.UTF-8 "${@:2}"
}
as_user -all netwatch --self-test >"$BUILD/image/said.txt" || { cat "$BUILD/image/said.txt" >&2; exit 1; }
as_user -all,+net_raw netwatch read -i lo --duration 1s --what summary --format ndjson >"$BUILD/image/said.txt"
code=0
as_user -all netwatch read -i lo --duration 1s >"$BUILD/image/said.txt" 2>&1 || code=$?
[ $code = 3 ] || fail "without NET_RAW: exit code $code, not 3: $(head -n 3 "$BUILD/image/said.txt")"
say "$archive: $(du -m "$archive" | cut -f1) MB; passed its self-test, captures with NET_RAW alone, says so without"
rm -rf "$BUILD/image"
