import Phidias

/// The answer to an image.
public struct Prediction: Sendable {
    /// From 1, over all that was answered or failed.
    public let number: Int
    /// The file; of a file of many images, and of several drawings, with a number behind it.
    public let name: String
    /// The class.
    public let answer: Int
    /// The probability of each class.
    public let probabilities: [Float]
    /// What the network saw; nil for an image of a file of many.
    public let drawing: DigitFitting.Drawing?
    /// Whether an image of a file of many, which is taken as it is, seems to be ink on paper the
    /// other way round than what the network was trained on.
    public let seemsInverted: Bool

    /// All classes, the most likely first. The answer comes first, also where rounding makes others
    /// as likely.
    public var ranked: [Int] {
        probabilities.indices.sorted {
            (probabilities[$1], $0 == answer ? 0 : 1, $0)
                < (probabilities[$0], $1 == answer ? 0 : 1, $1)
        }
    }
}

/// What happens while images are classified, in their order.
public enum PredictionEvent {
    /// An image, or a row of numbers, was answered with a class.
    case prediction(Prediction)
    /// A row of numbers was answered with numbers.
    case numbers(NumberPrediction)
    /// What was found out about a file of many images, as a sentence.
    case note(String)
    /// A file could not be used. The others are answered all the same.
    case failure(path: String, any PhidiasError)
}

/// Classifies pictures, folders and files of images in batches, so that they need not fit into
/// memory together.
///
///     let model = try ModelFile(path: "model.safetensors")
///     try PredictionRun(model).run(["photo.png", "scans"]) { event in
///         if case .prediction(let one) = event { print(one.name, one.answer) }
///     }
public struct PredictionRun: Sendable {
    /// The model.
    public let model: Model
    /// How pictures are read.
    public var reading: PictureReading
    /// A folder for what the network sees of each picture, as PNG files; nil for none.
    public var fittedFolder: String?
    /// By which the columns of tables are found, for a model of rows of numbers.
    let columnNames: ColumnNames?

    /// - Parameters:
    ///   - file: a model of classes of images, or one of rows of numbers, which answers tables (.csv)
    ///     and IDX files of numbers. What it says of its ground is used in `reading`.
    ///   - reading: how pictures are read.
    ///   - fittedFolder: a folder for what the network sees; it is created if it is missing.
    public init(
        _ file: ModelFile, reading: PictureReading = PictureReading(), fittedFolder: String? = nil
    ) {
        (model, self.reading, self.fittedFolder) = (file.model, reading, fittedFolder)
        columnNames = file.columnNames
        self.reading.ground = file.ground
    }

    /// Classifies everything.
    /// - Parameters:
    ///   - sources: files and folders.
    ///   - report: is told every answer and failure, at most a batch after it was read. What it
    ///     throws ends the run.
    /// - Throws: `PredictionError.noImages`; `ModelError`, `FileError`.
    public func run(_ sources: [String], _ report: (PredictionEvent) throws -> Void) throws {
        if model.network.inputRange == .numbers { return try answerRows(sources, report) }
        guard model.network.outputActivation != .identity else { throw PredictionError.noImages }
        if let fittedFolder { try DurableFile.makeDirectory(fittedFolder) }
        var batch = Batch(self)
        for source in sources {
            try ImageSource(source).forEach(shape: model.network.input) { item in
                do {
                    switch item {
                    case .note(let text): try report(.note(text))
                    case .failure(let path, let error): batch.add(path, error)
                    case .image(let name, var pixels):
                        if reading.ink == .dark, reading.ground != .light {
                            pixels = pixels.map { 255 - $0 }
                        }
                        batch.add(name, pixels, nil, seemsInverted: seemsInverted(pixels))
                    case .picture(let path):
                        let found = try reading.drawings(path: path, for: model.network)
                        for (place, drawing) in found.enumerated() {
                            let name = found.count == 1 ? path : "\(path) \(place + 1)"
                            try save(drawing, of: path, number: batch.number + 1)
                            batch.add(name, drawing.pixels, drawing)
                        }
                    }
                } catch let error as FileError {
                    throw error
                } catch let error as any PhidiasError {
                    guard case .picture(let path) = item else { throw error }
                    batch.add(path, error)
                }
                if batch.isFull { try batch.answer(report) }
            }
        }
        try batch.answer(report)
    }

