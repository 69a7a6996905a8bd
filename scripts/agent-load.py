"""Load for an agent's log shipper, and what becomes of it in a collector.

usage: agent-load.py OBS rotate | many | rate | away

rotate  64 files, each renamed once a second for a minute, without a lost line
many    10,000 open files
rate    50,000 lines/s for 20 s: CPU seconds of the agent for a million lines
away    what 30 minutes of 5,000 lines/s and 10,000 samples/s bring while the collector is gone, in three minutes, then back

Prints names and figures, one pair a line.
"""
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(address, path):
    return urllib.request.urlopen(f"http://{address}{path}", timeout=60).read().decode()


def metric(address, name):
    """The sum over all label sets."""
    try:
        page = get(address, "/metrics")
    except (OSError, urllib.error.URLError):
        return 0
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if re.match(name + r"[{ ]", line))


def cpu_seconds(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def resident_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


class Pair:
    """A collector and an agent, each with a folder of its own."""

    def __init__(self, obs, folder, more=""):
        self.obs, self.folder = obs, folder
        self.collector_address, self.agent_address = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.logs = os.path.join(folder, "logs")
        os.mkdir(self.logs)
        self.configuration = os.path.join(folder, "agent.yaml")
        with open(self.configuration, "w") as file:
            file.write(f"""\
collector: {{url: "http://{self.collector_address}"}}
logs: {{files: [{{paths: ["{self.logs}/*.log"], labels: {{job: load}}}}]}}
buffer: {{path: {folder}/spool, size: 8GiB}}
{more or "metrics: {send: false}"}
""")
        self.collector = self.agent = None

    def start_collector(self):
        self.collector = subprocess.Popen(
            [self.obs, "collector", "--listen", self.collector_address, "--data", f"{self.folder}/data",
             "--log-format", "json"], stderr=open(f"{self.folder}/collector.log", "a"))
        self.wait(self.collector_address)

    def start_agent(self):
        self.agent = subprocess.Popen(
            [self.obs, "agent", "--config", self.configuration, "--listen", self.agent_address, "--log-format", "json"],
            stderr=open(f"{self.folder}/agent.log", "a"))
        self.wait(self.agent_address)

    @staticmethod
    def wait(address):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                get(address, "/-/ready")
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.02)
        raise SystemExit(f"{address} is not ready")

    def taken(self):
        return int(metric(self.collector_address, "obs_ingest_log_entries_total"))

    def wait_for(self, lines, seconds):
        end = time.monotonic() + seconds
        while self.taken() < lines and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(1)
        return self.taken()

    def ask(self, path, query):
        answer = json.loads(get(self.collector_address, f"{path}?query={urllib.request.quote(query)}"))
        result = answer["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0

    def stop(self):
        for process in (self.agent, self.collector):
            if process and process.poll() is None:
                process.terminate()
                process.wait()


def append(path, start, count):
    with open(path, "a") as file:
        file.write("".join(f"{os.path.basename(path)} line {index} of a load that is watched closely\n"
                           for index in range(start, start + count)))


def rotate(pair):
    files, seconds = 64, 60
    # The agent looks: nobody can know of a file that came and went before.
    append(f"{pair.logs}/first.log", 0, 1)
    pair.wait_for(1, 60)
    written, rotations = 1, 0
    numbers = [0] * files
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + 1
        for index in range(files):
            path = f"{pair.logs}/app-{index}.log"
            if numbers[index]:
                os.rename(path, f"{path}.{rotations // files}")
                rotations += 1
            append(path, numbers[index], 20)
            numbers[index] += 20
            written += 20
        time.sleep(max(0, due - time.monotonic()))
    taken = pair.wait_for(written, 120)
    print("rotations", rotations)
    print("lines_written", written)
    print("lines_missing", written - taken)
    print("cpu_seconds", round(cpu_seconds(pair.agent.pid), 2))


def many(pair):
    files = 10_000
    for index in range(files):
        append(f"{pair.logs}/f{index}.log", 0, 2)
    first = pair.wait_for(2 * files, 300)
    before = cpu_seconds(pair.agent.pid)
    time.sleep(20)
    idle = (cpu_seconds(pair.agent.pid) - before) / 20
    for index in range(0, files, 10):
        append(f"{pair.logs}/f{index}.log", 2, 1)
    taken = pair.wait_for(2 * files + files // 10, 120)
    print("open_files", int(metric(pair.agent_address, "obs_agent_log_files")))
    print("lines_missing", 2 * files + files // 10 - taken)
    print("lines_missing_at_first", 2 * files - first)
    print("idle_cpu_percent", round(idle * 100, 2))
    print("rss_mib", round(resident_mib(pair.agent.pid), 1))


def rate(pair):
    seconds, per_second = 20, 50_000
    path = f"{pair.logs}/app.log"
    text = "".join(f"2026-11-21T10:00:00Z level=info service=shop request={index} took=12ms path=/cart/checkout status=200\n"
                   for index in range(per_second // 10))
    before = cpu_seconds(pair.agent.pid)
    with open(path, "w", buffering=1 << 20) as file:
        begun = time.monotonic()
        for tick in range(seconds * 10):
            file.write(text)
            file.flush()
            time.sleep(max(0, begun + (tick + 1) / 10 - time.monotonic()))
    wrote = time.monotonic() - begun
    lines = seconds * per_second
    taken = pair.wait_for(lines, 120)
    print("lines", lines)
    print("lines_missing", lines - taken)
    print("lines_per_second", round(lines / wrote))
    print("cpu_seconds_per_million_lines", round((cpu_seconds(pair.agent.pid) - before) * 1e6 / lines, 2))
    print("rss_mib", round(resident_mib(pair.agent.pid), 1))


class Target:
    """A service with 10,000 series whose values change from page to page, which counts the pages that it gave."""

    SERIES = 10_000

    def __init__(self):
        self.given, self.is_open = 0, True
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if not target.is_open:
                    self.send_error(503)
                    return
                body = target.page % ((target.given,) * target.SERIES)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                target.given += 1

            def log_message(self, *_):
                pass

        self.page = b"# TYPE load counter\n" + b"".join(
            b'load{shard="%d"} %%d\n' % index for index in range(self.SERIES))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server.server_address[1]


def away(pair):
    """The lines and samples of 30 minutes without a collector, ten times as fast: 50,000 lines/s and 100,000 samples/s for
    three minutes. The agent is killed before the collector is back."""
    seconds, per_second, files = 180, 50_000, 8
    pair.collector.send_signal(signal.SIGKILL)
    pair.collector.wait()
    begun, numbers = time.monotonic(), [0] * files
    for tick in range(seconds * files):
        index = tick % files
        append(f"{pair.logs}/app-{index}.log", numbers[index], per_second // files)
        numbers[index] += per_second // files
        time.sleep(max(0, begun + (tick + 1) / files - time.monotonic()))
    pair.target.is_open = False
    written, scraped = sum(numbers), pair.target.given * Target.SERIES
    end = time.monotonic() + 120
    while metric(pair.agent_address, "obs_agent_log_lines_total") < written and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(3)
    print("spool_mib", round(metric(pair.agent_address, "obs_agent_spool_bytes") / 1024 / 1024))
    print("agent_rss_mib", round(resident_mib(pair.agent.pid), 1))
    pair.agent.send_signal(signal.SIGKILL)
    pair.agent.wait()
    pair.start_agent()
    pair.start_collector()
    taken = pair.wait_for(written, 600)
    print("lines_written", written)
    print("lines_missing", max(0, written - taken))
    print("lines_doubled", max(0, taken - written))
    found = pair.ask("/loki/api/v1/query", 'sum(count_over_time({job="load"}[2h]))')
    print("lines_missing_in_a_query", written - found)
    end = time.monotonic() + 300
    while True:
        stored = pair.ask("/api/v1/query", "sum(count_over_time(load[2h]))")
        if stored >= scraped or time.monotonic() > end:
            break
        time.sleep(1)
    print("samples_scraped", scraped)
    print("samples_missing", max(0, scraped - stored))
    print("samples_doubled", max(0, stored - scraped))


def main():
    obs, what = os.path.abspath(sys.argv[1]), sys.argv[2]
    folder = tempfile.mkdtemp(prefix="agent-load-")
    more, target = "", None
    if what == "away":
        target = Target()
        more = f"""metrics: {{interval: 100ms}}
scrape: [{{job_name: load, static_configs: [{{targets: ["{target.address}"]}}]}}]
"""
    pair = Pair(obs, folder, more)
    pair.target = target
    try:
        pair.start_collector()
        pair.start_agent()
        {"rotate": rotate, "many": many, "rate": rate, "away": away}[what](pair)
    finally:
        pair.stop()
        shutil.rmtree(folder, ignore_errors=True)


main()
