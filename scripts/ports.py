"""Ports of this machine that nobody has, for programs that a script starts."""
import socket, sys


def free_ports(count):
    """The first of so many ports in a row that nobody listens on."""
    for first in range(20_000, 32_000, 20):
        sockets = []
        try:
            for number in range(count):
                sockets.append(socket.create_server(("127.0.0.1", first + number)))
            return first
        except OSError:
            continue
        finally:
            for listener in sockets:
                listener.close()
    sys.exit("finds no ports in a row")
