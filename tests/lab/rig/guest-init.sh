#!/bin/bash
# SPDX-License-Identifier: MIT
# The guest's PID 1: a small system around one command.  /rig/out is the host's output folder: it holds
# the command to run and receives its status.  The command's words go to the second serial port, so
# that the kernel's do not mix in.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
word() { tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"; }

mount -t tmpfs -o mode=755 run /run
mkdir -p /dev/pts /dev/shm /rig/out /lib/modules /run/lock
mount -t devpts -o mode=600,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
ln -sfn /proc/self/fd /dev/fd
hostname rig
ip link set lo up
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none out /rig/out ||
    { echo "rig: no output folder"; busybox poweroff -f; }
mount --bind "$(word rig.modules)" /lib/modules
# Nothing loads these by itself: ciphers of the link (with AES instructions: twice the rate).
modprobe -qa aesni_intel ccm cmac gcm ctr
for name in rmem_default rmem_max wmem_default wmem_max; do
    echo 8388608 >"/proc/sys/net/core/$name"
done
stty -F /dev/ttyS1 raw -echo
echo "rig: guest is up"
echo "rig: the command's words" >/dev/ttyS1
bash /rig/out/command </dev/null >/dev/ttyS1 2>&1
echo $? >/rig/out/status
sync
exec busybox poweroff -f
