/// What a number of an array is.
enum NumberType: String, Sendable, CaseIterable {
    case bool, u8, i8, u16, i16, u32, i32, u64, i64, f32, f64

    /// Bytes of a number.
    var width: Int {
        switch self {
        case .bool, .u8, .i8: 1
        case .u16, .i16: 2
        case .u32, .i32, .f32: 4
        case .u64, .i64, .f64: 8
        }
    }
}

/// The name, sizes and type of an array in a file.
struct ArrayHeader: Sendable, Equatable {
    let name: String
    /// Sizes, slowest first.
    let shape: [Int]
    let type: NumberType
    let isBigEndian: Bool
    /// The number of numbers: the product of the sizes.
    let count: Int

    /// - Returns: nil if a size is negative, or the product of the sizes and the bytes of a number
    ///   too large.
    init?(name: String, shape: [Int], type: NumberType, isBigEndian: Bool) {
        guard shape.count <= 32, let count = Safetensors.elementCount(shape),
            !count.multipliedReportingOverflow(by: type.width).overflow
        else { return nil }
        self.name = name
        self.shape = shape
        self.type = type
        self.isBigEndian = isBigEndian
        self.count = count
    }

    var bytes: Int { count * type.width }

    /// "x_train (60000, 28, 28)".
    var text: String { "\(name) (\(shape.map(String.init).joined(separator: ", ")))" }
}

/// An array of numbers as its bytes in a file.
struct NumberArray: Sendable {
    let header: ArrayHeader
    /// As many as the header says.
    let bytes: [UInt8]

    /// Passes all numbers in order; those of 64 bits are rounded.
    func forEach(_ body: (Int, Double) throws -> Void) rethrows {
        switch header.type {
        case .bool: try visit(UInt8.self) { try body($0, $1 == 0 ? 0 : 1) }
        case .u8: try visit(UInt8.self) { try body($0, Double($1)) }
        case .i8: try visit(Int8.self) { try body($0, Double($1)) }
        case .u16: try visit(UInt16.self) { try body($0, Double($1)) }
        case .i16: try visit(Int16.self) { try body($0, Double($1)) }
        case .u32: try visit(UInt32.self) { try body($0, Double($1)) }
        case .i32: try visit(Int32.self) { try body($0, Double($1)) }
        case .u64: try visit(UInt64.self) { try body($0, Double($1)) }
        case .i64: try visit(Int64.self) { try body($0, Double($1)) }
        case .f32: try visit(UInt32.self) { try body($0, Double(Float(bitPattern: $1))) }
        case .f64: try visit(UInt64.self) { try body($0, Double(bitPattern: $1)) }
        }
    }

    private func visit<Number: FixedWidthInteger>(
        _ type: Number.Type, _ body: (Int, Number) throws -> Void
    ) rethrows {
        try bytes.withUnsafeBytes { bytes in
            for index in 0..<header.count {
                let value = bytes.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Number>.size, as: type)
                try body(
                    index,
                    header.isBigEndian ? Number(bigEndian: value) : Number(littleEndian: value))
            }
        }
    }
}

/// What the numbers of an array are like.
struct NumberRange {
    private(set) var lowest = Double.infinity
    private(set) var highest = -Double.infinity
    private(set) var areWhole = true
    /// The place of the first number that is not finite.
    private(set) var notFinite: Int?

    init(_ array: NumberArray) {
        array.forEach { index, value in
            if !value.isFinite, notFinite == nil { notFinite = index }
            if value < lowest { lowest = value }
            if value > highest { highest = value }
            if value != value.rounded(.towardZero) { areWhole = false }
        }
    }
}

/// A file of arrays whose headers have been read and compared with its size.
protocol ArraySource {
    var path: String { get }
    var headers: [ArrayHeader] { get }
    /// Whether images are known to have rows and columns swapped.
    var isTransposed: Bool { get }
    /// What was found by looking, in sentences.
    var notes: [String] { get }
    /// The classes that labels of these values are known to stand for, and that in a sentence.
    func classes(_ values: DifferentValues) -> (classes: ClassLabels, note: String)?
    /// - Parameter index: of a header.
    /// - Throws: `DataError`, `TableError`.
    func read(_ index: Int) throws -> NumberArray
}

extension ArraySource {
    var isTransposed: Bool { false }
    var notes: [String] { [] }
    func classes(_ values: DifferentValues) -> (classes: ClassLabels, note: String)? { nil }
}
