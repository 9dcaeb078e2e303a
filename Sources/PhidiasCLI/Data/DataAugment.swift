import ArgumentParser
import Phidias
import PhidiasRuns

struct DataAugment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "augment",
        abstract: "Draw training images as the epochs of an augmented training see them.",
        discussion: """
            A row for each image: as it is, and then in the first epochs of phidias train with the \
            same options.

            Example:
              phidias data augment --data data/mnist --shift 2 --rotation 10 --elastic 3 \\
                --output augmented.png
            """)

    @Option(help: .setting("data")) var data: String?
    @OptionGroup var options: AugmentationOptions
    @Option(parsing: .unconditional, help: "The seed of the training.")
    var seed: UInt64 = 1
    @Option(parsing: .unconditional, help: "Training images, from the first.")
    var images = 10
    @Option(parsing: .unconditional, help: "Epochs, from the first.")
    var epochs = 9
    @Option(parsing: .unconditional, help: "Side of the square of pixels that one pixel becomes.")
    var scale = 2
    @Option(help: "The picture.")
    var output: String

    func run() throws {
        for (name, value) in [("images", images), ("epochs", epochs)]
        where !(1...100).contains(value) {
            throw UsageError(description: "--\(name) \(value): give 1 to 100.")
        }
        let settings = try TrainingSettings(options)
        let augmentation = try settings.augmentation() ?? Augmentation()
        let data = try (data.map { .folder($0) } ?? DataSource.synthetic).load(seed: seed).training
        let indices = Array(0..<min(images, data.count))
        var picture = FilterImage()
        (picture.columns, picture.scale) = (epochs + 1, scale)
        let rows = try indices.flatMap { index in
            try [data.image(index)]
                + (1...epochs).map { epoch in
                    try augmentation.images(of: data, at: [index], seed: seed, epoch: epoch)
                }
        }
        let drawn = try picture.draw(images: rows, of: data.shape)
        try PNG.write(
            drawn, text: ["Title": "Augmented training images", "Software": "Phidias"],
            to: output)
        print(output)
    }
}
