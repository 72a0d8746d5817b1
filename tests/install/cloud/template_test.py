#!/usr/bin/env python3
"""What `template` and `user-data` print, as those who read it take it: usage: template_test.py PROBER

cfn-lint and shellcheck where they are there; moto's CloudFormation makes the stack, and discovery reads its outputs.
"""
import base64
import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import urllib.request

PROBER = sys.argv[1]
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1"}


def prober(*words, **more):
    return subprocess.run([PROBER, *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **more)


def template(*words):
    done = prober("template", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Texts(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_cfn_lint_has_nothing_to_say(self):
        if not shutil.which("cfn-lint"):
            self.skipTest("cfn-lint is not there")
        for number, words in enumerate(((), ("--for", "ecs"), ("--json",), ("--for", "ecs", "--json", "--image", "a/b:1"),
                                        ("--", "--listen", "0.0.0.0:9000", "--every", "5s"))):
            done = prober("template", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            file = self.path(f"{number}.{'json' if '--json' in words else 'yaml'}", done.stdout)
            lint = subprocess.run(["cfn-lint", "--", file], capture_output=True, text=True)
            self.assertEqual((lint.returncode, lint.stdout), (0, ""), words)

    def test_yaml_and_json_say_the_same(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not there")
        for words in ((), ("--for", "ecs")):
            self.assertEqual(yaml.safe_load(prober("template", *words).stdout), template(*words))
        manifests = list(yaml.safe_load_all(prober("template", "--for", "kubernetes").stdout))
        self.assertEqual(manifests, template("--for", "kubernetes")["items"])

    def test_every_parameter_is_described(self):
        stack = template()
        for name, parameter in stack["Parameters"].items():
            self.assertTrue(parameter["Description"], name)
            self.assertIn("Default", parameter, name)
        for name, parameter in template("--for", "ecs")["Parameters"].items():
            self.assertTrue(parameter["Description"], name)
        self.assertEqual(stack["Parameters"]["ServiceVersion"]["Default"], prober("version").stdout.strip())
        digest = subprocess.run(["sha256sum", PROBER], capture_output=True, text=True).stdout.split()[0]
        self.assertEqual(stack["Parameters"]["FileSha256"]["Default"], digest)

    def test_it_says_what_cloudwatch_costs(self):
        stack = template()
        told = re.search(r"(\d+) metrics of the machine and the operations and (\d+) alarms cost about \$(\d+\.\d\d) a month",
                         stack["Description"])
        self.assertTrue(told, stack["Description"])
        alarms = [each for each in stack["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
        self.assertEqual(int(told[1]), 10 + 3)  # of the machine, and of the operation `probe`
        self.assertEqual(int(told[2]), len(alarms))
        self.assertAlmostEqual(float(told[3]), 0.30 * int(told[1]) + 0.10 * int(told[2]))

    def test_manifests(self):
        deployment, service = template("--for", "kubernetes", "--image", "r/prober:1")["items"]
        pod = deployment["spec"]["template"]["spec"]
        self.assertEqual(pod["terminationGracePeriodSeconds"], 28, "the stop budget and 3 s")
        container = pod["containers"][0]
        self.assertEqual(container["image"], "r/prober:1")
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")
        self.assertEqual(service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"])
        if not shutil.which("kubectl"):
            self.skipTest("kubectl is not there")
        for manifest, words in ((deployment, ("set", "image", "prober=other:2")),
                                (service, ("set", "selector", "other=2"))):
            read = self.read_by_kubectl(manifest, words)
            self.assertEqual(read.returncode, 0, read.stderr)
            self.assert_part_of(self.changed(manifest), json.loads(read.stdout))
        # So that it could have failed: a wrong type, and a field that does not exist.
        wrong = json.loads(json.dumps(deployment))
        wrong["spec"]["replicas"] = "many"
        self.assertNotEqual(self.read_by_kubectl(wrong, ("set", "image", "prober=other:2")).returncode, 0)
        wrong["spec"]["replicas"] = 2
        wrong["spec"]["strategy"]["nonsense"] = 1
        read = json.loads(self.read_by_kubectl(wrong, ("set", "image", "prober=other:2")).stdout)
        with self.assertRaisesRegex(AssertionError, "nonsense"):
            self.assert_part_of(self.changed(wrong), read)

    def changed(self, manifest):
        """As the words given to kubectl change it: it prints nothing where they change nothing."""
        manifest = json.loads(json.dumps(manifest))
        if manifest["kind"] == "Service":
            manifest["spec"]["selector"] = {"other": "2"}
        else:
            manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "other:2"
        return manifest

    def read_by_kubectl(self, manifest, words):
        """What is left of it once the client has read it into its own types, without a cluster."""
        file = self.path("manifest.json", json.dumps(manifest))
        return subprocess.run(["kubectl", *words[:2], "--local", "-f", file, "-o", "json", *words[2:]],
                              capture_output=True, text=True)

    def assert_part_of(self, part, whole, where=""):
        if isinstance(part, dict):
            for name, value in part.items():
                self.assertIn(name, whole, where)
                self.assert_part_of(value, whole[name], where + "." + name)
        elif isinstance(part, list):
            self.assertEqual(len(part), len(whole), where)
            for one, other in zip(part, whole):
                self.assert_part_of(one, other, where + "[]")
        else:
            self.assertEqual(part, whole, where)

    def test_the_script_is_posix_sh(self):
        done = prober("user-data", "--bucket", "b", "--stack", "s", "--", "--target", "http://a'b/ $c")
        self.assertEqual(done.returncode, 0, done.stderr)
        script = self.path("script", done.stdout)
        self.assertEqual(subprocess.run(["sh", "-n", script]).returncode, 0)
        self.assertLess(len(done.stdout), 16384)
        self.assertIn("set -- '--target' 'http://a'\\''b/ $c'\n", done.stdout)
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not there")
        script = self.path("script", prober("user-data", "--stack", "s", "--", "--every", "5s").stdout)
        check = subprocess.run(["shellcheck", "-s", "sh", script], capture_output=True, text=True)
        self.assertEqual((check.returncode, check.stdout), (0, ""))

    def test_the_image_holds_one_file(self):
        with open(self.path("image.tar", ""), "wb") as file:
            self.assertEqual(subprocess.run([PROBER, "template", "--for", "image"], stdout=file).returncode, 0)
        archive = os.path.join(self.directory, "image.tar")
        again = subprocess.run([PROBER, "template", "--for", "image"], capture_output=True).stdout
        with open(archive, "rb") as file:
            self.assertEqual(file.read(), again, "the same file gives the same bytes")
        with tarfile.open(archive) as image:
            def blob(descriptor):
                content = image.extractfile("blobs/" + descriptor["digest"].replace(":", "/")).read()
                self.assertEqual("sha256:" + hashlib.sha256(content).hexdigest(), descriptor["digest"])
                self.assertEqual(len(content), descriptor["size"])
                return content
            index = json.load(image.extractfile("index.json"))
            manifest = json.loads(blob(index["manifests"][0]))
            config = json.loads(blob(manifest["config"]))
            self.assertEqual(len(manifest["layers"]), 1)
            layer = blob(manifest["layers"][0])
        self.assertEqual(config["rootfs"]["diff_ids"], [manifest["layers"][0]["digest"]])
        self.assertEqual(config["config"]["Entrypoint"], ["/prober"])
        self.assertNotIn("+", index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"])
        with tarfile.open(fileobj=io.BytesIO(layer)) as files:
            self.assertEqual([(m.name, m.mode) for m in files.getmembers()], [("prober", 0o755)])
            with open(PROBER, "rb") as file:
                self.assertEqual(files.extractfile("prober").read(), file.read())
        if not shutil.which("skopeo"):
            self.skipTest("skopeo is not there")
        copied = subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", "oci-archive:" + archive,
                                 "dir:" + os.path.join(self.directory, "copied")], capture_output=True, text=True)
        self.assertEqual(copied.returncode, 0, copied.stderr)
        looked = json.loads(subprocess.run(["skopeo", "inspect", "oci-archive:" + archive], capture_output=True,
                                           text=True, check=True).stdout)
        self.assertEqual((looked["Os"], len(looked["Layers"])), ("linux", 1))

    def test_faults_are_one_sentence_each(self):
        for words, sentence in (
                (("template", "--for", "mars"), '--for "mars" will not do: expected ec2, ecs, kubernetes or image'),
                (("template", "now"), "now"),
                (("user-data", "--sha256", "12"), '--sha256 "12" will not do: expected 64 digits of lower-case hex'),
                (("user-data", "--version", "9.9.1234567"), "--sha256 has to say which")):
            done = prober(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(sentence, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)


class Moto:
    def __init__(self, **environment):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([shutil.which("moto_server"), "-p", str(self.port)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.url + "/moto-api/data.json", timeout=5).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("moto does not answer")

    def client(self, service, keys=None):
        import boto3
        keys = keys or KEYS
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1",
                            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"])

    def end(self):
        self.process.kill()
        self.process.wait()


def can_moto():
    try:
        import boto3  # noqa: F401
    except ImportError:
        return False
    return shutil.which("moto_server") is not None


@unittest.skipUnless(can_moto(), "moto is not there")
class Stack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = Moto()
        cls.addClassCleanup(cls.moto.end)
        cls.template = template()
        vpc = cls.moto.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = cls.moto.client("ec2").describe_subnets()["Subnets"][:2]
        cls.moto.client("cloudformation").create_stack(
            StackName="probers", TemplateBody=json.dumps(cls.template), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in (
                ("VpcId", vpc), ("SubnetIds", ",".join(s["SubnetId"] for s in subnets)), ("Environment", "qa-eu"),
                ("LogRetentionDays", "7"))])
        cls.outputs = {o["OutputKey"]: o["OutputValue"] for o in cls.moto.client("cloudformation").describe_stacks(
            StackName="probers")["Stacks"][0]["Outputs"]}

    def test_what_it_makes_is_there(self):
        group = self.moto.client("logs").describe_log_groups(logGroupNamePrefix="/outrigger/prober/qa-eu")["logGroups"][0]
        self.assertEqual(group["retentionInDays"], 7)
        scaling = self.moto.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        self.assertEqual([g["AutoScalingGroupName"] for g in scaling], [self.outputs["AutoScalingGroupName"]])
        self.assertEqual((scaling[0]["MinSize"], scaling[0]["MaxSize"]), (1, 3))
        versions = self.moto.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=scaling[0]["LaunchTemplate"]["LaunchTemplateId"])["LaunchTemplateVersions"]
        data = versions[0]["LaunchTemplateData"]
        script = base64.b64decode(data["UserData"]).decode()
        self.assertTrue(script.startswith("#!/bin/sh\n"))
        self.assertIn("stack='probers'\n", script)
        self.assertIn(f"sha256='{self.template['Parameters']['FileSha256']['Default']}'\n", script)
        self.assertEqual(subprocess.run(["sh", "-n"], input=script, text=True).returncode, 0)
        self.assertEqual(data["MetadataOptions"]["HttpTokens"], "required")
        roles = self.moto.client("iam").list_roles()["Roles"]
        mine = next(r["RoleName"] for r in roles if "Role" in r["RoleName"] and "probers" in r["RoleName"])
        policy = self.moto.client("iam").get_role_policy(RoleName=mine, PolicyName="service")["PolicyDocument"]
        self.assertIn("arn:aws:logs:us-east-1:123456789012:log-group:/outrigger/prober/qa-eu'", str(policy))
        topics = self.moto.client("sns").list_topics()["Topics"]
        self.assertIn(self.outputs["AlarmTopicArn"], [t["TopicArn"] for t in topics])

    def test_filter_and_alarms_are_taken(self):
        """moto's CloudFormation passes over them: as calls of their own."""
        resources = self.template["Resources"]
        filled = resources["ErrorFilter"]["Properties"]
        change = filled["MetricTransformations"][0]
        self.moto.client("logs").put_metric_filter(
            logGroupName="/outrigger/prober/qa-eu", filterName="errors", filterPattern=filled["FilterPattern"],
            metricTransformations=[{"metricName": "ErrorsInLog-qa-eu", "metricNamespace": change["MetricNamespace"],
                                    "metricValue": change["MetricValue"], "defaultValue": change["DefaultValue"]}])
        watch = self.moto.client("cloudwatch")
        names = []
        for name, resource in resources.items():
            if resource["Type"] != "AWS::CloudWatch::Alarm":
                continue
            text = json.dumps(resource["Properties"]).replace('{"Ref": "Environment"}', '"qa-eu"').replace(
                '{"Ref": "AlarmTopic"}', '"arn:aws:sns:us-east-1:123456789012:t"')
            text = re.sub(r'{"Fn::Sub": ("[^"]*")}', r"\1", text)
            watch.put_metric_alarm(**json.loads(text))
            names.append(name)
        self.assertEqual(len(watch.describe_alarms()["MetricAlarms"]), len(names))
        self.assertIn("AlarmErrorsInLog", names)
        self.assertIn("AlarmHighMemory", names)
        body = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
        self.assertEqual(len([w for w in body["widgets"] if w["type"] == "metric"]), len(names) - 1)

    def test_discovery_reads_the_outputs(self):
        done = prober("config", "--json", "--stack", "probers",
                      env={**os.environ, **KEYS, "AWS_ENDPOINT_URL": self.moto.url, "AWS_EC2_METADATA_DISABLED": "true",
                           "ECS_CONTAINER_METADATA_URI_V4": "http://127.0.0.1:9/none"})
        told = json.loads(done.stdout)
        self.assertEqual(told["environment"], "qa-eu", told)
        self.assertEqual(told["kind"], "staging")


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main(verbosity=1)
