#!/usr/bin/env python3
"""/metrics of a real service, judged by promtool (Prometheus's own) and by the parser of OpenMetrics' reference
implementation.

    exposition_test.py PROGRAM
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def ask(address, accept, path="/metrics"):
    request = urllib.request.Request(f"http://{address}{path}", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def main():
    with tempfile.TemporaryFile("w+") as errors:
        program = subprocess.Popen(
            [sys.argv[1], "run", "--counters", "3", "--distinct", "40", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
            stdout=subprocess.DEVNULL, stderr=errors)
        try:
            check(address_in(errors))
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(60)


def address_in(errors):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        errors.seek(0)
        found = re.search(r"admin on http://(\S+)", errors.read())
        if found:
            return found[1]
        time.sleep(0.05)
    sys.exit("the admin port did not open")


def check(address):
    # Until the service's own metrics and the machine's are there.
    wanted = ("c000002_total 3", "distinct_bucket", "cpu_used_ratio", "memory_used_ratio", "network_received_bytes_total",
              "process_cpu_seconds_total", "outrigger_build_info", "outrigger_service_up 1", "healthy 1", "error_logs_total")
    end = time.monotonic() + 60
    while True:
        kind, text = ask(address, "text/plain")
        missing = [each for each in wanted if each not in text]
        if not missing or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert not missing, f"not on /metrics: {missing}\n{text}"
    assert kind.startswith("text/plain; version=0.0.4"), kind
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=60)
    print(checked.stdout + checked.stderr, end="")
    assert checked.returncode == 0 and not checked.stderr.strip(), "promtool objects"

    kind, text = ask(address, "application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text; version=1.0.0"), kind
    families = list(text_string_to_metric_families(text))
    names = {family.name for family in families}
    for name in ("c000002", "distinct", "cpu_used_ratio", "process_cpu_seconds", "outrigger_build_info"):
        assert name in names, f"{name} is not among {sorted(names)}"
    print(f"promtool is content; {len(families)} families are OpenMetrics")


if __name__ == "__main__":
    os.environ.pop("AWS_REGION", None)
    main()
