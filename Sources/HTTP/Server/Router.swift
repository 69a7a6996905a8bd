/// Answers one request: with `response.send`, or by taking `response.later()` or `response.webSocket(...)`. Runs on a
/// loop's thread, so it must not wait and not compute for long.
package typealias Handler = @Sendable (borrowing Request, inout Response) -> Void

/// A method and a path pattern with what answers them.
package final class Route: Sendable {
    package let method: Method
    /// Segments between slashes: a word, `:name` for one segment, or at the end `*name` for all that is left.
    package let pattern: String
    /// Nil where nobody needs to be known: health, the login page.
    package let role: Role?
    /// Bound on the body, before and after decompression; nil for the server's default.
    package let bodyBytesMax: Int?
    let handler: Handler
    let parameterNames: [String]
    /// Counted through all routes of a router.
    let index: Int

    init(
        index: Int, method: Method, pattern: String, role: Role?, bodyBytesMax: Int?, parameterNames: [String],
        handler: @escaping Handler
    ) {
        self.index = index
        self.method = method
        self.pattern = pattern
        self.role = role
        self.bodyBytesMax = bodyBytesMax
        self.parameterNames = parameterNames
        self.handler = handler
    }
}

/// All routes of a server. A word wins over a parameter, and a parameter over the rest.
package struct Router: Sendable {
    /// The routes of one pattern.
    struct Endpoint {
        let pattern: String
        var routes: [Route?] = Array(repeating: nil, count: Method.allCases.count)

        func route(for method: Method) -> Route? {
            routes[Int(method.rawValue)] ?? (method == .head ? routes[Int(Method.get.rawValue)] : nil)
        }

        /// The methods for an Allow field.
        var allow: String {
            var names = Method.allCases.filter { $0 != .other && route(for: $0) != nil }.map(\.name)
            if routes[Int(Method.options.rawValue)] == nil { names.append(Method.options.name) }
            return names.joined(separator: ", ")
        }
    }

    /// A node of the tree of segments. Words hang on it as a list of siblings; -1 is none.
    private struct Node {
        var word: Range<Int>
        var nextSibling = -1
        var firstWord = -1
        var parameter = -1
        var rest = -1
        var endpoint = -1
    }

    private var nodes = [Node(word: 0..<0)]
    private var words: [UInt8] = []
    private(set) var endpoints: [Endpoint] = []
    private(set) var routes: [Route] = []

    package init() {}

    package mutating func get(
        _ pattern: String, role: Role?, _ handler: @escaping Handler
    ) {
        add(.get, pattern, role: role, handler)
    }

    package mutating func post(
        _ pattern: String, role: Role?, bodyBytesMax: Int? = nil, _ handler: @escaping Handler
    ) {
        add(.post, pattern, role: role, bodyBytesMax: bodyBytesMax, handler)
    }

    /// - Parameter pattern: `/api/v1/label/:name/values`, `/assets/*path`.
    package mutating func add(
        _ method: Method, _ pattern: String, role: Role?, bodyBytesMax: Int? = nil, _ handler: @escaping Handler
    ) {
        precondition(pattern.hasPrefix("/"), "BUG: the pattern \(pattern) does not begin with a slash")
        var names: [String] = []
        var node = 0
        var isAtRest = false
        for segment in pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            precondition(!isAtRest, "BUG: \(pattern) goes on behind the rest")
            isAtRest = segment.hasPrefix("*")
            node = child(of: node, for: segment, &names)
        }
        if nodes[node].endpoint < 0 {
            nodes[node].endpoint = endpoints.count
            endpoints.append(Endpoint(pattern: pattern))
        }
        let place = nodes[node].endpoint
        precondition(
            endpoints[place].routes[Int(method.rawValue)] == nil, "BUG: \(method.name) \(pattern) is there twice")
        let route = Route(
            index: routes.count, method: method, pattern: pattern, role: role, bodyBytesMax: bodyBytesMax,
            parameterNames: names, handler: handler)
        endpoints[place].routes[Int(method.rawValue)] = route
        routes.append(route)
    }

    private mutating func child(of node: Int, for segment: Substring, _ names: inout [String]) -> Int {
        switch segment.first {
        case ":":
            names.append(String(segment.dropFirst()))
            if nodes[node].parameter < 0 { nodes[node].parameter = addNode("") }
            return nodes[node].parameter
        case "*":
            names.append(String(segment.dropFirst()))
            if nodes[node].rest < 0 { nodes[node].rest = addNode("") }
            return nodes[node].rest
        default:
            if let known = word(String(segment).utf8.span, under: node) { return known }
            let added = addNode(segment)
            nodes[added].nextSibling = nodes[node].firstWord
            nodes[node].firstWord = added
            return added
        }
    }

    private mutating func addNode(_ word: Substring) -> Int {
        let start = words.count
        words.append(contentsOf: word.utf8)
        nodes.append(Node(word: start..<words.count))
        return nodes.count - 1
    }

    private func word(_ segment: Span<UInt8>, under node: Int) -> Int? {
        var candidate = nodes[node].firstWord
        while candidate >= 0 {
            let word = nodes[candidate].word
            if PercentEncoding.equals(segment, words.span.extracting(word), plusIsSpace: false) { return candidate }
            candidate = nodes[candidate].nextSibling
        }
        return nil
    }
}

extension Router {
    /// The endpoint of a path.
    ///
    /// - Parameters:
    ///   - path: as it was sent; segments are compared decoded, so that an encoded slash does not split one.
    ///   - offset: where the path lies in the request's bytes.
    ///   - parameters: filled with the places of the parts that the pattern names.
    func find(_ path: Span<UInt8>, offset: Int, _ parameters: inout [RequestHead.Piece]) -> Endpoint? {
        parameters.removeAll(keepingCapacity: true)
        guard path.count > 0, path[0] == 0x2f, let place = find(path, from: 1, under: 0, offset, &parameters) else {
            return nil
        }
        return endpoints[place]
    }

    private func find(
        _ path: Span<UInt8>, from start: Int, under node: Int, _ offset: Int, _ parameters: inout [RequestHead.Piece]
    ) -> Int? {
        let end = path.firstIndex(of: 0x2f, from: start) ?? path.count
        if let word = word(path.extracting(start..<end), under: node),
            let found = descend(path, to: end, into: word, offset, &parameters)
        {
            return found
        }
        if nodes[node].parameter >= 0, end > start {
            let count = parameters.count
            parameters.append(RequestHead.Piece(offset + start, offset + end))
            if let found = descend(path, to: end, into: nodes[node].parameter, offset, &parameters) { return found }
            parameters.removeLast(parameters.count - count)
        }
        guard nodes[node].rest >= 0 else { return nil }
        parameters.append(RequestHead.Piece(offset + start, offset + path.count))
        return nodes[nodes[node].rest].endpoint
    }

    private func descend(
        _ path: Span<UInt8>, to end: Int, into node: Int, _ offset: Int, _ parameters: inout [RequestHead.Piece]
    ) -> Int? {
        if end < path.count { return find(path, from: end + 1, under: node, offset, &parameters) }
        return nodes[node].endpoint >= 0 ? nodes[node].endpoint : nil
    }
}
