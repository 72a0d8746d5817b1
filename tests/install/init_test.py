#!/usr/bin/env python3
"""-init as far as it needs no init system that runs: usage: init_test.py PROBER"""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

PROBER = sys.argv[1]
UNIT = "etc/systemd/system/prober.service"


def init(*words, before=()):
    return subprocess.run([*before, PROBER, "-init", *words], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


class Init(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(dir="/dev/shm")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.make("usr/lib/systemd/systemd")
        self.version = subprocess.run([PROBER, "version"], capture_output=True, text=True).stdout.strip()

    def make(self, name, text=""):
        os.makedirs(os.path.dirname(os.path.join(self.root, name)), exist_ok=True)
        with open(os.path.join(self.root, name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.root, name)) as file:
            return file.read()

    def tree(self):
        found = {}
        for directory, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(directory, name)
                status = os.lstat(path)
                found[os.path.relpath(path, self.root)] = (status.st_ino, status.st_mtime_ns)
        return found

    def test_every_spelling_prints_and_touches_nothing(self):
        printed = {subprocess.run([PROBER, word, "--print"], capture_output=True, text=True).stdout
                   for word in ("init", "-init", "--init")}
        self.assertEqual(len(printed), 1)
        text = printed.pop()
        self.assertIn("# /etc/systemd/system/prober.service\n", text)
        self.assertIn("# /etc/systemd/system/prober.socket\n", text)
        self.assertIn("ExecStart=/opt/prober/current/prober run\n", text)
        self.assertIn("ListenStream=0.0.0.0:8080\n", text)
        self.assertFalse(os.path.exists("/opt/prober"))

    def test_what_stands_behind_two_dashes_is_the_services(self):
        text = init("--print", "--", "--listen", "127.0.0.1:9090", "--target", "http://a/b?c=%20 d").stdout
        self.assertIn("ListenStream=127.0.0.1:9090\n", text)
        self.assertIn('ExecStart=/opt/prober/current/prober run --target "http://a/b?c=%%20 d"\n', text)
        wrong = init("--print", "--", "--listen", "nowhere")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn('--listen "nowhere" will not do', wrong.stderr)

    def test_upstart(self):
        text = init("--print", "--init-system", "upstart").stdout
        self.assertIn("# /etc/init/prober.conf\n", text)
        self.assertIn("start on runlevel [2345]\n", text)

    def test_an_image_is_built_and_then_nothing_changes(self):
        planned = init("--root", self.root, "--dry-run")
        self.assertEqual(planned.returncode, 0, planned.stderr)
        self.assertIn("planned: ", planned.stdout)
        self.assertEqual(set(self.tree()), {"usr/lib/systemd/systemd"})
        done = init("--root", self.root, "--json")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[-1]["result"], "installed")
        self.assertTrue(all(line["state"] == "done" for line in lines[:-1]))
        self.assertEqual(os.readlink(self.root + "/opt/prober/current"), self.version)
        file = f"{self.root}/opt/prober/{self.version}/prober"
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o755)
        with open(file, "rb") as one, open(PROBER, "rb") as other:
            self.assertEqual(one.read(), other.read())
        self.assertEqual(os.readlink(self.root + "/etc/systemd/system/sockets.target.wants/prober.socket"),
                         "/etc/systemd/system/prober.socket")
        before = self.tree()
        again = init("--root", self.root)
        self.assertEqual((again.returncode, again.stdout),
                         (0, f"prober: {self.version} is installed and runs\n"))
        self.assertEqual(self.tree(), before)
        gone = init("--root", self.root, "--uninstall")
        self.assertEqual(gone.returncode, 0, gone.stderr)
        self.assertEqual(set(self.tree()), {"usr/lib/systemd/systemd"})

    def test_the_callers_umask_does_not_count(self):
        done = subprocess.run(["sh", "-c", 'umask 077 && "$1" -init --root "$2"', "sh", PROBER, self.root],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("opt", "opt/prober", "opt/prober/" + self.version):
            self.assertEqual(stat.S_IMODE(os.stat(f"{self.root}/{name}").st_mode), 0o755, name)

    def test_a_changed_definition_is_kept(self):
        self.assertEqual(init("--root", self.root).returncode, 0)
        self.make(UNIT, self.read(UNIT) + "# mine\n")
        done = init("--root", self.root, "--", "--every", "5s")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.root}/{UNIT} was changed by somebody else", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertTrue(self.read(UNIT).endswith("# mine\n"))
        self.assertEqual(init("--root", self.root, "--force", "--", "--every", "5s").returncode, 0)
        self.assertIn("run --every 5s\n", self.read(UNIT))

    def test_somebody_elses_service_of_that_name_is_kept(self):
        self.make(UNIT, "[Service]\nExecStart=/usr/bin/other\n")
        self.assertEqual(init("--root", self.root).returncode, 1)
        self.assertEqual(set(self.tree()), {"usr/lib/systemd/systemd", UNIT})

    def test_a_full_disk_leaves_what_was_there(self):
        if os.geteuid() != 0:
            self.skipTest("needs a mount")
        script = ('mount -t tmpfs -o size=4m tmpfs "$1/opt" && "$2" -init --root "$1"; status=$?; '
                  'find "$1/opt" "$1/etc"; exit $status')
        os.mkdir(self.root + "/opt")
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.root, PROBER], capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the disk is full", done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1:], [self.root + "/opt"])
        self.assertNotIn(self.root + "/opt/prober\n", done.stdout)

    def test_a_read_only_system_is_said(self):
        if os.geteuid() != 0:
            self.skipTest("needs a mount")
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && "$2" -init --root "$1"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.root, PROBER], capture_output=True,
                              text=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr),
                         (1, f"prober: {self.root}/opt cannot be made: the file system is read-only\n"))

    def test_faults_are_one_sentence_each(self):
        empty = tempfile.mkdtemp(dir=self.root)
        cases = [
            ((f"--root={empty}",), 1, "is no init system that -init knows: expected systemd or upstart"),
            (("--root", "/not/there"), 1, "--root /not/there is not there"),
            (("--print", "--init-system", "runit"), 1, '--init-system "runit" will not do: expected systemd or upstart'),
            (("--print", "--uninstall"), 2, "exclude each other"),
            (("--timeout", "soon"), 2, '--timeout "soon" will not do'),
            (("--prefix", "opt", "--print"), 2, '--prefix "opt" will not do: expected an absolute path'),
            (("now",), 2, "now"),
            (("--pritn",), 2, "the nearest known one is --print"),
        ]
        for words, status, sentence in cases:
            done = init(*words)
            self.assertEqual(done.returncode, status, (words, done.stderr))
            self.assertIn(sentence, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        if os.geteuid() == 0:
            done = init(before=("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"))
            self.assertEqual((done.returncode, done.stderr),
                             (1, "prober: -init must be run by root: it installs a service of the system\n"))
            if not os.path.exists("/run/systemd/system"):
                done = init()
                self.assertEqual(done.returncode, 1)
                self.assertIn("no init system that -init knows runs this machine", done.stderr)

    def test_help(self):
        text = subprocess.run([PROBER, "help", "init"], capture_output=True, text=True).stdout
        for option in ("--print", "--dry-run", "--root DIR", "--uninstall", "--timeout DURATION"):
            self.assertIn(option, text)


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main(verbosity=1)
