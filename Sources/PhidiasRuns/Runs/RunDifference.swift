import Phidias

/// A place where the files of a run and its replay are not the same.
public enum RunDifference: Sendable {
    /// A number of an epoch's line; nil where one of the two has none.
    case metric(epoch: Int, name: String, recorded: Double?, replayed: Double?)
    /// The line of an epoch: the numbers are the same, but not the bytes.
    case spelling(epoch: Int)
    /// Bytes after the last whole line.
    case cutLine(byte: Int)
    /// A weight from an input to a unit, or with no input the unit's bias; all counted from 0.
    case parameter(
        file: String, layer: Int, unit: Int, input: Int?, recorded: Float, replayed: Float)
    /// A fact that a model file states about its model.
    case model(file: String, what: String, recorded: String, replayed: String)
    /// A file that a run with such results has is missing.
    case missing(file: String)
    /// The replay diverges differently from the run.
    case divergence(ReplayError)

    /// The first metric that is not bit-equal.
    /// - Parameter recorded: as many epochs as were replayed.
    static func first(
        _ recorded: [EpochMetrics], _ replayed: [EpochMetrics], bytes: [UInt8]
    ) -> RunDifference? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, (recorded, replayed)) in zip(recorded, replayed).enumerated() {
            var comparable = replayed
            // Older versions did not record them.
            if recorded.learningRate == nil { comparable.learningRate = nil }
            if recorded.momentum == nil { comparable.momentum = nil }
            let (old, new) = (recorded.json, comparable.json)
            for name in names(old) + names(new) {
                let (a, b) = (old[name]?.doubleValue, new[name]?.doubleValue)
                guard a?.bitPattern == b?.bitPattern else {
                    return .metric(epoch: index + 1, name: name, recorded: a, replayed: b)
                }
            }
            guard withoutTiming(lines[index]) == withoutTiming(Array(old.text().utf8)[...]) else {
                return .spelling(epoch: index + 1)
            }
        }
        let whole =
            recorded.isEmpty ? 0 : lines.prefix(recorded.count).reduce(0) { $0 + $1.count + 1 }
        if whole < bytes.count { return .cutLine(byte: whole) }
        return nil
    }

    private static func names(_ metrics: JSON) -> [String] {
        (metrics.objectValue ?? []).map(\.key).filter { $0 != "timing" }
    }

    private static func withoutTiming(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let mark = Array(",\"timing\"".utf8)
        let place = line.indices.first { line[$0...].starts(with: mark) }
        return line[..<(place ?? line.endIndex)]
    }

    /// The first difference of a model file from a model.
    static func first(_ file: String, _ recorded: ModelFile, _ replayed: ModelFile)
        -> RunDifference?
    {
        let pairs = [
            ("network", recorded.model.network.description, replayed.model.network.description),
            ("loss", recorded.loss, replayed.loss),
            ("classes", names(recorded), names(replayed)),
        ]
        for (what, a, b) in pairs where a != b {
            return .model(file: file, what: what, recorded: a, replayed: b)
        }
        guard recorded.model.network == replayed.model.network else {
            return .model(
                file: file, what: "network",
                recorded: NetworkDocument.json(recorded.model.network).text(),
                replayed: NetworkDocument.json(replayed.model.network).text())
        }
        let layers = zip(recorded.model.parameters, replayed.model.parameters)
        for (weighted, (old, new)) in zip(recorded.model.network.weighted, layers) {
            let (layer, inputs) = (weighted.index, weighted.inputs)
            if let place = firstDifference(old.weight, new.weight) {
                return .parameter(
                    file: file, layer: layer, unit: place / inputs, input: place % inputs,
                    recorded: old.weight[place], replayed: new.weight[place])
            }
            if let unit = firstDifference(old.bias, new.bias) {
                return .parameter(
                    file: file, layer: layer, unit: unit, input: nil, recorded: old.bias[unit],
                    replayed: new.bias[unit])
            }
        }
        return nil
    }

    private static func names(_ file: ModelFile) -> String {
        file.classNames.map { ClassNames.json($0).text() } ?? "none"
    }

    private static func firstDifference(_ a: [Float], _ b: [Float]) -> Int? {
        a.indices.first { a[$0].bitPattern != b[$0].bitPattern }
    }
}

// MARK: - Text and JSON

extension RunDifference: CustomStringConvertible {
    /// What differs, and where.
    public var description: String {
        switch self {
        case .metric(let epoch, let name, let recorded, let replayed):
            let (old, new) = (recorded.map { "\($0)" }, replayed.map { "\($0)" })
            return
                "metrics.jsonl: epoch \(epoch), \(name): recorded \(old ?? "nothing"), replayed \(new ?? "nothing")"
        case .spelling(let epoch):
            return
                "metrics.jsonl: epoch \(epoch): the same numbers, but not the bytes that phidias writes"
        case .cutLine(let byte):
            return "metrics.jsonl: byte \(byte): the line is cut off"
        case .parameter(let file, let layer, let unit, let input, let recorded, let replayed):
            let place = input.map { "weight [\(unit), \($0)]" } ?? "bias [\(unit)]"
            return
                "\(file): layer \(layer), \(place): recorded \(recorded), replayed \(replayed)"
        case .model(let file, let what, let recorded, let replayed):
            return "\(file): \(what): recorded \(recorded), replayed \(replayed)"
        case .missing(let file): return "\(file): there is no such file"
        case .divergence(let error): return "\(error)"
        }
    }

    package var json: JSON {
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        switch self {
        case .metric(let epoch, let name, let recorded, let replayed):
            return .members([
                "file": .string("metrics.jsonl"), "epoch": .integer(epoch), "metric": .string(name),
                "recorded": number(recorded), "replayed": number(replayed),
            ])
        case .spelling(let epoch):
            return .members([
                "file": .string("metrics.jsonl"), "epoch": .integer(epoch),
                "problem": .string(description),
            ])
        case .cutLine(let byte):
            return .members([
                "file": .string("metrics.jsonl"), "byte": .integer(byte),
                "problem": .string(description),
            ])
        case .parameter(let file, let layer, let unit, let input, let recorded, let replayed):
            return .members([
                "file": .string(file), "layer": .integer(layer),
                "parameter": .string(input == nil ? "bias" : "weight"), "unit": .integer(unit),
                "input": input.map { .integer($0) } ?? .null,
                "recorded": .number(Double(recorded)), "replayed": .number(Double(replayed)),
            ])
        case .model(let file, let what, let recorded, let replayed):
            return .members([
                "file": .string(file), "what": .string(what), "recorded": .string(recorded),
                "replayed": .string(replayed),
            ])
        case .missing(let file):
            return .members(["file": .string(file), "problem": .string(description)])
        case .divergence(let error): return .members(["problem": .string("\(error)")])
        }
    }
}
