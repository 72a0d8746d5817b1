"""Calls the installed service all the time, each time on a new connection, until stdin ends; tells what came of it, how long
the slowest call took, and the longest time for which /readyz did not say that it is ready."""
import collections
import http.client
import json
import socket
import sys
import threading
import time

port, admin = int(sys.argv[1]), int(sys.argv[2])
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
came = collections.Counter()
refusals = []
slowest = 0.0
unready = {"since": None, "longest": 0.0}


def watch_readiness():
    while not over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=60)
        try:
            connection.request("GET", "/readyz", headers={"Connection": "close"})
            ready = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            ready = False
        finally:
            connection.close()
        now = time.monotonic()
        if not ready:
            unready["since"] = unready["since"] or now
        elif unready["since"]:
            unready["longest"] = max(unready["longest"], now - unready["since"])
            unready["since"] = None
        time.sleep(0.01)


watcher = threading.Thread(target=watch_readiness)
watcher.start()
print("calling", flush=True)
while not over.is_set():
    called = time.monotonic()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/which", headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        came[json.loads(body)["version"] if answer.status == 200 else f"HTTP {answer.status}"] += 1
    except (OSError, http.client.HTTPException, ValueError) as error:
        came["failed"] += 1
        refusals.append(repr(error))
    finally:
        connection.close()
    slowest = max(slowest, time.monotonic() - called)
watcher.join()
print(json.dumps({"came": came, "refusals": refusals[:10], "slowest": slowest, "unready": unready["longest"],
                  "unready_still": unready["since"] is not None}))
