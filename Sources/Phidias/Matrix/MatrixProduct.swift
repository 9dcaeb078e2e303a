import PhidiasKernels

/// Products of `Float` matrices, computed by the kernels.
///
/// Matrices are row-major: with rows `ld` elements apart, element (i, j) is the one at `i * ld +
/// j`.
///
/// **Bits.** Each element of C is one chain of fused multiply-adds over k in ascending order that
/// starts at +0, acc ← fma(aᵢₚ, bₚⱼ, acc), and then c ← fma(α, acc, β · c). This is the definition,
/// so the result has the same bits with any number of threads, with every kernel table, and on
/// every machine, except for the sign and payload of a NaN.
///
/// **Accuracy.** With u = 2⁻²⁴ and γₙ = nu / (1 − nu), and where nothing overflows or is subnormal, the
/// error of an element is at most γₖ₊₃ (|α| Σ|aᵢₚ||bₚⱼ| + |β c|): a term is rounded k times in the
/// chain, and up to three times with α, β and the last addition (Higham, *Accuracy and Stability of
/// Numerical Algorithms*, sect. 3.1).
public enum MatrixProduct {
    /// C ← α · op(A) · op(B) + β · C, where op(X) is X or its transpose: C is m × n, op(A) m × k, and
    /// op(B) k × n.
    /// - Parameters:
    ///   - m: rows of op(A) and C, at least 0.
    ///   - n: columns of op(B) and C, at least 0.
    ///   - k: columns of op(A) and rows of op(B), at least 0; with 0, the product is 0.
    ///   - alpha: α.
    ///   - a: A as stored: m × k, or k × m if it is transposed.
    ///   - lda: distance between the rows of A as stored, in elements; nil if there is no gap.
    ///   - transposeA: whether op(A) is the transpose.
    ///   - b: B as stored: k × n, or n × k if it is transposed.
    ///   - ldb: distance between the rows of B as stored, in elements; nil if there is no gap.
    ///   - transposeB: whether op(B) is the transpose.
    ///   - beta: β; with 0 the old C is not read, so it may be NaN.
    ///   - c: C; elements between its rows, or past the last, are not changed.
    ///   - ldc: distance between the rows of C, in elements; nil if there is no gap.
    ///   - threads: the most threads to use, for large products; nil takes the number from
    ///     `Model.threads(_:)`, which asks the system and is too slow for small ones.
    /// - Throws: `MatrixError` if a size is negative, a row is longer than the distance to the next, a
    ///   matrix does not fit into its elements, or threads or memory are missing. C is then as it was,
    ///   unless memory was missing.
    public static func multiply(
        m: Int, n: Int, k: Int, alpha: Float = 1, a: Span<Float>, lda: Int? = nil,
        transposeA: Bool = false, b: Span<Float>, ldb: Int? = nil, transposeB: Bool = false,
        beta: Float = 0, into c: inout MutableSpan<Float>, ldc: Int? = nil, threads: Int? = nil
    ) throws(MatrixError) {
        try check(m: m, n: n, k: k)
        let (aRows, aColumns) = transposeA ? (k, m) : (m, k)
        let (bRows, bColumns) = transposeB ? (n, k) : (k, n)
        let lda = try rowLength("A", aRows, aColumns, lda, elements: a.count)
        let ldb = try rowLength("B", bRows, bColumns, ldb, elements: b.count)
        let ldc = try rowLength("C", m, n, ldc, elements: c.count)
        let count = try threadCount(threads)
        guard m > 0, n > 0 else { return }
        do throws(KernelError) {
            try Kernels.gemm(
                transposeA ? .transposed : .none, transposeB ? .transposed : .none, m: m, n: n,
                k: k, alpha: alpha, a: a, lda: lda, b: b, ldb: ldb, beta: beta, c: &c, ldc: ldc,
                threads: count)
        } catch {
            throw .memory(rows: m, columns: n, reason: "the system refuses it")
        }
    }

