#!/usr/bin/env bash
# dist/apt/: a signed repository of the .debs in dist/; `make apt-repo`. NETWATCH_SIGNING_KEY names the key of a release;
# without it a key is made for this build, which says of itself that it is for tests.
. "$(dirname "$(readlink -f "$0")")/common.sh"
needs reprepro reprepro gpg gnupg
. packaging/keys.sh
compgen -G "$DIST/netwatch_$VERSION-*.deb" >/dev/null || packaging/deb.sh
repository=$DIST/apt
fresh "$repository"
mkdir "$repository/conf"
cat >"$repository/conf/distributions" <<END
Origin: netwatch
Label: netwatch
Codename: stable
Architectures: amd64 arm64
Components: main
Description: netwatch for Debian and what is made of it
SignWith: $KEY
END
reprepro --silent --basedir "$repository" includedeb stable "$DIST/netwatch_$VERSION"-*.deb
rm -rf "$repository/db"
gpg --quiet --export "$KEY" >"$repository/netwatch-archive-keyring.gpg"
say "$repository, signed by $KEY"
