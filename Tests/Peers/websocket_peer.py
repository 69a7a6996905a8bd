"""One scenario of the WebSocket tests, played by PyPI's `websockets`: websocket_peer.py PORT SCENARIO. Exit 0 if it went
as it should."""

import asyncio
import sys

import websockets

PORT, SCENARIO = int(sys.argv[1]), sys.argv[2]
URL = f"ws://127.0.0.1:{PORT}"
BIG = bytes(range(256)) * 4096


async def echo(socket, message):
    await socket.send(message)
    answer = await socket.recv()
    assert answer == message, f"{len(answer)} other bytes came back for {len(message)}"


async def messages():
    async with websockets.connect(f"{URL}/echo-socket", max_size=None) as socket:
        for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 20):
            await echo(socket, BIG[:size])
        await echo(socket, "text \u20ac \U0001f600")
        for index in range(200):
            await socket.send(str(index))
        for index in range(200):
            assert await socket.recv() == str(index)


async def fragments():
    async with websockets.connect(f"{URL}/echo-socket", max_size=None) as socket:
        await socket.send(iter(["one ", "two ", "", "three"]))
        assert await socket.recv() == "one two three"
        await socket.send(BIG[start : start + 5000] for start in range(0, 1 << 20, 5000))
        assert await socket.recv() == BIG


async def pings():
    async with websockets.connect(f"{URL}/echo-socket", ping_interval=None) as socket:
        for payload in (b"", b"x" * 125):
            await asyncio.wait_for(await socket.ping(payload), 5)
        # The server asks a silent client for a sign of life, and the library gives it.
        await asyncio.sleep(1.5)
        await echo(socket, "still here")


async def close_codes():
    for code, reason in ((1000, "bye"), (1001, ""), (4321, "own code")):
        socket = await websockets.connect(f"{URL}/echo-socket")
        await socket.close(code, reason)
        assert socket.close_code == code, socket.close_code
    socket = await websockets.connect(f"{URL}/closing-socket")
    try:
        await socket.recv()
        raise AssertionError("a message came instead of the close")
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd.code == 4000 and closed.rcvd.reason == "as asked", closed


async def too_large():
    socket = await websockets.connect(f"{URL}/echo-socket", max_size=None)
    try:
        await socket.send(b"x" * ((1 << 20) + 1))
        await socket.recv()
        raise AssertionError("a message over the bound was taken")
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd is not None and closed.rcvd.code == 1009, closed


async def slow_reader():
    # The server sends until it is told that its queue is full; then everything it sent must arrive.
    async with websockets.connect(f"{URL}/flood-socket", max_size=None, max_queue=1) as socket:
        await asyncio.sleep(1)
        count = 0
        while True:
            message = await asyncio.wait_for(socket.recv(), 100)
            if isinstance(message, str):
                sent = int(message)
                break
            count += 1
        assert count == sent, f"{count} of {sent} messages arrived"
        assert 10 < sent < 2000, f"{sent} messages of 64 KB were held for a client that does not read"


async def blocked():
    # The server is stopped in its sending for want of a reader, and goes on once there is one.
    async with websockets.connect(f"{URL}/patient-socket", max_size=None, max_queue=1) as socket:
        await asyncio.sleep(1)
        count = 0
        while isinstance(message := await asyncio.wait_for(socket.recv(), 30), bytes):
            assert len(message) == 64 << 10, len(message)
            count += 1
        assert count == int(message), f"{count} of {message} messages arrived"


asyncio.run(asyncio.wait_for(globals()[SCENARIO](), 120))
