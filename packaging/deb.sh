#!/usr/bin/env bash
# dist/netwatch_VERSION-1_ARCH.deb of dist/netwatch/; `make deb`. It needs nothing that is not in every Debian 12 and later
# but libcap2-bin, which gives capabilities to files.
. "$(dirname "$(readlink -f "$0")")/common.sh"
. packaging/tree.sh
needs patchelf patchelf dpkg-deb dpkg objdump binutils
[ -x "$DIST/netwatch/netwatch" ] || packaging/bundle.sh
REVISION=$VERSION-1
ARCH=$(dpkg --print-architecture)
MAINTAINER="${DEBFULLNAME:-netwatch maintainers} <${DEBEMAIL:-maintainers@netwatch.invalid}>"
MOST_MB=30
tree=$BUILD/deb
doc=$tree/usr/share/doc/netwatch

documents() {
    mkdir -p "$tree/usr/share/lintian/overrides"
    cp packaging/deb/netwatch.lintian-overrides "$tree/usr/share/lintian/overrides/netwatch"
    {
        printf 'netwatch is under the Apache License, Version 2.0, which on Debian is in\n'
        printf '/usr/share/common-licenses/Apache-2.0.\n\nCopyright %s the authors of netwatch\n\n' \
            "$(date -d "@$SOURCE_DATE_EPOCH" +%Y)"
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
Depends: libc6 (>= $(glibc "$tree")), zlib1g (>= 1:1.1.4), libcap2-bin, debconf (>= 0.5) | debconf-2.0, passwd
Section: net
Priority: optional
Description: watch a machine's network in the terminal, read any capture
 netwatch shows the flows of a machine live, with the process behind each,
 decodes and (with the user's own keys) decrypts what they say, and reads
 capture files with the very same engine.
 .
 Everything it needs is in the package; it speaks to nobody on its own.
END
}

fresh "$tree"
put_programs "$tree"
put_words "$tree" vendor-completions
documents
control
same_age "$tree"
package=$DIST/netwatch_${REVISION}_$ARCH.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >/dev/null
size=$(du -m "$package" | cut -f1)
[ "$size" -le $MOST_MB ] || fail "$package has $size MB, and may have $MOST_MB"
say "$package: $size MB"
