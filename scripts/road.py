#!/usr/bin/env python3
"""The road of the product: one agent measures the host and the eight services of the marketplace, reads their logs, and ships
both; the collector scrapes nothing. Then the agent is stopped and started, and after it the collector is gone for a while.

usage: road.py --obs PROGRAM [--outage SECONDS] [--interval SECONDS]

Prints one line for each thing that was looked at: ok or MISS, what, the figure, and what it should be. Exit 1 on a miss.
"""
import argparse, glob, json, os, signal, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

from ports import free_ports

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SERVICES = 8
PATIENCE = 180
missed = False


def judge(what, value, wanted, good):
    global missed
    missed = missed or not good
    print(f"{'ok' if good else 'MISS':<5} {what:<66} {value} ({wanted})", flush=True)


class Road:
    def __init__(self, program, interval, folder):
        self.program, self.folder, self.interval = program, folder, interval
        self.first = free_ports(11)
        self.url = f"http://127.0.0.1:{self.first + 10}"
        self.running = {}
        for name in ["logs", "spool", "textfile"]:
            os.mkdir(f"{folder}/{name}")
        shipped = open(f"{ROOT}/agents/marketplace.yaml").read()
        for number in reversed(range(9)):
            shipped = shipped.replace(f":{8080 + number}\"", f":{self.first + number}\"")
        changes = [
            ("listen: 127.0.0.1:9100", f"listen: 127.0.0.1:{self.first + 9}"),
            ("  url: https://obs.example.com:9440\n  token_file: /etc/obs/token", f"  url: {self.url}"),
            ("interval: 15s", f"interval: {interval}s"), ("/var/lib/obs/textfile", f"{folder}/textfile"),
            ("/var/log/marketplace/", f"{folder}/logs/"), ("/var/lib/obs/agent", f"{folder}/spool"),
        ]
        for old, new in changes:
            assert old in shipped, old
            shipped = shipped.replace(old, new)
        open(f"{folder}/agent.yaml", "w").write(shipped)

    def start(self, name):
        marketplace = os.path.join(os.path.dirname(self.program), "marketplace")
        services = ["--first-port", str(self.first), "--data", f"{self.folder}/shop", "--logs", f"{self.folder}/logs",
                    "--trace-ratio", "1"]
        command = {
            "collector": [self.program, "collector", "--listen", self.url.removeprefix("http://"), "--data",
                          f"{self.folder}/data"],
            "agent": [self.program, "agent", "--config", f"{self.folder}/agent.yaml"],
            "services": [marketplace, *services],
            "traffic": [marketplace, "--service", "traffic", "--journeys", "5", *services],
        }[name]
        with open(f"{self.folder}/{name}.out", "a") as output:
            self.running[name] = subprocess.Popen(command, stdout=output, stderr=output)

    def stop(self, name, how=signal.SIGTERM):
        process = self.running.pop(name, None)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()

    def ask(self, path, **parameters):
        """The data of an answer; nothing while nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
                return json.load(answer)["data"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def number(self, query):
        data = self.ask("/api/v1/query", query=query)
        return float(data["result"][0]["value"][1]) if data and data["result"] else 0.0

    def lines_kept(self):
        data = self.ask("/loki/api/v1/query", query='sum(count_over_time({job="marketplace"}[1h]))')
        return int(float(data["result"][0]["value"][1])) if data and data["result"] else 0

    def lines_written(self):
        return sum(open(path, "rb").read().count(b"\n") for path in glob.glob(f"{self.folder}/logs/*.log"))

    def wait(self, is_it, seconds=PATIENCE):
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            if is_it():
                return time.monotonic() - begun
            time.sleep(0.1)
        return None


def walk(road, outage):
    for name in ["collector", "services", "traffic", "agent"]:
        road.start(name)
    up = f"sum(up{{job='marketplace'}})"
    judge("services that the agent measures", int(road.number(up)) if road.wait(lambda: road.number(up) == SERVICES)
          else road.number(up), f"{SERVICES}", road.number(up) == SERVICES)
    targets = road.ask("/api/v1/targets")
    judge("targets that the collector scrapes", len(targets["activeTargets"]), "0", not targets["activeTargets"])
    hosts = "count(node_boot_time_seconds)"
    road.wait(lambda: road.number(hosts) == 1)
    judge("hosts that the agent measures", int(road.number(hosts)), "1", road.number(hosts) == 1)
    native = "count(histogram_count(marketplace_http_request_duration_seconds{service='gateway'}) > 0)"
    road.wait(lambda: road.number(native) > 0)
    judge("routes of the gateway with native histograms", int(road.number(native)), ">= 1", road.number(native) >= 1)
    judge("lines arrive", "yes", "yes", road.wait(lambda: road.lines_kept() > 0) is not None)
    time.sleep(3 * road.interval)

    road.stop("agent")
    stale = road.wait(lambda: road.number(f"count({up[4:-1]} or node_boot_time_seconds)") == 0)
    judge("seconds until the series of a stopped agent are stale", "never" if stale is None else round(stale, 1),
          f"<= {road.interval}", stale is not None and stale <= road.interval)
    before = road.lines_kept()
    time.sleep(2 * road.interval)
    judge("lines that arrive without an agent", road.lines_kept() - before, "0", road.lines_kept() == before)
    road.start("agent")
    road.wait(lambda: road.number(up) == SERVICES)

    begun = time.time()
    road.stop("collector", signal.SIGKILL)
    time.sleep(outage)
    back = time.time()
    road.start("collector")
    road.wait(lambda: road.number(up) == SERVICES)

    # With the last journey the last line is written.
    road.stop("traffic")
    time.sleep(2)
    road.wait(lambda: road.lines_kept() == road.lines_written())
    judge("lines kept of those written", f"{road.lines_kept()} of {road.lines_written()}", "all",
          road.lines_kept() == road.lines_written() > 0)
    resets = "sum(resets(marketplace_http_requests_total{service='gateway'}[1h]))"
    judge("counters that begin anew", int(road.number(resets)), "0", road.number(resets) == 0)
    # The scrape that was under way may be the last before the end and the first after it.
    wanted = int((back - begun) / road.interval) - 2
    samples = f"min(count_over_time(up{{job='marketplace'}}[{int(back - begun)}s] @ {back:.3f}))"
    road.wait(lambda: road.number(samples) >= wanted, 30)
    judge(f"scrapes of each service kept from {back - begun:.0f} s without a collector", int(road.number(samples)),
          f">= {wanted}", road.number(samples) >= wanted)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--obs", required=True)
    parser.add_argument("--outage", type=float, default=60)
    parser.add_argument("--interval", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        road = Road(os.path.abspath(options.obs), options.interval, folder)
        try:
            walk(road, options.outage)
        finally:
            for name in list(road.running):
                road.stop(name)
    sys.exit(1 if missed else 0)


main()
