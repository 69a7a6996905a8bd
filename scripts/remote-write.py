"""Has servers send what they scrape to others that go away and come back, and compares every sample.

Usage: remote-write.py out OBS FOLDER MESSAGE RECEIVER...   obs sends; RECEIVER is prometheus, victoria-metrics or obs
       remote-write.py in OBS FOLDER                        a Prometheus sends, obs is killed three times
Prints ok and MISS lines; ends with 1 on a miss.
"""

import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

SECONDS = int(os.environ.get("OBS_SECONDS", "60"))
SERIES = 200
missed = False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Page(http.server.BaseHTTPRequestHandler):
    """Counters that grow with each scrape."""

    scrapes = 0

    def do_GET(self):
        Page.scrapes += 1
        lines = ["# TYPE work_total counter"]
        lines += [f'work_total{{n="{n}"}} {Page.scrapes * 3 + n}' for n in range(SERIES)]
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server:
    """A process that is started, killed and started again on the same port and folder."""

    def __init__(self, kind, binary, folder, configuration=None):
        self.kind, self.binary, self.port = kind, binary, free_port()
        self.folder = os.path.join(folder, f"{kind}-{self.port}")
        os.makedirs(self.folder)
        self.configuration = configuration
        self.process = None

    def start(self):
        address = f"127.0.0.1:{self.port}"
        data = os.path.join(self.folder, "data")
        if self.kind == "prometheus":
            file = self.configuration or os.path.join(self.folder, "p.yml")
            if not self.configuration:
                open(file, "w").write("{}")
            command = ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={data}",
                       f"--web.listen-address={address}", "--web.enable-remote-write-receiver"]
        elif self.kind == "victoria-metrics":
            command = ["victoria-metrics", f"-storageDataPath={data}", f"-httpListenAddr={address}"]
        else:
            command = [self.binary, "collector", "--data", data, "--listen", address]
            if self.configuration:
                command += ["--config", self.configuration]
        log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.time() + 60
        while time.time() < deadline:
            try:
                self.get("/health" if self.kind == "victoria-metrics" else "/-/ready")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"{self.kind} does not start: {open(os.path.join(self.folder, 'log')).read()[-2000:]}")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read()

    def write_url(self):
        return f"http://127.0.0.1:{self.port}/api/v1/write"

    def samples(self, at, seconds):
        """Every sample by series, in the order in which the server gives them."""
        query = urllib.parse.urlencode({"query": f'{{__name__=~"work_total|up"}}[{seconds}s]', "time": at, "nocache": 1})
        answer = json.loads(self.get(f"/api/v1/query?{query}"))
        found = {}
        for series in answer["data"]["result"]:
            key = tuple(sorted(series["metric"].items()))
            own = series["metric"].get("instance") == f"127.0.0.1:{self.port}"
            if own and not self.configuration:
                continue  # what a receiver measures of itself
            found[key] = [(round(time * 1000), float(value)) for time, value in series["values"]]
        return found


def say(what, good, figure):
    global missed
    missed = missed or not good
    print(f"{'ok' if good else 'MISS':5} {what:62} {figure}", flush=True)


def serve_page():
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    return f"127.0.0.1:{page.server_port}"


def configure(folder, writes):
    """A configuration that scrapes the page every second and sends it on."""
    file = os.path.join(folder, "sender.yml")
    open(file, "w").write(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: page, static_configs: [{{targets: ['{serve_page()}']}}]}}]\n"
        f"remote_write: [{writes}]\n")
    return file


def compare(sender, receivers, began, what):
    """Holds what the receivers have against what the sender has, once they have had time to get it."""
    at = time.time() - 1
    seconds = int(at - began) + 5
    own = sender.samples(at, seconds)
    count = sum(len(samples) for samples in own.values())
    say(f"{what}: {sender.kind} has samples", count > SERIES * SECONDS / 2, f"{count} of {len(own)} series")
    for receiver in receivers:
        deadline = time.time() + 60
        while True:
            theirs = receiver.samples(at, seconds)
            lost = sum(len(set(samples) - set(theirs.get(key, []))) for key, samples in own.items())
            if lost == 0 or time.time() > deadline:
                break
            time.sleep(0.5)
        for key, samples in own.items():
            for sample in sorted(set(samples) - set(theirs.get(key, [])))[:3]:
                print(f"# missing: {dict(key)} {sample} of {samples[0][0]}..{samples[-1][0]}")
        more = sum(len(set(samples) - set(own.get(key, []))) for key, samples in theirs.items())
        twice = sum(len(samples) - len({time for time, _ in samples}) for samples in theirs.values())
        say(f"{what}: samples that {receiver.kind} lacks", lost == 0, f"{lost} <= 0")
        say(f"{what}: samples that only {receiver.kind} has", more == 0, f"{more} <= 0")
        say(f"{what}: timestamps twice in a series of {receiver.kind}", twice == 0, f"{twice} <= 0")


def send_out(binary, folder, message, *kinds):
    """While nobody takes anything, obs itself is killed and goes on."""
    receivers = [Server(kind, binary, folder) for kind in kinds]
    sender = Server("obs", binary, folder, configure(folder, ",".join(
        f"{{url: '{receiver.write_url()}', protobuf_message: {message}, "
        "queue_config: {batch_send_deadline: 1s, max_backoff: 1s}}" for receiver in receivers)))
    began = time.time()
    with ends(sender, *receivers):
        for receiver in receivers:
            receiver.start()
        sender.start()
        time.sleep(SECONDS / 3)
        for receiver in receivers:
            receiver.end(signal.SIGTERM)
        time.sleep(SECONDS / 6)
        sender.end(signal.SIGKILL)
        sender.start()
        time.sleep(SECONDS / 6)
        for receiver in receivers:
            receiver.start()
        time.sleep(SECONDS / 3)
        compare(sender, receivers, began, f"{message}, receivers down for {SECONDS // 3} s")


def take_in(binary, folder):
    receiver = Server("obs", binary, folder)
    sender = Server("prometheus", binary, folder, configure(folder, f"{{url: '{receiver.write_url()}'}}"))
    began = time.time()
    with ends(sender, receiver):
        receiver.start()
        sender.start()
        for _ in range(3):
            time.sleep(SECONDS / 4)
            receiver.end(signal.SIGKILL)
            time.sleep(min(5, SECONDS / 20))
            receiver.start()
        time.sleep(SECONDS / 4)
        compare(sender, [receiver], began, f"{SECONDS} s, killed and started three times")


@contextlib.contextmanager
def ends(*servers):
    try:
        yield
    finally:
        for server in servers:
            if server.process and server.process.poll() is None:
                server.end(signal.SIGKILL)


directions = {"out": send_out, "in": take_in}
direction, binary, folder, *more = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
directions[direction](binary, folder, *more)
sys.exit(1 if missed else 0)
