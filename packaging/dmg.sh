#!/usr/bin/env bash
# dist/netwatch-VERSION-ARCH.dmg; `make dmg`. On macOS: of dist/netwatch, each library and program signed with the hardened
# runtime (NETWATCH_APPLE_IDENTITY, else ad hoc), the image made by hdiutil and notarised (NETWATCH_NOTARY_PROFILE, a
# profile in the keychain). Elsewhere the layout alone is made, of files of text in place of the programs, into
# .build/dmg: it shows what the image looks like, and is not for anybody to install.
. "$(dirname "$(readlink -f "$0")")/common.sh"
work=$BUILD/dmg
fresh "$work"
content=$work/content
mkdir -p "$content"

lay_out() {  # lay_out BUNDLE
    cp -R "$1" "$content/netwatch"
    cp "packaging/dmg/Install netwatch.command" LICENSE "$content"
}

on_macos() {
    local out identity=${NETWATCH_APPLE_IDENTITY:--}
    out=$DIST/netwatch-$VERSION-$(uname -m).dmg
    [ -x "$DIST/netwatch/netwatch" ] || packaging/bundle.sh
    lay_out "$DIST/netwatch"
    # what is inside first: a signature holds what it is around
    find "$content/netwatch" -type f \( -name '*.so' -o -name '*.dylib' -o -name Python \) -print0 |
        xargs -0 codesign --force --timestamp --options runtime --sign "$identity"
    codesign --force --timestamp --options runtime --entitlements packaging/dmg/entitlements.plist --sign "$identity" \
        "$content/netwatch/netwatch" "$content/netwatch/netwatch-capd"
    rm -f "$out"
    hdiutil create -quiet -volname "netwatch $VERSION" -fs HFS+ -format UDZO -srcfolder "$content" "$out"
    if [ "$identity" != - ]; then
        codesign --timestamp --sign "$identity" "$out"
        if [ -n "${NETWATCH_NOTARY_PROFILE:-}" ]; then
            xcrun notarytool submit "$out" --keychain-profile "$NETWATCH_NOTARY_PROFILE" --wait
            xcrun stapler staple "$out"
        fi
    fi
    hdiutil verify -quiet "$out"
    say "$out, signed by $identity"
}

elsewhere() {
    local out=$work/netwatch-$VERSION-standin.dmg
    needs xorrisofs xorriso dmg2img dmg2img 7z p7zip-full
    mkdir -p "$work/standin/_internal"
    echo 'This stands where the program would: the bundle is built on macOS.' |
        tee "$work/standin/netwatch" "$work/standin/netwatch-capd" >"$work/standin/_internal/STANDIN.txt"
    lay_out "$work/standin"
    same_age "$content"
    xorrisofs -quiet -hfsplus -V netwatch -J -R -hfsplus-serial-no 6e65747761746368 -o "$work/image" "$content" \
        -- -volume_date all_file_dates set_to_mtime 2>"$work/said.txt" || { cat "$work/said.txt" >&2; exit 1; }
    .venv/bin/python packaging/dmg/udif.py "$work/image" "$out"
    dmg2img -s "$out" "$work/unwrapped" >/dev/null
    cmp "$work/image" "$work/unwrapped" || fail "$out unpacks to another image"
    7z l -tHFS "$work/image" | grep 'netwatch-capd' >/dev/null || fail "the programs are not in the HFS+ part of $out"
    say "$out: the layout alone, and no program of macOS is in it"
}

if [ "$(uname)" = Darwin ]; then on_macos; else elsewhere; fi
