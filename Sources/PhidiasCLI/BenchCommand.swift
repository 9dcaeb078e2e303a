import ArgumentParser
import Foundation
import KernelOperations
import Phidias

struct BenchCommand: ParsableCommand {
    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case kernels, train
    }

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the C kernels against naive and tuned Swift: verified, then timed.",
        discussion: """
            All take turns in one run; a ratio above 1 says how many times as fast the kernels are:
            the median of paired turns and, in brackets, its quartiles.

            Example:
              phidias bench kernels --seconds 2
            """)

    @Argument(help: "kernels: each operation; train: steps of a 784-128-10 network, batch 64.")
    var subject: Subject = .kernels
    @Option(help: "Seconds for each row of the table, pauses not counted.")
    var seconds = 1.0
    @Option(help: "Threads; without it, what affinity and cgroup allow.")
    var threads: Int?
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func validate() throws {
        guard seconds > 0 && seconds <= 3600 else {
            throw ValidationError("--seconds \(seconds): give more than 0 and at most 3600.")
        }
    }

    func run() throws {
        let threads = try Model.threads(threads)
        #if DEBUG
            throw BenchError.debugBuild
        #else
            let machine = Machine(threads: threads)
            if format == .text { print(machine.text) }
            do {
                let rows =
                    switch subject {
                    case .kernels: try kernels(threads: threads)
                    case .train: try training(threads: threads)
                    }
                if format == .json {
                    print(
                        JSON.members([
                            "subject": .string(subject.rawValue), "machine": machine.json,
                            "seconds": .number(seconds), "rounds": .integer(Contest.rounds),
                            "results": .array(rows.map(\.json)),
                        ]).text())
                }
            } catch let error as WrongResult {
                throw BenchError.wrongResult(error.description)
            }
        #endif
    }

    private func kernels(threads: Int) throws -> [BenchRow] {
        show(BenchRow.header)
        var rows: [BenchRow] = []
        for operation in KernelOperation.all {
            for size in operation.benchmarks {
                let prepared = operation.prepare(size, KernelOperation.timingSeed)
                var contenders = [try prepared.contender("naive", .naive)]
                if operation.isTuned {
                    contenders.append(try prepared.contender("tuned", .tuned(threads: threads)))
                }
                contenders.append(
                    try prepared.contender("kernels", .kernels(threads: threads)))
                let times = try Contest.run(contenders, seconds: seconds)
                let flops = operation.flops(size)
                rows.append(
                    BenchRow(
                        name: "\(operation.name) \(size)", times: times,
                        work: flops > 0 ? flops : operation.bytes(size),
                        unit: flops > 0 ? "GFLOP/s" : "GB/s"))
                show(rows[rows.count - 1].text)
            }
        }
        return rows
    }

    private func training(threads: Int) throws -> [BenchRow] {
        show(BenchRow.header)
        let times = try Contest.run(
            try TrainingContest(threads: threads).contenders(), seconds: seconds)
        let row = BenchRow(
            name: "step 784-128-10", times: times, work: Double(TrainingContest.batch) * 1e9,
            unit: "images/s")
        show(row.text)
        if let kernels = times.last {
            let epoch = kernels.spread.median * 60_000 / Double(TrainingContest.batch)
            show("an epoch of 60,000 images by the kernels: \(epoch.fixed(3)) s")
        }
        return [row]
    }

    private func show(_ line: String) {
        if format == .text { print(line) }
    }
}

/// Why nothing was measured.
enum BenchError: PhidiasError {
    case debugBuild
    case wrongResult(String)

    var description: String {
        switch self {
        case .debugBuild:
            "this is a debug build, whose times mean nothing; build with 'swift build -c release'."
        case .wrongResult(let what):
            "nothing is timed that fails its check: \(what)"
        }
    }

    var exitCode: Int32 { 70 }
}
