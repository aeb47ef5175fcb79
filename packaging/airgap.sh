#!/usr/bin/env bash
# dist/netwatch-VERSION-airgap-ARCH.tar.gz: everything for a machine without a network, with sums and their signature, and
# an install.sh that checks them first; `make airgap`. An .rpm is in it where `make rpm` was called before.
. "$(dirname "$(readlink -f "$0")")/common.sh"
needs gpg gnupg
. packaging/keys.sh
compgen -G "$DIST/netwatch_$VERSION-*.deb" >/dev/null || packaging/deb.sh
packaging/sbom.sh
name=netwatch-$VERSION-airgap-$(uname -m)
folder=$BUILD/airgap/$name
fresh "$BUILD/airgap"
mkdir -p "$folder/wheels" "$folder/docs"
cp -a "$DIST/netwatch-portable" "$DIST/netwatch_$VERSION"-*.deb "$DIST/netwatch-$VERSION.cdx.json" LICENSE "$folder"
! compgen -G "$DIST/netwatch-$VERSION-1.*.rpm" >/dev/null || cp "$DIST/netwatch-$VERSION-1".*.rpm "$folder"
cp packaging/airgap/install.sh "$folder"
cp docs/*.md "$folder/docs"
# for pip install --no-index --find-links wheels netwatch; what has no wheel of its own is compiled here, and not there
.venv/bin/pip wheel --quiet --disable-pip-version-check --prefer-binary --wheel-dir "$folder/wheels" "$(wheel)"
(cd "$folder" && find . -type f -print0 | sort -z | xargs -0 sha256sum >../SHA256SUMS && mv ../SHA256SUMS .)
gpg --batch --quiet --armor --detach-sign --local-user "$KEY" "$folder/SHA256SUMS"
gpg --batch --quiet --armor --export "$KEY" >"$folder/RELEASE-KEY.asc"
"$folder/install.sh" --key "$folder/RELEASE-KEY.asc" --check >&2
same_age "$folder"
tar --sort=name --owner=root:0 --group=root:0 -C "$BUILD/airgap" -c "$name" | gzip -9n >"$DIST/$name.tar.gz"
say "$DIST/$name.tar.gz: $(du -m "$DIST/$name.tar.gz" | cut -f1) MB, signed by $KEY"
