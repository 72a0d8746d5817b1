"""A machine to install on: a real systemd as PID 1, in a container of systemd-nspawn, booted in a second.

Its /usr is this machine's own, read-only; all else is its own and new. It has a network of its own, with loopback alone.
Needs root, systemd and systemd-nspawn, which is taken out of its package where it is not installed (installing it could
replace the systemd that runs). `why_not()` says what is missing.
"""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 120  # seconds, for what takes one


def nspawn(cache):
    found = shutil.which("systemd-nspawn")
    if found:
        return found
    own = os.path.join(cache, "systemd-container", "usr", "bin", "systemd-nspawn")
    if not os.path.exists(own) and shutil.which("apt-get"):
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as there:
            # The version that fits the installed systemd, where it can still be had.
            for package in ("systemd-container=" + installed_systemd(), "systemd-container"):
                subprocess.run(["apt-get", "download", "-qq", package], cwd=there, stderr=subprocess.DEVNULL)
                packages = glob.glob(os.path.join(there, "*.deb"))
                if packages:
                    subprocess.run(["dpkg", "-x", packages[0], os.path.join(cache, "systemd-container")], check=True)
                    break
    return own if os.path.exists(own) else None


def installed_systemd():
    return subprocess.run(["dpkg-query", "-W", "-f=${Version}", "systemd"], capture_output=True, text=True).stdout


def why_not(cache):
    if os.geteuid() != 0:
        return "only root can boot a machine"
    if not os.path.exists("/usr/lib/systemd/systemd") and not os.path.exists("/lib/systemd/systemd"):
        return "systemd is not installed"
    if not os.path.islink("/bin") or not os.path.islink("/lib"):
        return "/bin is not in /usr"
    if nspawn(cache) is None:
        return "systemd-nspawn is not there and could not be downloaded"
    return None


def make_root(root):
    for name in ("etc/systemd/system", "usr", "var/log/journal", "var/lib", "var/tmp", "opt", "srv", "root", "tmp", "run"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        if os.path.islink("/" + name):
            os.symlink("usr/" + name, os.path.join(root, name))
    files = {
        "os-release": "ID=debian\nVERSION_ID=12\nPRETTY_NAME=bare\n",
        "hostname": "bare\n",
        "machine-id": "0123456789abcdef0123456789abcdef\n",
        "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
                  "messagebus:x:100:101::/nonexistent:/usr/sbin/nologin\n"
                  "systemd-network:x:998:998::/:/usr/sbin/nologin\n",
        "group": "root:x:0:\nnogroup:x:65534:\nmessagebus:x:101:\nsystemd-journal:x:999:\nsystemd-network:x:998:\n"
                 "tty:x:5:\nutmp:x:43:\nadm:x:4:\n",
        "hosts": "127.0.0.1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
        "systemd/system/default.target": None,
    }
    for name, text in files.items():
        path = os.path.join(root, "etc", name)
        if text is None:
            os.symlink("/lib/systemd/system/multi-user.target", path)
        else:
            with open(path, "w") as file:
                file.write(text)
    for name in ("ld.so.cache", "ssl"):  # what programs and clients find
        if os.path.isdir("/etc/" + name):
            shutil.copytree("/etc/" + name, os.path.join(root, "etc", name), symlinks=True)
        elif os.path.exists("/etc/" + name):
            shutil.copy("/etc/" + name, os.path.join(root, "etc", name))
    # What this machine has enabled is none of the new one's business.
    for unit in ("getty@tty1.service", "console-getty.service", "container-getty@.service", "systemd-networkd.service",
                 "systemd-resolved.service", "systemd-timesyncd.service", "networking.service", "ssh.service",
                 "e2scrub_reap.service", "cron.service", "apparmor.service", "systemd-logind.service",
                 "systemd-network-generator.service", "systemd-pcrphase.service", "udisks2.service", "polkit.service"):
        os.symlink("/dev/null", os.path.join(root, "etc/systemd/system", unit))


class Machine:
    def __init__(self, cache):
        self.cache = cache
        self.directory = tempfile.mkdtemp(prefix="machine-", dir="/var/tmp")
        self.root = os.path.join(self.directory, "root")
        os.mkdir(self.root)
        make_root(self.root)
        self.process = None
        self.leader = None

    def path(self, inside):
        return self.root + inside

    def boot(self, meanwhile=lambda: None):
        """`meanwhile` is called once its network is there, as early as can be."""
        # An own mount namespace: nspawn writes to /run, and nothing of it is to stay.
        script = ("mount -t tmpfs tmpfs /run && mkdir -p /run/lock && exec \"$@\"")
        self.console = open(os.path.join(self.directory, "console"), "wb")
        self.process = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", nspawn(self.cache), "-q",
             "-D", self.root, "--machine=bare", "--register=no", "--keep-unit", "--private-network", "--bind-ro=/usr",
             "--link-journal=no", "--boot", "systemd.log_target=console"],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT, start_new_session=True)
        self.wait_for(lambda: self.find_leader(), "the machine's PID 1")
        meanwhile()
        self.wait_for(lambda: self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"),
                      "the boot")
        return self

    def find_leader(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
                pids = children.read().split()
        except FileNotFoundError:
            return False
        for pid in pids:
            try:
                with open(f"/proc/{pid}/status") as status:
                    in_own = [line for line in status if line.startswith("NSpid:")][0].split()
            except (FileNotFoundError, IndexError):
                continue
            if in_own[-1] == "1" and os.path.exists(f"/proc/{pid}/root/run/systemd/system"):
                self.leader = int(pid)
                return True
        return False

    def inside(self, *words):
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--", *words]

    def run(self, *words, timeout=PATIENCE, **more):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"} | more.pop("env", {})
        return subprocess.run(self.inside(*words), capture_output=True, text=True, timeout=timeout, env=environment,
                              stdin=subprocess.DEVNULL, **more)

    def start(self, *words, **more):
        return subprocess.Popen(self.inside(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, start_new_session=True, **more)

    def in_network(self, *words):
        """A program of this machine in the network of that one."""
        return ["nsenter", "-t", str(self.leader), "-n", "--", *words]

    def show(self, unit, prop):
        return self.run("systemctl", "show", "--value", "-p", prop, unit).stdout.strip()

    def wait_for(self, holds, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if holds():
                return
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.console.flush()
        with open(os.path.join(self.directory, "console"), errors="replace") as console:
            raise AssertionError(f"{what} did not come:\n" + console.read()[-4000:])

    def end(self):
        if self.process is not None and self.process.poll() is None:
            if self.leader is not None:
                os.kill(self.leader, signal.SIGKILL)  # of a container that takes all with it
            else:
                self.process.kill()
            self.process.wait(PATIENCE)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
