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
              phidias filters runs/mnist/model.safetensors --output filters.png --scale 4
              phidias filters --film runs/mnist --output film.png
            The second makes a sheet of the frames that phidias train --filters-every drew, with the \
            step below each; of the options it takes --frames, --columns and --output.
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
    @Option(parsing: .unconditional, help: "Side of the square of pixels that one weight becomes.")
    var scale = 3
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
        var pictures: [(number: Int, image: Image)] = []
        for frame in chosen {
            let image = try PNG.readColor(path: frame.path)
            if let first = pictures.first?.image,
                (first.width, first.height) != (image.width, image.height)
            {
                throw MixedFrames(path: frame.path)
            }
            pictures.append((frame.step, image))
        }
        let sheet = try ContactSheet.draw(
            pictures, columns: columns ?? FilterImage.defaultColumns(pictures.count))
        try PNG.write(
            sheet,
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
        try picture.write(file.model, layer: layer, name: model, to: output)
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
