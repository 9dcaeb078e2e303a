import Phidias
import Testing

/// Scores of a confusion matrix, by hand.
@Suite struct EvaluationTests {
    /// The model answers by the brightest of three pixels.
    static func evaluation(_ pairs: [(label: UInt8, answer: Int)]) throws -> Evaluation {
        let network = try Network(rows: 1, columns: 4, layers: [Dense(4)])
        let weight = (0..<16).map { Float($0 / 4 == $0 % 4 ? 9 : 0) }
        let model = try Model(
            network: network,
            parameters: [LayerParameters(weight: weight, bias: [0, 0, 0, 0])])
        let images = pairs.flatMap { pair in (0..<4).map { UInt8($0 == pair.answer ? 255 : 0) } }
        let data = try Dataset(
            images: images, labels: pairs.map(\.label), rows: 1, columns: 4, classes: 4)
        return try model.evaluate(data, loss: SynapticLoss())
    }

    @Test func scoresOfClassesAndTheirMeans() throws {
        // Class 0: 2 of 3 right, and one too many; class 1: 1 of 2; class 2: none; no image is of
        // class 3 or assigned to it.
        let result = try Self.evaluation([(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (2, 0)])
        #expect(result.precision(0) == 2.0 / 4 && result.recall(0) == 2.0 / 3)
        #expect(result.f1(0) == 4.0 / 7)
        #expect(result.f1(1) == 2.0 / 4)
        #expect(result.precision(2) == nil && result.recall(2) == 0 && result.f1(2) == 0)
        #expect(result.f1(3) == nil)
        // As scikit-learn has them, with zero_division=0.
        let means = try #require(result.macroAverages)
        #expect(abs(means.precision - (0.5 + 0.5 + 0) / 3) < 1e-15)
        #expect(abs(means.recall - (2.0 / 3 + 0.5 + 0) / 3) < 1e-15)
        #expect(abs(means.f1 - (4.0 / 7 + 0.5 + 0) / 3) < 1e-15)
    }
}
