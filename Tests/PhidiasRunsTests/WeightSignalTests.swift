import Foundation
import Phidias
import PhidiasRuns
import Testing

/// One weight seen by an experiment on smoothing.
@Suite struct WeightSignalTests {
    private static func weight(
        _ experiment: SmoothingExperiment, _ data: DataPair, threads: Int = 1
    ) throws -> [String: Any]? {
        let folder = try TestFolder()
        #expect(try experiment.run(in: folder.path, data: data, threads: threads) != nil)
        let file = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/smoothing.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        #expect(
            (json["charts"] as? [String])?.contains("weight") == (json["weight"] is [String: Any]))
        return json["weight"] as? [String: Any]
    }

    private static func variance(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }

    /// Its series are those of the training's window whose gradient varies most; the velocity follows
    /// from the gradient; and what theory says follows from the gradient's spectrum.
    @Test func theWeightThatMovesMostIsShown() throws {
        let data = try SyntheticDigits.pair(training: 1400, test: 100, seed: 1)
        var experiment = ExperimentProgressTests.smoothing
        (experiment.settings.epochs, experiment.settings.batchSize) = (2, 4)
        (experiment.momenta, experiment.roughnessEpochs) = (["0.5"], 1)
        let weight = try #require(try Self.weight(experiment, data))
        // They are floats; this reader of JSON may be wrong in a double's last place.
        func floats(_ name: String) throws -> [Double] {
            try #require(weight[name] as? [Double]).map { Double(Float($0)) }
        }
        let gradient = try floats("gradient"), average = try floats("averaged_gradient")
        #expect(gradient.count == 300 && average.count == 300)
        // 350 steps an epoch, and the last is shown.
        #expect(weight["first_step"] as? Int == 351)

        let model = try Model(network: try Network(hidden: [4]), seed: 1)
        let trainer = try Trainer(
            model: model,
            optimizer: .sgd(try MomentumSGD(learningRate: .golden, momentum: .constant(0.5))),
            batchSize: 4, seed: 1)
        var last: SmoothingEpoch?
        try trainer.recordSmoothing(
            on: data.training,
            .init(
                epochs: 2, layers: [0], curvatureImages: 10, curvatureSteps: 1, iterations: 1)
        ) { last = $0 }
        let window = try #require(last?.training.first)
        let place = try #require(window.gradientSeries.firstIndex { $0.starts(with: gradient) })
        #expect(window.averageSeries[place].starts(with: average))
        let index = window.sample[place]
        #expect(weight["unit"] as? Int == index / 784 && weight["input"] as? Int == index % 784)
        #expect(index < 4 * 784 && weight["layer"] as? Int == 0)
        let variances = window.gradientSeries.map { Self.variance(Array($0.prefix(300))) }
        for (other, variance) in variances.enumerated() where window.sample[other] < 4 * 784 {
            #expect(variance <= variances[place] * (1 + 1e-12))
        }

        let size = average.map(abs).max() ?? 0
        for step in 1..<300 {
            let next = 0.5 * average[step - 1] + 0.5 * gradient[step]
            // Some roundings to float.
            #expect(abs(average[step] - next) < 8 * 0x1p-24 * size, "step \(step)")
        }

        let variance = try #require(weight["variance"] as? [String: Double])
        let share = try #require(weight["fast_share"] as? [String: Double])
        let frequencies = try #require(weight["frequencies"] as? [Double])
        let power = try #require(weight["gradient_power"] as? [Double])
        let averagePower = try #require(weight["averaged_gradient_power"] as? [Double])
        let theory = try #require(weight["theory_power"] as? [Double])
        #expect(frequencies.count == 51 && frequencies[50] == 0.5)
        for bin in frequencies.indices {
            let response = 0.25 / (1 - cos(2 * .pi * frequencies[bin]) + 0.25)
            #expect(abs(theory[bin] - power[bin] * response) <= 1e-12 * theory[bin])
        }
        func high(_ values: [Double]) -> Double {
            values[10...].reduce(0, +) / values.reduce(0, +)
        }
        for (name, values) in [
            ("gradient", power), ("averaged_gradient", averagePower), ("theory", theory),
        ] {
            #expect(abs((share[name] ?? .nan) - high(values)) < 1e-12, "\(name)")
        }
        let moved = Self.variance(gradient)
        #expect(abs((variance["gradient"] ?? .nan) / moved - 1) < 1e-12)
        #expect(
            abs((variance["averaged_gradient"] ?? .nan) / Self.variance(average) - 1) < 1e-12)
        let kept = theory.reduce(0, +) / power.reduce(0, +)
        #expect(abs((variance["theory"] ?? .nan) / (moved * kept) - 1) < 1e-12)
        // A third of independent gradients' variance is left; 300 steps of one weight are near it.
        #expect(kept > 0.15 && kept < 0.6, "\(kept)")
    }

    @Test func threadsChangeNothing() throws {
        let data = try ExperimentProgressTests.data()
        let one = try #require(
            try Self.weight(ExperimentProgressTests.smoothing, data, threads: 1))
        let three = try #require(
            try Self.weight(ExperimentProgressTests.smoothing, data, threads: 3))
        #expect(one as NSDictionary == three as NSDictionary)
    }

    /// The velocity settles in 20 steps, and there are no more.
    @Test func whereNothingCanBeMeasuredThereIsNoWeight() throws {
        var experiment = ExperimentProgressTests.smoothing
        (experiment.settings.epochs, experiment.roughnessEpochs) = (1, 1)
        #expect(try Self.weight(experiment, try ExperimentProgressTests.data()) == nil)
    }
}
