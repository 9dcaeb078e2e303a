import PhidiasKernels
import PureSwiftKernels

/// Operations on the rows of a matrix, and reductions.
extension KernelOperation {
    static let rows = [biasAdd, softmax, countCorrect]

    private static let rowSizes: [Size] =
        [0, 1, 3, 64].flatMap { m in [0, 1, 2, 9, 10, 15, 16, 17, 33].map { Size(m, $0) } }
        + [Size(13_001, 10)]

    /// C[i,j] += bias[j].
    private static let biasAdd = KernelOperation(
        name: "bias-add", edges: rowSizes, benchmarks: [Size(2048, 128)], flops: { _ in 0 },
        bytes: { 8 * Double($0.m * $0.n) }, isTuned: true
    ) { size, seed in
        let (m, n) = (size.m, size.n)
        var inputs = InputGenerator(seed: seed)
        let bias = GuardedMatrix(inputs.floats(n))
        let c = GuardedMatrix(inputs.floats(m * n), rows: m, columns: n, gap: inputs.below(4))
        return KernelCase(outputs: [c]) { _ in
            let bias = bias.doubles
            let values = c.doubles.enumerated().map { $1 + bias[$0 % n] }
            return [.init(values: values, bounds: values.map { Oracle.gamma(1) * abs($0) })]
        } body: { implementation, buffers in
            let extent = bias.extent
            withSpan(&buffers, c.extent) { out in
                let bias = bias.storage.span.extracting(extent)
                switch implementation {
                case .kernels(let threads):
                    Kernels.biasAdd(
                        m: m, n: n, bias: bias, c: &out, ldc: c.rowLength, threads: threads)
                case .naive: Naive.biasAdd(m: m, n: n, bias: bias, c: &out, ldc: c.rowLength)
                case .tuned(let threads):
                    Tuned.biasAdd(
                        m: m, n: n, bias: bias, c: &out, ldc: c.rowLength, threads: threads)
                }
            }
            return 0
        }
    }

    private static let softmax = KernelOperation(
        name: "softmax", edges: rowSizes, benchmarks: [Size(8192, 10)], flops: { _ in 0 },
        bytes: { 12 * Double($0.m * $0.n) }, isTuned: true
    ) { size, seed in
        let (m, n) = (size.m, size.n)
        var inputs = InputGenerator(seed: seed)
        // A NaN spoils its whole row, so it must be rare enough to leave some rows whole.
        var logits = inputs.floats(m * n, -30...30)
        if m > 2 && n > 0 && seed != timingSeed { logits[n * (m / 2)] = .nan }
        let z = GuardedMatrix(logits, rows: m, columns: n, gap: inputs.below(4))
        let p = GuardedMatrix(
            [Float](repeating: .nan, count: m * n), rows: m, columns: n, gap: inputs.below(4))
        return KernelCase(outputs: [p]) { _ in
            let z = z.doubles
            let rows = (0..<m).map { Array(z[$0 * n..<($0 + 1) * n]) }
            return [
                .init(
                    values: rows.flatMap(Oracle.softmax),
                    bounds: rows.flatMap(Oracle.softmaxBounds))
            ]
        } body: { implementation, buffers in
            let extent = z.extent
            withSpan(&buffers, p.extent) { out in
                let input = z.storage.span.extracting(extent)
                switch implementation {
                case .kernels(let threads):
                    Kernels.softmax(
                        m: m, n: n, z: input, ldz: z.rowLength, into: &out, ldp: p.rowLength,
                        threads: threads)
                case .naive:
                    Naive.softmax(
                        m: m, n: n, z: input, ldz: z.rowLength, into: &out, ldp: p.rowLength)
                case .tuned(let threads):
                    Tuned.softmax(
                        m: m, n: n, z: input, ldz: z.rowLength, into: &out, ldp: p.rowLength,
                        threads: threads)
                }
            }
            return 0
        }
    }

    private static let countCorrect = KernelOperation(
        name: "count-correct", edges: rowSizes, benchmarks: [Size(60_000, 10)], flops: { _ in 0 },
        bytes: { 4 * Double($0.m * $0.n) }, isTuned: false, writes: false
    ) { size, seed in
        let (m, n) = (size.m, size.n)
        var inputs = InputGenerator(seed: seed)
        // Few different values, so that ties for the first place are common.
        let logits = (0..<m * n).map { _ in
            inputs.below(200) == 0 ? Float.nan : Float(inputs.below(4)) - 1.5
        }
        let labels = (0..<m).map { _ in UInt8(inputs.below(min(n, 3) + 1)) }
        return KernelCase {
            let correct = (0..<m).filter { row in
                let z = Array(logits[row * n..<(row + 1) * n])
                guard let top = z.max(), !z.contains(where: \.isNaN) else { return false }
                return z.firstIndex(of: top) == Int(labels[row])
            }
            return (Double(correct.count), 0)
        } body: { implementation, _ in
            guard case .kernels(let threads) = implementation else {
                return Double(
                    Naive.countCorrect(m: m, n: n, logits: logits.span, labels: labels.span))
            }
            return Double(
                Kernels.countCorrect(
                    m: m, n: n, logits: logits.span, labels: labels.span, threads: threads))
        }
    }

    /// Sum in double: n additions of terms that are exact.
    static let sum = KernelOperation(
        name: "sum", edges: counts + [Size(1023), Size(1024), Size(1025), Size(5000)],
        benchmarks: [Size(1 << 18)], flops: { _ in 0 }, bytes: { 4 * Double($0.m) }, isTuned: true,
        writes: false
    ) { size, seed in
        var inputs = InputGenerator(seed: seed)
        // Over many binades, or double would hold every sum exactly.
        let x = GuardedMatrix(
            inputs.floats(size.m).map {
                $0 * Float(sign: .plus, exponent: inputs.below(60), significand: 1)
            })
        return KernelCase {
            let magnitude = x.doubles.reduce(0) { $0 + abs($1) }
            return (Oracle.sum(x.values), Double(size.m) * 0x1p-53 * 1.01 * magnitude)
        } body: { implementation, _ in
            let extent = x.extent
            let x = x.storage.span.extracting(extent)
            return switch implementation {
            case .kernels(let threads): Kernels.sum(x, threads: threads)
            case .naive: Naive.sum(x)
            case .tuned: Tuned.sum(x)
            }
        }
    }
}
