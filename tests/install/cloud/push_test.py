#!/usr/bin/env python3
"""`push` against the emulator, which checks signatures, checksums and parts: usage: push_test.py PROBER EMULATOR"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from template_test import Moto, can_moto, template  # noqa: E402

PROBER, EMULATOR = sys.argv[1:3]
PAD = 11 << 20


class Emulator:
    def __init__(self, *before):
        self.process = subprocess.Popen([*before, EMULATOR, "--exit-with-parent"], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[1]

    def call(self, method, path, value=None):
        request = urllib.request.Request(self.url + "/_emulator/" + path, method=method,
                                         data=None if value is None else json.dumps(value).encode())
        return json.loads(urllib.request.urlopen(request, timeout=30).read())

    def report(self):
        return self.call("GET", "report")

    def environment(self):
        return {**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
                "AWS_ENDPOINT_URL": self.url, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ACCESS_KEY_ID": "AKIAEMULATOR00000000",
                "AWS_SECRET_ACCESS_KEY": "emulator/secret+key/of+forty/characters0"}

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Push(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.emulator = Emulator()
        self.addCleanup(self.emulator.end)
        self.file = self.copy("prober", b"\1" * PAD)
        self.version = subprocess.run([self.file, "version"], capture_output=True, text=True).stdout.strip()

    def copy(self, name, more, change=None):
        """The program with something behind it: still runs, and is large."""
        path = os.path.join(self.directory, name)
        with open(PROBER, "rb") as file:
            content = file.read()
        with open(path, "wb") as file:
            file.write((content.replace(*change) if change else content) + more)
        os.chmod(path, 0o755)
        return path

    def push(self, *words, file=None, **environment):
        return subprocess.run([file or self.file, "push", "--allow-changes", *words], capture_output=True, text=True,
                              timeout=280, env={**self.emulator.environment(), **environment}, stdin=subprocess.DEVNULL)

    def key(self, version=None, bucket="outrigger-123456789012-us-east-1"):
        return f"/{bucket}/prober/{version or self.version}/{os.uname().machine}/prober"

    def digest(self, path=None):
        with open(path or self.file, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def test_once_and_not_again(self):
        done = self.push()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("part 3 of 3: sent\n", done.stdout)
        self.assertIn("push --to-stack NAME", done.stdout.splitlines()[-1])
        report = self.emulator.report()
        self.assertEqual(report["s3"]["objects"][self.key()]["sha256"], self.digest())
        self.assertEqual((report["s3"]["parts_taken"], report["s3"]["uploads"]), (3, 0))
        again = self.push("--json")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("unchanged", [json.loads(line).get("state") for line in again.stdout.splitlines()])
        other = self.push(file=self.copy("other", b"\2" * PAD))
        self.assertEqual(other.returncode, 1)
        self.assertIn("is there with other content", other.stderr)
        self.assertEqual(len(other.stderr.splitlines()), 1)
        report = self.emulator.report()
        self.assertEqual(report["s3"]["objects"][self.key()]["sha256"], self.digest(), "it is what it was")
        self.assertEqual(report["s3"]["parts_taken"], 3)
        self.assertEqual(report["violations"]["total"], 0, report["violations"])

    def test_through_failing_and_truncated_answers(self):
        self.emulator.call("PUT", "faults", [
            {"kind": kind, "service": "s3", "probability": 0.1} for kind in
            ("error", "half_answer", "reset_before", "reset_after", "throttle")])
        done = self.push("--bucket", "b")
        fired = sum(fault["fired"] for fault in self.emulator.call("GET", "faults"))
        report = self.emulator.report()
        self.assertEqual(done.returncode, 0, done.stderr + json.dumps(report["calls"]))
        self.assertEqual(report["s3"]["objects"][self.key(bucket="b")]["sha256"], self.digest())
        self.assertGreater(fired, 0, "it was a test")
        self.assertEqual(report["violations"]["total"], 0, report["violations"])

    def test_cut_off_it_goes_on_where_it_was(self):
        self.emulator.call("PUT", "faults", [{"kind": "error", "status": 403, "code": "AccessDenied", "service": "s3",
                                              "operation": "CompleteMultipartUpload"}])
        done = self.push()
        self.assertEqual(done.returncode, 1)
        self.assertIn("AccessDenied", done.stderr)
        self.assertEqual(self.emulator.report()["s3"]["parts_taken"], 3)
        self.emulator.call("DELETE", "faults")
        done = self.push()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count(": was there"), 3)
        report = self.emulator.report()["s3"]
        self.assertEqual((report["parts_taken"], report["uploads"]), (3, 0))
        self.assertEqual(report["objects"][self.key()]["sha256"], self.digest())

    def test_parts_of_another_file_are_not_its(self):
        self.emulator.call("PUT", "faults", [{"kind": "error", "status": 403, "code": "AccessDenied", "service": "s3",
                                              "operation": "CompleteMultipartUpload"}])
        self.assertEqual(self.push(file=self.copy("other", b"\2" * PAD)).returncode, 1)
        self.emulator.call("DELETE", "faults")
        self.assertEqual(self.push().returncode, 0)
        self.assertEqual(self.emulator.report()["s3"]["objects"][self.key()]["sha256"], self.digest())

    def test_keys_and_region_of_a_profile(self):
        """As they lie on a person's machine, without a variable."""
        os.mkdir(os.path.join(self.directory, ".aws"))
        environment = self.emulator.environment()
        with open(os.path.join(self.directory, ".aws", "credentials"), "w") as file:
            file.write("[work]\naws_access_key_id = {AWS_ACCESS_KEY_ID}\n"
                       "aws_secret_access_key = {AWS_SECRET_ACCESS_KEY}\n".format(**environment))
        with open(os.path.join(self.directory, ".aws", "config"), "w") as file:
            file.write("[profile work]\nregion = us-east-1\n[profile staff]\nsso_session = staff\n")
        nothing = {name: "" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")}
        done = self.push(HOME=self.directory, AWS_PROFILE="work", **nothing)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.emulator.report()["s3"]["objects"][self.key()]["sha256"], self.digest())
        for profile, sentence in (("staff", "has its keys by sso_session"), ("none", 'AWS_PROFILE "none" will not do')):
            done = self.push(HOME=self.directory, AWS_PROFILE=profile, **nothing)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1))
            self.assertIn(sentence, done.stderr)

    def test_a_plus_in_the_version(self):
        commit = self.version.split(".")[2].split("+")[0].encode()
        version = self.version.split("+")[0][:-1] + "+"
        file = self.copy("plus", b"", (commit, commit[:-1] + b"+"))
        self.assertTrue(subprocess.run([file, "version"], capture_output=True, text=True).stdout.startswith(version))
        version = subprocess.run([file, "version"], capture_output=True, text=True).stdout.strip()
        refused = subprocess.run([file, "push"], capture_output=True, text=True, env=self.emulator.environment())
        self.assertEqual(refused.returncode, 1)
        self.assertIn("changes that are in no commit", refused.stderr)
        done = self.push(file=file)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = self.emulator.report()
        self.assertEqual(report["s3"]["objects"][self.key(version)]["sha256"], self.digest(file))
        self.assertEqual(report["violations"]["total"], 0, report["violations"])

    def test_the_debug_file_is_beside_it_by_build_id(self):
        debug = os.path.join(self.directory, "some.debug")
        with open(debug, "w") as file:
            file.write("what was stripped\n")
        done = self.push("--debug-file", debug)
        self.assertEqual(done.returncode, 0, done.stderr)
        read = subprocess.run(["readelf", "-n", self.file], capture_output=True, text=True).stdout
        build_id = read.split("Build ID: ")[1].split()[0]
        self.assertIn(self.key()[:-len("prober")] + build_id + ".debug", self.emulator.report()["s3"]["objects"])

    def test_a_stack_is_updated_and_followed(self):
        if not can_moto():
            self.skipTest("moto is not there")
        moto = Moto()
        self.addCleanup(moto.end)
        parameters = {"ServiceVersion": "1.0.0000000", "FileSha256": "0" * 64, "Environment": "qa"}
        stack = template()
        stack["Resources"] = {"Topic": {"Type": "AWS::SNS::Topic",
                                        "Properties": {"DisplayName": {"Ref": "ServiceVersion"}}}}
        # moto resolves a value of the Parameter Store a second time, stumbles over empty ones, and updates few resources.
        stack["Parameters"] = {name: stack["Parameters"][name] for name in parameters}
        stack["Outputs"] = {"Version": {"Value": {"Ref": "ServiceVersion"}}}
        for section in ("Rules", "Conditions"):
            stack.pop(section, None)
        client = moto.client("cloudformation")
        client.create_stack(StackName="probers", TemplateBody=json.dumps(stack), Parameters=[
            {"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()])
        done = self.push("--to-stack", "probers", AWS_ENDPOINT_URL_CLOUDFORMATION=moto.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("stack: probers: UPDATE_COMPLETE\n", done.stdout)
        told = client.describe_stacks(StackName="probers")["Stacks"][0]
        now = {p["ParameterKey"]: p["ParameterValue"] for p in told["Parameters"]}
        self.assertEqual((now["ServiceVersion"], now["FileSha256"], now["Environment"]),
                         (self.version, self.digest(), "qa"))
        missing = self.push("--to-stack", "nobody", AWS_ENDPOINT_URL_CLOUDFORMATION=moto.url)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("stack nobody: ", missing.stderr)

    def follow(self, *events):
        self.emulator.call("PUT", "account", {
            "stack_outputs": {"probers": {}},
            "stacks": {"probers": {"parameters": {"ServiceVersion": "1.0.0000000", "FileSha256": "0" * 64, "Environment": "qa"},
                                   "update": events}}})
        done = self.push("--to-stack", "probers")
        report = self.emulator.report()
        self.assertEqual(report["stack_updates"], {"probers": [{"ServiceVersion": self.version, "FileSha256": self.digest()}]})
        self.assertEqual(report["violations"]["total"], 0, report["violations"])
        # Each event once, in their order.
        told = [line for line in done.stdout.splitlines() if line.startswith("stack: ")]
        self.assertEqual(told, ["stack: " + ": ".join(part for part in event if part) for event in events])
        return done

    def test_a_rollback_is_followed_and_its_reason_told(self):
        why = "Received 1 FAILURE signal(s) out of 1. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
        done = self.follow(("probers", "UPDATE_IN_PROGRESS", "User Initiated"),
                           ("AutoScalingGroup", "UPDATE_FAILED", why),
                           ("LaunchTemplate", "UPDATE_FAILED", "Resource update cancelled"),
                           ("probers", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
                           ("probers", "UPDATE_ROLLBACK_COMPLETE", ""))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "prober: stack probers is UPDATE_ROLLBACK_COMPLETE: "
                         f"AutoScalingGroup: UPDATE_FAILED: {why}\n")

    def test_a_rollback_that_fails_too(self):
        done = self.follow(("AutoScalingGroup", "UPDATE_FAILED", "first"), ("AutoScalingGroup", "UPDATE_FAILED", "second"),
                           ("probers", "UPDATE_ROLLBACK_FAILED", ""))
        self.assertEqual(done.returncode, 1)
        self.assertIn("stack probers is UPDATE_ROLLBACK_FAILED: AutoScalingGroup: UPDATE_FAILED: first", done.stderr)

    def test_an_update_that_succeeds_and_the_same_again(self):
        done = self.follow(("AutoScalingGroup", "UPDATE_COMPLETE", ""),
                           ("probers", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""), ("probers", "UPDATE_COMPLETE", ""))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.emulator.call("PUT", "account", {"stacks": {"probers": {"parameters": {
            "ServiceVersion": self.version, "FileSha256": self.digest()}}}})
        again = self.push("--to-stack", "probers")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("had this version already", again.stdout)


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main(verbosity=1)
