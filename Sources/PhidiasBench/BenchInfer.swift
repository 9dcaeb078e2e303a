import ArgumentParser
import CommandLineSupport
import Foundation
import Phidias
import PhidiasRuns

/// Predicts by turns with another program, which asks over standard input: the comparison with ONNX
/// Runtime, and the checks of exports, use it.
struct BenchInfer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer",
        abstract: "Predict the test images, by turns with another program.",
        usage: "phidias bench infer <model> --data <folder> [<options>]",
        discussion: """
            Writes a line of JSON when model and data are loaded, and an answer for each line of \
            standard input:
              logits FILE         writes those of all test images, 32-bit floats
              probabilities FILE  the same of probabilities, or of numbers that are predicted
              one                 seconds for one image, the mean of many calls
              batch N             seconds for all test images, N at a time
              peak                measures fused multiply-adds per second
            An answer with a time comes when the threads sleep again, so that the other program's turn \
            can begin at once. The end of standard input ends the program.

            Example:
              printf 'one\\nbatch 256\\n' | phidias bench infer runs/1 --data data/mnist
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @Option(help: ArgumentHelp("The folder with the four IDX files.", valueName: "folder"))
    var data: String
    @OptionGroup var team: ThreadOptions

    /// A turn takes at least so long.
    private static let shortestTurn = 0.2

    func run() throws {
        let model = try KeptModel(path: model).file.model
        let test = try DataPair(directory: data).test
        try model.check(test)
        let threads = try Model.threads(team.threads)
        let machine = Machine(threads: threads)
        TurnTaker.say([
            "ready": .bool(true), "network": .string(model.network.description),
            "images": .integer(test.count), "kernels": .string(machine.kernels),
            "threads": .integer(threads), "cpu": .string(machine.cpu),
            "version": .string(PhidiasVersion.current),
        ])
        while let line = readLine() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch (words.first, words.last) {
            case ("logits", let path?) where words.count == 2:
                let predictor = try Predictor(model, threads: threads)
                try write(
                    test.isNumeric
                        ? try predictor.logits(features: test.features)
                        : try predictor.logits(images: test.images), to: path)
            case ("probabilities", let path?) where words.count == 2:
                try write(try Self.outputs(Predictor(model, threads: threads), test), to: path)
            case ("one", _): try timeOne(model, test, threads)
            case ("batch", let count?) where words.count == 2:
                try timeBatches(of: Int(count) ?? 0, model, test, threads)
            case ("peak", _): TurnTaker.probe(threads: threads)
            default:
                TurnTaker.say(["error": .string("'\(line)' is not understood")])
            }
        }
    }

    /// Probabilities, or the numbers that are predicted.
    private static func outputs(_ predictor: Predictor, _ test: Dataset) throws -> [Float] {
        switch (test.isNumeric, predictor.model.network.outputActivation == .identity) {
        case (true, true): try predictor.numbers(features: test.features)
        case (true, false): try predictor.probabilities(features: test.features)
        case (false, true): try predictor.numbers(images: test.images)
        case (false, false): try predictor.probabilities(images: test.images)
        }
    }

    private func write(_ values: [Float], to path: String) throws {
        let bytes = values.withUnsafeBytes { Data($0) }
        try bytes.write(to: URL(fileURLWithPath: path))
        TurnTaker.say(["values": .integer(values.count)])
    }

    private func timeOne(_ model: Model, _ test: Dataset, _ threads: Int) throws {
        let predictor = try Predictor(model, batch: 1, threads: threads)
        let images = (0..<min(test.count, 256)).map { test.image($0) }
        try report("one") { _ = try predictor.probabilities(images: images[$0 % images.count]) }
    }

    private func timeBatches(
        of count: Int, _ model: Model, _ test: Dataset, _ threads: Int
    ) throws {
        let predictor = try Predictor(model, batch: count, threads: threads)
        let parts = stride(from: 0, to: test.count, by: count).map { first in
            Array(
                test.images[
                    first * test.shape.count..<min(first + count, test.count) * test.shape.count])
        }
        try report("batch") { _ in
            for part in parts { _ = try predictor.probabilities(images: part) }
        }
    }

    /// Says the mean time of calls, after one that warms up.
    private func report(_ turn: String, _ call: (Int) throws -> Void) throws {
        try call(0)
        let start = ContinuousClock.now
        var (calls, seconds) = (0, 0.0)
        while seconds < Self.shortestTurn {
            try call(calls)
            calls += 1
            seconds = start.duration(to: .now) / .seconds(1)
        }
        TurnTaker.rest()
        TurnTaker.say([
            "turn": .string(turn), "seconds": .number(seconds / Double(calls)),
            "calls": .integer(calls),
        ])
    }
}
