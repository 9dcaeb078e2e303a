import ArgumentParser
import CommandLineSupport
import Foundation
import KernelOperations
import Phidias
import PhidiasRuns

extension ConvolutionPass: ExpressibleByArgument {}

/// Runs one pass of a convolution by turns with another program, as `BenchTurns` trains.
struct BenchConvolution: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolution",
        abstract: "Run a pass of a convolution, by turns with another program.",
        usage: "phidias bench convolution --pass <pass> --layer <layer> [<options>]",
        discussion: """
            The convolution is one of dbl-2024, with a batch of 64. Writes a line of JSON when the \
            result has been checked, and an answer for each line of standard input:
              epoch      runs the pass as often as the first line says, in seconds
              peak       measures fused multiply-adds per second, and whether every
                         thread has a core of its own
              save FILE  writes x, weight, bias, delta and result as safetensors, in
                         PyTorch's order
            An answer comes when the threads sleep again, so that the other program's turn can begin \
            at once.

            Example:
              printf 'peak\\nepoch\\n' | \\
                phidias bench convolution --pass forward --layer 2
            """)

    // Work of an epoch: a fifth of a second at 200 GFLOP/s.
    private static let flops = 4e10

    @Option(help: "The pass.")
    var pass: ConvolutionPass
    @Option(help: "The convolution of the network: 1 or 2.")
    var layer: Int
    @OptionGroup var team: ThreadOptions

    func validate() throws {
        let layers = KernelOperation.convolutionShapes.count
        guard (1...layers).contains(layer) else {
            throw ValidationError("--layer is \(layer); it must be from 1 to \(layers).")
        }
        if layer == 1 && pass == .backwardData {
            throw ValidationError(
                "--pass \(pass.rawValue) needs --layer 2: the gradient with respect to the images is never computed."
            )
        }
    }

    func run() throws {
        try BenchError.refuseDebugBuild()
        let threads = try Model.threads(team.threads)
        let shape = KernelOperation.convolutionShapes[layer - 1]
        let data = ConvolutionData(shape, seed: KernelOperation.timingSeed)
        let contender: Contest.Contender
        do {
            contender = try KernelOperation.prepareConvolution(pass, data, isAligned: true)
                .contender("kernels", .kernels(threads: threads))
        } catch let error as WrongResult {
            throw BenchError.wrongResult(error.description)
        }
        let runs = Int(clamping: (Self.flops / shape.flops).rounded(.up))
        let machine = Machine(threads: threads)
        TurnTaker.say([
            "ready": .bool(true), "pass": .string(pass.rawValue), "shape": .string("\(shape)"),
            "padding": .integer(shape.padding.height), "runs": .integer(runs),
            "flops_per_epoch": .number(Double(runs) * shape.flops),
            "kernels": .string(machine.kernels), "threads": .integer(threads),
            "cpu": .string(machine.cpu),
        ])
        while let line = readLine() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch (words.first, words.count) {
            case ("epoch", 1):
                let seconds = try (0..<runs).reduce(0.0) { sum, _ in sum + (try contender.turn()) }
                TurnTaker.rest()
                TurnTaker.say(["turn": .string("epoch"), "seconds": .number(seconds)])
            case ("peak", 1): TurnTaker.probe(threads: threads)
            case ("save", 2):
                try save(data, threads: threads, to: words[1])
                TurnTaker.rest()
                TurnTaker.say(["turn": .string("save")])
            default:
                TurnTaker.say(["error": .string("'\(line)' is not epoch, peak or save FILE")])
            }
        }
    }

    private func save(_ data: ConvolutionData, threads: Int, to path: String) throws {
        let shape = data.shape, output = shape.output
        let result = try data.result(pass, threads: threads)
        let tensors = [
            NamedTensor(
                name: "x",
                shape: [shape.batch, shape.inputs, shape.image.height, shape.image.width],
                values: data.x),
            NamedTensor(
                name: "weight",
                shape: [shape.outputs, shape.inputs, shape.window.height, shape.window.width],
                values: data.weight),
            NamedTensor(name: "bias", shape: [shape.outputs], values: data.bias),
            NamedTensor(
                name: "delta", shape: [shape.batch, shape.outputs, output.height, output.width],
                values: data.delta),
            NamedTensor(name: "result", shape: [result.count], values: result),
        ]
        try DurableFile.write(Safetensors(metadata: [], tensors: tensors).bytes, to: path)
    }
}
