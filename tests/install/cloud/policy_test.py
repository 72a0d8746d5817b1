#!/usr/bin/env python3
"""The printed policy is what the service needs, and no more: usage: policy_test.py PROBER EMULATOR

moto enforces its actions (those of CloudWatch's metrics have another name there, and it knows no call's resource); the emulator is the instance's
metadata. With all statements everything works; without any one of them, that is missed.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from template_test import PROBER, Moto, can_moto, template  # noqa: E402
from push_test import Emulator  # noqa: E402

PATIENCE = 90


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@unittest.skipUnless(can_moto(), "moto is not there")
class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = Moto(INITIAL_NO_AUTH_ACTION_COUNT="1000000")
        cls.addClassCleanup(cls.moto.end)
        cls.emulator = Emulator()
        cls.addClassCleanup(cls.emulator.end)
        ec2 = cls.moto.client("ec2")
        subnets = ec2.describe_subnets()["Subnets"][:2]
        cls.moto.client("cloudformation").create_stack(
            StackName="probers", TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in (
                ("VpcId", subnets[0]["VpcId"]), ("SubnetIds", ",".join(s["SubnetId"] for s in subnets)),
                ("Environment", "live"))])
        group = cls.moto.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
        cls.instance = group["Instances"][0]["InstanceId"]
        cls.emulator.call("PUT", "account", {"instance": {
            "instance-id": cls.instance, "region": "us-east-1", "account": "123456789012", "role": "probers",
            "availability-zone": "us-east-1a", "tags-in-metadata": False}})
        iam = cls.moto.client("iam")
        iam.create_user(UserName="prober")
        keys = iam.create_access_key(UserName="prober")["AccessKey"]
        cls.keys = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
        cls.policy = json.loads(subprocess.run([PROBER, "template", "--policy"], capture_output=True, text=True).stdout)

    def enforce(self, on):
        urllib.request.urlopen(urllib.request.Request(self.moto.url + "/moto-api/reset-auth", method="POST",
                                                      headers={"Content-Type": "text/plain"},
                                                      data=b"0" if on else b"1000000")).read()

    def allow(self, statements):
        self.enforce(False)
        text = json.dumps({"Version": "2012-10-17", "Statement": [{**s, "Resource": "*"} for s in statements]})
        text = text.replace("cloudwatch:Put", "monitoring:Put")
        self.moto.client("iam").put_user_policy(UserName="prober", PolicyName="it", PolicyDocument=text)
        self.enforce(True)

    def environment(self):
        return {**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")}, **self.keys,
                "AWS_ENDPOINT_URL": self.moto.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.emulator.url}

    def missed(self):
        """What did not work, by the statements' names."""
        told = json.loads(subprocess.run([PROBER, "config", "--json", "--stack", "probers"], capture_output=True, text=True,
                                         env=self.environment(), timeout=60).stdout)
        notes = " ".join(told["notes"])
        missed = {name for name, action in (("InstanceTags", "ec2:DescribeTags"), ("GroupTags", "autoscaling:DescribeTags"),
                                            ("Stack", "cloudformation:DescribeStacks")) if action in notes}
        if told["environment"] != "live":
            missed.add("Stack")
        used = set(told["actions"])
        admin = free_port()
        service = subprocess.Popen([PROBER, "run", "--stack", "probers", "--listen", "127.0.0.1:0", "--admin",
                                    f"127.0.0.1:{admin}"], env=self.environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{admin}/readyz", timeout=5).read()
                    break
                except OSError:
                    time.sleep(0.1)
            service.send_signal(signal.SIGTERM)
            service.wait(PATIENCE)
        finally:
            if service.poll() is None:
                service.kill()
        self.enforce(False)
        logs = self.moto.client("logs")
        groups = [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]]
        events = [e for g in groups for e in logs.filter_log_events(logGroupName=g)["events"]
                  if "service ended" in e["message"]]
        if len(events) <= self.ended:
            missed.add("Logs")
        self.ended = len(events)
        metrics = self.moto.client("cloudwatch").list_metrics(Namespace="prober")["Metrics"]
        if not metrics:
            missed.add("Metrics")
        # As the stack's output has it: the stack's alarms watch these.
        self.assertLessEqual({d["Value"] for m in metrics for d in m["Dimensions"] if d["Name"] == "Environment"},
                             {"live"} if "Stack" not in missed else {"live", "production"})
        return missed, used

    ended = 0

    def test_each_statement_is_needed_and_all_are_enough(self):
        statements = self.policy["Statement"]
        names = {statement["Sid"] for statement in statements}
        self.assertEqual(names, {"Logs", "Metrics", "InstanceTags", "GroupTags", "Stack"})
        # Metrics first, since moto forgets none; the stack last, since without it they have another dimension.
        for left_out in ("Metrics", "Logs", "InstanceTags", "GroupTags", "Stack"):
            self.allow([s for s in statements if s["Sid"] != left_out])
            missed, _ = self.missed()
            expected = {left_out}
            if left_out == "InstanceTags":
                expected.add("GroupTags")  # the group is known by a tag of the instance
            self.assertTrue(left_out in missed and missed <= expected, (left_out, missed))
            if left_out == "Logs":
                self.allow(statements)
                missed, used = self.missed()
                self.assertEqual(missed, set())
        allowed = {a for s in statements for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])}
        self.assertLessEqual(used, allowed)


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main(verbosity=1)
