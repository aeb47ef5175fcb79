#!/bin/sh
# Receives what `netwatch agent --ipfix udp://127.0.0.1:4739` sends for a while, then says who talked most.
#     ./nfdump.sh FOLDER [SECONDS]
set -eu
folder=$1 seconds=${2:-60}
mkdir -p "$folder"
nfcapd -w "$folder" -b 127.0.0.1 -p 4739 &
collector=$!
sleep "$seconds"
kill "$collector"
wait "$collector" || true
nfdump -R "$folder" -s record/bytes -n 10
nfdump -R "$folder" -s dstport/bytes -n 10
