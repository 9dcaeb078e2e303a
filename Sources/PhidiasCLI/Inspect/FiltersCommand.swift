import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

extension FilterImage.ColorMap: ExpressibleByArgument {}
extension FilterImage.Scaling: ExpressibleByArgument {}

struct FiltersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filters",
        abstract: "Draw the weights of a layer as a PNG.",
        usage: """
            phidias filters <model> --output <file> [<options>]
            phidias filters --film <run> --output <file> [<options>]
            """,
        discussion: """
            Draws a layer over an image as a tile for each unit or kernel, and a layer over units as a \
            matrix of all its weights, with the numbers of its rows and columns. With --film, draws a \
            sheet of the frames that phidias train --filters-every made, with the step below each.

            Examples:
              phidias filters runs/mnist --output filters.png
              phidias filters runs/mnist --layer 1 --output weights.png
              phidias filters --film runs/mnist --output film.png
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String?
    @Option(help: ArgumentHelp("The PNG file to write.", valueName: "file"))
    var output: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The number of tiles in a row. (default: about a square)", valueName: "count"))
    var columns: Int?
    @OptionGroup(title: "For a model") var drawing: ModelOptions
    @OptionGroup(title: "For a film") var sheet: FilmOptions

    struct ModelOptions: ParsableArguments {
        @Option(parsing: .unconditional, help: "The layer, counted from 0.")
        var layer = 0
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The side of the square that stands for a weight. (default: one that is easily seen)",
                valueName: "pixels"))
        var scale: Int?
        @Option(help: ArgumentHelp("The colors.", valueName: "name"))
        var colormap: FilterImage.ColorMap = .diverging
        @Option(
            help: ArgumentHelp(
                "What the strongest color stands for: the largest weight of all tiles or of each.",
                valueName: "name"))
        var scaling: FilterImage.Scaling = .perFilter
    }

    struct FilmOptions: ParsableArguments {
        @Option(help: ArgumentHelp("The folder of a run with frames.", valueName: "run"))
        var film: String?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The most frames on the sheet, evenly chosen, 1 to 1000.", valueName: "count"))
        var frames = 12
    }

    func run() throws {
        switch (model, sheet.film) {
        case (let model?, nil): try draw(model)
        case (nil, let film?): try drawSheet(film)
        default:
            throw UsageError(description: "Give either a model or --film with the folder of a run.")
        }
        print(output)
    }

    private func drawSheet(_ run: String) throws {
        let frames = sheet.frames
        guard (1...1000).contains(frames) else {
            throw UsageError(description: "--frames is \(frames); it must be from 1 to 1000.")
        }
        if let columns, columns < 1 {
            throw UsageError(description: "--columns is \(columns); it must be at least 1.")
        }
        let chosen = FilterFilm.chosen(try FilterFilm.frames(of: run), frames)
        guard !chosen.isEmpty else {
            throw UsageError(
                description:
                    "\(run): there are no frames (frames/step-….png): train with --filters-every."
            )
        }
        // The first frame's header says whether the sheet is too large, before anything is decoded.
        let first = try PNG.size(
            try FileBytes.read(chosen[0].path, limit: PNG.largestFile), path: chosen[0].path)
        var sheet = try ContactSheet(
            count: chosen.count, width: first.width, height: first.height, columns: columns,
            largest: chosen[chosen.count - 1].step)
        for frame in chosen {
            let bytes = try FileBytes.read(frame.path, limit: PNG.largestFile)
            guard try PNG.size(bytes, path: frame.path) == first else {
                throw MixedFrames(path: frame.path)
            }
            sheet.add(try PNG.decodeColor(bytes, name: frame.path), number: frame.step)
        }
        try PNG.write(
            sheet.image,
            text: [
                "Title": "Filters during training",
                "Description": "Steps \(chosen.map { String($0.step) }.joined(separator: ", "))",
                "Software": "Phidias",
            ], to: output)
    }

    private func draw(_ model: String) throws {
        let file = try KeptModel(path: model).file
        var picture = FilterImage()
        picture.colorMap = drawing.colormap
        picture.scaling = drawing.scaling
        picture.scale = drawing.scale
        picture.columns = columns
        let summary = try picture.writeDescribed(
            file.model, layer: drawing.layer, name: model, to: output)
        Console.say(summary + ".")
    }
}

/// A frame whose size is not that of the film.
struct MixedFrames: PhidiasError {
    let path: String
    var description: String {
        "\(path): the frame differs in size from the first one, so they show different networks. Remove those of the older run."
    }
    var exitCode: Int32 { 65 }
}
