"""Equal lines, which are events of their own, and a batch that comes again, which is none.

usage: equal-lines.py OBS FOLDER

Prints names and how many lines are there, one pair a line.
"""
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from ports import free_ports

LINES = 10_000


def get(address, path):
    return urllib.request.urlopen(f"http://{address}{path}", timeout=60).read()


def wait_for(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def is_ready(address):
    try:
        return get(address, "/-/ready") is not None
    except (OSError, urllib.error.URLError):
        return False


def count(address, selector):
    query = urllib.request.quote(f"sum(count_over_time({selector}[1h]))")
    result = json.loads(get(address, f"/loki/api/v1/query?query={query}"))["data"]["result"]
    return int(float(result[0]["value"][1])) if result else 0


def syslog_line(form):
    now = time.gmtime()
    if form == 5424:
        return time.strftime("<134>1 %Y-%m-%dT%H:%M:%SZ equal app 7 - - the same again", now)
    return time.strftime("<134>%b %e %H:%M:%S equal app: the same again", now)


def push(address, number):
    now = str(time.time_ns())
    body = json.dumps({"streams": [{"stream": {"way": "batch"}, "values": [[now, "the same again"]] * 100}]})
    connection = http.client.HTTPConnection(address, timeout=60)
    for _ in range(5):
        connection.request("POST", "/loki/api/v1/push", body,
                           {"Content-Type": "application/json", "X-Obs-Batch": f"someone:{number}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 204:
            sys.exit(f"a push was answered {answer.status}")


def main(obs, folder):
    first = free_ports(4)
    collector, agent, tcp, udp = (f"127.0.0.1:{first + number}" for number in range(4))
    os.mkdir(f"{folder}/logs")
    with open(f"{folder}/obs.yaml", "w") as file:
        file.write(f"""\
logs:
  syslog:
    - {{listen: "{tcp}", protocol: tcp, labels: {{way: syslog_tcp}}}}
    - {{listen: "{udp}", protocol: udp, labels: {{way: syslog_udp}}}}
""")
    with open(f"{folder}/agent.yaml", "w") as file:
        file.write(f"""\
collector: {{url: "http://{collector}"}}
logs: {{files: [{{paths: ["{folder}/logs/*.log"], labels: {{way: file}}}}]}}
buffer: {{path: {folder}/spool}}
metrics: {{send: false}}
""")
    with open(f"{folder}/programs.log", "w") as log:
        programs = [
            subprocess.Popen([obs, "collector", "--config", f"{folder}/obs.yaml", "--listen", collector,
                              "--data", f"{folder}/data"], stderr=log),
            subprocess.Popen([obs, "agent", "--config", f"{folder}/agent.yaml", "--listen", agent], stderr=log)]
        try:
            for address in (collector, agent):
                wait_for(f"{address} to be ready", lambda: is_ready(address))
            with open(f"{folder}/logs/equal.log", "w") as file:
                file.write("the same again\n" * LINES)
            with socket.create_connection(tcp.split(":")) as stream:
                stream.sendall((syslog_line(3164) + "\n").encode() * LINES)
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            message, host = syslog_line(5424).encode(), udp.split(":")
            for number in range(LINES):
                datagrams.sendto(message, (host[0], int(host[1])))
                # A receiver's buffer is not endless, and nobody asks for a datagram again.
                if number % 50 == 49:
                    time.sleep(0.02)
            push(collector, 1)
            ways = ["file", "syslog_tcp", "syslog_udp"]
            wait_for("all lines", lambda: all(count(collector, f'{{way="{way}"}}') >= LINES for way in ways), 60)
        finally:
            for way in ["file", "syslog_tcp", "syslog_udp", "batch"]:
                print(way, count(collector, f'{{way="{way}"}}'))
            for program in programs:
                program.terminate()
            for program in programs:
                program.wait()


main(*sys.argv[1:])
