#!/usr/bin/env bash
# dist/netwatch_VERSION-1_ARCH.deb of dist/netwatch/; `make deb`. It needs nothing that is not in every Debian 12 and later
# but libcap2-bin, which gives capabilities to files.
. "$(dirname "$(readlink -f "$0")")/common.sh"
needs patchelf patchelf dpkg-deb dpkg objdump binutils
[ -x "$DIST/netwatch/netwatch" ] || packaging/bundle.sh
REVISION=$VERSION-1
ARCH=$(dpkg --print-architecture)
PLACE=/usr/lib/netwatch
MAINTAINER="${DEBFULLNAME:-netwatch maintainers} <${DEBEMAIL:-netwatch@localhost.localdomain}>"
MOST_MB=30
tree=$BUILD/deb
doc=$tree/usr/share/doc/netwatch

# A program with capabilities is not told by its environment where its libraries are: each library says so itself.
tell_place() {
    find "$tree$PLACE/_internal" -type f \( -name '*.so' -o -name '*.so.*' \) -print0 |
        xargs -0 -n 1 patchelf --set-rpath "$PLACE/_internal"
}

# The newest version of a symbol of the C library that anything in the package asks for.
glibc() {
    find "$tree$PLACE" -type f \( -name '*.so*' -o -name 'netwatch*' \) -exec objdump -T {} + 2>/dev/null |
        grep -o 'GLIBC_2\.[0-9.]*' | sort -Vu | tail -n 1 | sed 's/GLIBC_//'
}

programs() {
    mkdir -p "$tree/usr/lib" "$tree/usr/bin"
    cp -a "$DIST/netwatch" "$tree$PLACE"
    find "$tree$PLACE/_internal" -type f -exec chmod 0644 {} +
    chmod 0755 "$tree$PLACE/netwatch"
    chmod 0750 "$tree$PLACE/netwatch-live"
    ln -s ../lib/netwatch/netwatch "$tree/usr/bin/netwatch"
    tell_place
}

documents() {
    mkdir -p "$doc" "$tree"/usr/share/man/man{1,5,7} "$tree/usr/share/bash-completion/completions" \
        "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d" \
        "$tree/usr/share/lintian/overrides"
    .venv/bin/python packaging/words.py "$BUILD/words"
    for page in "$BUILD"/words/man/*; do
        gzip -9nc "$page" >"$tree/usr/share/man/man${page##*.}/$(basename "$page").gz"
    done
    cp "$BUILD/words/completions/netwatch.bash" "$tree/usr/share/bash-completion/completions/netwatch"
    cp "$BUILD/words/completions/_netwatch" "$tree/usr/share/zsh/vendor-completions/"
    cp "$BUILD/words/completions/netwatch.fish" "$tree/usr/share/fish/vendor_completions.d/"
    cp packaging/deb/netwatch.lintian-overrides "$tree/usr/share/lintian/overrides/netwatch"
    "$BUILD/bundle/venv/bin/python" packaging/licences.py "$DIST/netwatch" | gzip -9n >"$doc/THIRD-PARTY.gz"
    {
        printf 'netwatch is under the Apache License, Version 2.0, which on Debian is in\n'
        printf '/usr/share/common-licenses/Apache-2.0.\n\nCopyright: the authors of netwatch\n\n'
        printf 'What it bundles of others, and their licences, is in THIRD-PARTY.gz beside this file.\n'
    } >"$doc/copyright"
    {
        printf 'netwatch (%s) unstable; urgency=medium\n\n  * Release %s.\n\n' "$REVISION" "$VERSION"
        printf ' -- %s  %s\n' "$MAINTAINER" "$(date -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$doc/changelog.Debian.gz"
}

control() {
    mkdir -p "$tree/DEBIAN"
    cp packaging/deb/{templates,config,postinst,postrm} "$tree/DEBIAN/"
    chmod 0755 "$tree"/DEBIAN/{config,postinst,postrm}
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    cat >"$tree/DEBIAN/control" <<END
Package: netwatch
Version: $REVISION
Architecture: $ARCH
Maintainer: $MAINTAINER
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: libc6 (>= $(glibc)), zlib1g (>= 1:1.1.4), libcap2-bin, debconf (>= 0.5) | debconf-2.0, passwd
Section: net
Priority: optional
Description: watch a machine's network in the terminal, read any capture
 netwatch shows the flows of a machine live, with the process behind each, decodes and
 (with the user's own keys) decrypts what they say, and reads capture files with the
 very same engine.
 .
 Everything it needs is in the package; it speaks to nobody on its own.
END
}

fresh "$tree"
programs
documents
control
same_age "$tree"
package=$DIST/netwatch_${REVISION}_$ARCH.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >/dev/null
size=$(du -m "$package" | cut -f1)
[ "$size" -le $MOST_MB ] || fail "$package has $size MB, and may have $MOST_MB"
say "$package: $size MB"
