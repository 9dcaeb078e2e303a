import ArgumentParser
import CommandLineSupport
import Foundation
import KernelOperations
import Phidias
import PhidiasRuns

struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Compare each C kernel with naive and tuned Swift, and with what is possible.",
        usage: "phidias bench kernels [<options>]",
        discussion: """
            All of them take turns in one run, together with measurements of the machine's peak. A \
            ratio above 1 says how many times as fast the kernels are: the median of paired turns and \
            its quartiles.

            With --against openblas, products of matrices are compared with an installed OpenBLAS \
            instead, which is looked for in OPENBLAS_LIBRARY and then under the system's names. With \
            --against libxsmm, small products are compared with LIBXSMM (LIBXSMM_LIBRARY), on one \
            thread; the code that it generates for each shape is ready before. Its times include what \
            its return without vzeroupper costs a caller, which counts below 32×32×32.

            Example:
              phidias bench kernels --filter gemm-nn --seconds 2
            """)

    enum Rival: String, ExpressibleByArgument, CaseIterable {
        case openblas, libxsmm
    }

    static let swiftOpponents = ["tuned", "naive"]

    @OptionGroup var options: BenchOptions
    @Option(
        help: ArgumentHelp(
            "Only operations whose name and size contain this text, such as 'gemm-nn 1024'.",
            valueName: "text"))
    var filter = ""
    @Option(help: ArgumentHelp("Compare with a library instead of Swift.", valueName: "library"))
    var against: Rival?

    func run() throws {
        switch against {
        case .openblas:
            try against(KernelOperation.productShapes) {
                try OpenBLAS(threads: try Model.threads(options.team.threads))
            }
        case .libxsmm:
            guard options.team.threads ?? 1 == 1 else {
                throw UsageError(description: "LIBXSMM has one thread: leave out --threads.")
            }
            var single = self
            single.options.team.threads = 1
            try single.against(KernelOperation.smallProductShapes) { try LIBXSMM() }
        case nil: try againstSwift()
        }
    }

    /// The items whose names the filter matches.
    private func chosen<Item>(_ items: [Item], _ name: (Item) -> String) throws -> [Item] {
        let chosen = items.filter { filter.isEmpty || name($0).contains(filter) }
        guard !chosen.isEmpty else {
            throw UsageError(
                description:
                    "--filter '\(filter)' matches no operation: leave it out to measure all, whose names are then shown."
            )
        }
        return chosen
    }

    private func against(
        _ shapes: [KernelOperation.Size], load: () throws -> any LibraryProduct
    ) throws {
        func name(_ size: KernelOperation.Size) -> String { "gemm-nn \(size)" }
        let shapes = try chosen(shapes, name)
        let library = try load()
        options.show(library.description.wrapped(hanging: 2))
        func mean(_ rows: [BenchRow]) -> Double {
            let logarithms = rows.compactMap { $0.ratio(to: library.name) }.map { log($0.median) }
            return exp(logarithms.reduce(0, +) / Double(logarithms.count))
        }
        let rows = try options.table(
            of: "products", against: [library.name],
            also: {
                [
                    "opponent": .string("\(library.name): \(library.description)"),
                    "geometric_mean": .number(mean($0)),
                ]
            }
        ) { limits, add in
            let threads = limits.placement.threads
            for size in shapes {
                let flops = 2 * Double(size.m * size.n * size.k)
                add(
                    BenchRow(
                        name: name(size),
                        outcome: try Contest.run(
                            try library.contenders(size, threads: threads),
                            seconds: options.seconds, threads: threads),
                        work: flops, unit: "GFLOP/s", limits: [.arithmetic(flops: flops)],
                        columns: [library.name]))
            }
        }
        options.show(
            "Geometric mean over the shapes: \(mean(rows).fixed(3)) × \(library.name)")
    }

    private func againstSwift() throws {
        let cases = try chosen(
            KernelOperation.all.flatMap { operation in
                operation.benchmarks.map { (operation, $0) }
            }
        ) { "\($0.0.name) \($0.1)" }
        try options.table(of: "kernels", against: Self.swiftOpponents) { limits, add in
            let threads = limits.placement.threads
            for (operation, size) in cases {
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
