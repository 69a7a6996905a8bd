"""A fleet of simulated agents into one collector: each with its token, over TLS, sends series and lines at its own times.

usage: agent-fleet.py OBS [AGENTS [SECONDS]]      500 agents, 600 seconds

Each agent has 1,000 series every 15 seconds and 20 lines a second. Prints names and figures, one pair a line.
"""
import http.client
import json
import os
import queue
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

SERIES, INTERVAL, LINES = 1000, 15, 20
# The clients are one process: few threads are enough, and more would measure Python.
THREADS = 16


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


def snappy(body):
    """A block of literals: valid, and costs nothing."""
    out = varint(len(body))
    for at in range(0, len(body), 1 << 16):
        piece = body[at:at + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return out


def request(agent, at_ms):
    """One prompb.WriteRequest."""
    out = []
    for index in range(SERIES):
        labels = b"".join(
            field(1, field(1, name.encode()) + field(2, value.encode()))
            for name, value in (("__name__", f"fleet_metric_{index}"), ("host", f"agent-{agent}"), ("job", "fleet")))
        sample = b"\x09" + struct.pack("<d", float(index)) + b"\x10" + varint(at_ms)
        out.append(field(1, labels + field(2, sample)))
    return b"".join(out)


class Agent:
    def __init__(self, number, token):
        self.number, self.token = number, token
        self.base_ms = int(time.time() * 1000)
        self.body = request(number, self.base_ms)
        self.stamp = varint(self.base_ms)
        self.connection = None
        self.samples = self.lines = self.failures = self.line = 0
        self.worst = 0.0

    def send(self, address, context, path, body, headers):
        begun = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPSConnection(*address, context=context, timeout=60)
            self.connection.request("POST", path, body, {"Authorization": f"Bearer {self.token}", **headers})
            answer = self.connection.getresponse()
            answer.read()
            good = answer.status // 100 == 2
        except (OSError, http.client.HTTPException):
            self.connection, good = None, False
        self.worst = max(self.worst, time.monotonic() - begun)
        self.failures += not good
        return good

    def round(self, address, context):
        now_ms = int(time.time() * 1000)
        body = snappy(self.body.replace(b"\x10" + self.stamp, b"\x10" + varint(now_ms)))
        if self.send(address, context, "/api/v1/write", body, {
                "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
                "X-Prometheus-Remote-Write-Version": "0.1.0"}):
            self.samples += SERIES
        values = [[str(now_ms * 1_000_000 + index), f"agent {self.number} line {self.line + index} level=info took=3ms"]
                  for index in range(LINES * INTERVAL)]
        push = json.dumps({"streams": [{"stream": {"host": f"agent-{self.number}", "job": "fleet"}, "values": values}]})
        if self.send(address, context, "/loki/api/v1/push", push.encode(), {
                "Content-Type": "application/json", "X-Obs-Batch": f"agent-{self.number}:{self.line + 1}"}):
            self.lines += len(values)
            self.line += len(values)


def main():
    obs = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 600
    folder = tempfile.mkdtemp(prefix="agent-fleet-")
    collector = None
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"], check=True, stderr=subprocess.DEVNULL)
        with open(f"{folder}/obs.yaml", "w") as file:
            file.write("auth: {users: []}\n"
                       f"tls: {{cert_file: {folder}/cert.pem, key_file: {folder}/key.pem}}\n")
        agents = []
        for number in range(count):
            token = subprocess.run(
                [obs, "token", "create", f"agent-{number}", "--role", "ingest", "--data", f"{folder}/data"], check=True,
                capture_output=True, text=True).stdout.strip()
            agents.append(Agent(number, token))
        reader = subprocess.run(
            [obs, "token", "create", "reader", "--role", "read", "--data", f"{folder}/data"], check=True,
            capture_output=True, text=True).stdout.strip()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        collector = subprocess.Popen(
            [obs, "collector", "--config", f"{folder}/obs.yaml", "--listen", f"127.0.0.1:{port}", "--data",
             f"{folder}/data", "--log-format", "json"], stderr=open(f"{folder}/log", "w"))
        context = ssl.create_default_context(cafile=f"{folder}/cert.pem")
        address = ("localhost", port)

        def ask(path):
            connection = http.client.HTTPSConnection(*address, context=context, timeout=120)
            connection.request("GET", path, headers={"Authorization": f"Bearer {reader}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {body[:300]}")
            return json.loads(body)

        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                ask("/api/v1/status/buildinfo")
                break
            except OSError:
                time.sleep(0.1)
        due = queue.PriorityQueue()
        begun = time.monotonic()
        for agent in agents:
            due.put((begun + agent.number * INTERVAL / count, agent.number))
        stop = begun + seconds
        late = [0.0] * THREADS

        def work(thread):
            while True:
                try:
                    at, number = due.get_nowait()
                except queue.Empty:
                    time.sleep(0.01)
                    if time.monotonic() > stop:
                        return
                    continue
                if at > stop:
                    return
                time.sleep(max(0, at - time.monotonic()))
                late[thread] = max(late[thread], time.monotonic() - at)
                agents[number].round(address, context)
                due.put((at + INTERVAL, number))

        threads = [threading.Thread(target=work, args=(index,)) for index in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ticks = sum(int(part) for part in open(f"/proc/{collector.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])
        resident = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{collector.pid}/status").read()).group(1)) / 1024
        lines = ask("/loki/api/v1/query?query=sum(count_over_time(%7Bjob%3D%22fleet%22%7D%5B1h%5D))")["data"]["result"]
        found = int(float(lines[0]["value"][1])) if lines else 0
        samples = ask("/api/v1/query?query=sum(count_over_time(%7Bjob%3D%22fleet%22%7D%5B1h%5D))")["data"]["result"]
        stored = int(float(samples[0]["value"][1])) if samples else 0
        rounds = [agent.samples // SERIES for agent in agents]
        print("agents", count)
        print("samples_acknowledged", sum(agent.samples for agent in agents))
        print("samples_missing", sum(agent.samples for agent in agents) - stored)
        print("lines_acknowledged", sum(agent.lines for agent in agents))
        print("lines_missing", sum(agent.lines for agent in agents) - found)
        print("failures", sum(agent.failures for agent in agents))
        print("fewest_rounds", min(rounds), "most", max(rounds))
        print("starved_agents", sum(1 for done in rounds if done < max(rounds) - 1))
        print("slowest_request_seconds", round(max(agent.worst for agent in agents), 2))
        print("clients_late_seconds", round(max(late), 2))
        print("collector_cpu_percent", round(ticks / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun) * 100, 1))
        print("collector_rss_mib", round(resident, 1))
    finally:
        if collector:
            collector.terminate()
            collector.wait()
        shutil.rmtree(folder, ignore_errors=True)


main()
