import ArgumentParser
import CommandLineSupport
import FoundationEssentials
import Glibc
import Phidias
import PhidiasRuns

struct SummaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Show the layers of a network: shapes, parameters, operations, memory.",
        usage: "phidias summary <network> [<options>]",
        discussion: """
            With --document, writes the network as JSON, for phidias train --network. The document \
            does not name a loss: to train dbl-2024 from one, add --loss cross-entropy.

            Examples:
              phidias summary runs/mnist
              phidias summary dbl-2024
              phidias summary 'conv 8 5x5 relu, maxpool 2, dense 10' --image 3x32x32
              phidias summary dbl-2024 --document > network.json
              phidias summary 'dense 4096 relu, dense 10' --ranks 2,4,16 --batch-size 1024
            """)

    @Argument(
        help: ArgumentHelp(
            "A model file, the folder of a run, or a network as for phidias train --network: mlp, dbl-2024, a JSON file or layers.",
            valueName: "network"))
    var source: String
    @Option(
        help: ArgumentHelp(
            "For a preset or layers: the size of the image, as ROWSxCOLUMNS or CHANNELSxROWSxCOLUMNS. (default: 28x28)",
            valueName: "size"))
    var image: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("For a preset: the number of classes.", valueName: "count"))
    var classes = 10
    @OptionGroup var team: ThreadOptions
    @Flag(help: "Write the network as a JSON document.")
    var document = false
    @OptionGroup(title: "Training over ranks") var ranks: RankOptions
    @OptionGroup var form: FormatOptions

    private static let batches = [1, 16, 64, 256]

    func run() throws {
        let threads = try Model.threads(team.threads)
        let (network, names) = try network()
        if document {
            print(NetworkDocument.json(network).text(pretty: true))
            return
        }
        let ranks = try ranks.estimates(of: network, threads: threads)
        let memory = Self.batches.map {
            (batch: $0, bytes: network.trainingMemory(batchSize: $0, threads: threads))
        }
        switch form.format {
        case .text:
            show(network, memory, threads, names)
            if let ranks { print("\n\(ranks.text)") }
        case .json:
            let ranks = ranks.map { [JSON.Member(key: "ranks", value: $0.json)] } ?? []
            print(JSON.object(json(network, memory, threads, names) + ranks).text())
        }
    }

    /// The network, and the names of its classes where there are some.
    private func network() throws -> (Network, names: [String]?) {
        var isFolder = false
        let isThere = FileManager.default.fileExists(atPath: source, isDirectory: &isFolder)
        let isModel = source.hasSuffix(".safetensors") || (isThere && isFolder)
        let choice = isModel ? nil : try NetworkChoice(source)
        let isDocument = if case .document = choice { true } else { false }
        guard image == nil || !(isModel || isDocument) else {
            throw UsageError(
                description: "\(source) already defines the size of its images: leave out --image.")
        }
        guard let choice else {
            let file = try KeptModel(path: source).file
            return (file.model.network, file.classNames)
        }
        let image = image ?? "28x28"
        let sizes = image.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (2...3).contains(sizes.count), let rows = sizes[sizes.count - 2],
            let columns = sizes[sizes.count - 1], let channels = sizes.count == 3 ? sizes[0] : 1
        else {
            throw UsageError(
                description: "--image '\(image)' is not a size such as 28x28 or 3x32x32.")
        }
        let shape = ImageShape(channels: channels, rows: rows, columns: columns)
        return (try choice.network(input: shape, classes: classes), nil)
    }

    private func show(
        _ network: Network, _ memory: [(batch: Int, bytes: Int)], _ threads: Int,
        _ names: [String]?
    ) {
        var table = TextTable(
            ["", "layer", "output", "parameters", "FLOP\nforward"], left: [1, 2], indent: "")
        table.add("", "input \(network.inputRange.rawValue)", "\(network.input)", "", "")
        for (index, layer) in network.layers.enumerated() {
            let weighted = network.weighted.first { $0.index == index }
            table.add(
                String(index), layer.description, network.shapes[index].description,
                weighted?.parameterCount.grouped ?? "",
                weighted == nil
                    ? "" : Int(clamping: network.forwardFlops(ofLayer: index)).grouped)
        }
        print(table.text)
        let needs =
            ["for training with \(threads.counted("thread")), without the data:"]
            + memory.map { "batch \($0.batch): \(Self.mebibytes($0.bytes))" }
        print(
            "\n"
                + TextTable.list([
                    "output": network.outputActivation.rawValue,
                    "parameters": network.parameterCount.grouped,
                    "per image":
                        "\(Self.mega(network.forwardFlops)) MFLOP forward, \(Self.mega(network.trainingFlops)) MFLOP for a training step",
                    "memory": needs.joined(separator: "\n"),
                ]))
        if let names {
            let list = names.joined(separator: ", ").besideName
            print(TextTable.list(["classes": list]))
        }
    }

    private func json(
        _ network: Network, _ memory: [(batch: Int, bytes: Int)], _ threads: Int,
        _ names: [String]?
    ) -> [JSON.Member] {
        let layers = network.layers.enumerated().map { index, layer -> JSON in
            .members([
                "layer": .string(layer.description), "output": Self.json(network.shapes[index]),
                "parameters": .integer(
                    network.weighted.first { $0.index == index }?.parameterCount ?? 0),
                "forward_flops": .number(network.forwardFlops(ofLayer: index)),
            ])
        }
        let named = names.map { [JSON.Member(key: "classes", value: ClassNames.json($0))] }
        let members: KeyValuePairs<String, JSON> = [
            "input": Self.json(.image(network.input)), "layers": .array(layers),
            "output_activation": .string(network.outputActivation.rawValue),
            "parameters": .integer(network.parameterCount),
            "forward_flops": .number(network.forwardFlops),
            "training_flops": .number(network.trainingFlops),
            "threads": .integer(threads),
            "memory": .array(
                memory.map {
                    .members(["batch": .integer($0.batch), "bytes": .integer($0.bytes)])
                }),
        ]
        return members.map { .init(key: $0.key, value: $0.value) } + (named ?? [])
    }

    private static func json(_ shape: LayerShape) -> JSON {
        switch shape {
        case .image(let image):
            .array([.integer(image.channels), .integer(image.rows), .integer(image.columns)])
        case .units(let count): .array([.integer(count)])
        }
    }

    private static func mega(_ flops: Double) -> String { (flops / 1e6).fixed(2) }

    private static func mebibytes(_ bytes: Int) -> String {
        "\((Double(bytes) / Double(1 << 20)).fixed(1)) MiB"
    }
}