    private func seemsInverted(_ pixels: [UInt8]) -> Bool {
        let shape = model.network.input
        guard reading.ink == nil, reading.isSought, shape.channels == 1 else { return false }
        let image = Image(
            unchecked: pixels, width: shape.columns, height: shape.rows, channels: 1)
        return switch reading.ground {
        case .dark: DigitFitting.paper(of: image) == true
        case .light: DigitFitting.paper(of: image) == false
        case .varied: false
        }
    }

    /// Writes what the network sees, under the number of its answer and the picture's name.
    private func save(_ drawing: DigitFitting.Drawing, of path: String, number: Int) throws {
        guard let fittedFolder else { return }
        let shape = model.network.input
        var stem = path.split(separator: "/").last.map(String.init) ?? "picture"
        if let dot = stem.lastIndex(of: "."), dot > stem.startIndex { stem = String(stem[..<dot]) }
        var pixels = drawing.pixels
        if shape.channels > 1 {
            let plane = shape.rows * shape.columns
            pixels = (0..<plane).flatMap { place in
                (0..<shape.channels).map { drawing.pixels[$0 * plane + place] }
            }
        }
        let image = try Image(
            width: shape.columns, height: shape.rows, channels: shape.channels, pixels: pixels)
        try PNG.write(image, to: "\(fittedFolder)/\(number)-\(stem.prefix(60)).png")
    }
}

/// Images and failures that wait for their turn.
private struct Batch {
    private let model: Model
    private var predictor: Predictor?
    private var waiting: [Waiting] = []
    private var pixels: [UInt8] = []
    /// How many came before.
    private(set) var number = 0

    private enum Waiting {
        case image(number: Int, name: String, DigitFitting.Drawing?, seemsInverted: Bool)
        case failure(path: String, any PhidiasError)
    }

    init(_ run: PredictionRun) { model = run.model }

    var isFull: Bool { waiting.count >= Model.evaluationBatch }

    mutating func add(
        _ name: String, _ image: [UInt8], _ drawing: DigitFitting.Drawing?,
        seemsInverted: Bool = false
    ) {
        number += 1
        waiting.append(
            .image(number: number, name: name, drawing, seemsInverted: seemsInverted))
        pixels += image
    }

    mutating func add(_ path: String, _ error: any PhidiasError) {
        number += 1
        waiting.append(.failure(path: path, error))
    }

    mutating func answer(_ report: (PredictionEvent) throws -> Void) throws {
        let classes = model.network.classes
        let count = pixels.count / model.network.inputs
        var (logits, values, answers): ([Float], [Float], [Int]) = ([], [], [])
        if count > 0 {
            // A single batch, the usual case, needs no more than its own buffers.
            let size = min(count, Model.evaluationBatch)
            let ready =
                try predictor.map { $0.batch >= size ? $0 : try Predictor(model) }
                ?? Predictor(model, batch: size)
            predictor = ready
            logits = try ready.logits(images: pixels)
            (values, answers) = (model.probabilities(of: logits), model.answers(logits))
        }
        var place = 0
        for one in waiting {
            switch one {
            case .failure(let path, let error): try report(.failure(path: path, error))
            case .image(let number, let name, let drawing, let seemsInverted):
                try report(
                    .prediction(
                        Prediction(
                            number: number, name: name, answer: answers[place],
                            probabilities: Array(
                                values[place * classes..<(place + 1) * classes]),
                            drawing: drawing, seemsInverted: seemsInverted)))
                place += 1
            }
        }
        waiting.removeAll(keepingCapacity: true)
        pixels.removeAll(keepingCapacity: true)
    }
}
