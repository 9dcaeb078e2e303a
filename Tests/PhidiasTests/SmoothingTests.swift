import Foundation
import Phidias
import Testing

@Suite struct SmoothingTests {
    private static let alpha = Float(GoldenRatio.momentum), eta = Float(GoldenRatio.learningRate)

    @Test func averagingIndependentGradientsLeavesTheVarianceThatTheorySays() throws {
        let weights = 512, steps = 20_000
        let window = try SyntheticGradients.window(
            learningRate: Self.eta, momentum: Self.alpha, weights: weights, steps: steps, seed: 1)
        let square = GoldenRatio.momentum * GoldenRatio.momentum
        let theory = (1 - GoldenRatio.momentum) / (1 + GoldenRatio.momentum)
        #expect(abs(theory - 0.0672176) < 1e-7)
        // Five standard errors, and the variance that a window's own mean takes away.
        let standardError =
            (2 * (1 + square) / (1 - square) / Double(weights * steps)).squareRoot()
        #expect(standardError < 0.0015)
        let taken = 1 / (theory * Double(steps))
        let error = window.varianceRatio / theory - 1
        #expect(abs(error + taken) < 5 * standardError, "\(window.varianceRatio)")
        #expect(abs(error) < 0.02)
        #expect(abs(window.gradient.variance - 1) < 0.003)
        #expect(window.steps == steps)
    }

    @Test func impulseDecaysByTheMomentumToTheBit() {
        let response = SyntheticGradients.impulseResponse(
            learningRate: Self.eta, momentum: Self.alpha, steps: 200)
        var expected = -Self.eta
        for (step, value) in response.enumerated() {
            #expect(value == Double(expected) / -Double(Self.eta), "step \(step)")
            expected = Self.alpha * expected
        }
        #expect(response[5] > 0.5 && response[6] < 0.5)
    }

    @Test func filterPassesWhatDoesNotChangeAndKeepsTheNoiseVarianceOnAverage() throws {
        let analysis = try MomentumAnalysis(
            learningRate: GoldenRatio.learningRate, momentum: GoldenRatio.momentum)
        #expect(analysis.powerResponse(at: 0) == 1)
        let least = analysis.noiseVariance * analysis.noiseVariance
        #expect(abs(analysis.powerResponse(at: 0.5) / least - 1) < 1e-14)
        // Parseval: the mean over a whole turn, exact to α⁴⁰⁹⁶ with equal steps.
        let mean =
            (0..<4096).reduce(0) { $0 + analysis.powerResponse(at: Double($1) / 4096) } / 4096
        #expect(abs(mean / analysis.noiseVariance - 1) < 1e-12)
    }

    @Test func momentsAreThoseOfTheVectors() {
        var moments = VectorMoments(length: 2)
        for vector in [[1, 2], [3, 2], [8, 2]] as [[Float]] { moments.add(vector) }
        // Variances 13 and 0, means 4 and 2.
        #expect(abs(moments.variance - 6.5) < 1e-14)
        #expect(abs(moments.squaredMean - 10) < 1e-14)
    }

    @Test func roughnessSeesJumpsAndNoTrend() {
        #expect(LossRoughness.of([5, 4, 3, 2, 1]).roughness == 0)
        let jagged = (0..<10).map { 10 + ($0.isMultiple(of: 2) ? 1.0 : -1.0) } + [11]
        // Changes of ∓2 without a drift: √(½ · 10 · 4 / 9), over a mean of 10 + 1/11.
        let expected = (20.0 / 9).squareRoot() / (10 + 1.0 / 11)
        #expect(abs(LossRoughness.of(jagged).roughness - expected) < 1e-15)
    }

    @Test func watchingChangesNoBitAndSeesEachStepsGradient() throws {
        let data = try SyntheticDigits.dataset(count: 520, seed: 2)
        func trainer() throws -> Trainer {
            let model = try Model(network: try Network(hidden: [9]), seed: 1)
            return try Trainer(model: model, batchSize: 4, seed: 5, threads: 2)
        }
        let (watched, plain) = (try trainer(), try trainer())
        try plain.train(on: data, epochs: 2)
        var epochs: [SmoothingEpoch] = []
        try watched.recordSmoothing(
            on: data,
            .init(
                epochs: 2, layers: [0, 1], curvatureImages: 100, curvatureSteps: 2, iterations: 1)
        ) { epochs.append($0) }
        #expect(watched.model == plain.model)
        #expect(epochs.map(\.epoch) == [1, 2])
        #expect(epochs[1].steps.map(\.step) == [163, 228])
        for window in epochs.flatMap({ $0.training + $0.frozen }) {
            #expect(window.varianceRatio > 0 && window.varianceRatio < 1)
        }
        for window in epochs[1].training {
            #expect(window.steps == 130)
            var largest = 0.0, size = 0.0
            for (gradient, average) in zip(window.gradientSeries, window.averageSeries) {
                for step in 0..<window.steps - 1 {
                    let next =
                        GoldenRatio.momentum * average[step]
                        + (1 - GoldenRatio.momentum) * gradient[step + 1]
                    largest = max(largest, abs(average[step + 1] - next))
                    size = max(size, abs(average[step]))
                }
            }
            // Some roundings to float, each below 2⁻²⁴ of the largest value.
            #expect(largest < 8 * 0x1p-24 * size && size > 0)
        }
    }

