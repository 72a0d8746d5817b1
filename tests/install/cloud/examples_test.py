#!/usr/bin/env python3
"""Every variant of what delivery prints, of every example: usage: examples_test.py SERVICE...

cfn-lint, shellcheck and kubectl read it. What they find in one file they find in all, so each of them runs once.
"""
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SERVICES = [os.path.abspath(path) for path in sys.argv[1:]]
# Of the template.
PLATFORMS = ((), ("--for", "ecs"), ("--for", "ecs", "--image", "registry/it:1"))
FORMATS = ((), ("--json",))


def printed(service, *words):
    done = subprocess.run([service, *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{service} {words}: {done.stderr}"
    return done.stdout


class Examples(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, service, number, ending, text):
        path = os.path.join(self.directory, f"{os.path.basename(service)}.{number}.{ending}")
        with open(path, "w") as file:
            file.write(text)
        return path

    def templates(self):
        for service in SERVICES:
            for number, words in enumerate(itertools.product(PLATFORMS, FORMATS)):
                words = [word for part in words for word in part]
                yield self.path(service, number, "json" if "--json" in words else "yaml",
                                printed(service, "template", *words))

    def test_cfn_lint_has_nothing_to_say(self):
        if not shutil.which("cfn-lint"):
            self.skipTest("cfn-lint is not there")
        files = list(self.templates())
        self.assertEqual(len(files), 6 * len(SERVICES))
        lint = subprocess.run(["cfn-lint", "--", *files], capture_output=True, text=True)
        self.assertEqual((lint.returncode, lint.stdout), (0, ""))
        print(f"{len(files)} templates of {len(SERVICES)} services")
        # So that it could have failed.
        broken = json.loads(printed(SERVICES[0], "template", "--json"))
        broken["Resources"]["AutoScalingGroup"]["Properties"]["Nonsense"] = 1
        file = self.path(SERVICES[0], "broken", "json", json.dumps(broken))
        self.assertNotEqual(subprocess.run(["cfn-lint", "--", file], capture_output=True).returncode, 0)

    def test_shellcheck_has_nothing_to_say(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not there")
        files = [self.path(service, "boot", "sh", printed(service, "user-data", "--stack", "s", "--", "--listen", "0.0.0.0:9000"))
                 for service in SERVICES]
        check = subprocess.run(["shellcheck", "-s", "sh", *files], capture_output=True, text=True)
        self.assertEqual((check.returncode, check.stdout), (0, ""))

    def test_kubectl_reads_the_manifests(self):
        if not shutil.which("kubectl"):
            self.skipTest("kubectl is not there")
        for service in SERVICES:
            file = self.path(service, "manifests", "yaml", printed(service, "template", "--for", "kubernetes"))
            read = subprocess.run(["kubectl", "label", "--local", "-f", file, "-o", "json", "read=yes"], capture_output=True,
                                  text=True)
            self.assertEqual(read.returncode, 0, read.stderr)
            self.assertIn('"kind": "Deployment"', read.stdout)


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main(verbosity=2)
