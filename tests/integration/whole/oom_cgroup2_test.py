#!/usr/bin/env python3
"""Deaths for want of memory under control groups of version 2: a real kernel under QEMU.

    oom_cgroup2_test.py PROGRAM CACHE

PROGRAM is the service `dier`. It lives in a group of its own each time. The kernel kills the service alone, and the keeper tells,
with the heap profile at death; it kills the group together (memory.oom.group), and the keeper is spared, since it may say so; it
kills all of the group, and what is told is the profile that was taken at nine tenths. Exit 77: there is no QEMU, or no package to
be had.
"""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "metrics"), os.path.join(HERE, "..", "..", "machines")]
import cgroup2_test  # noqa: E402
import qemu  # noqa: E402

LIMIT = 256 << 20
ROOT, NOBODY = "root", "nobody"
# {name: (memory.oom.group, how memory is used up, whose the processes are)}
CASES = {"alone": ("0", "leak", ROOT), "together": ("1", "leak", ROOT), "all": ("1", "seep", NOBODY)}

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up
export OUTRIGGER_LISTEN=127.0.0.1:8080 OUTRIGGER_ADMIN=127.0.0.1:8081 OUTRIGGER_LOGS=stdout-json
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
die() {
  group=/sys/fs/cgroup/$1
  mkdir $group
  echo LIMIT > $group/memory.max
  echo $2 > $group/memory.oom.group
  (echo 0 > $group/cgroup.procs
   exec start-stop-daemon -S -c $4 -x /program -- run) > /log 2> /err &
  pid=$!
  rm -f /health
  for i in $(seq 600); do wget -q -O /health http://127.0.0.1:8081/health; grep -q '"state": "running"' /health && break; sleep 0.5; done
  wget -q -O /answer --post-data '' "http://127.0.0.1:8080/die?how=$3&where=worker"
  wait $pid
  status=$?
  echo "=== $1"
  echo "status $status"
  echo "kills $(sed -n 's/^oom_kill //p' $group/memory.events)"
  echo "group $(sed -n 's/^oom_group_kill //p' $group/memory.events)"
  grep '"memory_end"' /health
  cat /log
  cat /err
}
DEATHS
echo ===
poweroff -f
"""


def initramfs(program, busybox, path):
    files = {name: (0o40755, b"") for name in ("bin", "dev", "etc", "proc", "sys", "tmp")}
    files["etc/passwd"] = (0o100644, b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    files["etc/hosts"] = (0o100644, b"127.0.0.1 localhost\n")
    deaths = "\n".join(f"die {name} {group} {how} {user}" for name, (group, how, user) in CASES.items())
    files["init"] = (0o100755, INIT.replace("LIMIT", str(LIMIT)).replace("DEATHS", deaths).encode())
    for name, source in (("bin/busybox", busybox), ("program", program)):
        with open(source, "rb") as file:
            files[name] = (0o100755, file.read())
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(cgroup2_test.archive(files))


def boot(program, cache):
    image = qemu.kernel(cache)
    busybox = os.path.join(qemu.package(cache, "busybox-static"), "bin", "busybox")
    with tempfile.TemporaryDirectory() as there:
        disk = os.path.join(there, "initramfs")
        initramfs(program, busybox, disk)
        ran = subprocess.run(qemu.command(image, disk, "quiet", memory=1024), stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, errors="replace", timeout=qemu.PATIENCE)
    return ran.stdout


def entries(text):
    for line in text.splitlines():
        at = line.find('{"time"')
        if at >= 0:
            try:
                yield json.loads(line[at:])
            except ValueError:
                print("not read: " + line[:200])


def profile_of(program, text, name):
    """What `profile fetch` makes of it."""
    with tempfile.TemporaryDirectory() as there:
        out = os.path.join(there, "heap.pb.gz")
        done = subprocess.run([program, "profile", "fetch", name, "-o", out], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with open(out, "rb") as file:
            return file.read()


def check(name, text, program):
    numbers = {word: int(value) for word, value in re.findall(r"^(status|kills|group) (\d+)", text, re.M)}
    told = list(entries(text))
    ends = [entry for entry in told if entry["message"].startswith("service ended")]
    nearly = [entry for entry in told if entry["message"].startswith("memory is nearly used up")]
    print(name, numbers, [entry["message"][:120] for entry in ends + nearly])
    assert numbers["status"] == 137 and numbers["kills"] >= 1, numbers
    if name == "all":
        # Nobody is left. The page has said so, and the profile was out in time.
        assert numbers["group"] == 1 and numbers["kills"] >= 3, numbers
        assert ends == [], ends
        assert "memory_end" in text, "the health page tells"
        shown = nearly
    else:
        # Supervisor and keeper may say that they are not to be chosen.
        assert len(ends) == 1, (numbers, ends)
        assert ends[0]["level"] == "FATAL" and "killed by the OOM killer" in ends[0]["message"], ends
        assert ends[0]["limit_bytes"] == LIMIT, ends
        assert "memory_end" not in text, "somebody is left to tell"
        shown = ends
    assert shown, text[-3000:]
    for entry in shown:
        assert "dier::" in entry["heap"], entry
        assert profile_of(program, text, entry["heap_profile"])[:2] == b"\x1f\x8b"


def main():
    program, cache = sys.argv[1:]
    text = boot(program, cache).replace("\r", "")
    for name in CASES:
        part = re.search(f"^=== {name}\n(.*?)^===", text, re.S | re.M)
        assert part, text[-6000:]
        check(name, part[1], program)
    print("deaths for want of memory are told, version 2")


if __name__ == "__main__":
    try:
        main()
    except qemu.Unavailable as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
