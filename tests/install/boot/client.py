"""Calls the installed service all the time, each time on a new connection, until stdin ends; tells what came of it."""
import collections
import http.client
import json
import socket
import sys
import threading

port, admin = int(sys.argv[1]), int(sys.argv[2])
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
came = collections.Counter()
refusals = []
print("calling", flush=True)
while not over.is_set():
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
print(json.dumps({"came": came, "refusals": refusals[:10]}))
