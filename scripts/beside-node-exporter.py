"""Compares an agent with node_exporter on one host: values, CPU of a scrape, memory, start.

usage: beside-node-exporter.py OBS NODE_EXPORTER
"""
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

# Named differences: what upstream changed between Debian's node_exporter 1.5 and the version whose names obs has.
LEFT = {
    "node_exporter_build_info": "of the program itself",
}
# Devices that node_exporter leaves out since 1.6.
DEVICES = re.compile(r'device="(zram|loop|ram)\d')
SCRAPES = 100
ROUNDS = 3
# The agent has let go of what it used in its first minute by then.
SETTLED_SECONDS = 75
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


def anonymous_mib(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


def differences(before, between, after):
    """Series that stood still for one program and have another value for the other."""
    return {key for key, value in before.items()
            if key in after and key in between and value == after[key]
            and abs(between[key] - value) > 1e-9 * abs(value)}


def shipping(obs):
    """Resident and anonymous MiB of an agent that sends its metrics and 100 lines a second to a collector."""
    ports = [free_port() for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/agent.yaml", "w") as file:
            file.write(f"""\
collector: {{url: "http://127.0.0.1:{ports[0]}"}}
metrics: {{interval: 5s}}
logs: {{files: [{{paths: ["{folder}/*.log"]}}]}}
buffer: {{path: {folder}/spool}}
""")
        collector, _ = start([obs, "collector", "--listen", f"127.0.0.1:{ports[0]}", "--data", f"{folder}/data"], ports[0])
        agent, _ = start(
            [obs, "agent", "--config", f"{folder}/agent.yaml", "--listen", f"127.0.0.1:{ports[1]}"], ports[1])
        try:
            largest = [0, 0]
            with open(f"{folder}/app.log", "w") as log:
                for tick in range(SETTLED_SECONDS * 2):
                    for index in range(50):
                        log.write(f"line {tick * 50 + index} of a service that has a moderate amount to say\n")
                    log.flush()
                    time.sleep(0.5)
                    if tick % 10 == 0:
                        get(ports[1])
                    if tick > SETTLED_SECONDS * 2 - 20:
                        largest = [max(largest[0], rss_mib(agent.pid)), max(largest[1], anonymous_mib(agent.pid))]
            return largest
        finally:
            for process in (agent, collector):
                process.terminate()
                process.wait()


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
        # A value that another process moves between two reads differs in one round, not in each.
        missing, different, rounds = set(), [], []
        for _ in range(ROUNDS):
            before, between, after = samples(get(theirs_port)), samples(get(ours_port)), samples(get(theirs_port))
            rounds.append(differences(before, between, after))
            time.sleep(0.5)
        for key, low in before.items():
            if key[0] in LEFT or key[0].startswith("node_scrape_") or key not in after:
                continue
            if any(name == "device" and DEVICES.match(f'device="{value}') for name, value in key[1]):
                continue
            if key not in between:
                if not any(other[0] == key[0] for other in between):
                    missing.add(key[0])
                continue
            if all(key in found for found in rounds):
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
        began, largest = time.monotonic(), 0
        while time.monotonic() < began + SETTLED_SECONDS:
            get(ours_port)
            time.sleep(1)
            if time.monotonic() > began + SETTLED_SECONDS - 10:
                largest = max(largest, rss_mib(ours.pid))
        print("different", len(different))
        print("missing_names", len(missing))
        print("series_ours", len(between), "theirs", len(before))
        print("cpu_ms_ours", round(figures["ours"], 2), "theirs", round(figures["theirs"], 2))
        print("cpu_ratio", round(figures["ours"] / figures["theirs"], 2))
        print("rss_mib", round(largest, 1), "theirs", round(rss_mib(theirs.pid), 1))
        print("start_ms", round(min(starts), 1))
    finally:
        for process in (ours, theirs):
            process.terminate()
            process.wait()
    resident, anonymous = shipping(obs)
    print("shipping_rss_mib", round(resident, 1))
    print("shipping_anonymous_mib", round(anonymous, 1))


main()
