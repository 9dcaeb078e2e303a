import Dispatch

/// The kernels' operations as a good Swift programmer would write them: SIMD types, blocking and
/// packing, unchecked pointers inside, threads by `concurrentPerform`. The stronger opponent in
/// the benchmarks.
///
/// What separates it from C here is the instruction set. SwiftPM compiles Swift for the baseline
/// of x86-64: 16 registers of 4 floats, no FMA, and Swift has no attribute that raises the
/// target of a single function. `addingProduct` would be a call of fmaf per lane, so products
/// and sums are rounded separately, and a SIMD8 is two registers.
package enum Tuned {
    package typealias Output = MutableSpan<Float>
    typealias Lanes = SIMD8<Float>
    static let width = Lanes.scalarCount

    /// Calls `body` with `threads` contiguous shares of 0..<count at once. Shares are multiples of
    /// `step`, and not smaller than `grain`.
    static func split(
        _ count: Int, step: Int, grain: Int, threads: Int, _ body: @Sendable (Range<Int>) -> Void
    ) {
        let pieces = (count + step - 1) / step
        let team = max(1, min(threads, count / max(grain, 1), pieces))
        guard team > 1 else { return body(0..<count) }
        DispatchQueue.concurrentPerform(iterations: team) { thread in
            let first = pieces * thread / team * step
            body(first..<min(count, pieces * (thread + 1) / team * step))
        }
    }

    /// Elements that are worth a thread.
    static let grain = 1 << 15

    // Whole vectors by `vector`; the rest goes through a padded copy.
    private static func map(
        _ x: Span<Float>, into y: inout Output, threads: Int,
        _ vector: @Sendable (_ x: Lanes, _ y: Lanes) -> Lanes
    ) {
        precondition(x.count == y.count, "\(x.count) inputs, \(y.count) outputs")
        x.withUnsafeBytes { x in
            y.withUnsafeMutableBytes { y in
                nonisolated(unsafe) let (x, y) = (x, y)
                let stride = MemoryLayout<Float>.stride
                split(x.count / stride, step: width, grain: grain, threads: threads) { range in
                    var i = range.lowerBound
                    while i + width <= range.upperBound {
                        let at = i * stride
                        let result = vector(
                            x.loadUnaligned(fromByteOffset: at, as: Lanes.self),
                            y.loadUnaligned(fromByteOffset: at, as: Lanes.self))
                        y.storeBytes(of: result, toByteOffset: at, as: Lanes.self)
                        i += width
                    }
                    guard i < range.upperBound else { return }
                    var a = Lanes(), b = Lanes()
                    for (lane, j) in (i..<range.upperBound).enumerated() {
                        a[lane] = x.load(fromByteOffset: j * stride, as: Float.self)
                        b[lane] = y.load(fromByteOffset: j * stride, as: Float.self)
                    }
                    let result = vector(a, b)
                    for (lane, j) in (i..<range.upperBound).enumerated() {
                        y.storeBytes(of: result[lane], toByteOffset: j * stride, as: Float.self)
                    }
                }
            }
        }
    }

    package static func sigmoid(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(x, into: &y, threads: threads) { x, _ in sigmoid(x) }
    }

    package static func exp(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(x, into: &y, threads: threads) { x, _ in exp(x) }
    }

    package static func log1p(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(x, into: &y, threads: threads) { x, _ in log1p(x) }
    }

    package static func relu(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(x, into: &y, threads: threads) { x, _ in x.replacing(with: 0, where: x .<= 0) }
    }

    /// delta ← delta · y(1 − y), where y is the sigmoid's output.
    package static func sigmoidBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(y, into: &delta, threads: threads) { y, delta in delta * (y * (1 - y)) }
    }

    /// delta ← delta where y > 0, else 0, where y is ReLU's output.
    package static func reluBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(y, into: &delta, threads: threads) { y, delta in
            Lanes(repeating: 0).replacing(with: delta, where: y .> 0)
        }
    }

    package static func tanh(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(x, into: &y, threads: threads) { x, _ in tanh(x) }
    }

    /// delta ← delta · (1 − y²), where y is tanh's output.
    package static func tanhBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(y, into: &delta, threads: threads) { y, delta in delta * ((1 - y) * (1 + y)) }
    }

    package static func leakyReLU(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(x, into: &y, threads: threads) { x, _ in (x * 0.01).replacing(with: x, where: x .> 0) }
    }

    /// delta ← delta where y > 0, else 0.01 delta, where y is leaky ReLU's output.
    package static func leakyReLUBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(y, into: &delta, threads: threads) { y, delta in
            (delta * 0.01).replacing(with: delta, where: y .> 0)
        }
    }

    /// C[i,j] += bias[j].
    package static func biasAdd(
        m: Int, n: Int, bias: Span<Float>, c: inout Output, ldc: Int, threads: Int
    ) {
        bias.withUnsafeBufferPointer { bias in
            c.withUnsafeMutableBufferPointer { c in
                nonisolated(unsafe) let (bias, c) = (bias, c)
                split(m, step: 1, grain: max(1, grain / max(n, 1)), threads: threads) { rows in
                    for i in rows {
                        for j in 0..<n { c[i * ldc + j] += bias[j] }
                    }
                }
            }
        }
    }

    /// Rows of p become the softmax of the rows of z.
    package static func softmax(
        m: Int, n: Int, z: Span<Float>, ldz: Int, into p: inout Output, ldp: Int, threads: Int
    ) {
        z.withUnsafeBufferPointer { z in
            p.withUnsafeMutableBufferPointer { p in
                nonisolated(unsafe) let (z, p) = (z, p)
                split(m, step: 1, grain: max(1, 4096 / max(n, 1)), threads: threads) { rows in
                    for i in rows {
                        var top = -Float.infinity
                        for j in 0..<n { top = max(top, z[i * ldz + j]) }
                        var total: Float = 0
                        for j in stride(from: 0, to: n, by: width) {
                            var lanes = Lanes(repeating: -.infinity)
                            let count = min(width, n - j)
                            for lane in 0..<count { lanes[lane] = z[i * ldz + j + lane] - top }
                            let e = exp(lanes)
                            total += e.sum()
                            for lane in 0..<count { p[i * ldp + j + lane] = e[lane] }
                        }
                        for j in 0..<n { p[i * ldp + j] /= total }
                    }
                }
            }
        }
    }

    /// v ← αv − ηg, +0 where |v| < 2⁻¹²⁶; w ← w + v.
    package static func momentumUpdate(
        learningRate: Float, momentum: Float, gradient: Span<Float>,
        velocity: inout Output, weights: inout Output, threads: Int
    ) {
        map(gradient, into: &velocity, threads: threads) { g, v in
            let new = momentum * v - learningRate * g
            let magnitude = new.replacing(with: -new, where: new .< 0)
            return new.replacing(with: 0, where: magnitude .< Float.leastNormalMagnitude)
        }
        map(velocity.span, into: &weights, threads: threads) { v, w in w + v }
    }

    /// Sum in double, in eight chains a share.
    package static func sum(_ x: Span<Float>) -> Double {
        x.withUnsafeBytes { x in
            let count = x.count / MemoryLayout<Float>.stride
            var chains = SIMD8<Double>()
            var i = 0
            while i + width <= count {
                chains += SIMD8<Double>(
                    x.loadUnaligned(fromByteOffset: i * 4, as: Lanes.self))
                i += width
            }
            var sum = chains.sum()
            for j in i..<count { sum += Double(x.load(fromByteOffset: j * 4, as: Float.self)) }
            return sum
        }
    }
}
