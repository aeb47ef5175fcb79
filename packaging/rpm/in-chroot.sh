#!/bin/bash
# Run by packages-test.sh as root of a minimal Debian into which rpm has put the package: what its users can expect of it.
set -u
CAPD=/usr/lib/netwatch/netwatch-capd
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /

ok() { printf 'ok    rpm: %s\n' "$*"; }
failed() { printf 'FAILED rpm: %s\n' "$*"; head -n 9 /tmp/out | cut -c 1-400; exit 1; }
as() { setpriv --reuid="$1" --regid="$1" --init-groups --inh-caps=-all env HOME="/home/$1" "${@:2}" >/tmp/out 2>&1; }

useradd -m -G netwatch member && useradd -m outsider || failed "there is no group"
[ "$(stat -c '%a %U:%G' $CAPD)" = "750 root:netwatch" ] || failed "$(stat -c '%a %U:%G' $CAPD)"
getcap $CAPD | grep 'cap_net_raw.*=p$' >/dev/null && ok "capabilities are permitted to the group's program" || failed "no capabilities"
as outsider netwatch --self-test && ok "the self-test passes for anybody" || failed "self-test"
(while :; do echo hello >/dev/udp/127.0.0.1/5353; sleep 0.05; done) & talker=$!
as member netwatch read -i lo --duration 2s --what flows --format ndjson && grep -q '"dport":5353' /tmp/out &&
    ok "a member of the group captures" || failed "a member does not capture"
as outsider netwatch read -i lo --duration 1s
[ $? = 3 ] && ok "somebody else does not" || failed "somebody else"
kill $talker
