import ArgumentParser
import Foundation
import KernelOperations
import Phidias

struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Compare each C kernel with naive and tuned Swift, and with what is possible.",
        discussion: """
            All take turns in one run, and the machine's peak with them. A ratio above 1 says how \
            many times as fast the kernels are: the median of paired turns and its quartiles.

            --against openblas multiplies matrices beside an installed OpenBLAS instead, which is \
            looked for in OPENBLAS_LIBRARY and then by the system's names.

            Example:
              phidias bench kernels --filter gemm-nn --seconds 2
            """)

    enum Rival: String, ExpressibleByArgument, CaseIterable {
        case openblas
    }

    static let swiftOpponents = ["tuned", "naive"]

    @OptionGroup var options: BenchOptions
    @Option(help: "Only operations whose name and size contain this text, such as gemm-nn 1024.")
    var filter = ""
    @Option(help: "Another library instead of Swift.")
    var against: Rival?

    func run() throws {
        switch against {
        case .openblas: try againstOpenBLAS()
        case nil: try againstSwift()
        }
    }

    private func againstOpenBLAS() throws {
        let library = try OpenBLAS(threads: try Model.threads(options.threads))
        options.show(library.description)
        var ratios: [Double] = []
        try options.table(of: "products", against: [library.name]) { limits, add in
            let threads = limits.placement.threads
            for size in KernelOperation.productShapes {
                let flops = 2 * Double(size.m * size.n * size.k)
                let row = BenchRow(
                    name: "gemm-nn \(size)",
                    outcome: try Contest.run(
                        try library.contenders(size, threads: threads), seconds: options.seconds,
                        threads: threads),
                    work: flops, unit: "GFLOP/s", limits: [.arithmetic(flops: flops)],
                    columns: [library.name])
                add(row)
                if let ratio = row.ratio(to: library.name) { ratios.append(ratio.median) }
            }
        }
        let mean = exp(ratios.reduce(0) { $0 + log($1) } / Double(ratios.count))
        options.show("Geometric mean over the shapes: \(mean.fixed(3)) × \(library.name)")
    }

    private func againstSwift() throws {
        try options.table(of: "kernels", against: Self.swiftOpponents) { limits, add in
            let threads = limits.placement.threads
            for operation in KernelOperation.all {
                for size in operation.benchmarks
                where filter.isEmpty || "\(operation.name) \(size)".contains(filter) {
                    let prepared = operation.prepare(size, KernelOperation.timingSeed)
                    var contenders = [try prepared.contender("naive", .naive)]
                    if operation.isTuned {
                        contenders.append(
                            try prepared.contender("tuned", .tuned(threads: threads)))
                    }
                    contenders.append(
                        try prepared.contender("kernels", .kernels(threads: threads)))
                    let bounds = operation.limits(size)
                    let outcome = try Contest.run(
                        contenders, seconds: options.seconds, threads: threads,
                        bandwidth: bounds.contains(where: \.needsBandwidth))
                    let flops = operation.flops(size)
                    add(
                        BenchRow(
                            name: "\(operation.name) \(size)", outcome: outcome,
                            work: flops > 0 ? flops : operation.bytes(size),
                            unit: flops > 0 ? "GFLOP/s" : "GB/s", limits: bounds,
                            columns: Self.swiftOpponents))
                }
            }
        }
    }
}
