"""Asks a server for more than it can hold: memory-suite.py PORT PID MANIFEST SECONDS-PER-CASE [metrics|logs]

Each case runs for so long from many connections, while a process of its own asks light queries over one connection all
the time and the server's resident memory is watched. Prints `name value` lines, and `#` lines for people.
"""
import http.client, json, multiprocessing, sys, threading, time, urllib.parse

import tails

port, pid, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[4])
asks_logs = sys.argv[5:] == ["logs"]
manifest = json.load(open(sys.argv[3]))
if asks_logs:
    begin, end = manifest["start_ns"] // 10**9, manifest["end_ns"] // 10**9
else:
    begin, end = manifest["start_ms"] // 1000, manifest["end_ms"] // 1000 - 60

peak_mib = 0
over = threading.Event()
strange = 0
REFUSALS = {400, 422, 499, 503, 504}


def connect():
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=150)
            connection.request("GET", "/-/ready")
            if connection.getresponse().read() is not None:
                return connection
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not answer")


def ask(connection, path, **arguments):
    connection.request("POST", path, urllib.parse.urlencode(arguments), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    size = 0
    while piece := answer.read(1 << 20):
        size += len(piece)
    return answer.status, size


def watch():
    global peak_mib
    while not over.is_set():
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmRSS"):
                peak_mib = max(peak_mib, int(line.split()[1]) / 1024)
        time.sleep(0.02)


def light(over, answers):
    """In a process of its own, for threads of one Python wait for each other."""
    connection = connect()
    taken, failed = [], 0
    while not over.is_set():
        began = time.monotonic()
        path, query = light_question(len(taken))
        status, _ = ask(connection, path, query=query, time=end)
        taken.append((began, (time.monotonic() - began) * 1e3))
        failed += status != 200
        time.sleep(0.01)
    answers.put((taken, failed))


def light_question(number):
    if not asks_logs:
        return "/api/v1/query", f'node_load1{{instance="node-{number % 50:03d}:9100"}}'
    return "/loki/api/v1/query", f'count_over_time({{service="payments",level="ERROR"}} |= "{number % 50:03d}" [5m])'


def percentile(times, share):
    times = sorted(times) or [0]
    return times[int(len(times) * share)]


def heavy(until, counts, query, step):
    global strange
    connection = connect()
    while time.time() < until:
        try:
            status, _ = ask(connection, RANGE_PATH, query=query, start=begin, end=end, step=step)
        except (OSError, http.client.HTTPException):
            status, connection = 0, connect()
        counts[status] = counts.get(status, 0) + 1
        if status != 200 and status not in REFUSALS:
            strange += 1


DASHBOARD = [
    "sum by (instance) (rate(node_network_receive_bytes_total[5m]))",
    "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    "sum by (mode) (rate(node_cpu_seconds_total[5m]))",
    "max by (instance) (node_cpu_frequency_hertz)",
    "histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))",
]
CASES = [
    ("everything at a small step", 4, ['{__name__=~".+"}'], 2),
    ("a join of 10,000 groups", 4, ['{job="node"} * on(__name__, instance, cpu, mode, device, mountpoint) group_left() {job="node"}'], 15),
    ("a subquery explosion", 4, ['max_over_time(sum by (instance, cpu, mode) (rate(node_cpu_seconds_total[5m]))[30d:1s])',
                                 'avg_over_time(max_over_time({job="node"}[6h:1s])[6h:1s])'], 60),
    ("200 dashboards", 200, DASHBOARD, 60),
]
LOG_CASES = [
    ("an expression over every line", 4, ['sum by (host) (count_over_time({} |~ "(?i)x.*[a-f0-9]{9}.*(quick|slow)[0-9]+z" [5m]))',
                                          'count_over_time({} |~ "[aeiou]{3,}[0-9]+.*[A-Z]$" [1m])'], 60),
    ("a quantile by a field of a million values", 4, [
        'quantile_over_time(0.95, {env="prod"} | json | unwrap duration_ms [1h]) by (trace_id)',
        'quantile_over_time(0.5, {} | json | unwrap bytes [6h]) by (trace_id, span_id)'], 60),
    ("counts by every label there is", 4, ['count_over_time({} | json [1h])', 'bytes_over_time({} | logfmt | json [1h])'], 60),
]
RANGE_PATH = "/loki/api/v1/query_range" if asks_logs else "/api/v1/query_range"


def follow_all(until):
    """100 tails of everything, half of which read nothing, while 5,000 lines a second come."""
    counts = {"whole": 0, "given up": 0}
    followers = [tails.Follower(port, '{app=~".+"} |~ "[a-z]+=[0-9]" | logfmt') for _ in range(100)]
    pusher = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def push():
        began, pushed = time.monotonic(), 0
        while time.time() < until:
            time.sleep(max(0, began + pushed / 5000 - time.monotonic()))
            tails.push(pusher, '{"app":"tail"}', [f"number={pushed + i} " + "text " * 70 for i in range(100)])
            pushed += 100

    thread = threading.Thread(target=push)
    thread.start()
    tails.follow(followers[:50], lambda follower, message: None, lambda: time.time() > until)
    thread.join()
    for follower in followers:
        counts["given up" if follower.close else "whole"] += 1
        follower.socket.close()
    return counts


connect()
light_over, light_answers = multiprocessing.Event(), multiprocessing.Queue()
lighter = multiprocessing.Process(target=light, args=(light_over, light_answers))
lighter.start()
watcher = threading.Thread(target=watch)
watcher.start()
cases = []
for name, clients, queries, step in LOG_CASES if asks_logs else CASES:
    begun = time.monotonic()
    until = time.time() + seconds
    counts = {}
    threads = [threading.Thread(target=heavy, args=(until, counts, queries[i % len(queries)], step)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cases.append((name, begun, time.monotonic(), counts, peak_mib))
if asks_logs:
    begun = time.monotonic()
    counts = follow_all(time.time() + seconds)
    cases.append(("100 tails", begun, time.monotonic(), counts, peak_mib))
over.set()
light_over.set()
light_taken, light_failed = light_answers.get()
watcher.join()
lighter.join()
for name, begun, ended, counts, peak in cases:
    beside = [ms for at, ms in light_taken if begun <= at < ended]
    print(f"# {name}: answers {counts}, light median {percentile(beside, 0.5):.1f}, p99 {percentile(beside, 0.99):.1f} ms, "
          f"resident at most {peak:.0f} MiB so far")
print("rss_mib", round(peak_mib))
print("light_p99_ms", round(max(percentile([ms for at, ms in light_taken if begun <= at < ended], 0.99)
                               for _, begun, ended, _, _ in cases), 1))
print("light_count", len(light_taken))
print("light_failed", light_failed)
print("strange", strange)
