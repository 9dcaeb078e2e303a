import Foundation
import Phidias
import PhidiasKernels
import Testing

/// Rows of numbers, and numbers to predict.
@Suite(.serialized) struct NumberDataTests {
    /// Rows of seven numbers of very different sizes, with three classes or two numbers to predict.
    static func data(rows: Int = 120, isRegression: Bool, seed: UInt64 = 5) throws -> Dataset {
        var random = CounterRandom.Stream(CounterRandom(seed: seed, purpose: .user))
        var features: [Float] = [], labels: [UInt8] = [], targets: [Float] = []
        for _ in 0..<rows {
            let values = (0..<7).map { _ in Double.random(in: -1...1, using: &random) }
            let scales = [1, 1e-3, 1e4, 1, 20, 1, 5]
            features += zip(values, scales).map { Float(3 + $0 * $1) }
            labels.append(UInt8(values[0] > 0.3 ? 2 : values[1] > 0 ? 1 : 0))
            targets += [Float(500 + 80 * values[2] - 30 * values[0]), Float(values[4] * 1e-3)]
        }
        return isRegression
            ? try Dataset(features: features, columns: 7, targets: targets, targetCount: 2)
            : try Dataset(features: features, columns: 7, labels: labels, classes: 3)
    }

    private static func model(_ data: Dataset, hidden: [Int] = [21, 5]) throws -> Model {
        let network = try Network(
            input: data.shape, inputRange: .numbers,
            layers: hidden.map { .dense(Dense($0, activation: .sigmoid)) }
                + [.dense(Dense(data.isRegression ? data.targetCount : data.classes))],
            outputActivation: data.isRegression ? .identity : .sigmoid)
        return try Model(network: network, seed: 3).standardized(on: data)
    }

    private static func trainer(
        _ data: Dataset, threads: Int, hidden: [Int] = [21, 5]
    ) throws -> Trainer {
        let loss: any Loss = data.isRegression ? SquaredErrorLoss() : SynapticLoss()
        return try Trainer(
            model: model(data, hidden: hidden), loss: loss, batchSize: 13, seed: 4,
            threads: threads)
    }

    @Test(arguments: [false, true])
    func threadsAndTablesGiveTheSameBits(isRegression: Bool) throws {
        let data = try Self.data(isRegression: isRegression)
        func hash(_ threads: Int, _ table: String?) throws -> String {
            #expect(KernelTable.select(table))
            defer { KernelTable.select(nil) }
            let trainer = try Self.trainer(data, threads: threads)
            try trainer.train(on: data, epochs: 4)
            return trainer.model.weightsSHA256
        }
        let expected = try hash(1, "reference")
        for threads in [1, 2, 3, 7] {
            for table in KernelTable.available {
                #expect(try hash(threads, table) == expected, "\(threads) threads, \(table)")
            }
        }
    }

    @Test(arguments: [false, true])
    func aStateThroughAFileContinuesWithTheSameBits(isRegression: Bool) throws {
        let data = try Self.data(isRegression: isRegression)
        let whole = try Self.trainer(data, threads: 2)
        try whole.train(on: data, epochs: 3)
        let first = try Self.trainer(data, threads: 1)
        var count = 0
        try first.train(
            on: data, epochs: 3, shouldStop: { count == 14 }, onStep: { _ in count += 1 })
        let bytes = try TrainingStateFile(
            state: try #require(first.state), loss: first.loss.name, batchSize: 13, seed: 4
        ).bytes
        let file = try TrainingStateFile(bytes: bytes)
        #expect(file.state.model.inputStandardization == whole.model.inputStandardization)
        let second = try Self.trainer(data, threads: 3)
        try second.train(on: data, epochs: 3, from: file.state)
        #expect(second.model == whole.model)
    }

    /// The gradient of a linear model by hand: for one row, δ = z − t, and of a weight δ x′.
    @Test func aStepIsTheOneThatIsWorkedOutByHand() throws {
        let data = try Dataset(features: [1, 10, 3, 30], columns: 2, targets: [4, 8])
        let network = try Network(
            input: data.shape, inputRange: .numbers, layers: [.dense(Dense(1))],
            outputActivation: .identity)
        let zero = try Model(
            network: network, parameters: [.init(weight: [0, 0], bias: [0])]
        ).standardized(on: data)
        // Means 2, 20 and 6; deviations 1, 10 and 2: x′ = ±1, t′ = ±1.
        #expect(zero.inputStandardization?.center == [2, 20])
        #expect(zero.inputStandardization?.scale == [1, 10])
        #expect(zero.outputStandardization?.center == [6])
        #expect(zero.outputStandardization?.scale == [2])
        let trainer = try Trainer(
            model: zero, loss: SquaredErrorLoss(),
            optimizer: MomentumSGD(
                learningRate: LearningRate(0.25), momentum: .constant(0), options: .init()),
            batchSize: 2, threads: 1)
        try trainer.train(on: data, epochs: 1)
        // δ = 0 − t′ = ±1 for x′ = ∓1: the mean of δ x′ is −1, that of δ is 0.
        #expect(trainer.model.parameters == [.init(weight: [0.25, 0.25], bias: [0])])
        // z = ±0.5 stands for 6 ± 1.
        let predicted = try Predictor(trainer.model, threads: 1).numbers(features: data.features)
        #expect(predicted == [5, 7])
        let result = try trainer.model.evaluate(data, loss: SquaredErrorLoss(), threads: 1)
        #expect(result.loss == 0.125 && result.accuracy.isNaN && result.images == 2)
        #expect(result.regression.map(\.meanAbsoluteError) == [1])
        #expect(result.regression.map(\.rootMeanSquareError) == [1])
        // 1 − (1 + 1) / (4 + 4)
        #expect(result.r2 == 0.75)
    }

