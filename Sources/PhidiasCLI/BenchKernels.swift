import ArgumentParser
import KernelOperations
import Phidias

struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Compare each C kernel with naive and tuned Swift, and with what is possible.",
        discussion: """
            All take turns in one run, and the machine's peak with them. A ratio above 1 says how \
            many times as fast the kernels are: the median of paired turns and its quartiles.

            Example:
              phidias bench kernels --filter gemm-nn --seconds 2
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Only operations whose name contains this text.")
    var filter = ""

    func run() throws {
        try options.table(of: "kernels", header: BenchRow.header) { limits, add in
            let threads = limits.placement.threads
            for operation in KernelOperation.all
            where filter.isEmpty || operation.name.contains(filter) {
                for size in operation.benchmarks {
                    let prepared = operation.prepare(size, KernelOperation.timingSeed)
                    var contenders = [try prepared.contender("naive", .naive)]
                    if operation.isTuned {
                        contenders.append(
                            try prepared.contender("tuned", .tuned(threads: threads)))
                    }
                    contenders.append(
                        try prepared.contender("kernels", .kernels(threads: threads)))
                    let outcome = try Contest.run(
                        contenders, seconds: options.seconds, threads: threads)
                    let flops = operation.flops(size)
                    add(
                        BenchRow(
                            name: "\(operation.name) \(size)", outcome: outcome,
                            work: flops > 0 ? flops : operation.bytes(size),
                            unit: flops > 0 ? "GFLOP/s" : "GB/s", limit: operation.limit(size),
                            bandwidth: limits.bandwidth))
                }
            }
        }
    }
}
