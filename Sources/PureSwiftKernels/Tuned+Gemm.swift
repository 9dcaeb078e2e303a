/// Matrix multiplication after Goto and van de Geijn, Anatomy of High-Performance Matrix
/// Multiplication (2008): panels of both operands are packed for the caches, a tile of C stays
/// in registers.
extension Tuned {
    // 6 × 8 floats are 12 of the 16 registers.
    private static let tileRows = 6
    private static let tileColumns = 8
    private static let depth = 256
    private static let blockRows = 96
    private static let blockColumns = 1024
    private static let small = 32 * 32 * 32

    private struct Operand {
        var base: UnsafePointer<Float>
        var row, column: Int

        init(_ base: UnsafePointer<Float>, _ ld: Int, transposed: Bool) {
            self.base = base
            (row, column) = transposed ? (1, ld) : (ld, 1)
        }

        // Panels of `height` rows, [panel][k][height], zero past the last row.
        func pack(
            rows: Range<Int>, _ depth: Range<Int>, height: Int, to: UnsafeMutablePointer<Float>
        ) {
            var to = to
            for first in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
                let count = min(height, rows.upperBound - first)
                let start = base + first * row
                for k in depth {
                    let from = start + k * column
                    for i in 0..<count { to[i] = from[i * row] }
                    for i in count..<height { to[i] = 0 }
                    to += height
                }
            }
        }
    }

    /// C[m,n] = alpha · op(A)[m,k] · op(B)[k,n] + beta · C, row-major; C is not read when beta is 0.
    package static func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float,
        a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int, beta: Float,
        c: inout Output, ldc: Int, threads: Int
    ) {
        guard m > 0 && n > 0 else { return }
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    guard let c = c.baseAddress else { return }
                    scale(m, n, beta, c, ldc)
                    guard k > 0, let a = a.baseAddress, let b = b.baseAddress else { return }
                    nonisolated(unsafe) let out = c
                    nonisolated(unsafe) let left = Operand(a, lda, transposed: transposeA)
                    // The right operand is packed by columns: as its own transpose.
                    nonisolated(unsafe) let right = Operand(b, ldb, transposed: !transposeB)
                    let team = min(threads, max(1, m * n * k / small))
                    if n > m {
                        split(n, step: tileColumns, grain: 1, threads: team) { columns in
                            block(left, right, 0..<m, columns, k, alpha, out, ldc)
                        }
                    } else {
                        split(m, step: tileRows, grain: 1, threads: team) { rows in
                            block(left, right, rows, 0..<n, k, alpha, out, ldc)
                        }
                    }
                }
            }
        }
    }

    private static func scale(
        _ m: Int, _ n: Int, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        guard beta != 1 else { return }
        for i in 0..<m {
            let row = c + i * ldc
            if beta == 0 {
                row.update(repeating: 0, count: n)
            } else {
                for j in 0..<n { row[j] *= beta }
            }
        }
    }

    // C += alpha · A B for some rows and columns of C, on one thread.
    private static func block(
        _ a: Operand, _ b: Operand, _ rows: Range<Int>, _ columns: Range<Int>, _ k: Int,
        _ alpha: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        let height = (min(blockRows, rows.count) + tileRows) * depth
        let width = (min(blockColumns, columns.count) + tileColumns) * depth
        withUnsafeTemporaryAllocation(byteCount: 4 * (height + width), alignment: 64) { scratch in
            let floats = scratch.bindMemory(to: Float.self)
            guard let packedA = floats.baseAddress else { return }
            let packedB = packedA + height
            for left in stride(from: columns.lowerBound, to: columns.upperBound, by: blockColumns) {
                let across = left..<min(left + blockColumns, columns.upperBound)
                for first in stride(from: 0, to: k, by: depth) {
                    let part = first..<min(first + depth, k)
                    b.pack(rows: across, part, height: tileColumns, to: packedB)
                    for top in stride(from: rows.lowerBound, to: rows.upperBound, by: blockRows) {
                        let down = top..<min(top + blockRows, rows.upperBound)
                        a.pack(rows: down, part, height: tileRows, to: packedA)
                        tiles(packedA, packedB, down, across, part.count, alpha, c, ldc)
                    }
                }
            }
        }
    }

    private static func tiles(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ rows: Range<Int>,
        _ columns: Range<Int>, _ k: Int, _ alpha: Float, _ c: UnsafeMutablePointer<Float>,
        _ ldc: Int
    ) {
        for j in stride(from: columns.lowerBound, to: columns.upperBound, by: tileColumns) {
            let panelB = b + (j - columns.lowerBound) * k
            let width = min(tileColumns, columns.upperBound - j)
            for i in stride(from: rows.lowerBound, to: rows.upperBound, by: tileRows) {
                let panelA = a + (i - rows.lowerBound) * k
                let height = min(tileRows, rows.upperBound - i)
                tile(k, panelA, panelB, alpha, c + i * ldc + j, ldc, height, width)
            }
        }
    }

    @inline(__always)
    private static func tile(
        _ k: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ alpha: Float,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ height: Int, _ width: Int
    ) {
        var c0 = Lanes(), c1 = Lanes(), c2 = Lanes(), c3 = Lanes(), c4 = Lanes(), c5 = Lanes()
        var a = a, b = UnsafeRawPointer(b)
        for _ in 0..<k {
            let row = b.load(as: Lanes.self)
            c0 += a[0] * row
            c1 += a[1] * row
            c2 += a[2] * row
            c3 += a[3] * row
            c4 += a[4] * row
            c5 += a[5] * row
            a += tileRows
            b += tileColumns * 4
        }
        if height == tileRows && width == tileColumns {
            add(alpha * c0, c)
            add(alpha * c1, c + ldc)
            add(alpha * c2, c + 2 * ldc)
            add(alpha * c3, c + 3 * ldc)
            add(alpha * c4, c + 4 * ldc)
            add(alpha * c5, c + 5 * ldc)
        } else {
            let rows = [c0, c1, c2, c3, c4, c5]
            for i in 0..<height {
                for j in 0..<width { c[i * ldc + j] += alpha * rows[i][j] }
            }
        }
    }

    @inline(__always)
    private static func add(_ lanes: Lanes, _ c: UnsafeMutablePointer<Float>) {
        let raw = UnsafeMutableRawPointer(c)
        raw.storeBytes(of: raw.loadUnaligned(as: Lanes.self) + lanes, as: Lanes.self)
    }
}
