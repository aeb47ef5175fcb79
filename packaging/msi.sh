#!/usr/bin/env bash
# dist/netwatch-VERSION-x64.msi of dist/windows/netwatch, the one-dir bundle that PyInstaller made on Windows; `make msi`.
# Without that bundle (PyInstaller does not build for other systems) the same steps are taken with one file of text in its
# place, into .build/msi: it shows that the recipe works, and is not for anybody to install.
# Signed when NETWATCH_AUTHENTICODE is a PKCS#12 file (NETWATCH_AUTHENTICODE_PASSWORD), by a certificate made here if not.
. "$(dirname "$(readlink -f "$0")")/common.sh"
needs wixl wixl msiinfo msitools msiextract msitools osslsigncode osslsigncode openssl openssl
payload=$DIST/windows/netwatch
name=netwatch
work=$BUILD/msi
fresh "$work"
out=$DIST/netwatch-$VERSION-x64.msi
if ! [ -e "$payload/netwatch.exe" ]; then
    payload=$work/standin
    name='netwatch (test of packaging, no program)'
    out=$work/netwatch-$VERSION-standin.msi
    mkdir -p "$payload/_internal"
    echo 'This stands where netwatch.exe would: the bundle is built on Windows.' | tee "$payload/netwatch.exe" \
        >"$payload/_internal/STANDIN.txt"
fi
cp LICENSE "$payload/LICENSE.txt"
same_age "$payload"

# the same version has the same identity
product=$(.venv/bin/python -c 'import sys, uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, sys.argv[1]))' "netwatch $VERSION")

.venv/bin/python packaging/msi/files.py "$payload" >"$work/files.wxs"
# wixl looks for files where it stands
(cd "$payload" && wixl --arch x64 -D "PRODUCT=$product" -D "NAME=$name" -D "VERSION=$VERSION" \
    --output "$work/unsigned.msi" "$ROOT/packaging/msi/netwatch.wxs" "$work/files.wxs")

certificate=${NETWATCH_AUTHENTICODE:-}
if [ -z "$certificate" ]; then
    certificate=$work/test.p12
    openssl req -x509 -newkey rsa:3072 -nodes -days 30 -subj '/CN=netwatch test build, not a release' \
        -addext extendedKeyUsage=codeSigning -keyout "$work/test.key" -out "$work/test.crt" 2>/dev/null
    openssl pkcs12 -export -passout pass: -inkey "$work/test.key" -in "$work/test.crt" -out "$certificate"
fi
rm -f "$out"
osslsigncode sign -h sha256 -pkcs12 "$certificate" -pass "${NETWATCH_AUTHENTICODE_PASSWORD:-}" -n netwatch \
    ${NETWATCH_TIMESTAMP_URL:+-ts "$NETWATCH_TIMESTAMP_URL"} -in "$work/unsigned.msi" -out "$out" >/dev/null
[ -n "${NETWATCH_AUTHENTICODE:-}" ] ||
    osslsigncode verify -CAfile "$work/test.crt" -in "$out" | grep 'Signature verification: ok' >/dev/null ||
    fail "the signature of $out does not hold"

[ "$(msiinfo suminfo "$out" | sed -n 's/^Template: //p')" = "x64;1033" ] || fail "$out is not for x64"
(cd "$work" && msiextract --directory unpacked "$out" >/dev/null)
diff -r "$payload" "$(dirname "$(find "$work/unpacked" -name netwatch.exe)")" || fail "$out unpacks to something else"
say "$out: $(du -k "$out" | cut -f1) kB, signed, unpacks to what went in; ${payload#"$ROOT"/}"
