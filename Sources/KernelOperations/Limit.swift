import PhidiasKernels

/// What bounds the speed of an operation from above, whatever the code.
package enum Limit: Sendable, Equatable {
    /// Products: all threads' peak of fused multiply-adds.
    case arithmetic(flops: Double)
    /// Arrays out of the caches: the memory's bandwidth. Bytes count what is read, what is
    /// written, and lines that are fetched only to be overwritten.
    case memory(bytes: Double, isReadOnly: Bool)
    /// Its instructions, on one thread or all.
    case instructions(VectorWork, vectors: Double, isShared: Bool)

    package var name: String {
        switch self {
        case .arithmetic: "FMA"
        case .memory: "memory"
        case .instructions: "instr."
        }
    }

    package var needsBandwidth: Bool {
        if case .memory = self { true } else { false }
    }

    /// Least time of one run. Memory's bandwidth has to be among what was measured.
    package func seconds(_ moment: Contest.Moment) -> Double {
        let placement = moment.placement
        switch self {
        case .arithmetic(let flops): return flops / placement.peak
        case .memory(let bytes, let isReadOnly):
            guard let bandwidth = moment.bandwidth else {
                preconditionFailure("a bound by a bandwidth that was not measured")
            }
            return bytes / (isReadOnly ? bandwidth.read : bandwidth.mixed)
        case .instructions(let work, let vectors, let isShared):
            return vectors * work.fmaTimes * Double(2 * VectorWork.lanes)
                / (isShared ? placement.peak : placement.onePeak)
        }
    }
}

/// Instructions of an operation on a vector, as the AVX2 kernel has them. The bound is the largest
/// of what the units of a core of today need for them, each taken alone, in times of a fused
/// multiply-add: Zen 3 and 4 start four vector instructions a cycle, of these two products and two
/// additions, have two loads and one store, and divide in three cycles, for which a unit for products
/// gives up two. Latency, which a kernel can hide, counts for nothing. Where AVX-512 doubles the
/// peak, the bound is twice what AVX2 can reach.
package struct VectorWork: Sendable, Equatable {
    static let lanes = 8

    /// All that is neither load nor store.
    let arithmetic: Double
    /// Of these, what the two units for products do: fused or not, choices by a mask, divisions.
    let products: Double
    /// And the two for additions: floating-point sums, minima and comparisons, shifts.
    let additions: Double
    let divisions: Double
    let loads, stores: Double

    var fmaTimes: Double {
        max(arithmetic / 2, products + divisions, additions, 6 * divisions, loads, 2 * stores)
    }
}

extension KernelOperation {
    /// The one that takes the longest is what counts. None between the caches, where no single
    /// number is the limit, and for instructions that nobody counted.
    package func limits(_ size: Size) -> [Limit] {
        if flops(size) > 0 { return [.arithmetic(flops: flops(size))] }
        let isOutOfCache = bytes(size) >= 2 * Double(Probe.lastCacheBytes)
        var limits: [Limit] = []
        if isOutOfCache { limits.append(.memory(bytes: bytes(size), isReadOnly: !writes)) }
        if let vectorWork, isOutOfCache || size.m <= Self.inFirstCache.m,
            KernelTable.name == "avx2"
        {
            limits.append(
                .instructions(
                    vectorWork, vectors: Double(size.m) / Double(VectorWork.lanes),
                    isShared: isOutOfCache))
        }
        return limits
    }

    /// Elements of which two arrays take 24 KB of the first cache, long enough that a call is not
    /// what is measured.
    static let inFirstCache = Size(3072)
    /// The same of three arrays.
    static let threeInFirstCache = Size(2048)
    /// Elements of which two arrays are several times the last cache of a desktop machine.
    static let outOfCache = Size(1 << 24)
}
