import Encoding
import HTTP

/// Faults by request: `GET /admin/faults`, `POST /admin/faults/errors?level=0.2&seconds=60`, `DELETE /admin/faults/errors`.
/// The services listen on loopback only, and so do these.
struct FaultRoutes {
    private let context: ServiceContext

    init(_ context: ServiceContext) {
        self.context = context
    }

    func add(to routes: inout Routes) {
        let context = context
        routes.get("/admin/faults", .prompt) { call in call.answer { Self.list(context, &$0) } }
        routes.post("/admin/faults/:name", .prompt) { call in
            guard let fault = Self.fault(call) else { return }
            if Self.forward(call, fault, context) { return }
            guard let order = Self.order(call, fault) else { return }
            context.faults.set(order)
            call.answer { Self.list(context, &$0) }
        }
        routes.add(.delete, "/admin/faults/:name", .prompt) { call in
            guard let fault = Self.fault(call) else { return }
            if Self.forward(call, fault, context) { return }
            context.faults.clear(fault)
            call.answer { Self.list(context, &$0) }
        }
    }

    private static func fault(_ call: Call) -> Fault? {
        if let fault = Fault(rawValue: call.parameter("name")) { return fault }
        call.refuse(.notFound, "unknown_fault", "there is no such fault; there is \(Fault.words)")
        return nil
    }

    private static func order(_ call: Call, _ fault: Fault) -> FaultOrder? {
        func number(_ name: String) -> Double?? {
            guard let text = call.value(name) else { return .some(nil) }
            guard let number = Double(text), number.isFinite, number >= 0 else { return nil }
            return .some(number)
        }
        guard let level = number("level"), let seconds = number("seconds"), (seconds ?? 0) < 1e6 else {
            call.refuse(.badRequest, "bad_number", "level and seconds are numbers from 0 on")
            return nil
        }
        if fault.isOnlyAtHome, fault.home != call.context.name {
            call.refuse(.conflict, "other_home", "\(fault.rawValue) can be had at \(fault.home.rawValue) only")
            return nil
        }
        return FaultOrder(fault, level: level, seconds: seconds)
    }

    /// The gateway sends a fault to the service that is named, or to its home, so that one address serves for all.
    private static func forward(_ call: Call, _ fault: Fault, _ context: ServiceContext) -> Bool {
        guard context.name == .gateway else { return false }
        let target = call.value("service").flatMap(ServiceName.init(rawValue:)) ?? fault.home
        guard target != .gateway else { return false }
        context.dependency(target).send(call.method, call.target, for: call) { outcome in
            switch outcome {
            case .success(let response): call.pass(response)
            case .failure(let error): call.refuse(.badGateway, "unreachable", error.sentence, isOwn: false)
            }
        }
        return true
    }

    private static func list(_ context: ServiceContext, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("service", context.name.rawValue)
        writer.name("faults")
        writer.beginArray()
        for fault in Fault.allCases {
            writer.beginObject()
            writer.member("name", fault.rawValue)
            writer.member("does", fault.doc)
            writer.member("home", fault.home.rawValue)
            writer.member("active", context.faults.isActive(fault))
            if let level = context.faults.level(of: fault) { writer.member("level", level) }
            if let seconds = context.faults.secondsLeft(of: fault) { writer.member("seconds_left", seconds) }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
