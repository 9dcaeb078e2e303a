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
            sheet of the frames that phidias train --filters-every made, with the step below each, or \
            with --animate shows them one after the other.

            Examples:
              phidias filters runs/mnist --output filters.png
              phidias filters runs/mnist --layer 1 --output weights.png
              phidias filters --film runs/mnist --output film.png
              phidias filters --film runs/mnist --animate --output film.apng
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
                "The most frames to show, evenly chosen, 1 to 1000. (default: 12 on a sheet, 60 in an animation)",
                valueName: "count"))
        var frames: Int?
        @Flag(help: "Make an animation in place of a sheet: APNG, without loss.")
        var animate = false
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "How long the animation shows a frame, 10 to 10000; the last one at least 2000.",
                valueName: "milliseconds"))
        var delay = 100
    }

    func run() throws {
        switch (model, sheet.film) {
        case (let model?, nil): try draw(model)
        case (nil, let film?): try drawFilm(film)
        default:
            throw UsageError(description: "Give either a model or --film with the folder of a run.")
        }
        print(output)
    }

    private func drawFilm(_ run: String) throws {
        let most = sheet.frames ?? (sheet.animate ? 60 : 12)
        guard (1...AnimatedPNG.mostFrames).contains(most) else {
            throw UsageError(description: "--frames is \(most); it must be from 1 to 1000.")
        }
        guard (10...10_000).contains(sheet.delay) else {
            throw UsageError(description: "--delay is \(sheet.delay); it must be from 10 to 10000.")
        }
        if let columns, columns < 1 || sheet.animate {
            throw UsageError(
                description: sheet.animate
                    ? "--columns is for a sheet, not for an animation."
                    : "--columns is \(columns); it must be at least 1.")
        }
        let chosen = FilterFilm.chosen(try FilterFilm.frames(of: run), most)
        guard let last = chosen.last else {
            throw UsageError(
                description:
                    "\(run): there are no frames (frames/step-….png): train with --filters-every."
            )
        }
        // The first frame's header says whether the picture is too large, before anything is decoded.
        let first = try PNG.size(
            try FileBytes.read(chosen[0].path, limit: PNG.largestFile), path: chosen[0].path)
        func emptySheet(_ count: Int) throws -> ContactSheet {
            try ContactSheet(
                count: count, width: first.width, height: first.height, columns: columns,
                largest: last.step)
        }
        func add(_ frame: FilterFilm.Frame, to sheet: inout ContactSheet) throws {
            let bytes = try FileBytes.read(frame.path, limit: PNG.largestFile)
            guard try PNG.size(bytes, path: frame.path) == first else {
                throw MixedFrames(path: frame.path)
            }
            sheet.add(try PNG.decodeColor(bytes, name: frame.path), number: frame.step)
        }
        let text: KeyValuePairs = [
            "Title": "Filters during training",
            "Description": "Steps \(chosen.map { String($0.step) }.joined(separator: ", "))",
            "Software": "Phidias",
        ]
        guard sheet.animate else {
            var sheet = try emptySheet(chosen.count)
            for frame in chosen { try add(frame, to: &sheet) }
            return try PNG.write(sheet.image, text: text, to: output)
        }
        // Each frame as a sheet of its own.
        let empty = try emptySheet(1)
        var animation = AnimatedPNG(count: chosen.count, text: text)
        for frame in chosen {
            var page = empty
            try add(frame, to: &page)
            try animation.add(
                page.image,
                milliseconds: frame.step == last.step ? max(sheet.delay, 2000) : sheet.delay)
        }
        try DurableFile.write(animation.finished(), to: output)
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
