#!/usr/bin/env python3
"""-init under a real systemd: usage: boot_test.py V1 V2 BROKEN CACHE [--kills N]

V1, V2 and BROKEN are three versions of the service `installed`. Exit 77: there is no machine to be had here.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import PATIENCE, Machine, why_not  # noqa: E402

V1, V2, BROKEN, CACHE = sys.argv[1:5]
KILLS = int(sys.argv[sys.argv.index("--kills") + 1]) if "--kills" in sys.argv else 4
STOP_BUDGET = 10  # installed.cc: how long a drain may take
UNIT = "installed.service"
DEFINITION = "/etc/systemd/system/installed.service"


def version_of(file):
    return subprocess.run([file, "version"], capture_output=True, text=True, check=True).stdout.strip()


class Boot(unittest.TestCase):
    """In alphabetical order: each test begins where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.machine = Machine(CACHE)
        cls.addClassCleanup(cls.machine.end)
        cls.versions = {}
        for name, file in (("v1", V1), ("v2", V2), ("broken", BROKEN)):
            shutil.copy(file, cls.machine.path("/srv/" + name))
            cls.versions[name] = version_of(file)
        cls.machine.boot()

    def init(self, name, *words, **more):
        return self.machine.run("/srv/" + name, "-init", *words, **more)

    def pid(self):
        return int(self.machine.show(UNIT, "MainPID"))

    def which(self):
        answer = self.machine.run("python3", "-c", "import urllib.request as u;"
                                  "print(u.urlopen('http://127.0.0.1:8080/which', timeout=60).read().decode())")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)["version"]

    def expect_runs(self, name):
        self.assertEqual(self.machine.show(UNIT, "ActiveState"), "active")
        self.assertEqual(self.which(), self.versions[name])
        self.assertEqual(os.readlink(self.machine.path("/opt/installed/current")), self.versions[name])
        self.assertFalse(os.path.exists(self.machine.path("/opt/installed/unfinished")))

    def test_1_a_first_start(self):
        done = self.init("broken")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("nothing of it is left", done.stderr)
        self.assertIn("it is broken on purpose", done.stderr, "the last log lines")
        for path in ("/opt/installed", DEFINITION, "/etc/installed-was-here",
                     "/etc/systemd/system/multi-user.target.wants/" + UNIT):
            self.assertFalse(os.path.lexists(self.machine.path(path)), path)
        done = self.init("v1")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        print(done.stdout)
        self.expect_runs("v1")
        self.assertTrue(os.path.lexists(self.machine.path("/etc/installed-was-here")))
        self.assertEqual(self.machine.run("systemctl", "is-enabled", UNIT, "installed.socket").stdout.split(),
                         ["enabled", "enabled"])

    def test_2_confined(self):
        pid = str(self.pid())
        with open(f"/proc/{self.host_pid(pid)}/status") as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
        self.assertNotEqual(status["Uid"].split()[0], "0")
        self.assertEqual(int(status["CapBnd"], 16), 0)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(status["Seccomp"].strip(), "2")
        uid = status["Uid"].split()[0]
        # As the service sees the file system, with its identity.
        looked = self.machine.run("nsenter", "-t", pid, "-m", "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups",
                                  "find", "/", "-path", "/proc", "-prune", "-o", "-type", "d", "-writable", "-print")
        self.assertEqual(looked.stdout, "", "directories that it could write to")
        exposure = self.machine.run("systemd-analyze", "security", "--no-pager", UNIT).stdout
        print(exposure.splitlines()[-1])
        self.assertLessEqual(float(exposure.splitlines()[-1].split(":")[1].split()[0]), 2.0)
        verified = self.machine.run("systemd-analyze", "verify", "--man=no", DEFINITION)
        self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, ""))

    def host_pid(self, inside):
        """The pid out here of a process in there."""
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/status") as f:
                        ids = next(line for line in f if line.startswith("NSpid:")).split()[1:]
                    if len(ids) >= 2 and ids[-1] == inside and os.path.samefile(
                            f"/proc/{entry}/ns/pid", f"/proc/{self.machine.leader}/ns/pid"):
                        return entry
                except (FileNotFoundError, StopIteration, PermissionError, ProcessLookupError):
                    pass
        self.fail("no such process: " + inside)

    def test_3_an_upgrade_refuses_nobody(self):
        client = subprocess.Popen(
            self.machine.in_network(sys.executable, os.path.join(os.path.dirname(__file__), "client.py"), "8080", "8081"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(client.stdout.readline(), "calling\n")
        before = self.pid()
        started = time.monotonic()
        done = self.init("v2")
        took = time.monotonic() - started
        self.assertEqual(done.returncode, 0, done.stderr)
        self.which()
        told = json.loads(client.communicate("", timeout=PATIENCE)[0].splitlines()[-1])
        print(f"upgrade in {took:.2f} s, answers by version: {told['came']}, unready for {told['unready']:.2f} s, "
              f"slowest call {told['slowest']:.2f} s")
        self.assertEqual(told["refusals"], [])
        self.assertFalse(told["unready_still"])
        self.assertGreater(told["unready"], 0)
        self.assertLess(told["unready"], STOP_BUDGET + 1)
        self.assertGreater(told["came"][self.versions["v1"]], 0)
        self.assertGreater(told["came"][self.versions["v2"]], 0)
        self.assertNotEqual(self.pid(), before)
        self.expect_runs("v2")

    def test_4_the_same_again_changes_nothing(self):
        def state():
            return (self.pid(), self.machine.show(UNIT, "ExecMainStartTimestampMonotonic"),
                    [(p, os.lstat(self.machine.path(p)).st_ino, os.lstat(self.machine.path(p)).st_mtime_ns)
                     for p in (DEFINITION, "/opt/installed", "/opt/installed/current",
                               f"/opt/installed/{self.versions['v2']}/installed")])
        before = state()
        done = self.init("v2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is installed and runs", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        self.assertEqual(state(), before)

    def test_5_a_broken_one_is_rolled_back(self):
        done = self.init("broken", "--json")
        self.assertEqual(done.returncode, 1, done.stdout)
        last = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(last["result"], "failed")
        self.assertIn(self.versions["v2"] + " runs again", last["message"])
        self.assertIn("it is broken on purpose", last["log"])
        self.expect_runs("v2")
        self.assertFalse(os.path.exists(self.machine.path("/opt/installed/" + self.versions["broken"])))

    def test_6_what_an_administrator_changed(self):
        drop_in = self.machine.path(DEFINITION + ".d/limits.conf")
        os.mkdir(os.path.dirname(drop_in))
        with open(drop_in, "w") as file:
            file.write("[Service]\nEnvironment=FROM=administrator\n")
        with open(self.machine.path(DEFINITION), "a") as file:
            file.write("# and a line\n")
        done = self.init("v1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("was changed by somebody else", done.stderr)
        self.expect_runs("v2")
        done = self.init("v1", "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expect_runs("v1")
        self.assertTrue(os.path.exists(drop_in))
        self.assertIn("FROM=administrator", self.machine.show(UNIT, "Environment"))

    def test_7_killed_at_any_point(self):
        dice = random.Random(20261124)
        longest = 1.5
        names = ["v2", "v1"]
        halfway = 0
        for round_number in range(KILLS):
            name = names[round_number % 2]
            delay = dice.random() * longest
            first = self.machine.start("/srv/" + name, "-init")
            began = time.monotonic()
            time.sleep(delay)  # the point is a random one; none of them is waited for
            for pid in self.inits():
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
            first.communicate(timeout=PATIENCE)
            halfway += os.path.exists(self.machine.path("/opt/installed/unfinished"))
            if first.returncode == 0:
                longest = max(0.2, min(longest, time.monotonic() - began))
            done = self.init(name)
            self.assertEqual(done.returncode, 0, f"killed after {delay:.3f} s: {done.stdout}{done.stderr}")
            self.expect_runs(name)
            there = os.listdir(self.machine.path("/opt/installed"))
            self.assertEqual([n for n in there if n.startswith(".")], [], there)
        print(f"{KILLS} kills, {halfway} of them in the middle of it")
        self.assertGreaterEqual(halfway, KILLS / 4, "it was a test")

    def inits(self):
        """Host pids of -init that run in the machine."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/cmdline", "rb") as f:
                        words = f.read().split(b"\0")
                    if words[0].startswith(b"/srv/v") and b"-init" in words and os.path.samefile(
                            f"/proc/{entry}/ns/pid", f"/proc/{self.machine.leader}/ns/pid"):
                        found.append(int(entry))
                except (FileNotFoundError, ProcessLookupError, PermissionError):
                    pass
        return found

    def test_8_stopped_and_hung(self):
        began = time.monotonic()
        self.assertEqual(self.machine.run("systemctl", "stop", UNIT).returncode, 0)
        print(f"systemctl stop: {time.monotonic() - began:.2f} s")
        self.assertEqual(self.machine.show(UNIT, "Result"), "success")
        self.assertEqual(self.machine.show(UNIT, "ExecMainStatus"), "0")
        self.assertEqual(self.machine.run("systemctl", "start", UNIT).returncode, 0)
        # One that ends by itself in good order stays ended.
        os.kill(int(self.host_pid(str(self.pid()))), 15)
        self.machine.wait_for(lambda: self.machine.show(UNIT, "ActiveState") == "inactive", "the drain's end")
        self.assertEqual(self.machine.show(UNIT, "NRestarts"), "0")
        self.which()  # a connection starts it again: the socket is still there

    def test_8_watchdog(self):
        """One that hangs is reported with its stacks, then started anew."""
        before = self.pid()
        host = self.host_pid(str(before))
        with open(f"/proc/{host}/task/{host}/children") as children:
            pids = children.read().split()

        def title(pid):
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                return f.read()
        service = next(pid for pid in pids if b": service" in title(pid))
        self.assertEqual(self.machine.show(UNIT, "NRestarts"), "0")
        os.kill(int(service), 19)
        self.machine.wait_for(lambda: self.machine.show(UNIT, "NRestarts") == "1" and
                              self.machine.show(UNIT, "ActiveState") == "active", "the restart")
        self.assertNotEqual(self.pid(), before)
        log = self.machine.run("journalctl", "-u", UNIT, "-o", "cat", "-n", "200").stdout
        # Nobody but systemd ends one that hangs; its own word of it goes to the machine's console.
        report, end = log.find("service hangs"), log.find("service ended: killed by signal 9")
        self.assertTrue(0 <= report < end, "the report is out before: " + log)
        self.which()

    def test_9_uninstall(self):
        done = self.init("v1", "--uninstall")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in ("/opt/installed", DEFINITION, "/etc/systemd/system/installed.socket",
                     "/etc/systemd/system/multi-user.target.wants/" + UNIT):
            self.assertFalse(os.path.lexists(self.machine.path(path)), path)
        self.assertNotEqual(self.machine.run("systemctl", "is-active", UNIT).stdout.strip(), "active")
        again = self.init("v1", "--uninstall")
        self.assertEqual((again.returncode, again.stdout), (0, "installed: is not installed\n"))


if __name__ == "__main__":
    reason = why_not(CACHE)
    if reason is not None:
        print("skipped: " + reason)
        sys.exit(77)
    del sys.argv[1:]
    unittest.main(verbosity=2, failfast=True)
