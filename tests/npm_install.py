"""Packages from npm for a test, pinned by its lock file, installed once into a directory of the build's."""
import filecmp
import shutil
import subprocess
import sys

SKIPPED = 77


def skip(why):
    print(f"{why}: skipped")
    sys.exit(SKIPPED)


def install(here, cache):
    if shutil.which("npm") is None or shutil.which("node") is None:
        skip("no npm here")
    cache.mkdir(parents=True, exist_ok=True)
    installed = cache / "installed-package-lock.json"
    lock = here / "package-lock.json"
    if installed.exists() and filecmp.cmp(installed, lock, shallow=False):
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(here / name, cache / name)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=cache, check=True, timeout=240)
    shutil.copy(lock, installed)
