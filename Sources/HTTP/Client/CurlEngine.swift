import CCurl
import Posix

/// libcurl's multi handle on an event loop: libcurl says which sockets to watch and when to call it next.
@safe
final class CurlEngine: @unchecked Sendable {  // beyond submit, wake and stop all is used by the loop's thread alone
    private let loop: EventLoop
    private let time: any TimeSource
    private let settings: TransferSettings
    private let connectionsKeptMax: Int
    private var multi: UnsafeMutableRawPointer?
    private var timer: CurlTimer?
    private var sockets: [Int32: CurlSocket] = [:]
    /// By the address of the libcurl handle.
    private var transfers: [UInt: Transfer] = [:]
    private var pauses: [ObjectIdentifier: RetryPause] = [:]
    private var idle: [EasyHandle] = []
    private lazy var tokens = TokenCache(engine: self, time: time)
    private var isStopping = false

    /// Handles kept for further requests.
    private static let idleMax = 256

    init(_ settings: TransferSettings, connectionsKeptMax: Int, time: any TimeSource) throws(SystemError) {
        loop = try EventLoop(time: time)
        self.time = time
        self.settings = settings
        self.connectionsKeptMax = connectionsKeptMax
    }

    /// - Returns: false where the engine was stopped; `completion` is then not called.
    func submit(
        _ request: ClientRequest, startedNs: Int64, _ cancellation: Cancellation,
        _ completion: @escaping HTTPClient.Completion
    ) -> Bool {
        loop.submit {
            self.begin(
                Exchange(request, startedNs: startedNs, cancellation: cancellation, completion: completion))
        }
    }

    func wake() { loop.submit { self.endCancelled() } }
    func stop() { loop.stop() }

    /// Serves until `stop`.
    func run() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe multi = ccurl_multi_new(
            { _, socket, what, context, _ in
                unsafe CurlEngine.of(context).watch(socket, what)
                return 0
            },
            { _, timeoutMs, context in
                unsafe CurlEngine.of(context).timer?.set(afterMs: timeoutMs)
                return 0
            }, context, connectionsKeptMax)
        guard unsafe multi != nil else { preconditionFailure("BUG: libcurl has no memory for a multi handle") }
        timer = CurlTimer(loop) { [unowned self] in act(socket: -1, events: 0) }
        loop.run()
        finishAll()
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlEngine {
        guard let context = unsafe context else { preconditionFailure("BUG: libcurl calls back without its context") }
        return unsafe Unmanaged<CurlEngine>.fromOpaque(context).takeUnretainedValue()
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        if what == CURL_POLL_REMOVE {
            sockets.removeValue(forKey: socket)?.end()
        } else if let known = sockets[socket] {
            known.wait(for: what)
        } else {
            sockets[socket] = CurlSocket(loop, socket, what) { [unowned self] in act(socket: socket, events: $0) }
        }
    }

    private func act(socket: Int32, events: Int32) {
        _ = unsafe ccurl_multi_act(multi, socket, events)
        var code = CURLE_OK
        while let easy = unsafe ccurl_multi_finished(multi, &code) {
            let transfer = unsafe Transfer.of(ccurl_get_context(easy))
            end(transfer, transfer.result(code, nowNs: time.monotonicNs))
        }
    }
}

extension CurlEngine {
    /// Begins the next attempt of a request, with a token where it needs one.
    func begin(_ exchange: Exchange) {
        if isStopping || exchange.cancellation.isRaised { return exchange.finish(.failure(Self.cancelled)) }
        guard case .oauth2(let options) = exchange.request.options.credentials else {
            return start(exchange, authorization: nil)
        }
        tokens.token(options, settings) { [self] result in
            switch result {
            case .success(let token): start(exchange, authorization: token)
            case .failure(let error): exchange.finish(.failure(error))
            }
        }
    }

    private func start(_ exchange: Exchange, authorization: String?) {
        do throws(ClientError) {
            let leftNs = exchange.deadlineNs - time.monotonicNs
            if leftNs <= 0 { throw ClientError(.timeout, "no answer from \(exchange.name) in time") }
            let easy = if let kept = idle.popLast() { kept } else { try EasyHandle() }
            try settings.apply(exchange.request, authorization: authorization, leftNs: leftNs, to: easy)
            exchange.attempts += 1
            let transfer = Transfer(exchange, easy, startedNs: time.monotonicNs)
            unsafe transfers[UInt(bitPattern: easy.raw)] = transfer
            let code = unsafe ccurl_multi_add(multi, easy.raw)
            precondition(code == CURLM_OK, "BUG: libcurl refuses a transfer with code \(code.rawValue)")
        } catch {
            exchange.finish(.failure(error))
        }
    }

    private func end(_ transfer: Transfer, _ result: Result<ClientResponse, ClientError>) {
        release(transfer)
        let exchange = transfer.exchange
        let policy = exchange.request.retries
        let delayNs = policy.delayNs(
            after: Self.outcome(result), attempt: exchange.attempts, random: .random(in: 0...1))
        guard let delayNs, loop.nowNs + delayNs < exchange.deadlineNs, !exchange.cancellation.isRaised else {
            return exchange.finish(result)
        }
        pauses[ObjectIdentifier(exchange)] = RetryPause(loop, exchange, delayNs: delayNs) { [unowned self] in
            pauses[ObjectIdentifier(exchange)] = nil
            begin(exchange)
        }
    }

    private static func outcome(_ result: Result<ClientResponse, ClientError>) -> RetryPolicy.Outcome {
        switch result {
        case .success(let response): .answer(response.status, retryAfter: response.field("retry-after"))
        case .failure(let error): .failure(error.reason)
        }
    }

    private func release(_ transfer: Transfer) {
        let easy = transfer.easy
        _ = unsafe ccurl_multi_remove(multi, easy.raw)
        unsafe transfers[UInt(bitPattern: easy.raw)] = nil
        guard idle.count < Self.idleMax else { return }
        easy.reset()
        idle.append(easy)
    }

    private static let cancelled = ClientError(.cancelled, "the request was cancelled")

    private func endCancelled() {
        for transfer in transfers.values where isStopping || transfer.exchange.cancellation.isRaised {
            release(transfer)
            transfer.exchange.finish(.failure(Self.cancelled))
        }
        for (key, pause) in pauses where isStopping || pause.exchange.cancellation.isRaised {
            pauses[key] = nil
            pause.end()
            pause.exchange.finish(.failure(Self.cancelled))
        }
    }

    private func finishAll() {
        isStopping = true
        endCancelled()
        tokens.stop()
        idle = []
        unsafe ccurl_multi_free(multi)
        unsafe multi = nil
        for socket in sockets.values { socket.end() }
        sockets = [:]
        timer?.end()
        timer = nil
    }
}
