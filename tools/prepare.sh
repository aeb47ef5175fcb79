# shellcheck shell=bash
# Sourced by netwatch.sh and test.sh: makes this checkout ready to run, and costs nothing when it is. Packages of the
# system are asked for only when a file is missing, the venv is made once, and C is compiled again only for changed sources.
# All words go to standard error: standard output belongs to netwatch.

ROOT=$(cd -P "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
VENV=$ROOT/.venv
LOG=$ROOT/.build/setup.log

say() { printf 'netwatch: %s\n' "$*" >&2; }
fail() { say "$@"; exit 69; }

# ready EXTRA: leave the checkout runnable, with the packages of that extra of pyproject.toml ("" for none).
ready() {
    local extra=$1 wanted
    wanted=$(fingerprint)
    is_ready "$wanted" "$extra" && return
    may_write
    as_owner mkdir -p "$ROOT/.build"
    as_owner touch "$LOG"
    exec 9>>"$LOG"
    flock 9
    if ! is_ready "$wanted" "$extra"; then
        make_venv
        install_packages "$extra" "$wanted"
        is_built "$wanted" || unpack_wheel "$wanted" || compile "$wanted"
    fi
    exec 9>&-
}

# Two hashes: of what is to be installed, of what is to be compiled.
fingerprint() {
    local installed built
    installed=$(sha256sum <"$ROOT/pyproject.toml")
    built=$(cd "$ROOT" && find setup.py netwatch/_fast \( -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name setup.py \) |
        LC_ALL=C sort | xargs sha256sum | sha256sum)
    printf '%s %s\n' "${installed%% *}" "${built%% *}"
}

is_ready() {
    [ -x "$VENV/bin/python" ] && is_built "$1" && has_packages "$2" "$1"
}

is_built() {
    [ "$(cat "$VENV/.built" 2>/dev/null)" = "${1#* }" ]
}

has_packages() {
    grep -qsxF "${1:-run} ${2%% *}" "$VENV/.installed"
}

may_write() {
    [ -w "$ROOT" ] || fail "this checkout must be built once by $(stat -c %U "$ROOT"), who owns $ROOT: ./netwatch.sh --version"
}

# Under sudo, files made here belong to the owner of the checkout, as if they had run it themselves.
as_owner() {
    local owner
    owner=$(stat -c %u "$ROOT")
    if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
        setpriv --reuid="$owner" --regid="$(stat -c %g "$ROOT")" --init-groups \
            env HOME="$(getent passwd "$owner" | cut -d: -f6)" "$@"
    else
        "$@"
    fi
}

make_venv() {
    local python missing
    python=$(pick_python)
    # a system's python3 may turn out too old once it is there: a newer one is asked for then
    for _ in 1 2; do
        missing=$(missing_parts "$python")
        [ -n "$missing" ] || break
        # shellcheck disable=SC2086
        install_system $missing
        python=$(pick_python)
    done
    # shellcheck disable=SC2086
    [ -z "$(missing_parts "$python")" ] || fail "$python still lacks what these packages bring: $(named $missing | xargs)"
    if ! "$VENV/bin/python" -c '' 2>/dev/null; then
        say "making .venv with $python"
        as_owner rm -rf "$VENV"
        logged "the virtual environment could not be made" "$python" -m venv "$VENV"
        as_owner sh -c 'echo "$1" >"$("$2/bin/python" -c "import site; print(site.getsitepackages()[0])")/netwatch.pth"' \
            - "$ROOT" "$VENV"
    fi
}

# The first Python from 3.11 on that has headers and venv; failing that, the first from 3.11 on.
pick_python() {
    local python second=
    for python in "${NETWATCH_PYTHON:-}" /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        [ -n "$python" ] && python=$(command -v "$python") || continue
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if has_headers "$python" && "$python" -c 'import ensurepip' 2>/dev/null; then
            echo "$python"
            return
        fi
        second=${second:-$python}
    done
    echo "${second:-/usr/bin/python3}"
}

has_headers() {
    "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

# What the machine lacks to build with that Python, as the words of named().
missing_parts() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || echo python
    "$1" -c 'import ensurepip' 2>/dev/null || echo venv
    has_headers "$1" || echo headers
    echo '#include <stdio.h>' | gcc -E -x c - >/dev/null 2>&1 || echo compiler
    [ -e /usr/include/pcap/pcap.h ] || [ -e /usr/local/include/pcap/pcap.h ] || echo pcap
    [ -e /usr/include/openssl/evp.h ] || [ -e /usr/local/include/openssl/evp.h ] || echo openssl
}

# What makes netwatch say more (vendors of MAC addresses, owners by eBPF) and it can do without, as far as it is offered.
wished_packages() {
    local package wished=
    [ -e /usr/share/ieee-data/oui.csv ] || wished=$(named vendors)
    "$(pick_python)" -c 'import ctypes; ctypes.CDLL("libbpf.so.1")' 2>/dev/null || wished="$wished $(named libbpf)"
    for package in $wished; do
        ! is_offered "$package" || echo "$package"
    done
}

# The package manager whose names are known here; none is no fault before something is missing.
manager() {
    local name
    for name in apt-get dnf; do
        command -v "$name" && return
    done
    echo none
}

is_offered() {
    case $(manager) in
        */apt-get) apt-cache show "$1" >/dev/null 2>&1 ;;
        */dnf) dnf -q info "$1" >/dev/null 2>&1 ;;
        *) false ;;
    esac
}

