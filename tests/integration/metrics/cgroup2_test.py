#!/usr/bin/env python3
"""In a booted system with control groups of version 2 the memory metrics speak of the group: a real kernel under QEMU.

    cgroup2_test.py PROGRAM CACHE

PROGRAM is the service `worker`. The system is Debian's cloud kernel, busybox and the program, and no disk; both packages are
downloaded into CACHE once. Exit 77: there is no QEMU, or no package to be had.
"""
import gzip
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "machines"))
import qemu  # noqa: E402

LIMIT = 128 << 20
HELD = 64 << 20

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
group=/sys/fs/cgroup/service
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir $group
echo LIMIT > $group/memory.max
(echo 0 > $group/cgroup.procs
 exec /program run --logs stdout-json --metrics none --listen 127.0.0.1:8080 --admin 127.0.0.1:8081) > /log 2>&1 &
show() {
  wget -q -O /page http://127.0.0.1:8081/metrics
  grep -E '^(host_)?(memory|service_memory|oom)' /page > /shown
}
tell() {
  echo "=== $1"
  cat /shown
  echo "current $(cat $group/memory.current)"
  echo "inactive_file $(sed -n 's/^inactive_file //p' $group/memory.stat)"
}
for i in $(seq 600); do show; grep -q ^memory_used /shown && break; sleep 0.5; done
tell before
wget -q -O /answer --post-data '' 'http://127.0.0.1:8080/hold?bytes=HELD'
# A sample may be of the time when half of it was held.
for i in $(seq 600); do show; awk '/^service_memory_bytes / && $2 >= HELD {full=1} END {exit !full}' /shown && break; sleep 0.5; done
tell after
echo === log
cat /log
poweroff -f
"""


def archive(files):
    """A cpio archive as the kernel unpacks it (newc): {path: (mode, bytes)}."""
    out = bytearray()
    for number, (path, (mode, content)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))]):
        name = path.encode() + b"\0"
        fields = [number + 1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0]
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        out += b"\0" * (-len(out) % 4) + content
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def initramfs(program, busybox, path):
    files = {name: (0o40755, b"") for name in ("bin", "dev", "etc", "proc", "sys", "tmp")}
    files["etc/hosts"] = (0o100644, b"127.0.0.1 localhost\n")
    files["init"] = (0o100755, INIT.replace("LIMIT", str(LIMIT)).replace("HELD", str(HELD)).encode())
    for name, source in (("bin/busybox", busybox), ("program", program)):
        with open(source, "rb") as file:
            files[name] = (0o100755, file.read())
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(archive(files))


def parsed(text, part):
    lines = re.search(f"=== {part}\r?\n(.*?)===", text, re.S)
    assert lines, text[-4000:]
    return {words[0]: float(words[1]) for words in (line.split() for line in lines[1].splitlines()) if len(words) == 2}


def near(what, value, wanted, tolerance):
    print(f"{what}: {value:.4f}, expected {wanted:.4f} ± {tolerance}")
    assert abs(value - wanted) <= tolerance, what


def main():
    program, cache = sys.argv[1:]
    image = qemu.kernel(cache)
    busybox = os.path.join(qemu.package(cache, "busybox-static"), "bin", "busybox")
    with tempfile.TemporaryDirectory() as there:
        disk = os.path.join(there, "initramfs")
        initramfs(program, busybox, disk)
        # What the system prints is what is read.
        ran = subprocess.run(qemu.command(image, disk, "quiet psi=1"), stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, errors="replace", timeout=qemu.PATIENCE)
    print(ran.stdout[ran.stdout.find("==="):] + ran.stderr)
    before, after = parsed(ran.stdout, "before"), parsed(ran.stdout, "after")
    for name, seen in (("before", before), ("after", after)):
        assert seen["memory_limit_bytes"] == LIMIT, seen
        near("used of the limit, " + name, seen["memory_used_ratio"],
             (seen["current"] - seen["inactive_file"]) / LIMIT, 0.05)
    near("what was held, of the limit", after["memory_used_ratio"] - before["memory_used_ratio"], HELD / LIMIT, 0.05)
    assert after["host_memory_used_ratio"] < after["memory_used_ratio"] - 0.1, "the machine has more"
    assert after["memory_pressure_ratio"] >= 0 and after["oom_kills_total"] == 0, after
    print("the memory metrics speak of the group, version 2")


if __name__ == "__main__":
    try:
        main()
    except qemu.Unavailable as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
