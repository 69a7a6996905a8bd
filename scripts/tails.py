"""Followers of logs by WebSocket, many in one process, for the proofs."""
import base64, os, selectors, socket, struct, time, urllib.parse


class Follower:
    """One WebSocket to `/loki/api/v1/tail`. `take` gives the payloads of whole messages that came."""

    def __init__(self, port, query, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        arguments = urllib.parse.urlencode({"query": query, "limit": 1, "start": time.time_ns()})
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /loki/api/v1/tail?{arguments} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(1)
            if not piece:
                raise OSError(f"the server closed a tail at once: {head!r}")
            head += piece
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise OSError(f"no tail: {head!r}")
        self.socket.setblocking(False)
        self.waiting = bytearray()
        self.close = None  # code and reason that the server closed with

    def take(self, size=1 << 20):
        """Messages that came, of about so many bytes at most; nothing where the connection ended."""
        try:
            piece = self.socket.recv(size)
        except BlockingIOError:
            return []
        except OSError:
            piece = b""
        if not piece:
            self.close = self.close or (1006, "")
            return []
        self.waiting += piece
        messages = []
        place = 0
        while (frame := self._frame(place)) is not None:
            opcode, payload, place = frame
            if opcode == 1:
                messages.append(payload)
            elif opcode == 9:
                self._answer(payload)
            elif opcode == 8:
                self.close = (struct.unpack(">H", payload[:2])[0] if len(payload) > 1 else 1005, payload[2:].decode())
        del self.waiting[:place]
        return messages

    def _frame(self, place):
        """A frame of the server, which masks none and cuts none in pieces."""
        if len(self.waiting) < place + 2:
            return None
        opcode, length, start = self.waiting[place] & 15, self.waiting[place + 1] & 127, place + 2
        if length > 125:
            size = 2 if length == 126 else 8
            if len(self.waiting) < start + size:
                return None
            length, start = int.from_bytes(self.waiting[start:start + size], "big"), start + size
        if len(self.waiting) < start + length:
            return None
        return opcode, bytes(self.waiting[start:start + length]), start + length

    def _answer(self, payload):
        """A pong, masked as what a client sends is."""
        mask = os.urandom(4)
        self.socket.send(bytes([0x8A, 0x80 | len(payload)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))


def follow(followers, told, over):
    """Calls `told(follower, message)` with what comes until `over()`."""
    selector = selectors.DefaultSelector()
    for follower in followers:
        selector.register(follower.socket, selectors.EVENT_READ, follower)
    open_followers = len(followers)
    while open_followers and not over():
        for key, _ in selector.select(0.2):
            for message in key.data.take():
                told(key.data, message)
            if key.data.close:
                selector.unregister(key.fileobj)
                open_followers -= 1


def push(connection, stream, lines, now_ns=None):
    """Lines of one stream by Loki's push, their times one nanosecond apart."""
    now_ns = now_ns or time.time_ns()
    values = ",".join(f'["{now_ns + number}","{line}"]' for number, line in enumerate(lines))
    connection.request(
        "POST", "/loki/api/v1/push", f'{{"streams":[{{"stream":{stream},"values":[{values}]}}]}}',
        {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 204:
        raise OSError(f"a push was answered {answer.status}")