    @Test func standardizationByRangeAndOfConstantColumns() throws {
        let rows: [Float] = [0, 7, 4, 7, 2, 7]
        let range = try #require(try Standardization(of: rows, columns: 2, by: .range))
        #expect(range.center == [0, 7] && range.scale == [4, 1])
        #expect(try Standardization(of: rows, columns: 2, by: .none) == nil)
        #expect(throws: ModelError.self) {
            try Standardization(
                of: [-.greatestFiniteMagnitude, .greatestFiniteMagnitude], columns: 1, by: .range)
        }
        #expect(throws: ModelError.self) { try Standardization(center: [0], scale: [0]) }
        #expect(throws: ModelError.self) { try Standardization(center: [.nan], scale: [1]) }
    }

    @Test(arguments: [false, true])
    func aFolderHoldsTheSameNumbers(isRegression: Bool) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("phidias-numbers-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let names = ColumnNames(
            features: (0..<7).map { "größe=\($0)" }, targets: isRegression ? ["a", "b"] : [])
        let data = try Self.data(isRegression: isRegression).named(names)
        let test = try data.subset([3, 1, 7])
        try DataPair(training: data, test: test, checksums: [:]).write(to: folder)
        let read = try DataPair(directory: folder)
        #expect(read.training.features == data.features && read.test.features == test.features)
        #expect(read.training.targets == data.targets && read.training.labels == data.labels)
        #expect(read.training.shape == data.shape && read.checksums.count == 4)
        #expect(read.training.columnNames == names && read.test.columnNames == names)
        #expect(throws: DataError.columnNames(path: "here")) {
            try data.named(ColumnNames(features: ["a"], targets: []), path: "here")
        }
        // Images take their place, and nothing of them is left.
        let images = try SyntheticDigits.dataset(count: 20, seed: 1)
        try DataPair(training: images, test: images, checksums: [:])
            .write(to: folder, replacing: true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 4)
        #expect(try DataPair(directory: folder).training.images == images.images)
    }

    @Test func aModelFileKeepsTheStandardization() throws {
        let model = try Self.model(Self.data(isRegression: true))
        let bytes = try ModelFile(model: model, loss: "squared-error").bytes
        #expect(try ModelFile(bytes: bytes).model == model)
        var broken = bytes
        // A NaN in the first tensor, input.center.
        let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) } + 8
        broken[header + 3] = 0x7f
        broken[header + 2] = 0xc0
        #expect(throws: ModelFileError.self) { try ModelFile(bytes: broken) }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let rows = try Self.data(isRegression: false), numbers = try Self.data(isRegression: true)
        let digits = try SyntheticDigits.dataset(count: 20, seed: 1)
        let images = try Model(network: Network(hidden: [3]), seed: 1)
        let loss = SynapticLoss()
        #expect(throws: ModelError.self) { try images.evaluate(rows, loss: loss) }
        let model = try Self.model(rows)
        #expect(throws: ModelError.kind(network: "classes", data: "numbers to predict")) {
            try model.evaluate(numbers, loss: loss)
        }
        #expect(throws: ModelError.self) { try model.evaluate(digits, loss: loss) }
        #expect(throws: ModelError.kind(network: "rows of numbers", data: "images")) {
            try Predictor(model, threads: 1).logits(images: digits.images)
        }
        #expect(throws: ModelError.kind(network: "images", data: "rows of numbers")) {
            try Predictor(images, threads: 1).logits(features: rows.features)
        }
        #expect(throws: NetworkError.numbers(layer: 0)) {
            try Network(
                input: rows.shape, inputRange: .numbers,
                layers: [.dropout(Dropout(0.5)), .dense(Dense(3))])
        }
        #expect(throws: DataError.self) {
            try Dataset(features: [1, .nan], columns: 1, labels: [0, 1], classes: 2)
        }
        #expect(throws: DataError.self) {
            try Dataset(features: [1, 2], columns: 1, targets: [.infinity, 0])
        }
        #expect(throws: DataError.self) {
            try Dataset(features: [1, 2, 3], columns: 2, targets: [0])
        }
    }
}
