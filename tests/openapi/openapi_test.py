#!/usr/bin/env python3
"""The /openapi.json of running services, judged by a public validator (package.json, pinned by its lock file).

    openapi_test.py CACHE SERVICE...

CACHE is a directory of the build's, where the validator is installed once. Status 77: there is no npm, nothing was
judged.
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from npm_install import install  # noqa: E402

PATIENCE = 60


def document_of(service, scratch):
    """Starts the service on free ports, and stores what it says of itself."""
    log = scratch / (Path(service).name + ".log")
    with open(log, "wb") as out:
        process = subprocess.Popen([service, "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
                                   stdout=out, stderr=out)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            found = re.search(r"answers on http://(127\.0\.0\.1:\d+)", log.read_text(errors="replace"))
            if found:
                break
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"{service} did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        with urllib.request.urlopen(f"http://{found.group(1)}/openapi.json", timeout=PATIENCE) as answer:
            text = answer.read()
        assert answer.headers["Content-Type"] == "application/json", answer.headers
        assert json.loads(text)["openapi"].startswith("3.1."), text
        path = scratch / (Path(service).name + ".json")
        path.write_bytes(text)
        return path
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def judge(cache, *documents):
    shutil.copy(HERE / "validate.mjs", cache / "validate.mjs")
    return subprocess.run(["node", "validate.mjs", *map(str, documents)], cwd=cache, timeout=PATIENCE).returncode == 0


def main():
    cache = Path(sys.argv[1])
    install(HERE, cache)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        scratch = Path(directory)
        documents = [document_of(service, scratch) for service in sys.argv[2:]]
        fine = judge(cache, *documents)
        # The judge can say no.
        broken = scratch / "broken.json"
        text = documents[0].read_text().replace('"responses"', '"answers"', 1).replace('"in":"query"', '"in":"air"', 1)
        broken.write_text(text)
        sees_it = not judge(cache, broken)
    sys.exit(0 if fine and sees_it else 1)


main()