# named PART...: the names of the packages that bring them: Debian's, or Fedora's where dnf is. A distribution whose
# python3 is older than 3.11 has a newer one beside it (Ubuntu 22.04, RHEL 9).
named() {
    local part python=python3 debs
    if [ -x /usr/bin/python3 ] && ! /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        for python in python3.13 python3.12 python3.11; do
            ! is_offered "$python" || break
        done
    fi
    for part in "$@"; do
        case $part in
            python) debs="$python $python-venv $python-dev|$python $python-devel" ;;
            venv) debs="$python-venv|$python" ;;
            headers) debs="$python-dev|$python-devel" ;;
            compiler) debs="gcc libc6-dev|gcc glibc-devel" ;;
            pcap) debs="libpcap-dev|libpcap-devel" ;;
            openssl) debs="libssl-dev|openssl-devel" ;;
            vendors) debs="ieee-data|" ;;
            libbpf) debs="libbpf1|libbpf" ;;
        esac
        case $(manager) in
            */dnf) echo "${debs#*|}" ;;
            *) echo "${debs%|*}" ;;
        esac
    done
}

# install_system PART...
install_system() {
    local sudo='' manager packages
    manager=$(manager)
    packages=$(named "$@" | xargs)
    [ "$manager" != none ] ||
        fail "needs Python 3.11 or newer with headers and venv, gcc, and libpcap's and OpenSSL's headers (Debian's names: $packages)"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; } ||
            fail "these packages are missing; as root: ${manager##*/} install $packages"
        sudo=sudo
    fi
    # shellcheck disable=SC2086
    case $manager in
        */apt-get)
            $sudo apt-get update -qq >&9 2>&9 || say "apt-get update failed; trying with the lists at hand"
            # the lists may be what tells of a newer Python
            packages=$({ named "$@"; wished_packages; } | tr ' ' '\n' | sort -u | xargs)
            set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages ;;
        */dnf)
            packages=$({ echo "$packages"; wished_packages; } | tr ' ' '\n' | sort -u | xargs)
            set -- dnf install -y -q --setopt=install_weak_deps=False $packages ;;
    esac
    say "installing packages of this system: $packages"
    $sudo "$@" >&9 2>&9 </dev/null || failed "${manager##*/} could not install: $packages"
}

# install_packages EXTRA FINGERPRINT: what pyproject.toml asks for, to build and to run, and that extra.
install_packages() {
    local wanted
    has_packages "$1" "$2" && return
    mapfile -t wanted < <("$VENV/bin/python" -c 'import sys, tomllib
with open(sys.argv[1], "rb") as f:
    table = tomllib.load(f)
project = table["project"]
extra = project["optional-dependencies"][sys.argv[2]] if sys.argv[2] else []
print(*table["build-system"]["requires"], *project["dependencies"], *extra, sep="\n")' "$ROOT/pyproject.toml" "$1")
    say "installing ${#wanted[@]} Python packages into .venv"
    logged "pip could not install: ${wanted[*]}" \
        "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "${wanted[@]}"
    as_owner sh -c 'grep -sF "$3" "$1" >"$1.new"; echo "$2" >>"$1.new"; mv "$1.new" "$1"' \
        - "$VENV/.installed" "${1:-run} ${2%% *}" "${2%% *}"
    # a list that serves an extra serves a plain start as well
    [ -z "$1" ] || as_owner sh -c 'echo "$2" >>"$1"' - "$VENV/.installed" "run ${2%% *}"
}

# unpack_wheel FINGERPRINT: what is compiled in a wheel of these sources, in dist/ or named by NETWATCH_WHEEL, is used.
unpack_wheel() {
    local wheels=("$ROOT"/dist/netwatch-*.whl)
    [ -z "${NETWATCH_WHEEL:-}" ] || wheels=("$NETWATCH_WHEEL")
    [ -n "${NETWATCH_WHEEL:-}" ] || [ -e "${wheels[0]}" ] || return 1
    if as_owner "$VENV/bin/python" "$ROOT/tools/unpack_wheel.py" "${1#* }" "$ROOT" "${wheels[@]}" >&9 2>&9 </dev/null; then
        say "using the compiled modules of a wheel"
        now_built "$1"
    else
        say "no wheel at hand fits; why is in $LOG"
        return 1
    fi
}

# compile FINGERPRINT
compile() {
    say "compiling what changed (about a minute the first time)"
    as_owner rm -f "$VENV/.built"
    (cd "$ROOT" && logged "the compiled modules could not be built" \
        "$VENV/bin/python" setup.py --quiet build_ext --inplace) || exit
    now_built "$1"
}

now_built() {
    as_owner sh -c 'echo "$2" >"$1"' - "$VENV/.built" "${1#* }"
}

# logged MESSAGE COMMAND...: run it as the owner, its words into the log; show their end when it fails.
logged() {
    local message=$1
    shift
    as_owner "$@" >&9 2>&9 </dev/null || failed "$message"
}

failed() {
    tail -n 15 "$LOG" >&2
    fail "$1 (all of it: $LOG)"
}
