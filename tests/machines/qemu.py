"""Machines under QEMU, with a kernel of their own: what the tests that boot one share.

The processor is emulated, since /dev/kvm is not to be had everywhere: many times slower than this one. What has
to be downloaded or made once (packages of Debian, a bare Debian as clouds have it) is kept in a directory, CACHE.
"""
import base64
import glob
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

PATIENCE = 900  # seconds, for what takes one minute
WITH_ME = ("setpriv", "--pdeathsig", "KILL")  # words before a program that is not to outlive this one


class Unavailable(Exception):
    """The sentence says what is missing: the test is skipped."""


def package(cache, name):
    """The directory into which a package of Debian was unpacked."""
    unpacked = os.path.join(cache, name)
    if not os.path.isdir(unpacked):
        if shutil.which("apt-get") is None:
            raise Unavailable("there is no apt-get to download " + name)
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as there:
            subprocess.run(["apt-get", "download", "-qq", name], cwd=there, stderr=subprocess.DEVNULL)
            files = glob.glob(os.path.join(there, "*.deb"))
            if not files:
                raise Unavailable(name + " could not be downloaded")
            subprocess.run(["dpkg", "-x", files[0], os.path.join(there, "unpacked")], check=True)
            os.rename(os.path.join(there, "unpacked"), unpacked)
    return unpacked


def kernel(cache):
    depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True).stdout
    found = re.search(r"Depends: (linux-image-\S+)", depends)
    if found is None:
        raise Unavailable("no cloud kernel is known here")
    return glob.glob(os.path.join(package(cache, found[1]), "boot", "vmlinuz-*"))[0]


def command(image, initrd, append, *more, memory=768):
    """Words that start one: without network, screen and disk as long as `more` does not add them."""
    qemu = shutil.which("qemu-system-x86_64")
    if qemu is None:
        raise Unavailable("qemu-system-x86_64 is not there (Debian: qemu-system-x86)")
    return [qemu, "-accel", "tcg", "-cpu", "max", "-m", str(memory), "-smp", "2", "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", "stdio", "-kernel", image, "-initrd", initrd, "-append", "console=ttyS0 panic=-1 " + append, *more]


# --- A bare Debian, as an image for the cloud ---

# curl and openssl are what the boot script needs; the agent is how the tests look inside.
PACKAGES = ("systemd-sysv,udev,dbus,linux-image-cloud-amd64,initramfs-tools,cloud-init,python3-cffi-backend,ifupdown,"
            "isc-dhcp-client,iproute2,ca-certificates,curl,openssl,qemu-guest-agent")
FILES = {
    # The instance's metadata and nothing else: no search for other clouds, nor work on what is not installed.
    "etc/cloud/cloud.cfg.d/90_ec2.cfg": "datasource_list: [Ec2]\nlocale: false\nssh_deletekeys: false\n",
    "etc/network/interfaces": "auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n",
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "etc/hostname": "bare\n",
}
SIZE = "2G"  # sparse


def debian(cache):
    """{"disk", "kernel", "initrd"}: files of a bare Debian with cloud-init, made in two minutes where it is not there yet."""
    made = os.path.join(cache, "debian-" + hashlib.sha256(repr((PACKAGES, FILES, SIZE)).encode()).hexdigest()[:12])
    if not os.path.isdir(made):
        for tool in ("mmdebstrap", "mke2fs"):
            if shutil.which(tool) is None:
                raise Unavailable(tool + " is not there")
        if os.geteuid() != 0:
            raise Unavailable("only root can make a bare Debian")
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as there:
            make_debian(there)
            os.rename(os.path.join(there, "debian"), made)
    return {name: os.path.join(made, name) for name in ("disk", "kernel", "initrd")}


