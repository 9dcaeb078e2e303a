import ArgumentParser
import CommandLineSupport
import Foundation
import Phidias
import PhidiasKernels
import PhidiasRuns

/// Trains by turns with another program, which asks over standard input. The Python comparisons use
/// it, so that a rival and Phidias meet the same moments of the machine.
struct BenchTurns: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "turns",
        abstract: "Train epochs, evaluate or measure, by turns with another program.",
        usage: "phidias bench turns [<options>]",
        discussion: """
            Writes a line of JSON when the data is loaded, and an answer for each line of standard \
            input:
              epoch     trains one more epoch of the same run, in seconds without
                        packing the model
              peak      measures fused multiply-adds per second, and whether every
                        thread has a core of its own
              evaluate  computes the accuracy on the test images
            An answer comes when the threads sleep again, so that the other program's turn can begin \
            at once. The end of standard input ends the program.

            Example:
              printf 'peak\\nepoch\\nevaluate\\n' | phidias bench turns --hidden 128
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Loss and optimizer") var step: StepOptions
    @OptionGroup(title: "Loss and optimizer") var batch: BatchOptions
    @OptionGroup(title: "Augmentation") var augmentation: AugmentationOptions
    @OptionGroup var team: ThreadOptions

    func run() throws {
        let settings = try TrainingSettings(
            source, network, loss, rates, step, batch, augmentation)
        try settings.check()
        try BenchError.refuseDebugBuild()
        let data = try settings.loadData()
        let network = try settings.network(for: data.training, threads: team.threads)
        let trainer = try settings.trainer(
            Model(network: network, seed: settings.seed), threads: team.threads)
        let turns = Turns(trainer: trainer, data: data)
        turns.greet()
        // The first epoch starts the run; each report then waits for the line that asks for the
        // next. So weights, velocity and order continue as in any training.
        guard try turns.waitForEpoch() else { return }
        do {
            try trainer.train(
                on: data.training, epochs: Self.endless,
                onEpoch: { epoch in
                    turns.report(epochSeconds: epoch.seconds)
                    guard try turns.waitForEpoch() else { throw EndOfTurns() }
                })
        } catch is EndOfTurns {}
    }

    private static let endless = 1_000_000
    private struct EndOfTurns: Error {}
}

/// The program's side of the conversation.
private struct Turns {
    let trainer: Trainer
    let data: DataPair

    func greet() {
        let machine = Machine(threads: trainer.threads)
        TurnTaker.say([
            "ready": .bool(true), "network": .string(trainer.model.network.description),
            "images": .integer(data.training.count), "kernels": .string(machine.kernels),
            "threads": .integer(machine.threads), "cpu": .string(machine.cpu),
            "flops_per_epoch": .number(
                trainer.model.network.trainingFlops * Double(data.training.count)),
        ])
    }

    /// Answers until an epoch is asked for; false at the end of standard input.
    func waitForEpoch() throws -> Bool {
        while let line = readLine() {
            switch line.trimmingCharacters(in: .whitespaces) {
            case "epoch": return true
            case "peak": TurnTaker.probe(threads: trainer.threads)
            case "evaluate": try evaluate()
            case let other:
                TurnTaker.say(["error": .string("'\(other)' is not epoch, peak or evaluate")])
            }
        }
        return false
    }

    func report(epochSeconds: Double) {
        TurnTaker.rest()
        TurnTaker.say(["turn": .string("epoch"), "seconds": .number(epochSeconds)])
    }

    private func evaluate() throws {
        let result = try trainer.model.evaluate(
            data.test, loss: trainer.loss, threads: trainer.threads)
        TurnTaker.rest()
        TurnTaker.say(["turn": .string("evaluate"), "test_accuracy": .number(result.accuracy)])
    }
}

/// The parts of every conversation by turns.
enum TurnTaker {
    // Longer than OpenMP's workers spin after a parallel region.
    private static let restSeconds = 0.25
    private static let probeSeconds = 0.2

    static func say(_ members: KeyValuePairs<String, JSON>) {
        FileHandle.standardOutput.write(Data((JSON.members(members).text() + "\n").utf8))
    }

    static func rest() { Thread.sleep(forTimeInterval: restSeconds) }

    static func probe(threads: Int) {
        let placement = Placement.probe(seconds: probeSeconds, threads: threads)
        rest()
        say([
            "turn": .string("peak"), "gflops_one": .number(placement.onePeak / 1e9),
            "gflops": .number(placement.peak / 1e9),
            "barrier_ns": placement.barrier.map { .number($0 * 1e9) } ?? .null,
            "placed": .bool(placement.isGood),
        ])
    }
}
