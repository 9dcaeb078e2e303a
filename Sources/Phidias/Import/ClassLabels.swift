/// The different values of a column, up to a number of them.
struct DifferentValues {
    /// The most that are told apart, which is also the most classes and categories.
    static let most = 256

    private(set) var texts: Set<String> = []
    private(set) var numbers: Set<Double> = []
    /// Whether there are more than `most`.
    private(set) var areMore = false
    /// Whether all values are numbers.
    private(set) var areNumbers = true

    mutating func add(_ value: FieldValue, _ text: String) {
        switch value {
        case .missing: return
        case .text: areNumbers = false
        case .number(let number): if numbers.count <= Self.most { numbers.insert(number) }
        }
        if texts.count <= Self.most { texts.insert(text) }
        // As numbers 1 and 1.0 are one value.
        areMore = areNumbers ? numbers.count > Self.most : texts.count > Self.most
    }

    mutating func add(_ number: Double) {
        if numbers.count <= Self.most { numbers.insert(number) }
        areMore = numbers.count > Self.most
    }

    /// Whether the values can be classes: several, whole where they are numbers, and no more than a
    /// byte tells apart.
    var couldBeLabels: Bool {
        !areMore && (areNumbers ? numbers.count > 1 && areWhole : texts.count > 1)
    }

    var areWhole: Bool { numbers.allSatisfy { $0 == $0.rounded(.towardZero) } }

    /// "10 different numbers from 0 to 9".
    var text: String {
        guard areNumbers, let lowest = numbers.min(), let highest = numbers.max() else {
            return "texts"
        }
        if numbers.count == 1 { return "only \(lowest.short)" }
        let count = areMore ? "more than \(Self.most)" : String(numbers.count)
        let kind = areWhole ? "different whole numbers" : "different numbers"
        return "\(count) \(kind)\(areMore ? "" : " from \(lowest.short) to \(highest.short)")"
    }
}

extension TableFile {
    /// The different values of each of some columns, in a pass over the file.
    func differentValues(in columns: [Int]) throws -> [DifferentValues] {
        var found = Array(repeating: DifferentValues(), count: columns.count)
        try forEachRow { record in
            for (place, column) in columns.enumerated() {
                found[place].add(value(record, column), try text(record, column))
            }
        }
        return found
    }
}

/// The classes that the values of a column stand for. Numbers from 0 to 255, among them 0, are the
/// classes themselves; others are numbered in their order, by number or else by name.
struct ClassLabels: Equatable {
    /// The name of each class.
    let names: [String]
    private let byNumber: [Double: UInt8]
    private let byText: [String: UInt8]

    /// - Parameters:
    ///   - column: what the values are from, in words, for errors.
    ///   - path: the file.
    /// - Throws: `TableError.classes`.
    init(_ values: DifferentValues, column: String, path: String) throws(TableError) {
        func failure(_ reason: String) -> TableError {
            .classes(path: path, column: column, reason: reason)
        }
        if values.areNumbers, !values.areWhole {
            throw failure("its numbers are not whole; numbers to predict are targets, not labels")
        }
        guard !values.areMore else {
            throw failure("it has more than \(DifferentValues.most) different values")
        }
        guard (values.areNumbers ? values.numbers.count : values.texts.count) > 1 else {
            throw failure("all its values are the same")
        }
        guard values.areNumbers else {
            names = values.texts.sorted()
            byNumber = [:]
            byText = Self.numbered(names)
            return
        }
        byText = [:]
        let numbers = values.numbers.sorted()
        if numbers[0] == 0, let highest = numbers.last, highest < 256 {
            names = (0...Int(highest)).map(String.init)
            byNumber = Dictionary(uniqueKeysWithValues: numbers.map { ($0, UInt8($0)) })
        } else {
            names = numbers.map(\.short)
            byNumber = Self.numbered(numbers)
        }
    }

    /// Classes whose names are given.
    /// - Parameters:
    ///   - names: at most 256.
    ///   - first: the number that stands for the first.
    init(names: [String], first: Int = 0) {
        self.names = names
        byText = [:]
        byNumber = Self.numbered(names.indices.map { Double($0 + first) })
    }

    private static func numbered<Value: Hashable>(_ values: [Value]) -> [Value: UInt8] {
        Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, UInt8($0)) })
    }

    /// Names for a data set: nil where they are the classes' numbers.
    static func named(_ names: [String]) -> [String]? {
        names == names.indices.map(String.init) ? nil : names
    }

    func label(_ number: Double) -> UInt8? { byNumber[number] }

    /// The class of a field; nil if it has none.
    func label(_ value: FieldValue, _ text: @autoclosure () -> String) -> UInt8? {
        if !byText.isEmpty { return byText[text()] }
        switch value {
        case .number(let number): return byNumber[number]
        default: return nil
        }
    }
}
