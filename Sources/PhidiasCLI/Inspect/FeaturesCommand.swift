import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct FeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features",
        abstract: "Draw the features of an image in a layer, or the images that excite it most.",
        usage: """
            phidias features <model> <image> --output <file> [<options>]
            phidias features <model> --strongest <count> --output <file> [<options>]
            """,
        discussion: """
            For an image, draws a tile for each channel of the layer. With --strongest, draws a row \
            for each channel, with its number at the left: the test images with the largest maximum in its map, in order.

            Examples:
              phidias features runs/convolution digit.png --output maps.png
              phidias features runs/convolution --strongest 8 --layer 2 \\
                --data data/mnist --output strongest.png
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @Argument(help: "A PNG or JPEG file, which is fitted as by phidias predict.")
    var image: String?
    @Option(
        parsing: .unconditional, help: "The layer, counted from 0; its output must be an image.")
    var layer = 0
    @Option(help: ArgumentHelp("The PNG file to write.", valueName: "file"))
    var output: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The side of the square that stands for a value. (default: one that is easily seen)",
            valueName: "pixels"))
    var scale: Int?
    @OptionGroup(title: "For an image") var drawing: ImageOptions
    @OptionGroup(title: "For an image") var pictures: PictureOptions
    @OptionGroup(title: "For the strongest images") var ranking: StrongestOptions
    @OptionGroup(title: "For the strongest images") var data: TestDataOptions

    struct ImageOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The colors of the maps, symmetric around zero.", valueName: "name"))
        var colormap: FilterImage.ColorMap = .diverging
    }

    struct StrongestOptions: ParsableArguments {
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Draw this many test images for each channel, 1 to 100.", valueName: "count"))
        var strongest: Int?
    }

    func run() throws {
        _ = try Model.threads(nil)
        let kept = try KeptModel(path: model)
        let file = kept.file
        var picture = FilterImage()
        picture.scale = scale
        let drawn: Image
        let title: String
        switch (image, ranking.strongest) {
        case (let path?, nil):
            picture.colorMap = drawing.colormap
            title = "Layer \(layer) of \(model) for \(path)"
            drawn = try maps(file, path, picture)
        case (nil, let count?):
            title = "Images that excite layer \(layer) of \(model) most"
            drawn = try excitations(kept, count, picture)
        default:
            throw UsageError(description: "Give either an image or --strongest with a number.")
        }
        try PNG.write(
            drawn, text: ["Title": title, "Layer": String(layer), "Software": "Phidias"],
            to: output)
        print(output)
    }

    private func maps(_ file: ModelFile, _ path: String, _ picture: FilterImage) throws -> Image {
        let model = file.model
        var reading = pictures.reading()
        reading.ground = file.ground
        let found = try reading.drawings(path: path, for: model.network)
        let pixels = found[0].pixels
        let maps = try model.features(of: pixels, layer: layer)
        return try picture.draw(
            weights: maps.values, rows: maps.shape.rows, width: maps.shape.columns)
    }

    private func excitations(
        _ kept: KeptModel, _ count: Int, _ picture: FilterImage
    ) throws -> Image {
        guard (1...100).contains(count) else {
            throw UsageError(description: "--strongest is \(count); it must be from 1 to 100.")
        }
        let test = try data.test(for: kept)
        let channels = try kept.file.model.strongest(count, in: test, layer: layer)
        var picture = picture
        picture.columns = min(count, test.count)
        return try picture.drawNumbered(
            images: channels.flatMap { row in row.map { test.image($0.image) } }, of: test.shape)
    }
}
