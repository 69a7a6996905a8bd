import Posix

/// The bytes of a connection.
struct Transport: ~Copyable {
    let socket: Socket

    /// What to wait for before the next attempt to read or to write.
    private(set) var readNeeds = EventLoop.Events.readable
    private(set) var writeNeeds = EventLoop.Events.writable

    init(_ socket: consuming Socket) {
        self.socket = socket
    }

    mutating func read(into buffer: inout SocketBuffer, atMost limit: Int) -> Socket.Outcome {
        buffer.read(from: socket, atMost: limit)
    }

    mutating func write(_ buffer: borrowing SocketBuffer) -> Socket.Outcome {
        socket.write(buffer.bytes)
    }

    /// Sends two pieces one after the other, in one call where that is possible.
    mutating func write(_ first: borrowing SocketBuffer, _ second: Span<UInt8>) -> Socket.Outcome {
        socket.write(first.bytes, second)
    }
}
