#!/usr/bin/env bash
# dist/netwatch-VERSION-1.ARCH.rpm of dist/netwatch/, signed, and dist/yum/, a repository of it; `make rpm`.
. "$(dirname "$(readlink -f "$0")")/common.sh"
. packaging/tree.sh
needs rpmbuild rpm createrepo_c createrepo-c patchelf patchelf gpg gnupg
. packaging/keys.sh
[ -x "$DIST/netwatch/netwatch" ] || packaging/bundle.sh
tree=$BUILD/rpm/tree
fresh "$BUILD/rpm"
put_programs "$tree"
put_words "$tree" site-functions
cp LICENSE "$tree/usr/share/doc/netwatch/"
same_age "$tree"
rpmbuild --quiet -bb --define "_topdir $BUILD/rpm/top" --define "version $VERSION" --define "tree $tree" \
    --define "glibc $(glibc "$tree")" --define "_rpmdir $DIST" --define "_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm" \
    --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" \
    --define "_buildhost localhost" --define "_binary_payload w6.xzdio" packaging/rpm/netwatch.spec
package=$(echo "$DIST/netwatch-$VERSION-1".*.rpm)
rpmsign --define "__gpg $(command -v gpg)" --define "_gpg_name $KEY" --addsign "$package" >/dev/null
repository=$DIST/yum
fresh "$repository"
cp "$package" "$repository"
createrepo_c --quiet --revision "$SOURCE_DATE_EPOCH" --set-timestamp-to-revision "$repository"
gpg --batch --quiet --detach-sign --armor --local-user "$KEY" "$repository/repodata/repomd.xml"
gpg --batch --armor --export "$KEY" >"$repository/RPM-GPG-KEY-netwatch"
# its own signature holds, by the key beside it and no other
keys=$BUILD/rpm/keys
mkdir -p "$keys"
rpm --dbpath "$keys" --import "$repository/RPM-GPG-KEY-netwatch"
rpm --dbpath "$keys" --checksig "$package" >&2
say "$package; $repository, signed by $KEY"
