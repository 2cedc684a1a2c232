"""A stand-in for the `vllm` command: speaks enough of its server to be started, watched and killed.

`vllm serve MODEL [--fake BEHAVIOUR]… --host H --port P --served-model-name N`. Behaviours: `child` has a
child in a session of its own; `deaf` ignores SIGTERM; `no-start` ends with status 1; `no-answer` answers the
warm-up with 500; `mute` never answers it; `sick` fails /health once ready and has nothing to do; `still` also
says that requests run, and never a token; `busy` is sick while tokens go on; `loud` writes a lot; `held` does
not begin to serve for as long as there is a file HOLD beside the model's folder.
"""

import argparse
import json
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("serve")
parser.add_argument("model")
parser.add_argument("--fake", action="append", default=[])
parser.add_argument("--host")
parser.add_argument("--port", type=int)
parser.add_argument("--served-model-name")
said = parser.parse_args()
fake, warm, began = said.fake, threading.Event(), time.monotonic()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/metrics":
            running = 3 if "still" in fake or "busy" in fake else 0
            tokens = 10_000 * (time.monotonic() - began) if "busy" in fake else 5
            counts = {
                "num_requests_running": running,
                "num_requests_waiting": 0 if "sick" in fake else 1,
                "generation_tokens_total": tokens,
            }
            self.reply(200, "".join(f'vllm:{name}{{engine="0"}} {n}\n' for name, n in counts.items()))
        else:
            sick = warm.is_set() and {"sick", "still", "busy"} & set(fake)
            self.reply(503 if sick else 200, "")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "mute" in fake:
            time.sleep(600)
        warm.set()
        self.reply(500 if "no-answer" in fake else 200, json.dumps({"model": said.served_model_name}))

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


if "no-start" in fake:
    sys.exit("the model is\x1b[31m too large")
if "deaf" in fake:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "child" in fake:
    subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", said.model], start_new_session=True
    )
if "loud" in fake:
    sys.stdout.write("x" * 3_000_000)
    sys.stdout.flush()
while "held" in fake and (Path(said.model).parent / "HOLD").exists():
    time.sleep(0.05)
ThreadingHTTPServer.allow_reuse_address = True
ThreadingHTTPServer((said.host, said.port), Handler).serve_forever()
