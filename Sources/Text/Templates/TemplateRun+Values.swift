/// Pipelines, commands and operands.
extension TemplateRun {
    mutating func value(of pipeline: TemplatePipeline, _ dot: TemplateValue) throws(TemplateError) -> TemplateValue {
        try step(at: pipeline.spot)
        var value: TemplateValue?
        for command in pipeline.commands {
            value = try self.value(of: command, dot, last: value)
        }
        let result = value ?? .nothing
        for name in pipeline.variables {
            if pipeline.isAssignment { assign(name, result) } else { declare(name, result) }
        }
        return result
    }

    /// - Parameter last: the result of the command before it in the pipeline.
    private mutating func value(
        of command: TemplateCommand, _ dot: TemplateValue, last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        let first = command.operands[0]
        let arguments = command.operands.dropFirst()
        switch first {
        case .function(let name, let spot): return try call(name, spot, command.spot, arguments, dot, last)
        case .field(let path, let spot): return try follow(path, from: dot, spot, arguments, dot, last)
        case .variable(let name, let path, let spot) where !path.isEmpty:
            return try follow(path, from: variable(name), spot, arguments, dot, last)
        case .pipeline(let pipeline, let path, let spot) where !path.isEmpty:
            return try follow(path, from: try value(of: pipeline, dot), spot, arguments, dot, last)
        case .nilWord(let spot): throw error("nil is not a command", at: spot)
        case .dot, .value, .variable, .pipeline:
            guard arguments.isEmpty, last == nil else {
                throw error("can't give argument to non-function \(first.spot.source)", at: first.spot)
            }
            return try value(of: first, dot)
        }
    }

    /// An operand that stands as an argument.
    private mutating func value(
        of operand: TemplateOperand, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        try step(at: operand.spot)
        switch operand {
        case .dot: return dot
        case .nilWord: return .nothing
        case .value(let value, _): return value
        case .function(let name, let spot): return try call(name, spot, spot, [], dot, nil)
        case .field(let path, let spot): return try follow(path, from: dot, spot, [], dot, nil)
        case .variable(let name, let path, let spot):
            return try follow(path, from: variable(name), spot, [], dot, nil)
        case .pipeline(let pipeline, let path, let spot):
            return try follow(path, from: try value(of: pipeline, dot), spot, [], dot, nil)
        }
    }
}

/// Fields and methods.
extension TemplateRun {
    /// `.a.b.c`: only the last of the path may be a method with arguments.
    private mutating func follow(
        _ path: [String], from start: TemplateValue, _ spot: TemplateSpot, _ arguments: ArraySlice<TemplateOperand>,
        _ dot: TemplateValue, _ last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        var value = start
        for (place, name) in path.enumerated() {
            let isLast = place == path.count - 1
            var given: [TemplateValue] = []
            if isLast {
                for argument in arguments { given.append(try self.value(of: argument, dot)) }
                if let last { given.append(last) }
            }
            value = try member(name, of: value, given, spot)
        }
        return value
    }

    private func member(
        _ name: String, of value: TemplateValue, _ arguments: [TemplateValue], _ spot: TemplateSpot
    ) throws(TemplateError) -> TemplateValue {
        if case .object(let object) = value {
            do throws(TemplateFailure) {
                if let result = try object.call(name, arguments) { return result }
            } catch {
                throw self.error("error calling \(name): \(error)", at: spot)
            }
        }
        let found: TemplateValue
        switch value.plain {
        case .nothing: throw error("nil pointer evaluating interface {}.\(name)", at: spot)
        case .map(let map):
            guard arguments.isEmpty else { throw error("\(name) is not a method but has arguments", at: spot) }
            found = map[name] ?? map.missing
        case .record(let record):
            guard let field = record[name] else { fallthrough }
            found = field
        default: throw error("can't evaluate field \(name) in type \(value.typeName)", at: spot)
        }
        guard arguments.isEmpty else {
            throw error("\(name) has arguments but cannot be invoked as function", at: spot)
        }
        return found
    }
}

/// Functions.
extension TemplateRun {
    /// - Parameter whole: the call with its arguments, which an error of the function shows.
    private mutating func call(
        _ name: String, _ spot: TemplateSpot, _ whole: TemplateSpot, _ operands: ArraySlice<TemplateOperand>,
        _ dot: TemplateValue, _ last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        if name == "and" || name == "or" { return try choose(name, spot, operands, dot, last) }
        guard let function = functions[name] else {
            throw error("\(GoQuote.quoted(name)) is not a defined function", at: spot)
        }
        if let refusal = function.refusal(ofCount: operands.count + (last == nil ? 0 : 1)) {
            throw error(refusal, at: spot)
        }
        var arguments: [TemplateValue] = []
        for operand in operands {
            let value = try value(of: operand, dot)
            arguments.append(try argument(value, function, arguments.count, operand, at: operand.spot))
        }
        if let last { arguments.append(try argument(last, function, arguments.count, nil, at: spot)) }
        do throws(TemplateFailure) {
            return try function.body(arguments) { (name, data) throws(TemplateFailure) in
                try rendered(name, data)
            }
        } catch {
            throw self.error("error calling \(name): \(error)", at: whole)
        }
    }

    private func argument(
        _ value: TemplateValue, _ function: TemplateFunction, _ place: Int, _ operand: TemplateOperand?,
        at spot: TemplateSpot
    ) throws(TemplateError) -> TemplateValue {
        do throws(TemplateFailure) {
            return try function.parameter(place).taken(value)
        } catch {
            guard case .value(_, let written) = operand, case .string = function.parameter(place) else {
                throw self.error("\(error)", at: spot)
            }
            throw self.error("expected string; found \(written.source)", at: spot)
        }
    }

    /// `and` and `or` look only at as many arguments as decide.
    private mutating func choose(
        _ name: String, _ spot: TemplateSpot, _ operands: ArraySlice<TemplateOperand>, _ dot: TemplateValue,
        _ last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        guard !operands.isEmpty || last != nil else {
            throw error("wrong number of args for \(name): want at least 1 got 0", at: spot)
        }
        var value = TemplateValue.nothing
        for operand in operands {
            value = try self.value(of: operand, dot)
            if value.isTrue == (name == "or") { return value }
        }
        return last ?? value
    }
}
