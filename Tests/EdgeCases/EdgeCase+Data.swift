import Phidias

extension EdgeCase {
    private static func dataset(
        images: Int = 16, labels: Int = 1, channels: Int = 1, rows: Int = 4, columns: Int = 4,
        classes: Int = 10
    ) throws {
        _ = try Dataset(
            images: [UInt8](repeating: 0, count: images),
            labels: [UInt8](repeating: 0, count: labels), channels: channels, rows: rows,
            columns: columns, classes: classes)
    }

    static var data: [EdgeCase] {
        [
            EdgeCase("Dataset: rows of Int.max", .error("images")) { try dataset(rows: .max) },
            EdgeCase("Dataset: rows of 2^62", .error("images")) { try dataset(rows: 1 << 62) },
            EdgeCase("Dataset: all sizes 2^31", .error("images")) {
                try dataset(channels: 1 << 31, rows: 1 << 31, columns: 1 << 31)
            },
            EdgeCase("Dataset: rows of Int.min", .error("at least 1")) { try dataset(rows: .min) },
            EdgeCase("Dataset: -4 x -4", .error("at least 1")) {
                try dataset(rows: -4, columns: -4)
            },
            EdgeCase("Dataset: 0 channels", .error("at least 1")) { try dataset(channels: 0) },
            EdgeCase("Dataset: Int.max classes", .error("256")) { try dataset(classes: .max) },
            EdgeCase("Dataset: 257 classes", .error("256")) { try dataset(classes: 257) },
            EdgeCase("Dataset: 0 classes", .error("256")) { try dataset(classes: 0) },
            EdgeCase("Dataset: 256 classes", .value) { try dataset(classes: 256) },
            EdgeCase("Dataset: no labels", .error("no images")) {
                try dataset(images: 0, labels: 0)
            },
            EdgeCase("Dataset: a byte too many", .error("belong together")) {
                try dataset(images: 33)
            },
            EdgeCase("Dataset: label outside", .error("outside the classes")) {
                _ = try Dataset(images: [1], labels: [2], rows: 1, columns: 1, classes: 2)
            },
            EdgeCase("Dataset.image: 99", .precondition) { _ = try Example.data().image(99) },
            EdgeCase("Dataset.image: -1", .precondition) { _ = try Example.data().image(-1) },
            EdgeCase("Dataset.image: the last", .value) {
                try check(try Example.data().image(19).count == 16)
            },
            EdgeCase("Dataset.order: epoch -1", .precondition) {
                _ = try Example.data().order(seed: 1, epoch: -1)
            },
            EdgeCase("Dataset.order: the last epoch", .value) {
                let order = try Example.data().order(seed: 1, epoch: Int(UInt32.max))
                try check(order.sorted() == (0..<20).map { UInt32($0) })
            },
            EdgeCase("Dataset.subset: 99", .error("no image 99")) {
                _ = try Example.data().subset([0, 99])
            },
            EdgeCase("Dataset.subset: -1", .error("no image -1")) {
                _ = try Example.data().subset([-1])
            },
            EdgeCase("Dataset.subset: Int.max", .error("no image")) {
                _ = try Example.data().subset([.max])
            },
            EdgeCase("Dataset.subset: none", .error("no images")) {
                _ = try Example.data().subset([])
            },
            EdgeCase("Dataset.subset: one twice", .value) {
                try check(try Example.data().subset([19, 19]).count == 2)
            },
            EdgeCase("Dataset.stratifiedSplit: 0", .error("share is 0")) {
                _ = try Example.data().stratifiedSplit(fraction: 0, seed: 1)
            },
            EdgeCase("Dataset.stratifiedSplit: NaN", .error("share is nan")) {
                _ = try Example.data().stratifiedSplit(fraction: .nan, seed: 1)
            },
            EdgeCase("Dataset.stratifiedSplit: too little", .error("leaves no image")) {
                _ = try Example.data().stratifiedSplit(fraction: 1e-300, seed: 1)
            },
            EdgeCase("IDXFile: another product", .error("do not fill")) {
                _ = try IDXFile(dimensions: [2, 3], elements: [1])
            },
            EdgeCase("IDXFile: no size", .error("do not fill")) {
                _ = try IDXFile(dimensions: [], elements: [1])
            },
            EdgeCase("IDXFile: an overflow", .error("do not fill")) {
                _ = try IDXFile(dimensions: [1 << 31, 1 << 31, 4], elements: [])
            },
            EdgeCase("IDXFile: negative sizes", .error("do not fill")) {
                _ = try IDXFile(dimensions: [-2, -2], elements: [1, 2, 3, 4])
            },
            EdgeCase("IDXFile: five sizes", .error("do not fill")) {
                _ = try IDXFile(dimensions: [1, 1, 1, 1, 1], elements: [1])
            },
            EdgeCase("IDXFile: empty", .value) {
                try check(try IDXFile(dimensions: [0], elements: []).bytes.count == 8)
            },
            EdgeCase("IDXFile: no such file", .error("/nowhere")) {
                _ = try IDXFile(path: "/nowhere")
            },
            EdgeCase("DataPair: no such folder", .error("/nowhere")) {
                _ = try DataPair(directory: "/nowhere")
            },
            EdgeCase("DataPair.test: no such folder", .error("/nowhere")) {
                _ = try DataPair.test(directory: "/nowhere", classes: .max)
            },
            EdgeCase("DataPair.write: two sizes", .error("pixels")) {
                let pair = DataPair(
                    training: try Example.data(), test: try Example.data(rows: 3), checksums: [:])
                try pair.write(to: "/proc/none")
            },
            EdgeCase("DataPair.write: no folder", .error("/proc/none")) {
                let data = try Example.data()
                try DataPair(training: data, test: data, checksums: [:]).write(to: "/proc/none")
            },
            EdgeCase("DataImport: no such file", .error("/nowhere")) {
                _ = try DataImport("/nowhere")
            },
            EdgeCase("ImportedTable: no such file", .error("/nowhere")) {
                _ = try ImportedTable(path: "/nowhere")
            },
            EdgeCase("ImageRows: no such file", .error("/nowhere")) {
                _ = try ImageRows(path: "/nowhere")
            },
            EdgeCase("DataImport: 257 classes", .error("257 classes")) {
                var options = ImportOptions()
                options.classes = 257
                _ = try DataImport("/nowhere", options: options)
            },
            EdgeCase("SyntheticDigits.dataset: 0", .error("count is 0")) {
                _ = try SyntheticDigits.dataset(count: 0, seed: 1)
            },
            EdgeCase("SyntheticDigits.dataset: Int.max", .error("count is")) {
                _ = try SyntheticDigits.dataset(count: .max, seed: 1)
            },
            EdgeCase("SyntheticDigits.pair: -1", .error("count is -1")) {
                _ = try SyntheticDigits.pair(training: 1, test: -1, seed: 1)
            },
            EdgeCase("Augmentation: NaN", .error("nan")) { _ = try Augmentation(shift: .nan) },
            EdgeCase("Augmentation: spacing 0", .error("spacing")) {
                _ = try Augmentation(elastic: 1, elasticSpacing: 0)
            },
            EdgeCase("Augmentation.images: -1", .error("no image -1")) {
                _ = try Augmentation(shift: 1).images(
                    of: try Example.data(), at: [-1], seed: 1, epoch: 1)
            },
            EdgeCase("Augmentation.images: 99", .error("no image 99")) {
                _ = try Augmentation(shift: 1).images(
                    of: try Example.data(), at: [99], seed: 1, epoch: 1)
            },
            EdgeCase("Augmentation.images: epoch -1", .error("epoch is -1")) {
                _ = try Augmentation(shift: 1).images(
                    of: try Example.data(), at: [0], seed: 1, epoch: -1)
            },
            EdgeCase("Augmentation.images: 0 threads", .error("0 threads")) {
                _ = try Augmentation(shift: 1).images(
                    of: try Example.data(), at: [0], seed: 1, epoch: 1, threads: 0)
            },
            EdgeCase("Augmentation.images: a row of 2^22 + 1 pixels", .error("larger")) {
                let data = try Example.data(count: 2, rows: 1, columns: 1 << 22 + 1, classes: 2)
                _ = try Augmentation(shift: 1).images(of: data, at: [0], seed: 1, epoch: 1)
            },
            EdgeCase("Augmentation.images: a row of 2^20 pixels, all at most", .value) {
                let data = try Example.data(count: 2, rows: 1, columns: 1 << 20, classes: 2)
                let most = try Augmentation(
                    shift: 65_535, rotation: 180, elastic: 32_000, elasticSpacing: 65_535)
                let images = try most.images(of: data, at: [0], seed: 1, epoch: 1)
                try check(images.count == 1 << 20)
            },
            EdgeCase("Augmentation.images: none", .value) {
                let images = try Augmentation(shift: 1).images(
                    of: try Example.data(), at: [], seed: 1, epoch: 1)
                try check(images.isEmpty)
            },
        ]
    }

    static var random: [EdgeCase] {
        let random = CounterRandom(seed: .max, purpose: .user, epoch: .max)
        return [
            EdgeCase("CounterRandom.below: 0", .precondition) { _ = random.below(0, index: 0) },
            EdgeCase("CounterRandom.below: 1", .value) {
                try check(random.below(1, index: .max) == 0)
            },
            EdgeCase("CounterRandom.below: UInt32.max", .value) {
                try check(random.below(.max, index: 0) < .max)
            },
            EdgeCase("CounterRandom.permutation: -1", .precondition) {
                _ = random.permutation(count: -1)
            },
            EdgeCase("CounterRandom.permutation: 2^32", .precondition) {
                _ = random.permutation(count: 1 << 32)
            },
            EdgeCase("CounterRandom.permutation: 0 and 1", .value) {
                try check(random.permutation(count: 0).isEmpty)
                try check(random.permutation(count: 1) == [0])
            },
            EdgeCase("CounterRandom.uniform: the last index", .value) {
                try check((0..<1).contains(random.uniform(.max)))
            },
        ]
    }
}
