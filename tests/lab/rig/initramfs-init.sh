#!/bin/sh
# SPDX-License-Identifier: MIT
# First program of the guest: the host's root read-only, memory over it, then rig.init= takes over.
/bin/busybox --install -s /bin
export PATH=/bin
fail() {
    echo "rig: $1"
    poweroff -f
}
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do
    insmod "/modules/$module" || fail "module $module"
done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 root /host || fail "host root"
mount -t tmpfs -o mode=755 write /write
mkdir /write/upper /write/work
mount -t overlay -o lowerdir=/host,upperdir=/write/upper,workdir=/write/work root /root || fail "overlay"
for folder in dev proc sys; do
    mount --move "/$folder" "/root/$folder"
done
init=$(tr ' ' '\n' </root/proc/cmdline | sed -n 's/^rig.init=//p')
exec switch_root /root "$init"
