import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct DataAugment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "augment",
        abstract: "Draw training images as the epochs of an augmented training see them.",
        usage: "phidias data augment --output <file> [<options>]",
        discussion: """
            Draws a row for each image: first as it is, then as the first epochs of phidias train \
            see it with the same options.

            Example:
              phidias data augment --data data/mnist --shift 2 --rotation 10 \\
                --elastic 3 --output augmented.png
            """)

    @OptionGroup(title: "Data") var source: SourceOptions
    @OptionGroup(title: "Augmentation") var options: AugmentationOptions
    @OptionGroup(title: "Output") var picture: PictureOptions

    struct SourceOptions: ParsableArguments {
        @Option(help: .setting("data")) var data: String?
        @Option(parsing: .unconditional, help: "The seed of the training.")
        var seed: UInt64 = 1
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "How many training images to draw, from the first.", valueName: "count"))
        var images = 10
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("How many epochs to draw, from the first.", valueName: "count"))
        var epochs = 9
    }

    struct PictureOptions: ParsableArguments {
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The side of the square that stands for a pixel.", valueName: "pixels"))
        var scale = 2
        @Option(help: ArgumentHelp("The PNG file to write.", valueName: "file"))
        var output: String
    }

    func run() throws {
        let (images, epochs, seed) = (source.images, source.epochs, source.seed)
        for (name, value) in [("images", images), ("epochs", epochs)]
        where !(1...100).contains(value) {
            throw UsageError(description: "--\(name) is \(value); it must be from 1 to 100.")
        }
        let settings = try TrainingSettings(options)
        let augmentation = try settings.augmentation() ?? Augmentation()
        let data = try (source.data.map { .folder($0) } ?? DataSource.synthetic).load(seed: seed)
            .training
        let indices = Array(0..<min(images, data.count))
        var sheet = FilterImage()
        (sheet.columns, sheet.scale) = (epochs + 1, picture.scale)
        let rows = try indices.flatMap { index in
            try [data.image(index)]
                + (1...epochs).map { epoch in
                    try augmentation.images(of: data, at: [index], seed: seed, epoch: epoch)
                }
        }
        let drawn = try sheet.draw(images: rows, of: data.shape)
        try PNG.write(
            drawn, text: ["Title": "Augmented training images", "Software": "Phidias"],
            to: picture.output)
        print(picture.output)
    }
}
