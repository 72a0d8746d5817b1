#!/usr/bin/env python3
"""The pages for people, looked at with a real Chromium.

    browser_test.py CACHE PICTURES SCRIPT PROGRAM...

CACHE is where Playwright and axe-core are installed once, PICTURES where the screenshots go. Status 77: there is no
npm or no browser, nothing was looked at.
"""
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from npm_install import install, skip  # noqa: E402


def main():
    cache, pictures, script = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    browser = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if browser is None:
        skip("no chromium here")
    install(HERE, cache)
    pictures.mkdir(parents=True, exist_ok=True)
    # Beside its packages, which is where node looks for them.
    for name in ("surroundings.mjs", script):
        shutil.copy(HERE / name, cache / name)
    sys.exit(subprocess.run(["node", script, browser, str(pictures), *sys.argv[4:]], cwd=cache, timeout=280).returncode)


main()
