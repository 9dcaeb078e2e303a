import Phidias

/// A call of a public function at an edge, and what has to come of it.
struct EdgeCase {
    enum Expectation {
        /// An error for people that has this text in it.
        case error(String)
        /// The end of the call, with what the body checks.
        case value
        /// A trap that the documentation names, as of an array's subscript.
        case precondition
    }

    let name: String
    let expectation: Expectation
    let body: () throws -> Void

    init(_ name: String, _ expectation: Expectation, _ body: @escaping () throws -> Void) {
        self.name = name
        self.expectation = expectation
        self.body = body
    }

    static var all: [EdgeCase] {
        data + random + models + optimization + training + files + images
    }

    /// Nil if what was expected has come.
    func failure() -> String? {
        do {
            try body()
        } catch let error as Unexpected {
            return error.text
        } catch let error as any PhidiasError {
            guard case .error(let part) = expectation else { return "it throws: \(error)" }
            return error.description.contains(part) ? nil : "it throws another error: \(error)"
        } catch {
            return "it throws what is no error for people: \(error)"
        }
        if case .value = expectation { return nil }
        return "it ends with a value"
    }
}

/// What a body found wrong.
struct Unexpected: Error {
    let text: String
}

func check(_ isRight: Bool, _ text: String = "another value") throws {
    guard isRight else { throw Unexpected(text: text) }
}

/// Small things that the cases are made of.
enum Example {
    static func data(
        count: Int = 20, rows: Int = 4, columns: Int = 4, classes: Int = 10
    ) throws -> Dataset {
        try Dataset(
            images: (0..<count * rows * columns).map { UInt8(truncatingIfNeeded: 7 * $0) },
            labels: (0..<count).map { UInt8($0 % classes) }, rows: rows, columns: columns,
            classes: classes)
    }

    static func network(_ output: OutputActivation = .sigmoid) throws -> Network {
        try Network(rows: 4, columns: 4, hidden: [3], outputActivation: output)
    }

    static func convolution() throws -> Network {
        try Network(input: ImageShape(rows: 4, columns: 4)) {
            Conv2D(2, kernel: 3, activation: .relu)
            Dense(10, activation: .identity)
        }
    }

    static func model() throws -> Model { try Model(network: try network(), seed: 1) }

    /// A model with one weight changed.
    static func model(with value: Float, of network: Network) throws -> Model {
        var parameters = try Model(network: network, seed: 1).parameters
        parameters[0].weight[2] = value
        return try Model(network: network, parameters: parameters)
    }

    static func checkpoint(_ change: (inout Checkpoint) throws -> Void = { _ in }) throws
        -> Checkpoint
    {
        let model = try model()
        var checkpoint = Checkpoint(
            run: RunDocument(
                settings: [], network: model.network, program: "0", checksums: [:], threads: 1,
                kernels: "reference"),
            state: TrainingState(start: model), loss: "synaptic", metrics: [])
        try change(&checkpoint)
        return checkpoint
    }

    static func stateFile(_ change: (inout TrainingStateFile) throws -> Void = { _ in }) throws
        -> TrainingStateFile
    {
        var file = TrainingStateFile(
            state: TrainingState(start: try model()), loss: "synaptic", batchSize: 4, seed: 7)
        try change(&file)
        return file
    }

    static func gray(_ width: Int = 8, _ height: Int = 8) throws -> Image {
        try Image(
            width: width, height: height, channels: 1,
            pixels: (0..<width * height).map { UInt8(truncatingIfNeeded: 37 * $0) })
    }

    static func run() throws -> RunLength { try RunLength(stepsPerEpoch: 10, epochs: 2) }
}
