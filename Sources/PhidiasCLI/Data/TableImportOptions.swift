import ArgumentParser
import CommandLineSupport
import Phidias

/// The options of `data import` for tables and arrays.
struct TableImportOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The column of labels: its name or number, first, last, or none. (default: found by looking)",
            valueName: "column"))
    var label: String?
    @Option(
        help: ArgumentHelp(
            "Columns of numbers to predict, in place of labels.", valueName: "column,…"))
    var target: String?
    @Option(help: ArgumentHelp("Columns to leave out.", valueName: "column,…"))
    var drop: String?
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "What the rows are: images or table. (default: found by looking)", valueName: "content")
    )
    var content: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The value that becomes 255. (default: found by looking)", valueName: "value"))
    var scale: Double?
    @Option(
        help: ArgumentHelp(
            "What replaces missing values: mean. (default: they are refused)", valueName: "value"))
    var missing: String?

    @Option(
        help: ArgumentHelp(
            "The arrays of a file: images and labels, or these for training and then for testing; of IDX files, the set. (default: found by their names)",
            valueName: "name,…"))
    var keys: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Swap rows and columns of images. (default: those of EMNIST's files)")
    var transpose: Bool?

    /// - Parameters:
    ///   - size: rows and columns of an image; nil: the images are squares.
    ///   - channels: values of a pixel; nil: 1.
    func options(size: Extent?, channels: Int?) throws -> TableOptions {
        var options = TableOptions()
        options.label = label.map(TableOptions.Label.init)
        options.targets = list(target)
        options.dropped = list(drop)
        options.content = try content.map { text in
            guard let content = TableOptions.Content(rawValue: text) else {
                throw UsageError(description: "--as is '\(text)'; give images or table.")
            }
            return content
        }
        options.size = size
        options.channels = channels
        options.white = scale
        options.keys = list(keys)
        options.isTransposed = transpose
        if let missing {
            guard missing == "mean" else {
                throw UsageError(description: "--missing is '\(missing)'; it can only be mean.")
            }
            options.fillsMissing = true
        }
        return options
    }

    private func list(_ text: String?) -> [String] {
        text?.split(separator: ",").map(String.init) ?? []
    }
}
