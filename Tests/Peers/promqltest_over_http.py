"""Asks Prometheus' own test scripts over HTTP.

Each part of a script, from `clear` to `clear`, gets a collector of its own: its samples go in by remote_write, its
evaluations are asked as instant and range queries. Parts with native histograms or start timestamps, which need more
than this reader of scripts, are left to the engine's own tests.

usage: promqltest_over_http.py OBS FOLDER SEED PARTS
"""
import json
import math
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
NUMBER = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|inf|nan)"


class Unsupported(Exception):
    """A part of the format that this reader leaves out."""


def seconds(text):
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    if "".join(count + unit for count, unit in parts) != text:
        raise Unsupported(text)
    return sum(int(count) * UNITS[unit] for count, unit in parts)


def number(text):
    return float(text)


def values(text):
    """Samples of a series, None where there is none."""
    found = []
    for item in text.split():
        if "{{" in item or "@" in item:
            raise Unsupported(item)
        if item == "stale":
            found.append(struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0])
            continue
        gap = re.fullmatch(r"_(?:x(\d+))?", item)
        if gap:
            found += [None] * int(gap.group(1) or 1)
            continue
        match = re.fullmatch(f"({NUMBER})(?:([-+])({NUMBER}))?(?:x(\\d+))?", item, re.I)
        if not match:
            raise Unsupported(item)
        start, sign, step, count = match.groups()
        if count is None:
            found.append(number(item))
            continue
        delta = 0 if step is None else number(step) * (-1 if sign == "-" else 1)
        found += [number(start) + delta * index for index in range(int(count) + 1)]
    return found


def series(line):
    """Labels and the rest of the line."""
    match = re.match(r'([a-zA-Z_:][\w:]*)?\s*(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?\s*(.*)', line)
    name, braces, rest = match.groups()
    labels = {"__name__": name} if name else {}
    for quoted, key, value in re.findall(r'(?:"((?:[^"\\]|\\.)*)"|([\w:]+))\s*=\s*"((?:[^"\\]|\\.)*)"', braces or ""):
        if value:
            labels[json.loads(f'"{quoted}"') if quoted else key] = json.loads(f'"{value}"')
    if not name and not braces:
        return None, line
    if braces and re.search(r'[{,]\s*"(?:[^"\\]|\\.)*"\s*[,}]', braces):
        raise Unsupported(braces)
    return labels, rest


class Part:
    def __init__(self, file, line):
        self.name = f"{file}:{line}"
        # Series of one load, or a line, a command and what it expects; in the order of the script.
        self.steps = []
        self.is_supported = True


def read(path):
    file = os.path.basename(path)
    lines = ["" if line.strip().startswith("#") else line.strip() for line in open(path, encoding="utf-8")]
    parts = [Part(file, 1)]
    index = 0
    while index < len(lines):
        head, index = lines[index], index + 1
        block = []
        if re.match(r"(load|eval)", head):
            while index < len(lines) and lines[index]:
                block.append(lines[index])
                index += 1
        if head == "clear":
            parts.append(Part(file, index))
        elif head.startswith("load "):
            try:
                step = seconds(head.split()[1])
                loads = [(*series(line), step) for line in block]
                parts[-1].steps.append([(labels, step, values(rest)) for labels, rest, step in loads])
            except (Unsupported, ValueError, TypeError):
                parts[-1].is_supported = False
        elif head.startswith("load"):
            parts[-1].is_supported = False
        elif head.startswith("eval "):
            parts[-1].steps.append((index, head, block))
    return [part for part in parts if part.is_supported and part.steps and is_plain(part.steps)]


def is_plain(steps):
    """False where a sample is written twice, which a store may refuse."""
    places = [
        (tuple(sorted(labels.items())), index * step)
        for loads in steps
        if isinstance(loads, list)
        for labels, step, samples in loads
        for index, value in enumerate(samples)
        if value is not None
    ]
    return len(places) == len(set(places))


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def write_request(loads):
    message = b""
    for labels, step, samples in loads:
        content = b""
        for name, value in sorted(labels.items(), key=lambda pair: pair[0].encode()):
            content += field(1, field(1, name.encode()) + field(2, value.encode()))
        for index, value in enumerate(samples):
            if value is not None:
                sample = b"\x09" + struct.pack("<d", value) + b"\x10" + varint(round(index * step * 1000))
                content += field(2, sample)
        message += field(1, content)
    # Snappy may be written without compressing anything: literals of at most 65536 bytes.
    out = varint(len(message))
    for start in range(0, len(message), 65536):
        piece = message[start : start + 65536]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return out