    @Test(arguments: [1, 5, 7, 12, 20]) func asManyStepsAreMeasuredAsAreAskedFor(count: Int) throws
    {
        let data = try SyntheticDigits.dataset(count: 48, seed: 2)
        let trainer = try Trainer(
            model: try Model(network: try Network(hidden: []), seed: 1), batchSize: 4, seed: 5)
        var steps: [[Int]] = []
        try trainer.recordSmoothing(
            on: data,
            .init(
                epochs: 2, layers: [0], curvatureImages: 8, curvatureSteps: count, iterations: 1)
        ) { steps.append($0.steps.map(\.step)) }
        #expect(steps.map(\.count) == [min(count, 12), min(count, 12)])
        #expect(steps[1] == steps[0].map { $0 + 12 })
    }

    @Test func curvatureIsTheAnalyticOneOfALinearModel() throws {
        let data = try SyntheticDigits.dataset(count: 300, seed: 4)
        let network = try Network(hidden: [])
        let model = try Model(network: network, seed: 3)
        let weights = model.parameters.flatMap { $0.weight + $0.bias }
        let surface = try LossSurface(
            network: network, loss: CrossEntropyLoss(), data: data, images: 300, seed: 1,
            threads: 1)
        let random = CounterRandom(seed: 7, purpose: .user)
        let direction = weights.indices.map { Float(random.uniform(UInt64($0)) - 0.3) }
        // uᵀHu = mean over images of Σ p (1 − p) (uᵀx)² over the outputs.
        let logits = try model.logits(images: data.images)
        var expected = 0.0, squares = 0.0
        for value in direction { squares += Double(value) * Double(value) }
        for image in 0..<data.count {
            let pixels = data.image(image)
            for output in 0..<10 {
                var along = Double(direction[7840 + output])
                for (place, byte) in pixels.enumerated() {
                    along += Double(direction[output * 784 + place]) * Double(byte) / 255
                }
                let p = 1 / (1 + exp(-Double(logits[image * 10 + output])))
                expected += p * (1 - p) * along * along / squares / 300
            }
        }
        let measured = try surface.curvature(at: weights, along: direction)
        #expect(abs(measured.value / expected - 1) < 1e-3, "\(measured), \(expected)")
        #expect(measured.error < 1e-2 * expected)
        #expect(abs(measured.value - expected) < 3 * measured.error + 1e-5 * expected)

        let largest = try surface.largestCurvature(at: weights, iterations: 30, seed: 1)
        #expect(largest.value > expected)
        #expect(largest.error < 0.05 * largest.value, "\(largest)")
    }

    /// Of 2 on the diagonal and links of 1: 2 + 2 cos(π/(n + 1)), with the sine's entries.
    @Test(arguments: [1, 2, 3, 20, 40]) func largestEigenvalueOfAChain(count: Int) {
        for (shift, scale) in [(0.0, 1.0), (-7, 1), (0, 1e9), (0, 1e-9)] {
            var matrix = Tridiagonal()
            for _ in 0..<count { matrix.add((2 + shift) * scale, link: scale) }
            let angle = Double.pi / Double(count + 1)
            let expected = (2 + shift + 2 * cos(angle)) * scale
            let (value, entry) = matrix.largest
            #expect(abs(value - expected) < 1e-12 * scale)
            #expect(abs(entry - (2 / Double(count + 1)).squareRoot() * sin(angle)) < 1e-6)
        }
    }

    /// The mean loss of a network with one hidden layer, and the weights at its start.
    static func surface(hidden: Int, images: Int) throws -> (LossSurface, weights: [Float]) {
        let data = try SyntheticDigits.dataset(count: images, seed: 4)
        let network = try Network(hidden: [hidden])
        let model = try Model(network: network, seed: 3)
        let surface = try LossSurface(
            network: network, loss: SynapticLoss(), data: data, images: images, seed: 1, threads: 2)
        return (surface, model.parameters.flatMap { $0.weight + $0.bias })
    }

    /// Along no direction is the curvature larger, however small the network's largest one.
    @Test func largestCurvatureIsNotTheOneOfLargestSize() throws {
        let (surface, weights) = try Self.surface(hidden: 2, images: 40)
        let largest = try surface.largestCurvature(at: weights, iterations: 40, seed: 1)
        for place in stride(from: 0, to: weights.count, by: 31) {
            var direction = [Float](repeating: 0, count: weights.count)
            direction[place] = 1
            let along = try surface.curvature(at: weights, along: direction)
            #expect(along.value <= largest.value + along.error + largest.error)
        }
    }

    @Test func gradientOfTheSurfaceIsTheSlopeOfItsValue() throws {
        let (surface, weights) = try Self.surface(hidden: 12, images: 250)
        let gradient = try surface.gradient(at: weights)
        let squares = gradient.reduce(0) { $0 + $1 * $1 }
        // Along the gradient itself, over a short way of length 0.02.
        let step = 0.01 / squares.squareRoot()
        func value(_ sign: Double) -> Double {
            surface.value(at: zip(weights, gradient).map { Float(Double($0) + sign * step * $1) })
        }
        let slope = (value(1) - value(-1)) / (2 * step)
        #expect(abs(slope / squares - 1) < 1e-3, "\(slope), \(squares)")
    }
}
