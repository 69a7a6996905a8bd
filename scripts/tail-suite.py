"""Follows logs with 50 readers, one that reads slowly and one that reads nothing: tail-suite.py PORT

100,000 numbered lines come at 5,000 a second; then lines that are long, until the one that reads nothing is given up and
lines of the slow one were dropped.
Prints `name value` lines, and `#` lines for people.
"""
import http.client, multiprocessing, re, sys, threading, time, urllib.request

import tails

port = int(sys.argv[1])
LINES, RATE, PER_PUSH, FOLLOWERS = 100_000, 5_000, 50, 50
NUMBER = re.compile(rb"number=(\d{8})")


def paced_pushes(done):
    """In a process of its own, so that nobody waits for the readers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.monotonic()
    for first in range(0, LINES, PER_PUSH):
        time.sleep(max(0, began + first / RATE - time.monotonic()))
        tails.push(connection, '{"app":"tail"}', [f"number={first + i:08d} path=/cart took=12ms" for i in range(PER_PUSH)])
    done.put(time.monotonic() - began)


def long_pushes(over):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while not over.is_set():
        tails.push(connection, '{"app":"tail"}', ["x" * 4000] * 50)
        time.sleep(0.05)


def counter(name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def read_all(number, results):
    """Several processes share the readers, for one alone would be what is measured."""
    followers = [tails.Follower(port, '{app="tail"}') for _ in range(number)]
    expected = {follower: 0 for follower in followers}
    wrong = {follower: 0 for follower in followers}
    results.put("ready")
    began = time.monotonic()

    def told(follower, message):
        for found in NUMBER.findall(message):
            if int(found) != expected[follower]:
                wrong[follower] += 1
            expected[follower] = int(found) + 1
        if b"dropped_entries" in message:
            wrong[follower] += 1

    def over():
        return min(expected.values()) >= LINES or time.monotonic() - began > 120

    tails.follow(followers, told, over)
    results.put([(expected[f], wrong[f], f.close) for f in followers])


results, done = multiprocessing.Queue(), multiprocessing.Queue()
readers = [multiprocessing.Process(target=read_all, args=(FOLLOWERS // 2, results)) for _ in range(2)]
for reader in readers:
    reader.start()
for _ in readers:
    assert results.get(timeout=60) == "ready"
idle = tails.Follower(port, '{app="tail"}', receive_buffer=4096)
slow = tails.Follower(port, '{app="tail"}', receive_buffer=4096)


def read_slowly(over):
    while not over.is_set() and not slow.close:
        slow.take(8192)
        time.sleep(0.02)


read_over = threading.Event()
slow_reader = threading.Thread(target=read_slowly, args=(read_over,))
slow_reader.start()
pusher = multiprocessing.Process(target=paced_pushes, args=(done,))
pusher.start()
took = done.get(timeout=120)
told = results.get(timeout=130) + results.get(timeout=130)
print("rate", round(LINES / took))
print("followers", len(told))
print("whole", sum(1 for reached, wrong, _ in told if reached == LINES and wrong == 0))
for reached, wrong, close in [one for one in told if one[0] != LINES or one[1]][:5]:
    print(f"# a follower reached {reached}, {wrong} numbers out of their order, closed {close}")

over = multiprocessing.Event()
long = multiprocessing.Process(target=long_pushes, args=(over,))
long.start()
until = time.monotonic() + 60
while time.monotonic() < until:
    if counter("obs_log_tail_followers_dropped_total") and counter("obs_log_tail_entries_dropped_total"):
        break
    time.sleep(0.5)
over.set()
long.join()
read_over.set()
slow_reader.join()
print("dropped_followers", round(counter("obs_log_tail_followers_dropped_total")))
print("dropped_entries", round(counter("obs_log_tail_entries_dropped_total")))
print(f"# the slow one was closed with {slow.close}")