class Collector:
    def __init__(self, obs):
        self.folder = tempfile.mkdtemp(prefix="obs-script-")
        self.log = open(self.folder + "/log", "w+b")
        arguments = [obs, "collector", "--listen", "127.0.0.1:0", "--data", self.folder, "--log-format", "json"]
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
        text = ""
        while '"message":"ready"' not in text:
            if self.process.poll() is not None:
                raise SystemExit("obs does not start:\n" + text)
            text = open(self.folder + "/log", encoding="utf-8").read()
        self.url = "http://" + re.search(r'"address":"([^"]+)"', text).group(1)

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def post(self, path, body, kind):
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind})
        try:
            return urllib.request.urlopen(request, timeout=20).read()
        except urllib.error.HTTPError as error:
            return error.read()

    def load(self, loads):
        said = self.post("/api/v1/write", write_request(loads), "application/x-protobuf")
        if said:
            raise SystemExit(f"remote_write: {said}")

    def ask(self, path, **parameters):
        form = urllib.parse.urlencode(parameters).encode()
        return json.loads(self.post("/api/v1/" + path, form, "application/x-www-form-urlencoded"))


def same(expected, found):
    if math.isnan(expected) or math.isnan(found):
        return math.isnan(expected) and math.isnan(found)
    return expected == found or abs(expected - found) <= 1e-6 * max(abs(expected), abs(found))


def check(collector, head, block):
    """None where the answer is as the script says, otherwise what is wrong."""
    fails = any(line.startswith("expect fail") for line in block)
    expected = [line for line in block if not line.startswith("expect ")]
    if any("{{" in line or line.startswith("expect string") or "range vector" in line for line in block):
        raise Unsupported(head)
    instant = re.match(r"eval instant at (\S+) (.*)", head)
    ranged = re.match(r"eval range from (\S+) to (\S+) step (\S+) (.*)", head)
    if instant:
        answer = collector.ask("query", query=instant.group(2), time=seconds(instant.group(1)))
    elif ranged:
        start, end, step = (seconds(text) for text in ranged.groups()[:3])
        answer = collector.ask("query_range", query=ranged.group(4), start=start, end=end, step=step)
    else:
        raise Unsupported(head)
    if fails or answer["status"] != "success":
        return None if fails and answer["status"] == "error" else str(answer)
    data = answer["data"]
    if data["resultType"] == "scalar":
        is_same = len(expected) == 1 and same(number(expected[0]), number(data["result"][1]))
        return None if is_same else str(data)
    wanted = []
    for line in expected:
        labels, rest = series(line)
        if labels is None:
            # A scalar at each step of a range.
            labels, rest = {}, line
        wanted.append((labels, values(rest) if ranged else [number(rest)]))
    found = []
    for one in data["result"]:
        if instant:
            found.append((one["metric"], [number(one["value"][1])]))
            continue
        points = {round((time - start) / step): number(text) for time, text in one["values"]}
        count = math.floor((end - start) / step + 1e-9) + 1
        found.append((one["metric"], [points.get(index) for index in range(count)]))
    key = lambda one: sorted(one[0].items())
    if "expect ordered" not in block:
        wanted.sort(key=key)
        found.sort(key=key)
    is_same = len(wanted) == len(found)
    for (labels, numbers), (other, others) in zip(wanted, found):
        numbers = numbers + [None] * (len(others) - len(numbers))
        is_same = is_same and labels == other and len(numbers) == len(others)
        for a, b in zip(numbers, others):
            is_same = is_same and ((a is None) == (b is None)) and (a is None or same(a, b))
    return None if is_same else f"wanted {wanted}, found {found}"


def main():
    obs, folder, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    parts = []
    for file in sorted(os.listdir(folder)):
        if file.endswith(".test"):
            parts += read(os.path.join(folder, file))
    random.Random(seed).shuffle(parts)
    asked = wrong = left = 0
    for part in parts[:count]:
        collector = Collector(obs)
        try:
            for step in part.steps:
                if isinstance(step, list):
                    collector.load(step)
                    continue
                line, head, block = step
                try:
                    problem = check(collector, head, block)
                except (Unsupported, ValueError, KeyError):
                    left += 1
                    continue
                asked += 1
                if problem:
                    wrong += 1
                    print(f"{part.name} line {line}: {head}: {problem}")
        finally:
            collector.stop()
    print(f"seed {seed}: {min(count, len(parts))} of {len(parts)} parts, {asked} asked, {left} left out, {wrong} wrong")
    sys.exit(1 if wrong or not asked else 0)


main()
