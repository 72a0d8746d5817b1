#!/usr/bin/env python3
"""The boot, for real: usage: cloud_boot_test.py V1 V2 BROKEN EMULATOR CACHE

A bare Debian with a kernel and a cloud-init of its own boots under QEMU. Its cloud-init asks the metadata service at
169.254.169.254 for user data, as on EC2, and runs what `user-data` printed: nothing else is done from outside until the
service serves. V1, V2 and BROKEN are three versions of the service `installed`. Exit 77: no such machine can be had.
"""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "machines"))
import qemu  # noqa: E402

V1, V2, BROKEN, EMULATOR, CACHE = sys.argv[1:6]
CLOUD = "http://169.254.169.254"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEMULATOR00000000",
        "AWS_SECRET_ACCESS_KEY": "emulator/secret+key/of+forty/characters0", "AWS_REGION": "us-east-1"}
INSTANCE = "i-0123456789abcdef0"
GROUP = "/outrigger/installed/live"
UNIT = "installed.service"


class Network:
    """One of its own, with loopback alone: there the emulator has port 80."""

    def __init__(self):
        self.process = subprocess.Popen([*qemu.WITH_ME, "unshare", "-n", "sh", "-c",
                                         "ip link set lo up && echo up && exec sleep infinity"],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n"
        self.words = ["nsenter", "-t", str(self.process.pid), "-n", "--"]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class CloudBoot(unittest.TestCase):
    """In alphabetical order: each test begins where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.network = Network()
        cls.addClassCleanup(cls.network.end)
        cls.emulator = subprocess.Popen([*cls.network.words, EMULATOR, "--listen", "127.0.0.1:80", "--exit-with-parent"],
                                        stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.end_emulator)
        assert cls.emulator.stdout.readline().startswith("aws-emulator: ")
        for file in (V1, V2, BROKEN):
            pushed = subprocess.run(
                [*cls.network.words, file, "push", "--allow-changes"], capture_output=True, text=True,
                env={**os.environ, **KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"})
            assert pushed.returncode == 0, pushed.stderr
        cls.call("PUT", "account", {
            "user_data": cls.script(V1),
            "instance": {"instance-id": INSTANCE, "region": "us-east-1", "account": "123456789012", "role": "installed",
                         "availability-zone": "us-east-1a", "tags-in-metadata": True},
            "tags": {"aws:cloudformation:stack-name": "stack"},
            "stack_outputs": {"stack": {"Environment": "live"}}})
        # Where AWS is said to be. That of the metadata service is nobody's business.
        cls.vm = qemu.Vm(CACHE, "systemd.setenv=AWS_ENDPOINT_URL=" + CLOUD, (8080, 8081), cls.network.words)
        cls.addClassCleanup(cls.vm.end)

    @classmethod
    def end_emulator(cls):
        cls.emulator.kill()
        cls.emulator.wait()
        cls.emulator.stdout.close()

    @classmethod
    def script(cls, file):
        return subprocess.run([file, "user-data", "--stack", "stack"], capture_output=True, text=True, check=True).stdout

    @classmethod
    def curl(cls, *words):
        return subprocess.run([*cls.network.words, "curl", "-sS", *words], capture_output=True, text=True)

    @classmethod
    def call(cls, method, path, value=None):
        more = [] if value is None else ["--data-binary", json.dumps(value)]
        done = cls.curl("-X", method, "http://127.0.0.1/_emulator/" + path, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def report(self):
        return json.loads(self.call("GET", "report"))

    def messages(self, stream=""):
        return self.call("GET", f"messages?group={GROUP}&stream={stream}")

    def expect_serves(self, file):
        """As callers see it, from outside."""
        self.assertEqual(self.curl("-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8081/readyz").stdout, "200")
        version = subprocess.run([file, "version"], capture_output=True, text=True).stdout.strip()
        self.assertEqual(json.loads(self.curl("http://127.0.0.1:8080/which").stdout)["version"], version)

    def test_1_it_boots_and_serves(self):
        status = self.vm.run("cloud-init", "status", "--wait", "--long")
        log = self.vm.run("tail", "-n", "60", "/var/log/cloud-init-output.log").stdout
        self.assertEqual(status.returncode, 0, status.stdout + log)
        print(status.stdout + log)
        self.assertIn("is installed, runs and is ready", log)
        self.assertIn("DataSourceEc2", self.vm.run("cat", "/run/cloud-init/result.json").stdout)
        self.assertEqual(self.vm.show(UNIT, "ActiveState"), "active", log)
        self.expect_serves(V1)

    def test_2_confined(self):
        pid = self.vm.show(UNIT, "MainPID")
        status = dict(line.split(":\t", 1) for line in self.vm.run("cat", f"/proc/{pid}/status").stdout.splitlines()
                      if ":\t" in line)
        self.assertNotEqual(status["Uid"].split()[0], "0")
        self.assertEqual((int(status["CapBnd"], 16), status["NoNewPrivs"].strip(), status["Seccomp"].strip()), (0, "1", "2"))
        exposure = self.vm.run("systemd-analyze", "security", "--no-pager", UNIT).stdout.splitlines()[-1]
        print(exposure)
        self.assertLessEqual(float(exposure.split(":")[1].split()[0]), 2.0)

    def test_3_cloudformation_and_cloudwatch_know(self):
        self.assertEqual(self.report()["signals"], [{"StackName": "stack", "LogicalResourceId": "AutoScalingGroup",
                                                     "UniqueId": INSTANCE, "Status": "SUCCESS"}])
        self.vm.wait_for(lambda: "answers on http://" in self.messages(), "the service's log")
        boot = self.messages(INSTANCE + "/boot")
        self.assertIn("fetched, its SHA-256 is right", boot)
        self.assertIn("is installed, runs and is ready", boot)
        self.assertEqual(self.report()["violations"]["total"], 0, self.report()["violations"])

    def again(self, file):
        """The script of another version, on this machine."""
        done = self.vm.run("sh", "-c", self.script(file))
        print(done.stdout)
        return done

    def test_4_another_version(self):
        done = self.again(V2)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.expect_serves(V2)

    def test_5_a_broken_one_is_rolled_back(self):
        done = self.again(BROKEN)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("it is broken on purpose", done.stdout)
        self.assertEqual(self.report()["signals"][-1]["Status"], "FAILURE")
        self.expect_serves(V2)
        self.assertEqual(self.report()["violations"]["total"], 0, self.report()["violations"])


if __name__ == "__main__":
    try:
        if os.geteuid() != 0:
            raise qemu.Unavailable("only root can give a machine a network of its own")
        qemu.command("", "", "")
        qemu.debian(CACHE)
    except qemu.Unavailable as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
    del sys.argv[1:]
    unittest.main(verbosity=2, failfast=True)
