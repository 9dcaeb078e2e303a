/// A matrix in a buffer whose every other float is a sentinel: before it, after it, and in the
/// gap between its rows. The sentinel is a NaN, so reading one shows as well as writing one.
package struct GuardedMatrix: Sendable {
    static let sentinel = Float(bitPattern: 0x7fc0_dead)
    private static let guardCount = 16

    /// The whole buffer, guards included.
    package var storage: [Float]
    package let rows, columns, rowLength: Int
    let offset: Int

    /// - Parameters:
    ///   - gap: sentinels between rows.
    ///   - shift: floats by which the first element misses the allocation's alignment.
    init(_ values: [Float], rows: Int, columns: Int, gap: Int = 0, shift: Int = 1) {
        precondition(values.count == rows * columns, "\(values.count) values for a matrix")
        (self.rows, self.columns, rowLength) = (rows, columns, columns + gap)
        offset = Self.guardCount + shift
        storage = Array(
            repeating: Self.sentinel, count: offset + rows * rowLength + Self.guardCount)
        for row in 0..<rows {
            for column in 0..<columns {
                storage[index(row, column)] = values[row * columns + column]
            }
        }
    }

    /// A vector.
    /// - Parameter isAligned: whether it begins a line of the cache, as the buffers of training do.
    init(_ values: [Float], isAligned: Bool = false) {
        (rows, columns, rowLength) = (1, values.count, values.count)
        storage = Array(
            repeating: Self.sentinel,
            count: Self.guardCount + values.count + Self.guardCount + Self.lineLength)
        let missing = (Self.lineLength - Self.place(of: storage)) % Self.lineLength
        offset = Self.guardCount + (isAligned ? missing : 1)
        for (index, value) in values.enumerated() { storage[offset + index] = value }
    }

    private static let lineLength = 64 / MemoryLayout<Float>.stride

    /// Floats from the beginning of a line of the cache to the first element.
    private static func place(of floats: [Float]) -> Int {
        floats.withUnsafeBytes { Int(bitPattern: $0.baseAddress) % 64 / MemoryLayout<Float>.stride }
    }

    /// A copy with memory of its own, which lies in the lines of the cache as this one does, if it
    /// is small enough for that to matter, or `isKept` for many runs. Allocators align to 16 bytes:
    /// every fourth copy or so does.
    func copied(isKept: Bool = false) -> [Float] {
        var others: [[Float]] = []
        while true {
            var copy = storage
            guard !copy.isEmpty else { return copy }
            copy[0] = storage[0]  // the write makes its memory its own
            let matters = (isKept || copy.count < 1 << 12) && others.count < 64
            if !matters || Self.place(of: copy) == Self.place(of: storage) { return copy }
            others.append(copy)
        }
    }

    /// From the first to the last element, as a kernel gets it.
    var extent: Range<Int> {
        rows == 0 || columns == 0
            ? offset..<offset : offset..<offset + (rows - 1) * rowLength + columns
    }

    package func index(_ row: Int, _ column: Int) -> Int {
        offset + row * rowLength + column
    }

    /// Element indices in row-major order.
    package var indices: [Int] {
        (0..<rows).flatMap { row in (0..<columns).map { index(row, $0) } }
    }

    /// The matrix without guards and gaps.
    var values: [Float] { indices.map { storage[$0] } }
    var doubles: [Double] { indices.map { Double(storage[$0]) } }
}

/// Lends two buffers' spans at once.
func withSpans(
    _ buffers: inout [[Float]], _ first: Range<Int>, _ second: Range<Int>,
    _ body: (inout MutableSpan<Float>, inout MutableSpan<Float>) -> Void
) {
    // Moved out, not copied: two elements of one array cannot be borrowed together.
    var one: [Float] = [], two: [Float] = []
    swap(&one, &buffers[0])
    swap(&two, &buffers[1])
    do {
        var wholeOne = one.mutableSpan, wholeTwo = two.mutableSpan
        var x = wholeOne._mutatingExtracting(first), y = wholeTwo._mutatingExtracting(second)
        body(&x, &y)
    }
    swap(&one, &buffers[0])
    swap(&two, &buffers[1])
}

/// The same of three buffers.
func withSpans(
    _ buffers: inout [[Float]], _ first: Range<Int>, _ second: Range<Int>, _ third: Range<Int>,
    _ body: (inout MutableSpan<Float>, inout MutableSpan<Float>, inout MutableSpan<Float>) -> Void
) {
    var last = [Float]()
    swap(&last, &buffers[2])
    withSpans(&buffers, first, second) { x, y in
        var whole = last.mutableSpan
        var z = whole._mutatingExtracting(third)
        body(&x, &y, &z)
    }
    swap(&last, &buffers[2])
}

/// Lends the span of the only buffer.
func withSpan(
    _ buffers: inout [[Float]], _ extent: Range<Int>,
    _ body: (inout MutableSpan<Float>) throws -> Void
) rethrows {
    var whole = buffers[0].mutableSpan
    var part = whole._mutatingExtracting(extent)
    try body(&part)
}
