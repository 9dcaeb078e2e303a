import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model as ONNX, for other programs.",
        usage: "phidias export <model> --to onnx --output <file> [<options>]",
        discussion: """
            ONNX takes images [batch, channels, rows, columns] and gives logits and probabilities \
            (opset 17). With --input bytes they are bytes, as in a picture, and the graph scales them \
            itself; with --input float they are numbers in the range of the network.

            Example:
              phidias export runs/mnist --to onnx --input bytes --output digits.onnx
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @Option(help: ArgumentHelp("The format.", valueName: "format"))
    var to: Format
    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String
    @Option(help: "What the images of ONNX are.")
    var input: ONNXExport.Input?
    @Flag(help: "Replace the output file.")
    var force = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case onnx
    }

    func run() throws {
        let file = try KeptModel(path: model).file
        try export(file).write(to: output, replacing: force)
        print(output)
    }

    private func export(_ file: ModelFile) throws -> any ModelExport {
        switch to {
        case .onnx: return ONNXExport(file, input: input ?? .float)
        }
    }
}

extension ONNXExport.Input: ExpressibleByArgument {}
