import ArgumentParser
import Phidias
import PhidiasRuns

struct FeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features",
        abstract:
            "Draw what a layer makes of an image, or the images that excite its filters most.",
        discussion: """
            Example:
              phidias features runs/convolution/model.safetensors digit.png \\
                --output maps.png
              phidias features runs/convolution/model.safetensors --strongest 8 --layer 2 \\
                --data data/mnist --output strongest.png
            The first is a tile for each channel. The second has a row for each channel, with its \
            number, from 0, at the left: the test images at which the largest value of its map is \
            largest, in order.
            """)

    @Argument(help: "A model file, or the folder of a run.")
    var model: String
    @Argument(help: "A PNG file, fitted as by phidias predict.")
    var image: String?
    @Option(parsing: .unconditional, help: "Layer, from 0, that gives an image.")
    var layer = 0
    @Option(parsing: .unconditional, help: "In place of an image: so many images for each filter.")
    var strongest: Int?
    @OptionGroup(title: "With --strongest") var data: TestDataOptions
    @Option(help: "The picture.")
    var output: String
    @Option(
        parsing: .unconditional,
        help:
            "Side of the square of pixels that one value becomes (default: so that all are easily seen)."
    )
    var scale: Int?
    @Option(help: "With an image: colours of the maps; they are symmetric around zero.")
    var colormap: FilterImage.ColorMap = .diverging
    @Flag(help: "With an image: the ink is dark on light.")
    var invert = false

    func run() throws {
        _ = try Model.threads(nil)
        let kept = try KeptModel(path: model)
        let file = kept.file.model
        var picture = FilterImage()
        picture.scale = scale
        let drawn: Image
        let title: String
        switch (image, strongest) {
        case (let path?, nil):
            picture.colorMap = colormap
            title = "Layer \(layer) of \(model) for \(path)"
            drawn = try maps(file, path, picture)
        case (nil, let count?):
            title = "Images that excite layer \(layer) of \(model) most"
            drawn = try excitations(kept, count, picture)
        default:
            throw UsageError(description: "Give an image, or --strongest with a number.")
        }
        try PNG.write(
            drawn, text: ["Title": title, "Layer": String(layer), "Software": "Phidias"],
            to: output)
        print(output)
    }

    private func maps(_ model: Model, _ path: String, _ picture: FilterImage) throws -> Image {
        try PredictCommand.check(model.network)
        let pixels = try DigitFitting.fit(
            path: path, rows: model.network.rows, columns: model.network.columns, invert: invert)
        let maps = try model.features(of: pixels, layer: layer)
        return try picture.draw(
            weights: maps.values, rows: maps.shape.rows, width: maps.shape.columns)
    }

    private func excitations(
        _ kept: KeptModel, _ count: Int, _ picture: FilterImage
    ) throws -> Image {
        guard (1...100).contains(count) else {
            throw UsageError(description: "--strongest \(count): give 1 to 100.")
        }
        let test = try data.test(for: kept)
        let channels = try kept.file.model.strongest(count, in: test, layer: layer)
        var picture = picture
        picture.columns = min(count, test.count)
        return try picture.drawNumbered(
            images: channels.flatMap { row in row.map { test.image($0.image) } }, of: test.shape)
    }
}
