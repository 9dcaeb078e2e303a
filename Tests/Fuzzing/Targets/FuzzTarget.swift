import Phidias
import PhidiasRuns

/// A reader of files, as the fuzzer and the tests over its corpora call it.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// IDX, plain or compressed.
    case idx
    case gzip
    case safetensors
    /// A model file.
    case model
    case checkpoint
    /// The state of a training.
    case state
    case png
    case jpeg
    /// A picture in which drawings are sought: the number of its columns, then its pixels.
    case drawing
    /// The file run.json.
    case run
    /// The file metrics.jsonl.
    case metrics
    /// Images and measurements as lines of text.
    case csv
    /// Arrays of NumPy: one of images, and an archive with labels.
    case npy, npz
    /// The file classes.json.
    case classes
    /// The file sweep.json.
    case sweep
    /// The file results.jsonl.
    case results
    /// A network's document.
    case network
    /// Layers as a text.
    case layers

    /// Bytes of the longest input that is tried.
    public var longestInput: Int {
        switch self {
        case .idx, .metrics, .png, .csv, .npy: 512
        case .npz: 1024
        case .gzip, .classes: 256
        case .safetensors: 512
        case .drawing, .jpeg, .model, .run, .sweep, .results, .network: 1024
        case .layers: 256
        case .checkpoint, .state: 4096
        }
    }

    /// Whether the reader takes `bytes` for a file. It has to end with a value or an error, never
    /// otherwise; an error names the file; what was read, written and read again is the same.
    public func accepts(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .idx: Self.reading(asFile: bytes, read: Self.idx)
        case .csv: Self.csv(bytes)
        case .npy: Self.reading(asFile: bytes, read: Self.images)
        case .npz: Self.reading(asFile: bytes, read: Self.dataset)
        case .gzip: Self.reading { try Self.gzip(bytes, $0) }
        case .safetensors: Self.reading { try Self.safetensors(bytes, $0) }
        case .model: Self.reading { try Self.model(bytes, $0) }
        case .checkpoint: Self.withMendedSum(bytes, Self.checkpoint)
        case .state: Self.withMendedSum(bytes, Self.state)
        case .png: Self.png(bytes)
        case .jpeg: Self.reading { try Self.jpeg(bytes, $0) }
        case .drawing: Self.reading { try Self.drawing(bytes, $0) }
        case .run: Self.reading { try Self.run(bytes, $0) }
        case .metrics: Self.reading { try Self.metrics(bytes, $0) }
        case .classes: Self.reading { try Self.classes(bytes, $0) }
        case .sweep: Self.reading { try Self.sweep(bytes, $0) }
        case .results: Self.reading { try Self.results(bytes, $0) }
        case .network: Self.reading { try Self.network(bytes, $0) }
        case .layers: Self.reading(path: "Layer") { _ in try Self.layers(bytes) }
        }
    }

    private static func reading(
        path: String = "a file", _ read: (_ path: String) throws -> Void
    ) -> Bool {
        do {
            try read(path)
            return true
        } catch let error as any PhidiasError {
            precondition(error.description.hasPrefix(path), "\(error) does not name the file")
            return false
        } catch {
            preconditionFailure("\(error) is not an error for people")
        }
    }

    private static func reading(
        asFile bytes: [UInt8], read: (_ path: String) throws -> Void
    ) -> Bool {
        let file = MemoryFile(bytes)
        return reading(path: file.path, read)
    }

    // MARK: - Readers of data

    private static func idx(_ path: String) throws {
        // Those of other numbers than bytes are read too, as images.
        _ = reading(path: path, images)
        let file = try IDXFile(path: path)
        let copy = MemoryFile(file.bytes)
        precondition((try? IDXFile(path: copy.path)) == file, "IDX changes when it is written")
    }

    /// Reads the text as images with the label first, and in all other ways.
    private static func csv(_ bytes: [UInt8]) -> Bool {
        let file = MemoryFile(bytes)
        var options = TableOptions()
        _ = reading(path: file.path) { try dataset($0, options) }
        _ = reading(path: file.path) { _ = try ImageRows(path: $0) }
        options.fillsMissing = true
        _ = reading(path: file.path) { try measurements($0, options) }
        options.targets = ["1"]
        _ = reading(path: file.path) { try measurements($0, options) }
        options = TableOptions()
        (options.content, options.label, options.white) = (.images, .last, 16)
        (options.size, options.channels) = (Extent(1, 2), 2)
        _ = reading(path: file.path) { try dataset($0, options) }
        options = TableOptions()
        (options.content, options.label) = (.images, .first)
        return reading(path: file.path) { try dataset($0, options) }
    }

    private static func dataset(_ path: String) throws { try dataset(path, TableOptions()) }

    private static func dataset(_ path: String, _ options: TableOptions) throws {
        let data = try DataImport(path, tables: options).data
        precondition(data.images.count + data.features.count == data.count * data.shape.count)
    }

    private static func measurements(_ path: String, _ options: TableOptions) throws {
        let table = try ImportedTable(path: path, options)
        precondition(table.values.allSatisfy(\.isFinite) && table.targets.allSatisfy(\.isFinite))
        precondition(table.values.count == table.count * table.featureNames.count)
        precondition(table.targets.count == table.count * table.targetNames.count)
        precondition(table.labels.allSatisfy { Int($0) < table.classNames.count })
    }

    private static func images(_ path: String) throws {
        let file = try ImageRows(path: path)
        var count = 0
        try file.forEach {
            precondition($0.count == file.shape.count)
            count += 1
        }
        precondition(count == file.count)
    }

    private static func classes(_ bytes: [UInt8], _ path: String) throws {
        isFixed(text(try ClassNames.parse(bytes, path: path))) {
            text(try ClassNames.parse($0, path: path))
        }
    }

    private static func text(_ names: [String]) -> [UInt8] {
        Array(ClassNames.json(names).text().utf8)
    }

    /// No more than 1 MiB is decompressed.
    private static func gzip(_ bytes: [UInt8], _ path: String) throws {
        var count = 0
        try Gzip.stream(bytes, path: path) { piece in
            count += piece.count
            return count < 1 << 20
        }
    }

    /// Decodes the file as it is, and again with right checksums, which hide the decoder from
    /// chance.
    private static func png(_ bytes: [UInt8]) -> Bool {
        let isRead = reading { try png(bytes, $0) }
        if let mended = PNGChecksums.mended(bytes) { _ = reading { try png(mended, $0) } }
        return isRead
    }

    private static func png(_ bytes: [UInt8], _ path: String) throws {
        let image = try PNG.decodeGray(bytes, name: path, background: 255)
        // Encoding costs much more than decoding.
        guard image.pixels.count <= 16 else { return }
        let copy = try PNG.decodeGray(try PNG.encode(image), name: path)
        precondition(copy == image, "PNG changes when it is written")
    }

    /// Decodes the file to gray and to colours.
    private static func jpeg(_ bytes: [UInt8], _ path: String) throws {
        // Others are read by their own targets.
        guard bytes.starts(with: [0xff, 0xd8]) else {
            throw ImageError.notPicture(path: path, start: Array(bytes.prefix(8)))
        }
        let gray = try ImageFile.decodeGray(bytes, name: path)
        let color = try ImageFile.decodeColor(bytes, name: path)
        precondition(gray.width == color.width && gray.height == color.height)
        precondition(color.pixels.count == 3 * gray.pixels.count)
    }

    /// Every drawing has the size that was asked for.
    private static func drawing(_ bytes: [UInt8], _ path: String) throws {
        let columns = max(Int(bytes.first ?? 0), 1)
        let rows = (bytes.count - 1) / columns
        guard rows > 0 else {
            throw ImageError.tooSmall(path: path, width: columns, height: 0, minimum: 1)
        }
        let image = try Image(
            width: columns, height: rows, channels: 1,
            pixels: Array(bytes[1..<1 + rows * columns]))
        let found = try DigitFitting.drawings(in: image, rows: 8, columns: 10, name: path)
        precondition(!found.isEmpty && found.allSatisfy { $0.pixels.count == 80 })
    }

    // MARK: - Readers of runs

    private static func safetensors(_ bytes: [UInt8], _ path: String) throws {
        isFixed(try Safetensors(bytes: bytes, path: path).bytes) {
            try Safetensors(bytes: $0, path: path).bytes
        }
    }

    private static func model(_ bytes: [UInt8], _ path: String) throws {
        isFixed(try ModelFile(bytes: bytes, name: path).bytes) {
            try ModelFile(bytes: $0, name: path).bytes
        }
    }

    /// Reads the file as it is, and again with the right checksum of its tensors.
    private static func withMendedSum(
        _ bytes: [UInt8], _ read: (_ bytes: [UInt8], _ path: String) throws -> Void
    ) -> Bool {
        let isRead = reading { try read(bytes, $0) }
        if !isRead, let mended = mendedSum(bytes) { _ = reading { try read(mended, $0) } }
        return isRead
    }

    private static func checkpoint(_ bytes: [UInt8], _ path: String) throws {
        isFixed(try Checkpoint(bytes: bytes, name: path).file.bytes) {
            try Checkpoint(bytes: $0, name: path).bytes
        }
    }

    private static func state(_ bytes: [UInt8], _ path: String) throws {
        isFixed(try TrainingStateFile(bytes: bytes, name: path).bytes) {
            try TrainingStateFile(bytes: $0, name: path).bytes
        }
    }

    private static func mendedSum(_ bytes: [UInt8]) -> [UInt8]? {
        guard var file = try? Safetensors(bytes: bytes, path: ""),
            let place = file.metadata.firstIndex(where: { $0.key == "tensors_sha256" })
        else { return nil }
        let sum = JSON.string(Safetensors.sha256(file.tensors))
        guard file.metadata[place].value != sum else { return nil }
        file.metadata[place] = .init(key: "tensors_sha256", value: sum)
        return file.bytes
    }

    private static func run(_ bytes: [UInt8], _ path: String) throws {
        isFixed(text(try RunDocument(bytes: bytes, path: path))) {
            text(try RunDocument(bytes: $0, path: path))
        }
    }

    private static func text(_ run: RunDocument) -> [UInt8] { Array(run.json.text().utf8) }

    private static func metrics(_ bytes: [UInt8], _ path: String) throws {
        let (epochs, length) = try MetricsFile.parse(bytes, path: path)
        precondition(length <= bytes.count)
        isFixed(MetricsFile.bytes(epochs)) {
            MetricsFile.bytes(try MetricsFile.parse($0, path: path).epochs)
        }
    }

    private static func network(_ bytes: [UInt8], _ path: String) throws {
        let network = try NetworkDocument.read(bytes, path: path)
        precondition(network.shapes.count == network.layers.count)
        let text = Array(NetworkDocument.json(network).text().utf8)
        precondition(
            (try? NetworkDocument.read(text, path: path)) == network,
            "a network changes when it is written")
    }

    /// No more layers are built than a network may have.
    private static func layers(_ bytes: [UInt8]) throws {
        let layers = try [Layer](text: String(decoding: bytes, as: UTF8.self))
        precondition((try? [Layer](text: layers.text)) == layers, "layers change when written")
        _ = try? Network(input: ImageShape(rows: 28, columns: 28), layers: layers)
    }

    private static func sweep(_ bytes: [UInt8], _ path: String) throws {
        isFixed(text(try SweepDocument(bytes: bytes, path: path))) {
            text(try SweepDocument(bytes: $0, path: path))
        }
    }

    private static func text(_ sweep: SweepDocument) -> [UInt8] { Array(sweep.json.text().utf8) }

    private static func results(_ bytes: [UInt8], _ path: String) throws {
        let (results, length) = try SweepResultsFile.parse(bytes, path: path)
        precondition(length <= bytes.count)
        isFixed(text(results)) { text(try SweepResultsFile.parse($0, path: path).results) }
    }

    private static func text(_ results: [SweepResult]) -> [UInt8] {
        results.flatMap { Array($0.json.text().utf8) + [UInt8(ascii: "\n")] }
    }

    /// Sees that what was written is read, and written again as it was.
    private static func isFixed(_ bytes: [UInt8], again: ([UInt8]) throws -> [UInt8]) {
        do {
            let second = try again(bytes)
            precondition(second == bytes, "what was written is read as something else")
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
    }
}
