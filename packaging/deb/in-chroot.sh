#!/bin/bash
# Run by packages-test.sh as root of a minimal Debian without a network: what a user of the package can expect of it.
# Each line is something that was seen; the first that fails ends it.
set -u
VERSION=$1
CAPD=/usr/lib/netwatch/netwatch-capd
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /

ok() { printf 'ok    %s\n' "$*"; }
failed() { printf 'FAILED %s\n' "$*"; head -n 9 /tmp/out | cut -c 1-400 | sed 's/^/       | /'; exit 1; }
# expect CODE WORDS COMMAND...: it ends with that code; all it says is in /tmp/out.
expect() {
    local code=$1 words=$2
    shift 2
    "$@" >/tmp/out 2>&1 </dev/null
    local got=$?
    [ $got = "$code" ] || failed "$words: exit code $got, not $code"
    ok "$words"
}
# said WORDS PATTERN: the last command said something like it.
said() { grep -Eq -- "$2" /tmp/out && ok "$1" || failed "$1: nothing like $2"; }
as() { setpriv --reuid="$1" --regid="$1" --init-groups --inh-caps=-all env HOME="/home/$1" "${@:2}"; }
# datagrams on lo, from a process that calls itself talker, until it is ended
talk() { exec -a talker bash -c 'while :; do echo hello >/dev/udp/127.0.0.1/5353; sleep 0.05; done'; }
# capture AS...: three seconds of lo as that command sees it.
capture() { "$@" netwatch read -i lo --duration 3s --what flows --format ndjson; }
# every file with its mode, but what apt, dpkg and debconf keep of any package
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt \
        -o -path /var/cache -o -path /var/log -o -path /home -o -path /repository \) -prune -o -printf '%p %M %u:%g\n' | sort
    sed 's/^/group /' /etc/group
}
answer() {
    echo "netwatch netwatch/capture-by-group boolean $1" | debconf-set-selections
    dpkg-reconfigure -f noninteractive netwatch
}

useradd -m member; useradd -m outsider
echo "deb [signed-by=/repository/netwatch-archive-keyring.gpg] file:/repository stable main" >/etc/apt/sources.list
files >/tmp/before

expect 0 "the signed repository is read" apt-get update
expect 0 "apt install netwatch, without a network" apt-get install -y netwatch
expect 0 "netwatch --version" as outsider netwatch --version
said "it is this version" "^netwatch $VERSION$"
expect 0 "the self-test passes for anybody" as outsider netwatch --self-test
expect 0 "a capture is read by anybody" as outsider netwatch read /captures/tls13.pcap --keylog /captures/tls13.keys \
    --what streams --format ndjson
said "and decrypted" 'hello from the lab'
expect 0 "the manual is there" test -s /usr/share/man/man1/netwatch.1.gz

talk & talker=$!
[ -z "$(getcap $CAPD)" ] && ok "unasked, nothing has capabilities" || failed "capabilities by default"
getent group netwatch >/dev/null && failed "a group by default" || ok "and there is no group"
expect 3 "unasked, nobody but root captures" capture as outsider
said "and is told what gives it" 'dpkg-reconfigure netwatch'
expect 0 "root captures" capture env
said "and sees the process behind a flow" '"cmdline":"talker '

expect 0 "the answer becomes yes" answer true
usermod -aG netwatch member
getcap $CAPD >/tmp/out; said "capabilities are permitted, not effective" 'cap_net_raw.*=p$'
expect 0 "a member of the group captures" capture as member
said "and sees the process of another user by eBPF" '"cmdline":"talker .*"uid":0.*"method":"ebpf"'
expect 3 "somebody else does not" capture as outsider
said "and is told how to join" 'usermod -aG netwatch'
expect 126 "nor can they execute what has the capabilities" as outsider $CAPD devices
expect 1 "the helper reads no file for a member" as member $CAPD read /captures/tls13.pcap
expect 0 "a member is told what may be captured" as member netwatch devices --json
expect 0 "where eBPF is withheld, a member captures all the same" capture \
    capsh --drop=cap_bpf,cap_perfmon -- -c 'exec setpriv --reuid=member --regid=member --init-groups "$@"' -
expect 3 "where capturing is withheld, it is said" capture \
    capsh --drop=cap_net_raw -- -c 'exec setpriv --reuid=member --regid=member --init-groups "$@"' -
expect 0 "and files are read" capsh --drop=all -- -c 'exec "$@"' - netwatch read /captures/tls13.pcap --what summary
expect 0 "netwatch runs a program" as member \
    netwatch run -i lo -- bash -c 'grep CapPrm /proc/self/status; echo libraries: ${LD_LIBRARY_PATH-the system}'
said "which has no capability" 'CapPrm:\s*0000000000000000'
said "and no library of the bundle" 'libraries: the system'

expect 0 "the package is installed again, as an upgrade does" apt-get install -y --reinstall netwatch
getcap $CAPD >/tmp/out; said "capabilities are kept" 'cap_net_raw.*=p$'
expect 0 "and a member captures" capture as member
dpkg-statoverride --update --add root adm 0750 $CAPD
expect 0 "with a mode of the administrator's" apt-get install -y --reinstall netwatch
stat -c '%a %U:%G' $CAPD >/tmp/out; said "that mode stands" '^750 root:adm$'
dpkg-statoverride --remove $CAPD
expect 0 "the answer becomes no" answer false
[ -z "$(getcap $CAPD)" ] && ok "and the capabilities are gone" || failed "capabilities after no"
expect 0 "the answer becomes yes" answer true

kill $talker
expect 0 "apt remove" apt-get remove -y netwatch
expect 0 "apt purge" apt-get purge -y netwatch
gpasswd -d member netwatch >/dev/null 2>&1
files >/tmp/after
diff /tmp/before /tmp/after >/tmp/out && ok "nothing is left: no file, no group" || failed "left behind"
debconf-show netwatch >/tmp/out 2>&1
[ ! -s /tmp/out ] && ok "nor an answer" || failed "an answer is left"
ok "all"
