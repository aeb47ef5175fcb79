#!/bin/sh
# Copies netwatch to /usr/local/lib and links /usr/local/bin/netwatch to it; asks for the password of an administrator.
# --remove takes both away. Capturing needs root (sudo netwatch), or read access to /dev/bpf*.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=/usr/local/lib/netwatch
link=/usr/local/bin/netwatch
if [ "${1:-}" = --remove ]; then
    sudo rm -rf "$place" "$link"
    echo "netwatch is removed"
    exit
fi
"$here/netwatch/netwatch" --self-test >/dev/null || { echo "netwatch does not run here; nothing was changed" >&2; exit 1; }
sudo mkdir -p /usr/local/lib /usr/local/bin
sudo rm -rf "$place.new"
sudo cp -R "$here/netwatch" "$place.new"
sudo chown -R root:wheel "$place.new"
sudo rm -rf "$place"
sudo mv "$place.new" "$place"
sudo ln -sf "$place/netwatch" "$link"
netwatch=$("$link" --version)
echo "$netwatch is installed: $link"
