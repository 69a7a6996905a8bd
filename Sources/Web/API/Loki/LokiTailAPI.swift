import Encoding
package import HTTP
package import LogQL
package import Posix
import PromQL
import Storage

/// `/loki/api/v1/tail`: entries as they come, over a WebSocket, or as server-sent events to who accepts them.
package struct LokiTailAPI: Sendable {
    private let engine: LogEngine
    private let hub: TailHub
    private let pool: HandlerPool
    private let time: any TimeSource

    /// Entries from before that a follower may ask for.
    private static let linesMax = 5000
    private static let queuedBytesMax = 4 << 20
    private static let delayMaxNs: Int64 = 5_000_000_000

    package init(_ engine: LogEngine, hub: TailHub, pool: HandlerPool, time: any TimeSource) {
        (self.engine, self.hub, self.pool, self.time) = (engine, hub, pool, time)
    }

    private struct Asked: Sendable {
        var selector: LogSelector
        var startNs: Int64
        var limit: Int
    }

    package func add(to router: inout Router) {
        for path in ["/loki/api/v1/tail", "/api/prom/tail"] {
            router.get(path, role: .read) { request, response in
                do throws(LokiFailure) {
                    let asked = try asked(LokiParameters(request, nowNs: time.wallNs))
                    if request.headerText("accept")?.contains("text/event-stream") == true {
                        events(asked, &response)
                    } else {
                        socket(asked, request, &response)
                    }
                } catch {
                    response.status = error.status
                    response.send(error.message + "\n")
                }
            }
        }
    }

    private func asked(_ parameters: LokiParameters) throws(LokiFailure) -> Asked {
        guard case .lines(let selector) = try parameters.query().parsed else {
            throw LokiFailure(.badRequest, "only log queries can be tailed")
        }
        if let delay = Int64(parameters["delay_for"] ?? "0"), delay * 1_000_000_000 > Self.delayMaxNs {
            throw LokiFailure(.badRequest, "delay_for can't be greater than 5")
        }
        let start = try parameters.timeNs("start") ?? time.wallNs
        return Asked(selector: selector, startNs: start, limit: min(try parameters.limit(), Self.linesMax))
    }

    /// Subscribes, then asks the store for what was there before: nothing falls between the two.
    private func begin(
        _ asked: Asked
    ) throws(LokiFailure) -> (tail: LogTail, told: [ResultLine]) {
        let tail: LogTail
        do throws(StorageError) {
            tail = try engine.store.tail(asked.selector.matchers, bytesMax: TailHub.waitingBytesMax) { [hub] in
                hub.wake()
            }
        } catch {
            throw LokiFailure(error)
        }
        do throws(QueryError) {
            let newest = try engine.lines(
                .init(asked.selector, startNs: asked.startNs, endNs: .max, limit: asked.limit))
            return (tail, newest.lines.reversed())
        } catch {
            tail.close()
            throw LokiFailure(error)
        }
    }

    private func socket(_ asked: Asked, _ request: borrowing Request, _ response: inout Response) {
        var options = WebSocketOptions()
        options.queuedBytesMax = Self.queuedBytesMax
        let events = WebSocketEvents(onClose: { [hub] _, close in hub.noteClosed(close) })
        guard let socket = response.webSocket(for: request, events, options) else { return }
        let isTaken = pool.run { [self] in
            do throws(LokiFailure) {
                let (tail, told) = try begin(asked)
                let message = TailMessage.json(told, dropped: 0)
                if !told.isEmpty { _ = socket.send(message.span, as: .text) }
                hub.add(.init(socket: socket, tail: tail, selector: asked.selector, told: told))
            } catch {
                socket.close(WebSocketClose(1011, String(error.message.prefix(120))))
            }
        }
        if !isTaken { socket.close(WebSocketClose(1013, "too many requests wait already")) }
    }

    private func events(_ asked: Asked, _ response: inout Response) {
        pool.answer(&response) { [self] pending in
            do throws(LokiFailure) {
                let (tail, told) = try begin(asked)
                pending.onClientGone { tail.close() }
                if hub.stream(pending, tail, asked.selector, told: told) { return }
                tail.close()
                throw LokiFailure(
                    .tooManyRequests, "\(TailHub.streamsMax) streams of events are open already; use a WebSocket")
            } catch {
                error.answer(pending)
            }
        }
    }
}
