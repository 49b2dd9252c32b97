"""A tool job, a chat and a batch over plain HTTP, with the standard library alone.

Run it beside `npm start` with `python3 examples/jobs.py`; MILLRACE_URL and MILLRACE_API_KEY say where and as whom.
"""

import json
import os
import urllib.request
import uuid

URL = os.environ.get("MILLRACE_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("MILLRACE_API_KEY")


def call(path, body=None, **headers):
    """Sends a request and returns the open response; bytes go as NDJSON, anything else as JSON."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if KEY:
        headers["authorization"] = f"Bearer {KEY}"
    if isinstance(body, bytes):
        headers["content-type"] = "application/x-ndjson"
    elif body is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(body).encode()
    if body is not None:
        # Under one key a request makes one job, so that it may be sent again.
        headers["idempotency-key"] = str(uuid.uuid4())
    return urllib.request.urlopen(urllib.request.Request(URL + path, body, headers))


def events(response):
    """The events of a stream: each is one JSON object after `data: `."""
    for line in response:
        if line.startswith(b"data: "):
            yield json.loads(line[len(b"data: ") :])


# A tool job, waited for.
request = {"type": "tool", "tool": "everything__get-sum", "arguments": {"a": 1, "b": 2}}
with call("/jobs", request, prefer="wait=60") as response:
    job = json.load(response)
print("tool:", job["status"], job["result"]["content"][0]["text"])

# A chat, as it comes. Without a key of a model provider the demo model calls the tool that the message names.
with call("/chat", {"message": "get-sum a=3 b=4", "stream": True}) as response:
    for event in events(response):
        if event["type"] == "text.delta":
            print(event["text"], end="", flush=True)
        elif event["type"] == "turn.discarded":
            # What was shown of the turn counts no more.
            print("\nchat: the answer broke off and starts again")
        elif event["type"] == "tool.called":
            print("\nchat calls:", event["tool"], json.dumps(event["arguments"]))
        elif event["type"] in ("job.completed", "job.failed", "job.cancelled"):
            print("\nchat:", event["job"]["status"])

# A batch: one job on each line. Its events end when it ends; then all results are there.
lines = (
    {
        "type": "tool",
        "tool": "everything__get-sum",
        "arguments": {"a": number, "b": number},
        "custom_id": f"double-{number}",
    }
    for number in range(1, 6)
)
with call("/batches?concurrency=2", b"".join(json.dumps(line).encode() + b"\n" for line in lines)) as response:
    batch = json.load(response)
with call(batch["links"]["events"]) as response:
    for _ in events(response):
        pass
with call(batch["links"]["results"] + "?order=input") as response:
    for line in response:
        result = json.loads(line)
        print("batch:", result["custom_id"], result["status"], result["result"]["content"][0]["text"])
