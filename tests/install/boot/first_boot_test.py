#!/usr/bin/env python3
"""From a pushed file to a serving machine: usage: first_boot_test.py PROBER EMULATOR CACHE

A bare machine boots under a real systemd and runs its user data by itself, as cloud-init would: it asks the metadata,
fetches the file from an S3 that checks signatures, installs it, and tells CloudFormation. Exit 77: no machine here.
"""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import Machine, why_not  # noqa: E402

PROBER, EMULATOR, CACHE = sys.argv[1:4]
PORT = "8000"  # in the machine's own network
URL = f"http://127.0.0.1:{PORT}"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEMULATOR00000000",
        "AWS_SECRET_ACCESS_KEY": "emulator/secret+key/of+forty/characters0", "AWS_REGION": "us-east-1"}
INSTANCE = "i-0123456789abcdef0"
GROUP = "/stack/of-probers"
# What cloud-init does with user data, once.
FIRST_BOOT = """[Unit]
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /var/lib/cloud/user-data
StandardOutput=journal+console
TimeoutStartSec=300
"""


class FirstBoot(unittest.TestCase):
    """In alphabetical order: each test begins where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.machine = Machine(CACHE)
        cls.addClassCleanup(cls.machine.end)
        cls.emulator = None
        os.makedirs(cls.machine.path("/var/lib/cloud"))
        script = subprocess.run([PROBER, "user-data", "--stack", "probers", "--", "--every", "5s"], capture_output=True,
                                text=True, check=True).stdout
        cls.write("/var/lib/cloud/user-data", script)
        cls.write("/etc/systemd/system/first-boot.service", FIRST_BOOT)
        cls.write("/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=AWS_EC2_METADATA_SERVICE_ENDPOINT=" + URL +
                  " AWS_ENDPOINT_URL=" + URL + "\n")
        wants = cls.machine.path("/etc/systemd/system/multi-user.target.wants")
        os.makedirs(wants, exist_ok=True)
        os.symlink("/etc/systemd/system/first-boot.service", wants + "/first-boot.service")
        cls.machine.boot(cls.cloud_comes_up)

    @classmethod
    def tearDownClass(cls):
        if cls.emulator is not None:
            cls.emulator.kill()
            cls.emulator.wait()
            cls.emulator.stdout.close()

    @classmethod
    def write(cls, name, text):
        with open(cls.machine.path(name), "w") as file:
            file.write(text)

    @classmethod
    def cloud_comes_up(cls):
        cls.emulator = subprocess.Popen(cls.machine.in_network(EMULATOR, "--listen", "127.0.0.1:" + PORT),
                                        stdout=subprocess.PIPE, text=True)
        assert cls.emulator.stdout.readline().startswith("aws-emulator: ")
        cls.call("PUT", "account", {
            "instance": {"instance-id": INSTANCE, "region": "us-east-1", "account": "123456789012", "role": "probers",
                         "availability-zone": "us-east-1a", "tags-in-metadata": True},
            "tags": {"aws:cloudformation:stack-name": "probers"},
            "stack_outputs": {"probers": {"Environment": "live", "LogGroupName": GROUP}}})
        pushed = subprocess.run(cls.machine.in_network(PROBER, "push", "--allow-changes"), capture_output=True, text=True,
                                env={**os.environ, **KEYS, "AWS_ENDPOINT_URL": URL, "AWS_EC2_METADATA_DISABLED": "true"})
        assert pushed.returncode == 0, pushed.stderr

    @classmethod
    def call(cls, method, path, value=None):
        words = ["curl", "-sS", "-X", method, URL + "/_emulator/" + path]
        if value is not None:
            words += ["-d", json.dumps(value)]
        return subprocess.run(cls.machine.in_network(*words), capture_output=True, text=True, check=True).stdout

    def report(self):
        return json.loads(self.call("GET", "report"))

    def log(self):
        return self.machine.run("journalctl", "-u", "first-boot.service", "-o", "cat").stdout

    def test_1_it_serves(self):
        self.assertEqual(self.machine.show("first-boot.service", "Result"), "success", self.log())
        print(self.log())
        self.assertEqual(self.machine.show("prober.service", "ActiveState"), "active", self.log())
        ready = self.machine.run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8081/readyz")
        self.assertEqual(ready.stdout, "200", ready.stderr)
        self.assertEqual(self.machine.show("prober.service", "NoNewPrivileges"), "yes")
        self.assertEqual(self.machine.show("prober.service", "ProtectSystem"), "strict")
        exposure = self.machine.run("systemd-analyze", "security", "--no-pager", "prober.service").stdout
        print(exposure.splitlines()[-1])
        self.assertLessEqual(float(exposure.splitlines()[-1].split(":")[1].split()[0]), 2.0)

    def test_2_cloudformation_knows(self):
        signals = self.report()["signals"]
        self.assertEqual(signals, [{"StackName": "probers", "LogicalResourceId": "AutoScalingGroup",
                                    "UniqueId": INSTANCE, "Status": "SUCCESS"}])

    def test_3_its_logs_and_its_boot_are_in_cloudwatch(self):
        def messages(stream=""):
            return self.call("GET", f"messages?group={GROUP}&stream={stream}")
        self.machine.wait_for(lambda: "answers on http://" in messages(), "the service's log")
        boot = messages(INSTANCE + "/boot")
        self.assertIn("fetched, its SHA-256 is right", boot)
        self.assertIn("is installed, runs and is ready", boot)
        self.assertEqual(self.report()["violations"]["total"], 0, self.report()["violations"])

    def test_4_another_file_is_not_run(self):
        self.call("POST", "clear")
        script = subprocess.run([PROBER, "user-data", "--stack", "probers", "--sha256", "0" * 64], capture_output=True,
                                text=True, check=True).stdout
        # The pauses between the attempts are not what this is about.
        self.write("/var/lib/cloud/other", script.replace("sleep ", ": "))
        before = self.machine.show("prober.service", "MainPID")
        done = self.machine.run("sh", "/var/lib/cloud/other", env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": URL,
                                                                  "AWS_ENDPOINT_URL": URL})
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("not " + "0" * 64, done.stdout)
        last = self.report()["signals"][-1]
        self.assertEqual(last["Status"], "FAILURE")
        self.assertTrue(last["UniqueId"].startswith(INSTANCE + ".the-file-s-SHA-256-is-"), last)
        self.assertEqual(self.machine.show("prober.service", "MainPID"), before)
        self.assertEqual(self.report()["violations"]["total"], 0, self.report()["violations"])


if __name__ == "__main__":
    reason = why_not(CACHE)
    if reason is not None:
        print("skipped: " + reason)
        sys.exit(77)
    del sys.argv[1:]
    unittest.main(verbosity=2, failfast=True)
