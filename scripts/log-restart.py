"""A collector that is killed when it has taken all of a benchmark's pushes, and started again.

usage: log-restart.py OBS FOLDER BODIES

Prints names and figures, one pair a line.
"""
import http.client
import json
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
import urllib.request

from ports import free_ports

CONNECTIONS = 4


class Collector:
    def __init__(self, obs, folder):
        self.port = free_ports(1)
        self.command = [obs, "collector", "--data", f"{folder}/data", "--listen", f"127.0.0.1:{self.port}"]
        self.log = open(f"{folder}/collector.log", "a")

    def start(self):
        """Seconds until it is ready."""
        began = time.monotonic()
        self.process = subprocess.Popen(self.command, stderr=self.log)
        while time.monotonic() < began + 120:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=60).read()
                return time.monotonic() - began
            except OSError:
                time.sleep(0.005)
        sys.exit("the collector is not ready after 120 s")

    def end(self, sign):
        self.process.send_signal(sign)
        self.process.wait()

    def count(self, end_ns):
        query = urllib.request.quote('sum(count_over_time({service=~".+"}[12h]))')
        answer = urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/loki/api/v1/query?query={query}&time={end_ns}", timeout=600)
        return int(float(json.load(answer)["data"]["result"][0]["value"][1]))


def push_all(port, path):
    """Lines that were acknowledged."""
    waiting = queue.Queue(maxsize=16)
    acknowledged = [0] * CONNECTIONS

    def send(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while (item := waiting.get()) is not None:
            lines, body = item
            while True:
                connection.request("POST", "/loki/api/v1/push", body, {"Content-Type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 204:
                    break
                time.sleep(0.1)
            acknowledged[number] += lines

    senders = [threading.Thread(target=send, args=(number,)) for number in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    with open(path, "rb") as bodies:
        while head := bodies.read(16):
            length, lines = struct.unpack("<II", head[:8])
            waiting.put((lines, bodies.read(length)))
    for _ in senders:
        waiting.put(None)
    for sender in senders:
        sender.join()
    return sum(acknowledged)


def main(obs, folder, path):
    end_ns = json.load(open(path.replace(".loki_proto.bodies", ".meta.json")))["end_ns"]
    collector = Collector(obs, folder)
    collector.start()
    acknowledged = push_all(collector.port, path)
    collector.end(signal.SIGKILL)
    print("acknowledged", acknowledged)
    print("ready_s", round(collector.start(), 3))
    print("missing", abs(acknowledged - collector.count(end_ns)))
    collector.end(signal.SIGTERM)
    print("ready_again_s", round(collector.start(), 3))
    collector.end(signal.SIGTERM)


main(*sys.argv[1:])
