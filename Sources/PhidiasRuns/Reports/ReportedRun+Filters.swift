import Phidias

extension ReportedRun {
    /// So many filters, and pixels of one picture, are shown: the page should stay easy to send.
    private static let mostFilters = 256, mostWeights = 1 << 19

    /// The first layer before and after training, in the same colours.
    func filters() throws -> HTML {
        guard let model else {
            return .section("Filters", .note("There is no model yet: no epoch was finished."))
        }
        guard model.model.network == document.network, let seed = firstSeed else {
            return .section(
                "Filters",
                .note("model.safetensors is not of the network, or run.json not of a seed."))
        }
        let start = try Model(network: document.network, seed: seed)
        let layer = model.model.network.weighted[0].index
        let (after, rows, width) = try FilterImage.filters(of: model.model, layer: layer)
        let before = try FilterImage.filters(of: start, layer: layer).weights
        let size = rows * width, units = after.count / size
        let shown = min(units, Self.mostFilters, max(1, Self.mostWeights / size))
        // As in the film, or less where nothing has grown so far.
        let first = FilterImage.peak(before[...])
        let peak = min(max(first, FilterImage.peak(after[...])), FilterFilm.headroom * first)
        var picture = FilterImage()
        picture.peak = peak
        // The small filters of convolutions would be hard to see.
        picture.scale = max(2, min(16, 56 / max(rows, width)))
        var figures: [HTML] = []
        for (title, weights) in [
            ("Before training, from seed \(seed)", before),
            ("After \(metrics.count.counted("epoch"))", after),
        ] {
            let image: Image
            do {
                image = try picture.draw(
                    weights: Array(weights.prefix(shown * size)), rows: rows, width: width)
            } catch {
                if error.exitCode == 71 { throw error }
                return .section("Filters", .note(error.description))
            }
            figures.append(
                .figure(
                    .image(
                        DataURL.png(try PNG.encode(image)), image.width, image.height,
                        "\(title): \(shown) filters of \(rows) × \(width) weights, red positive, blue negative"
                    ), "\(title)."))
        }
        let what = model.model.network.weighted[0].isConvolution ? "kernels" : "units"
        let some = shown < units ? "The first \(shown) of \(units) \(what)" : "All \(units) \(what)"
        return .section(
            "Filters",
            .paragraph(
                "\(some) of the first layer. Red is positive, blue negative, white 0; in both pictures the full colours are ±\(Double(peak).digits(3)) and beyond."
            ), .figures(figures),
            .command(
                "To draw each filter in its own full colours:",
                commands(.filters(model: "\(path)/model.safetensors"))))
    }

    /// The seed that the weights began with.
    private var firstSeed: UInt64? {
        let text = document.changes.first { $0.setting == "seed" }?.from ?? document["seed"]
        return text.flatMap { UInt64($0) }
    }
}

extension HTML {
    static func image(
        _ address: String, _ width: Int, _ height: Int, _ alternative: String, kind: String? = nil
    ) -> HTML {
        .void(
            "img",
            [
                "src": address, "width": "\(width)", "height": "\(height)", "alt": alternative,
                "class": kind ?? "picture",
            ])
    }
}
