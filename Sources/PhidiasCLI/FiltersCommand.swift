import ArgumentParser
import Phidias

extension FilterImage.ColorMap: ExpressibleByArgument {}
extension FilterImage.Scaling: ExpressibleByArgument {}

struct FiltersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filters",
        abstract: "Draw a layer's weights as a PNG.",
        discussion:
            "Example:\n  phidias filters runs/mnist/model.safetensors --output filters.png --scale 4"
    )

    @Argument(help: "A model file.")
    var model: String
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
        let file = try ModelFile(path: model)
        var picture = FilterImage()
        picture.colorMap = colormap
        picture.scaling = scaling
        picture.scale = scale
        picture.columns = columns
        try picture.write(file.model, layer: layer, name: model, to: output)
        print(output)
    }
}
