"""Compares an agent with node_exporter on one host: values, CPU of a scrape, memory, start.

usage: beside-node-exporter.py OBS NODE_EXPORTER
"""
import http.client
import os
import re
import socket
import subprocess
import sys
import time

# Named differences: what upstream changed between Debian's node_exporter 1.5 and the version whose names obs has.
LEFT = {
    "node_exporter_build_info": "of the program itself",
}
# Devices that node_exporter leaves out since 1.6.
DEVICES = re.compile(r'device="(zram|loop|ram)\d')
SCRAPES = 100
# On in obs, off in node_exporter.
EXTRA = ["interrupts", "processes", "tcpstat"]


def get(port, path="/metrics"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def samples(page):
    found = {}
    for line in page.splitlines():
        if line.startswith("#") or not line.startswith("node_"):
            continue
        series, value = line.rsplit(" ", 1)
        labels = sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', series))
        found[(series.split("{")[0], tuple(pair for pair in labels if pair[1]))] = float(value)
    return found


def cpu_ms(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
    return total / 1e6


def rss_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(command, port):
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.connect()
            return process, (time.monotonic() - began) * 1e3
        except OSError:
            if time.monotonic() - began > 30:
                raise SystemExit(f"{command[0]} does not listen")
            time.sleep(0.0005)


def main():
    obs, node_exporter = sys.argv[1:]
    ours_port, theirs_port = free_port(), free_port()
    starts = []
    for _ in range(5):
        process, took = start([obs, "agent", "--listen", f"127.0.0.1:{ours_port}"], ours_port)
        starts.append(took)
        process.terminate()
        process.wait()
    # Collectors that node_exporter does not run by default are compared with nothing.
    extra = [flag for name in EXTRA for flag in ("--no-collector", name)]
    ours, _ = start([obs, "agent", "--listen", f"127.0.0.1:{ours_port}", *extra], ours_port)
    theirs, _ = start([node_exporter, f"--web.listen-address=127.0.0.1:{theirs_port}"], theirs_port)
    try:
        before, between, after = samples(get(theirs_port)), samples(get(ours_port)), samples(get(theirs_port))
        missing, different = set(), []
        for key, low in before.items():
            if key[0] in LEFT or key[0].startswith("node_scrape_") or key not in after:
                continue
            if any(name == "device" and DEVICES.match(f'device="{value}') for name, value in key[1]):
                continue
            if key not in between:
                if not any(other[0] == key[0] for other in between):
                    missing.add(key[0])
                continue
            low, high = min(low, after[key]), max(low, after[key])
            if low == high and abs(between[key] - low) > 1e-9 * abs(low):
                different.append((key, low, between[key]))
        for key, expected, found in different:
            print("difference", key, expected, found)
        for name in sorted(missing):
            print("missing", name)
        figures = {}
        for name, process, port in (("ours", ours, ours_port), ("theirs", theirs, theirs_port)):
            get(port)
            begun = cpu_ms(process.pid)
            for _ in range(SCRAPES):
                get(port)
            figures[name] = (cpu_ms(process.pid) - begun) / SCRAPES
        print("different", len(different))
        print("missing_names", len(missing))
        print("series_ours", len(between), "theirs", len(before))
        print("cpu_ms_ours", round(figures["ours"], 2), "theirs", round(figures["theirs"], 2))
        print("cpu_ratio", round(figures["ours"] / figures["theirs"], 2))
        print("rss_mib", round(rss_mib(ours.pid), 1), "theirs", round(rss_mib(theirs.pid), 1))
        print("start_ms", round(min(starts), 1))
    finally:
        for process in (ours, theirs):
            process.terminate()
            process.wait()


main()
