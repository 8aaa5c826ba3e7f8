#!/bin/busybox sh
# The first process of the machine that tools/in-vm.sh starts, from its initial file system: mounts the share and a tmpfs
# over it, lays out the cgroups, runs /command there in a group of its own, and tells the second serial line how it ended.
# This process stays in the root groups.
/bin/busybox --install -s /bin
export PATH=/bin
read -r layout </layout
give_up() { echo "in-vm: $*"; poweroff -f; }
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
# In an order that fits the kernels that were tried; what is not there is built in.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio \
    9p overlay; do
  [ ! -f "/modules/$module.ko" ] || insmod "/modules/$module.ko" || give_up "no module $module"
done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /lower || give_up "no share"
mount -t tmpfs -o size=80% rw /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work root /new || give_up "no overlay"
cd /new
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm
mount -t devpts devpts dev/pts
mount -t tmpfs shm dev/shm
mount -t tmpfs run run
: >run/groups
ip link set lo up
ulimit -n 65536
groups=sys/fs/cgroup
v1() {
  for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir -p "$groups/$name" && mount -t cgroup -o "$name" cgroup "$groups/$name" || { rmdir "$groups/$name"; continue; }
    mkdir "$groups/$name/session"
    [ "$name" != cpuset ] || for file in cpus mems; do cat "$groups/cpuset/cpuset.$file" >"$groups/cpuset/session/cpuset.$file"; done
    echo "/$groups/$name/session/cgroup.procs" >>run/groups
  done
}
case $layout in
  v1 | hybrid)
    mount -t tmpfs cgroup $groups
    v1 2>/dev/null
    [ "$layout" = v1 ] || { mkdir $groups/unified && mount -t cgroup2 cgroup2 $groups/unified; } ;;
  v2 | no-memory)
    mount -t cgroup2 cgroup2 $groups
    mkdir -p $groups/user/session
    for group in $groups $groups/user; do
      sed 's/[a-z_]*/+&/g' $group/cgroup.controllers >$group/cgroup.subtree_control
    done
    echo /$groups/user/session/cgroup.procs >run/groups ;;
esac
cp /command run/command
cat >run/init <<'RUN'
trap '' HUP INT
set -o pipefail
# Through a pipe, so that nobody takes the line for a terminal.
(
  while read -r group; do echo 0 >"$group"; done </run/groups
  exec /bin/bash /run/command
) </dev/null 2>&1 | /run/busybox cat >/dev/ttyS0
echo $? >/dev/ttyS1
echo 0 >/proc/sys/kernel/printk
exec /run/busybox poweroff -f
RUN
cp /bin/busybox run/busybox
stty -F /dev/ttyS0 raw
exec switch_root /new /run/busybox sh /run/init
