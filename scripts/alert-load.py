"""Measures what obs does with many rules and alerts: time from a sample to a webhook, a storm of alerts, thousands of
rules, a pair of collectors of which one dies.

Usage: alert-load.py OBS FOLDER latency|storm|rules|pair
Prints a name and a value in each line.
"""

import http.server
import json
import os
import random
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request

SEED = int(os.environ.get("OBS_SEED", random.randrange(1 << 32)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Serving(http.server.BaseHTTPRequestHandler):
    """Answers on connections that stay open."""

    protocol_version = "HTTP/1.1"

    def answer(self, body=b"", kind="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # whoever is killed leaves its connections


class Sink:
    """Takes webhooks: how often, and when first, each alert was told as firing."""

    def __init__(self):
        sink = self
        self.lock = threading.Lock()
        self.first = {}
        self.count = {}

        class Handler(Serving):
            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                now = time.time()
                with sink.lock:
                    for alert in message["alerts"]:
                        if alert["status"] == "firing":
                            name = alert["labels"]["n"]
                            sink.first.setdefault(name, now)
                            sink.count[name] = sink.count.get(name, 0) + 1
                self.answer(b"{}")

        self.server = Listener(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def wait_for(self, count, seconds):
        deadline = time.time() + seconds
        while time.time() < deadline:
            with self.lock:
                if len(self.first) >= count:
                    return True
            time.sleep(0.02)
        return False


class Switches:
    """A page of gauges that are zero and become one at random moments."""

    def __init__(self, count, seconds, delay):
        generator = random.Random(SEED)
        self.moments = [generator.uniform(0, seconds) + time.time() + delay for _ in range(count)]
        switches = self

        class Handler(Serving):
            def do_GET(self):
                now = time.time()
                lines = ["# TYPE switch gauge"]
                lines += [f'switch{{n="{n}"}} {int(at <= now)}' for n, at in enumerate(switches.moments)]
                self.answer(("\n".join(lines) + "\n").encode(), "text/plain; version=0.0.4")

        self.server = Listener(Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"


class Obs:
    def __init__(self, binary, folder, configuration, port=None):
        self.port = port or free_port()
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "obs.yaml")
        with open(path, "w") as file:
            file.write(configuration)
        self.log = open(os.path.join(folder, "log"), "ab")
        self.process = subprocess.Popen(
            [binary, "collector", "--config", path, "--data", os.path.join(folder, "data"),
             "--listen", f"127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)
        deadline = time.time() + 60
        while True:
            try:
                self.get("/-/ready")
                return
            except OSError:
                if time.time() > deadline or self.process.poll() is not None:
                    raise SystemExit(f"obs does not start: see {folder}/log")
                time.sleep(0.05)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def post(self, path, body, kind="application/json"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body.encode(), headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def metric(self, name):
        """The sum over all labels."""
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.get("/metrics"), re.M))

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read()).group(1)) / 1024

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)


def webhooks(url, group_by, wait="0s"):
    return (f"alertmanager:\n  route: {{receiver: hook, group_by: [{group_by}], group_wait: {wait}, "
            "group_interval: 5s, repeat_interval: 12h}\n"
            f"  receivers: [{{name: hook, webhook_configs: [{{url: '{url}'}}]}}]\n")


def rule_file(folder, groups):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "rules.yml")
    with open(path, "w") as file:
        json.dump({"groups": groups}, file)
    return f"rule_files: ['{path}']\n"


def share(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def latency(binary, folder):
    """1,000 alerts: from the moment when a gauge changes to the arrival at the webhook."""
    count, seconds = 1000, 60
    sink, switches = Sink(), Switches(count, seconds, delay=5)
    rules = rule_file(folder, [{"name": "switches", "rules": [{"alert": "On", "expr": "switch == 1"}]}])
    obs = Obs(binary, folder, "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
              f"scrape_configs: [{{job_name: page, static_configs: [{{targets: ['{switches.address}']}}]}}]\n"
              + rules + webhooks(sink.url, "n"))
    try:
        sink.wait_for(count, seconds + 60)
        latencies = [sink.first[str(n)] - at for n, at in enumerate(switches.moments) if str(n) in sink.first]
        print("arrived", len(latencies))
        print("median_seconds", f"{share(latencies, 0.5):.3f}")
        print("p99_seconds", f"{share(latencies, 0.99):.3f}")
    finally:
        obs.end()


def storm(binary, folder):
    """50,000 alerts that begin to fire at once, in 500 groups."""
    count, hosts = 50_000, 500
    sink = Sink()
    rules = rule_file(folder, [{"name": "storm", "rules": [
        {"alert": "Storm", "expr": "storm == 1", "labels": {"severity": "page"},
         "annotations": {"summary": "{{ $labels.host }} is down: {{ $value }}"}}]}])
    obs = Obs(binary, folder, "global: {evaluation_interval: 1s}\n" + rules + webhooks(sink.url, "host", "1s"))
    try:
        for start in range(0, count, 10_000):
            lines = [f'storm{{host="host-{n % hosts}",n="{n}"}} 1' for n in range(start, start + 10_000)]
            obs.post("/api/v1/import/prometheus", "\n".join(lines) + "\n", "text/plain")
        began = time.time()
        sink.wait_for(count, 120)
        print("arrived", len(sink.first))
        print("seconds", f"{max(sink.first.values(), default=began + 999) - began:.1f}")
        print("rss_mib", f"{obs.memory_mib():.0f}")
        print("cpu_seconds", f"{obs.cpu_seconds():.1f}")
    finally:
        obs.end()


def host_rules(count):
    """Rates and joins as rules for hosts have them, each over one series of every host at least."""
    modes = ["idle", "iowait", "softirq", "steal", "system", "user"]
    devices = ["nvme0n1", "nvme1n1", "sda", "dm-0"]
    mounts = ["/", "/boot", "/var", "/home", "/srv/data", "/run"]
    rules = []
    for n in range(count):
        cpu, mode, device, mount = n % 8, modes[n % 6], devices[n % 4], mounts[n % 6]
        level = 1 + n % 97
        expression = [
            f'rate(node_cpu_seconds_total{{cpu="{cpu}",mode="{mode}"}}[5m]) > {level}',
            f'node_filesystem_avail_bytes{{mountpoint="{mount}"}} / node_filesystem_size_bytes{{mountpoint="{mount}"}} * 100 < 0.0{level}',
            f'rate(node_disk_io_time_seconds_total{{device="{device}"}}[5m]) > {level}',
            f'(node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes) / node_memory_MemTotal_bytes * 100 > 1{level:02}',
            f'rate(node_network_receive_bytes_total{{device="eth0"}}[5m]) * 8 > 1e1{level % 10} and on (instance) up == 1',
            f'rate(node_disk_read_time_seconds_total{{device="{device}"}}[5m]) / rate(node_disk_reads_completed_total{{device="{device}"}}[5m]) > {level}',
            f'node_load15 / on (instance) count by (instance) (node_cpu_seconds_total{{mode="idle"}}) > {level}',
        ][n % 7]
        if n % 10 == 0:
            rules.append({"record": f"host:work:rate{n}", "expr": expression.split(" > ")[0].split(" < ")[0]})
        else:
            rules.append({"alert": f"Host{n}", "expr": expression, "for": "5m", "labels": {"severity": "warn"},
                          "annotations": {"summary": "{{ $labels.instance }}: {{ $value }}"}})
    return rules


def rules(binary, folder):
    """10,000 rules over 50 hosts at 15 s."""
    count, seconds = 10_000, int(os.environ.get("OBS_SECONDS", "90"))
    every = host_rules(count)
    groups = [{"name": f"g{start}", "rules": every[start:start + 20]} for start in range(0, count, 20)]
    obs = Obs(binary, folder, "global: {evaluation_interval: 15s}\n" + rule_file(folder, groups))
    try:
        subprocess.run([binary, "bench", "metrics", "--server", f"http://127.0.0.1:{obs.port}", "--hosts", "50",
                        "--duration", "1h", "--runs", "0"], check=True, stdout=subprocess.DEVNULL)
        time.sleep(30)
        before = [obs.cpu_seconds(), time.time(), obs.metric("prometheus_rule_evaluations_total"),
                  obs.metric("prometheus_rule_group_iterations_missed_total")]
        time.sleep(seconds)
        took, passed = obs.cpu_seconds() - before[0], time.time() - before[1]
        evaluations = obs.metric("prometheus_rule_evaluations_total") - before[2]
        print("evaluations_of_rules_due", f"{evaluations / (passed / 15 * count):.3f}")
        print("cpu_share", f"{took / passed:.3f}")
        print("microseconds_of_rule", f"{took / max(1, evaluations) * 1e6:.0f}")
        print("missed", int(obs.metric("prometheus_rule_group_iterations_missed_total") - before[3]))
        print("failed", int(obs.metric("prometheus_rule_evaluation_failures_total")))
        print("recorded_series", json.loads(obs.get(
            "/api/v1/query?query=count(%7B__name__%3D~%22host:work:rate.*%22%7D)"))["data"]["result"][0]["value"][1])
    finally:
        obs.end()


def pair(binary, folder):
    """1,000 alerts of targets that two collectors share, of which one is killed; a silence that is set on one."""
    count, seconds = 1000, 40
    sink, switches = Sink(), Switches(count, seconds, delay=8)
    ports = [free_port(), free_port()]
    rules = rule_file(folder, [{"name": "switches", "rules": [{"alert": "On", "expr": "switch == 1"}]}])
    members = []
    for number, port in enumerate(ports):
        members.append(Obs(
            binary, os.path.join(folder, f"member-{number}"),
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"scrape_configs: [{{job_name: page, static_configs: [{{targets: ['{switches.address}']}}]}}]\n"
            f"cluster: {{name: member-{number}, peers: ['http://127.0.0.1:{ports[1 - number]}'], wait: 3s}}\n"
            + rules + webhooks(sink.url, "n"), port))
    try:
        generator = random.Random(SEED)
        time.sleep(generator.uniform(10, 8 + seconds))
        dead = generator.randrange(2)
        members[dead].end(signal.SIGKILL)
        sink.wait_for(count, seconds + 90)
        time.sleep(5)
        print("arrived", len(sink.first))
        print("twice", sum(1 for told in sink.count.values() if told > 1))
        print("killed", dead)
        members[dead] = Obs(binary, os.path.join(folder, f"member-{dead}"),
                            open(os.path.join(folder, f"member-{dead}", "obs.yaml")).read(), ports[dead])
        waits = []
        for number in range(20):
            end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
            start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
            answer = json.loads(members[number % 2].post("/api/v2/silences", json.dumps(
                {"matchers": [{"name": "silenced", "value": str(number), "isRegex": False}], "startsAt": start,
                 "endsAt": end, "createdBy": "proof", "comment": "pair"})))
            began = time.time()
            while time.time() < began + 10:
                try:
                    members[1 - number % 2].get(f"/api/v2/silence/{answer['silenceID']}")
                    break
                except OSError:
                    time.sleep(0.005)
            waits.append(time.time() - began)
        print("silence_seconds_max", f"{max(waits):.3f}")
        print("silence_seconds_median", f"{share(waits, 0.5):.3f}")
    finally:
        for member in members:
            member.end(signal.SIGKILL)


if __name__ == "__main__":
    print(f"# OBS_SEED={SEED}")
    {"latency": latency, "storm": storm, "rules": rules, "pair": pair}[sys.argv[3]](sys.argv[1], sys.argv[2])
