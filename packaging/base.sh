# shellcheck shell=bash
# Sourced: a minimal Debian to install into. It is made once, by debootstrap, and copied. SUITE=bookworm

SUITE=${SUITE:-bookworm}

# base_system FOLDER: such a system there.
base_system() {
    local base=$BUILD/base-$SUITE
    needs debootstrap debootstrap
    if ! [ -e "$base.made" ]; then
        rm -rf "$base"
        debootstrap --variant=minbase --include=libcap2-bin,debconf "$SUITE" "$base" >"$base.log" 2>&1 ||
            fail "debootstrap failed: $base.log"
        touch "$base.made"
    fi
    mkdir -p "$1"
    cp -a "$base/." "$1"
}
