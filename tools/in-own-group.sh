#!/bin/sh
# Runs a command where cgroup2 counts and limits what it starts.
#
#   tools/in-own-group.sh COMMAND [ARGUMENT]...        tools/in-own-group.sh make bench
#
# In cgroup2 a group either holds processes or hands controllers down to groups below it. In a login's session, which holds
# a shell, nothing that is started can have a group that counts its memory or limits it. So this asks systemd for a group of
# its own (a scope with Delegate=yes, of this user), moves itself into a group below that, which holds processes and nothing
# else, and hands the controllers of the first one down. Where this is the only process of its group already, as the first
# one of a container, that group serves. No process but its own is moved. systemd's scope ends with the command; without
# systemd the two groups are the caller's.
#
# Where the v1 hierarchies count memory there is nothing to do, and the command runs where it is.
set -eu

[ $# -gt 0 ] || { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
cannot() { echo "in-own-group: $*" >&2; exit 126; }

# Has the memory controller a hierarchy of its own?
if grep -qE '^[0-9]+:([^:]*,)?memory[,:]' /proc/self/cgroup; then exec "$@"; fi
at=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
[ -n "$at" ] || cannot "no cgroup2 is mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup"
own=$at$(sed -n 's/^0:://p' /proc/self/cgroup)
own=${own%/}

# A group that holds processes alone was made by this script, or by somebody who knows.
[ "${own##*/}" != runtime-baseline.members ] || exec "$@"

# This shell, and no other: read by the shell itself, since another process would be in the group too.
alone=yes
while read -r process; do [ "$process" = $$ ] || alone=no; done <"$own/cgroup.procs"

if [ $alone = no ]; then
    [ -z "${IN_OWN_GROUP:-}" ] || cannot "the new group $own holds other processes"
    command -v systemd-run >/dev/null ||
        cannot "$own holds other processes, and there is no systemd-run to get another group from:" \
            "make a group for it as root, and write 0 to its cgroup.procs before this script is executed"
    manager=--system
    [ "$(id -u)" = 0 ] || manager=--user
    exec env IN_OWN_GROUP=1 systemd-run "$manager" --scope --quiet --property=Delegate=yes -- "$0" "$@"
fi

members=$own/runtime-baseline.members
mkdir -p "$members" && echo 0 >"$members/cgroup.procs" || cannot "$own was not handed to this user"
for controller in memory cpu pids; do
    grep -qw "$controller" "$own/cgroup.controllers" && echo "+$controller" >"$own/cgroup.subtree_control" ||
        echo "in-own-group: $own has no $controller controller to hand down" >&2
done
unset IN_OWN_GROUP
exec "$@"
