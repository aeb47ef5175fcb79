# shellcheck shell=bash
# Sourced: KEY is the fingerprint that signs, in the key ring of whoever releases, or one made for tests.

if [ -n "${NETWATCH_SIGNING_KEY:-}" ]; then
    KEY=$NETWATCH_SIGNING_KEY
else
    export GNUPGHOME=$BUILD/gnupg
    if ! [ -d "$GNUPGHOME" ]; then
        mkdir -p "$BUILD"
        mkdir -m 0700 "$GNUPGHOME"
        # RSA: every rpm and every apt in use reads it
        gpg --batch --quiet --passphrase '' --quick-generate-key 'netwatch test build, not a release' rsa3072 sign never
    fi
    KEY=$(gpg --batch --list-keys --with-colons | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1)
fi
export KEY
