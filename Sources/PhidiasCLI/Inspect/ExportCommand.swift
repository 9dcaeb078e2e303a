import ArgumentParser
import CommandLineSupport
import FoundationEssentials
import Glibc
import Phidias
import PhidiasRuns

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model for other programs: as ONNX, a header of C, or a file of Python.",
        usage: "phidias export <model> --to <format> --output <file> [<options>]",
        discussion: """
            onnx takes images [batch, channels, rows, columns] and gives logits and probabilities \
            (opset 17). With --input bytes they are bytes, as in a picture, and the graph scales them \
            itself; with --input float they are numbers in the range of the network. For rows of \
            numbers the input is called features, and what is predicted of them numbers.

            c is one header of C99 for microcontrollers, with the weights and the functions \
            NAME_predict_bytes and NAME_predict: no libraries, no allocation.

            numpy is a short program of Python that needs NumPy alone. It reads the model file, which \
            must lie beside it.

            Examples:
              phidias export runs/mnist --to onnx --input bytes --output digits.onnx
              phidias export runs/mnist --to c --name digits --output digits.h
              phidias export runs/mnist --to numpy --output runs/mnist/digits.py
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @Option(help: ArgumentHelp("The format.", valueName: "format"))
    var to: Format
    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String
    @Option(help: "For onnx: what the images are. (default: float)")
    var input: ONNXExport.Input?
    @Option(help: "For c: what the names of functions begin with. (default: the output's name)")
    var name: String?
    @Flag(help: "Replace the output file.")
    var force = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case onnx, c, numpy
    }

    func run() throws {
        guard input == nil || to == .onnx else {
            throw UsageError(
                description: "--input is for --to onnx: the other formats take both forms.")
        }
        guard name == nil || to == .c else {
            throw UsageError(description: "--name is for --to c, whose functions have names.")
        }
        let kept = try KeptModel(path: model)
        try export(kept).write(to: output, replacing: force)
        if to == .numpy {
            let file = URL(fileURLWithPath: kept.path).lastPathComponent
            if !Self.isBeside(output, file) {
                Console.say("\(output) reads \(file), which must lie beside it: copy that too.")
            }
        }
        print(output)
    }

    private func export(_ kept: KeptModel) throws -> any ModelExport {
        switch to {
        case .onnx: return ONNXExport(kept.file, input: input ?? .float)
        case .c:
            let own = URL(fileURLWithPath: output).deletingPathExtension().lastPathComponent
            return try CHeaderExport(kept.file, name: name ?? own)
        case .numpy:
            return NumPyExport(
                kept.file, fileName: URL(fileURLWithPath: kept.path).lastPathComponent)
        }
    }

    private static func isBeside(_ path: String, _ name: String) -> Bool {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        return access(folder.appendingPathComponent(name).path, F_OK) == 0
    }
}

extension ONNXExport.Input: ExpressibleByArgument {}
