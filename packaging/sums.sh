#!/usr/bin/env bash
# dist/SHA256SUMS of every file to hand out, with a detached signature beside it; `make sums`, last of all.
. "$(dirname "$(readlink -f "$0")")/common.sh"
needs gpg gnupg
. packaging/keys.sh
cd "$DIST" || exit
find . -maxdepth 1 -type f \( -name "netwatch[-_]${VERSION}[-.]*" -o -name netwatch-portable \) -printf '%P\0' | sort -z |
    xargs -0 sha256sum >SHA256SUMS
[ -s SHA256SUMS ] || fail "nothing in $DIST to hand out"
rm -f SHA256SUMS.asc
gpg --batch --quiet --armor --detach-sign --local-user "$KEY" SHA256SUMS
gpg --batch --quiet --verify SHA256SUMS.asc SHA256SUMS 2>/dev/null
say "$(wc -l <SHA256SUMS) files, signed by $KEY"