    /// The product A · B, m × n, of matrices without gaps: A is m × k and B is k × n.
    /// - Parameters:
    ///   - a: A, [m][k].
    ///   - b: B, [k][n].
    ///   - m: rows of A.
    ///   - n: columns of B.
    ///   - k: columns of A and rows of B.
    ///   - threads: as for `multiply`.
    /// - Returns: [m][n]
    /// - Throws: `MatrixError`.
    public static func product(
        _ a: [Float], _ b: [Float], m: Int, n: Int, k: Int, threads: Int? = nil
    ) throws(MatrixError) -> [Float] {
        try check(m: m, n: n, k: k)
        let (count, overflow) = m.multipliedReportingOverflow(by: n)
        let (bytes, bytesOverflow) = count.multipliedReportingOverflow(
            by: MemoryLayout<Float>.stride)
        guard !overflow, !bytesOverflow else {
            throw .memory(rows: m, columns: n, reason: "no memory is that large")
        }
        // A product of depth 0 may be far larger than its factors.
        if let reason = Memory.refusal(bytes) { throw .memory(rows: m, columns: n, reason: reason) }
        var result = [Float](repeating: 0, count: count)
        var span = result.mutableSpan
        try multiply(m: m, n: n, k: k, a: a.span, b: b.span, into: &span, threads: threads)
        return result
    }

    private static func check(m: Int, n: Int, k: Int) throws(MatrixError) {
        for (name, value) in [("m", m), ("n", n), ("k", k)] where value < 0 {
            throw .size(name, value)
        }
    }

    /// The distance between a matrix's rows for the kernels.
    private static func rowLength(
        _ name: String, _ rows: Int, _ columns: Int, _ given: Int?, elements: Int
    ) throws(MatrixError) -> Int {
        let distance = given ?? columns
        guard distance >= columns else {
            throw .rowLength(name, distance: distance, columns: columns)
        }
        guard rows > 0, columns > 0 else { return max(columns, 1) }
        let (start, overflow) = (rows - 1).multipliedReportingOverflow(by: distance)
        let (end, endOverflow) = start.addingReportingOverflow(columns)
        guard !overflow, !endOverflow, end <= elements else {
            throw .elements(
                name, rows: rows, columns: columns, distance: distance, found: elements)
        }
        // A single row may have any distance to the next.
        return rows == 1 ? columns : distance
    }

    private static func threadCount(_ asked: Int?) throws(MatrixError) -> Int {
        do throws(ModelError) {
            return try Model.threads(asked)
        } catch {
            throw .threads(error)
        }
    }
}

/// A product that cannot be computed.
public enum MatrixError: PhidiasError, Equatable {
    /// A size, with its name, that is below 0.
    case size(String, Int)
    /// Rows that are longer than the distance between them.
    case rowLength(String, distance: Int, columns: Int)
    /// A matrix that does not fit into the given elements.
    case elements(String, rows: Int, columns: Int, distance: Int, found: Int)
    /// There is not enough memory for the product.
    case memory(rows: Int, columns: Int, reason: String)
    /// The threads cannot be started, or their number is out of range.
    case threads(ModelError)

    public var description: String {
        switch self {
        case .size(let name, let value):
            "The size \(name) of a matrix product is \(value); it must be at least 0."
        case .rowLength(let name, let distance, let columns):
            "The rows of \(name) are \(columns) elements long and only \(distance) apart; give a distance of at least \(columns)."
        case .elements(let name, let rows, let columns, let distance, let found):
            "\(name) has \(found) elements, too few for \(rows) rows of \(columns) at a distance of \(distance)."
        case .memory(let rows, let columns, let reason):
            "There is not enough memory for a product of \(rows) × \(columns): \(reason). Compute it in parts."
        case .threads(let error): error.description
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .size, .rowLength, .elements: 64
        case .memory: 71
        case .threads(let error): error.exitCode
        }
    }
}
