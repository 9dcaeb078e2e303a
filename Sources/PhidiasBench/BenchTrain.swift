import ArgumentParser
import CommandLineSupport
import KernelOperations
import Phidias
import PhidiasRuns

struct BenchTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Compare training steps of 784-128-10, batch 64, with naive and tuned Swift.",
        usage: "phidias bench train [<options>]",
        discussion: """
            Example:
              phidias bench train --seconds 5
            """)

    @OptionGroup var options: BenchOptions

    func run() throws {
        try options.table(of: "train", against: BenchKernels.swiftOpponents) { limits, add in
            let threads = limits.placement.threads
            let contest = TrainingContest(threads: threads)
            let outcome = try Contest.run(
                try contest.contenders(), seconds: options.seconds, threads: threads)
            let network = try Network(hidden: [TrainingContest.widths[1]])
            let batch = Double(TrainingContest.batch)
            add(
                BenchRow(
                    name: "step \(network), batch \(TrainingContest.batch)", outcome: outcome,
                    work: batch * network.trainingFlops, unit: "GFLOP/s",
                    limits: [.arithmetic(flops: batch * network.trainingFlops)],
                    columns: BenchKernels.swiftOpponents))
            let epoch = outcome.kernels.spread.median * 60_000 / batch
            options.show("An epoch of 60,000 images takes the kernels \(epoch.fixed(3)) s.")
        }
    }
}
