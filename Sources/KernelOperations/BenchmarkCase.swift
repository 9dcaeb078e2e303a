import PhidiasKernels

/// A case of a kernel for the package in Benchmarks/, which sees only what is public: verified
/// before it can be had, so that nothing wrong is ever timed. Not meant for anything else.
public struct BenchmarkCase: Sendable {
    /// Operation, size, and who computes it.
    public let name: String
    private let prepared: KernelCase
    private let implementation: Implementation

    /// Every benchmark size of every operation, by the kernels and by tuned Swift.
    /// - Throws: an error that names the first wrong result.
    public static func verified() throws -> [BenchmarkCase] {
        let threads = Threads.available
        return try KernelOperation.all.flatMap { operation in
            try operation.benchmarks.flatMap { size in
                let prepared = operation.prepare(size, KernelOperation.timingSeed)
                let contenders: [(String, Implementation)] =
                    [("kernels", .kernels(threads: threads))]
                    + (operation.isTuned ? [("tuned Swift", .tuned(threads: threads))] : [])
                return try contenders.map { who, implementation in
                    let name = "\(operation.name) \(size), \(who)"
                    if let failure = try prepared.verify(implementation).failure {
                        throw WrongResult(description: "\(name): \(failure)")
                    }
                    return BenchmarkCase(
                        name: name, prepared: prepared, implementation: implementation)
                }
            }
        }
    }

    /// Runs once on fresh buffers, which `prepare` makes before the clock starts.
    public func run(_ buffers: inout [[Float]]) throws {
        _ = try prepared.run(implementation, &buffers)
    }

    /// Buffers for one run.
    public func prepare() -> [[Float]] { prepared.freshBuffers() }
}