def make_debian(there):
    root, out = os.path.join(there, "root"), os.path.join(there, "debian")
    # What it mounts is mounted for it alone, and gone with it however it ends.
    done = subprocess.run(["unshare", "-m", "--propagation", "private", "mmdebstrap", "--quiet", "--mode=root",
                           "--variant=minbase", "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*",
                           "--dpkgopt=path-exclude=/usr/share/locale/*", "--include=" + PACKAGES, "bookworm", root],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Unavailable("a bare Debian could not be made: " + done.stderr[-400:])
    for name, text in FILES.items():
        with open(os.path.join(root, name), "w") as file:
            file.write(text)
    os.mkdir(out)
    for name, pattern in (("kernel", "vmlinuz-*"), ("initrd", "initrd.img-*")):
        shutil.copy(glob.glob(os.path.join(root, "boot", pattern))[0], os.path.join(out, name))
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, os.path.join(out, "disk"), SIZE], check=True,
                   stdout=subprocess.DEVNULL)


class Vm:
    """A booted Debian. Its disk is as it was made, each time anew; its network is that of `network`, words to run a
    program in one. There the address 169.254.169.254 is that network's own loopback, as a cloud's metadata service is
    reached. `forwarded` ports are reached from there.
    """

    def __init__(self, cache, append="", forwarded=(), network=()):
        files = debian(cache)
        self.directory = tempfile.mkdtemp(prefix="vm-", dir="/var/tmp")
        self.console = os.path.join(self.directory, "console")
        agent = os.path.join(self.directory, "agent")
        ports = "".join(f",hostfwd=tcp:127.0.0.1:{port}-:{port}" for port in forwarded)
        uuid = "ec2e1916-9099-7caf-fd21-012345abcdef"  # by these, programs know an instance of EC2
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                [*WITH_ME, *network, *command(
                    files["kernel"], files["initrd"], "root=/dev/vda rw net.ifnames=0 quiet " + append,
                    "-drive", f"file={files['disk']},format=raw,if=virtio", "-snapshot",
                    "-netdev", "user,id=net,net=169.254.0.0/16,host=169.254.169.254,dhcpstart=169.254.10.15" + ports,
                    "-device", "virtio-net-pci,netdev=net", "-smbios", f"type=1,manufacturer=Amazon EC2,serial={uuid},uuid={uuid}",
                    "-chardev", f"socket,id=agent,path={agent},server=on,wait=off", "-device", "virtio-serial",
                    "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0", memory=1024)],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": self.directory})
        self.agent = Agent(agent, self)
        try:
            self.wait_for(self.agent.is_there, "the boot")
        except BaseException:
            self.end()
            raise

    def run(self, *words, timeout=PATIENCE):
        return self.agent.run(words, timeout)

    def show(self, unit, prop):
        return self.run("systemctl", "show", "--value", "-p", prop, unit).stdout.strip()

    def wait_for(self, holds, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if holds():
                return
            time.sleep(0.5)
        with open(self.console, errors="replace") as console:
            raise AssertionError(f"{what} did not come:\n" + console.read()[-6000:])

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Agent:
    """https://www.qemu.org/docs/master/interop/qemu-ga-ref.html: guest-sync, guest-exec, guest-exec-status."""

    def __init__(self, path, vm):
        self.path, self.vm, self.socket = path, vm, None

    def is_there(self):
        """It answers nothing before it runs: asked anew each time, until it answers the last question."""
        if not os.path.exists(self.path):
            return False
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(self.path)
            self.lines = self.socket.makefile("r")
        self.socket.settimeout(2)
        number = int(time.monotonic() * 1000)
        try:
            self.send("guest-sync", {"id": number})
            while json.loads(self.lines.readline()).get("return") != number:
                pass
        except (TimeoutError, ValueError):
            self.socket.close()
            self.socket = None
            return False
        self.socket.settimeout(PATIENCE)
        return True

    def send(self, name, arguments):
        self.socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")

    def ask(self, name, **arguments):
        self.send(name, arguments)
        answer = json.loads(self.lines.readline())
        if "return" not in answer:
            raise AssertionError(f"{name}: {answer}")
        return answer["return"]

    def run(self, words, timeout):
        pid = self.ask("guest-exec", path="/usr/bin/env", arg=list(words), **{"capture-output": True})["pid"]
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            state = self.ask("guest-exec-status", pid=pid)
            if state["exited"]:
                text = [base64.b64decode(state.get(name, "")).decode(errors="replace") for name in ("out-data", "err-data")]
                return subprocess.CompletedProcess(words, state.get("exitcode", -state.get("signal", 0)), *text)
            time.sleep(0.2)
        raise AssertionError(f"{words} does not end")
