import PureSwiftKernels

/// One operation of the kernels: how to make a case of it, and how much work a case is. The list
/// of all operations drives the correctness tests, the comparisons of bits and the benchmarks:
/// nothing is timed that is not also tested.
package struct KernelOperation: Sendable, CustomStringConvertible {
    /// Matrix operations use m × n (× k); elementwise ones m alone; convolutions their shape.
    package struct Size: Sendable, Hashable, CustomStringConvertible {
        package let m, n, k: Int
        package let convolution: ConvolutionShape?

        package init(_ m: Int, _ n: Int = 1, _ k: Int = 1) {
            (self.m, self.n, self.k) = (m, n, k)
            convolution = nil
        }

        package init(_ convolution: ConvolutionShape) {
            (m, n, k) = (convolution.batch, 1, 1)
            self.convolution = convolution
        }

        package var description: String {
            convolution.map(\.description)
                ?? (k != 1 ? "\(m)×\(n)×\(k)" : n != 1 ? "\(m)×\(n)" : "\(m)")
        }
    }

    package let name: String
    /// Shapes around tile and vector widths, empty ones, and one that is worth seven threads.
    package let edges: [Size]
    package let benchmarks: [Size]
    /// Arithmetic of one run; 0 where bytes are the measure.
    package let flops: @Sendable (Size) -> Double
    /// Memory traffic of one run: what is read, what is written, and what is fetched only to be
    /// overwritten.
    package let bytes: @Sendable (Size) -> Double
    package let isTuned: Bool
    /// Whether it has an output beside a number.
    var writes = true
    var vectorWork: VectorWork?
    /// Seed 0 makes a case for timing: inputs as training has them. Every other seed strews in
    /// special values: NaN, infinities, subnormals, soft targets.
    package let prepare: @Sendable (_ size: Size, _ seed: UInt64) -> KernelCase

    package var description: String { name }

    package static let all: [KernelOperation] =
        products + convolutions + functions + slopes + rows + losses
        + [momentumUpdate, adamUpdate, sum]

    package static let timingSeed: UInt64 = 0

    /// Element counts around vector and panel widths, and one that seven threads share.
    static let counts: [Size] =
        [0, 1, 5, 7, 8, 9, 15, 16, 17, 33, 64, 257, 1000, 130_001].map { Size($0) }
}

/// Who computes.
package enum Implementation: Sendable, Hashable {
    case kernels(threads: Int)
    case naive
    case tuned(threads: Int)

    package var isKernels: Bool {
        if case .kernels = self { true } else { false }
    }
}
