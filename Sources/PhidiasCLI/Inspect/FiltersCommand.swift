import ArgumentParser
import Phidias
import PhidiasRuns

extension FilterImage.ColorMap: ExpressibleByArgument {}
extension FilterImage.Scaling: ExpressibleByArgument {}

struct FiltersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filters",
        abstract: "Draw a layer's weights as a PNG.",
        discussion: """
            Example:
              phidias filters runs/mnist/model.safetensors --output filters.png
              phidias filters runs/mnist/model.safetensors --layer 1 --output weights.png
              phidias filters --film runs/mnist --output film.png
            A layer over an image is drawn as a tile for each unit or kernel; one over units as a \
            matrix of all its weights, with the numbers of its rows and columns. The third makes a \
            sheet of the frames that phidias train --filters-every drew, with the step below each; \
            of the options it takes --frames, --columns and --output.
            """)

    @Argument(help: "A model file, or the folder of a run.")
    var model: String?
    @Option(help: "The folder of a run with frames, in place of a model file.")
    var film: String?
    @Option(parsing: .unconditional, help: "With --film: most frames on the sheet, evenly chosen.")
    var frames = 12
    @Option(parsing: .unconditional, help: "Layer, from 0.")
    var layer = 0
    @Option(help: "The picture.")
    var output: String
    @Option(parsing: .unconditional, help: "Tiles in a row.")
    var columns: Int?
    @Option(
        parsing: .unconditional,
        help:
            "Side of the square of pixels that one weight becomes (default: so that all are easily seen)."
    )
    var scale: Int?
    @Option(help: "Colours.")
    var colormap: FilterImage.ColorMap = .diverging
    @Option(
        help: "What the strongest colour stands for: the largest weight of all tiles or of each.")
    var scaling: FilterImage.Scaling = .perFilter

    func run() throws {
        switch (model, film) {
        case (let model?, nil): try draw(model)
        case (nil, let film?): try drawSheet(film)
        default:
            throw UsageError(description: "Give a model file, or --film with the folder of a run.")
        }
        print(output)
    }

    private func drawSheet(_ run: String) throws {
        guard (1...1000).contains(frames) else {
            throw UsageError(description: "--frames \(frames): give 1 to 1000.")
        }
        if let columns, columns < 1 {
            throw UsageError(description: "--columns \(columns) is not at least 1.")
        }
        let chosen = FilterFilm.chosen(try FilterFilm.frames(of: run), frames)
        guard !chosen.isEmpty else {
            throw UsageError(
                description:
                    "\(run): there are no frames (frames/step-….png); train with --filters-every."
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
        picture.colorMap = colormap
        picture.scaling = scaling
        picture.scale = scale
        picture.columns = columns
        let summary = try picture.writeDescribed(
            file.model, layer: layer, name: model, to: output)
        Console.say(summary + ".")
    }
}

/// A frame that is not of the film's size.
struct MixedFrames: PhidiasError {
    let path: String
    var description: String {
        "\(path): the frame has another size than the first; the frames are of different networks. Remove those of the older run."
    }
    var exitCode: Int32 { 65 }
}
