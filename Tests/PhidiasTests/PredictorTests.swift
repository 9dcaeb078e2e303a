import Phidias
import PhidiasKernels
import Testing

@Suite struct PredictorTests {
    static let data = Result { try SyntheticDigits.dataset(count: 50, seed: 3) }

    static func networks() throws -> [Network] {
        [
            try Network(hidden: [37], outputActivation: .softmax), try Network(hidden: []),
            try NetworkPreset.dbl2024.network(),
        ]
    }

    /// What the kernels answer, image by image, by a stack of this size alone.
    static func reference(_ model: Model, _ images: [UInt8]) throws -> [Float] {
        let network = model.network
        let plan = Network.KernelPlan(network)
        let stack = try NetworkStack(
            plan.shape, batchCapacity: 1, role: .evaluation, threads: 1)
        for (place, layer) in zip(plan.places, model.parameters) {
            stack.set(of: place, to: DenseValues(weight: layer.weight, bias: layer.bias))
        }
        let isSigned = network.inputRange == .minusOneToOne
        let inputs = network.inputs
        return (0..<images.count / inputs).flatMap { image in
            var logits = [Float](repeating: 0, count: network.classes)
            var out = logits.mutableSpan
            let index = [UInt32(image)]
            stack.forward(
                images: images.span, indices: index.span, scale: isSigned ? 2 / 255 : 1 / 255,
                offset: isSigned ? -1 : 0, logits: &out, threads: 1)
            return logits
        }
    }

    @Test func everyBatchAndThreadCountHasTheSameBits() throws {
        let data = try Self.data.get()
        for network in try Self.networks() {
            let model = try Model(network: network, seed: 5)
            let expected = try Self.reference(model, data.images)
            for threads in [1, 2, 3] {
                for batch in [1, 2, 7, 49, 50, 51, 240] {
                    let predictor = try Predictor(model, batch: batch, threads: threads)
                    #expect(try predictor.logits(images: data.images) == expected)
                    // Its buffers hold what came before.
                    for count in [1, 2, 8, 50] {
                        let some = Array(data.images.prefix(count * network.inputs))
                        let logits = try predictor.logits(images: some)
                        #expect(logits == Array(expected.prefix(count * network.classes)))
                    }
                }
                #expect(try model.logits(images: data.images, threads: threads) == expected)
            }
        }
    }

    @Test func probabilitiesAndClassesAreThoseOfTheModel() throws {
        let data = try Self.data.get()
        for network in try Self.networks() {
            let model = try Model(network: network, seed: 5)
            let predictor = try Predictor(model)
            let logits = try Self.reference(model, data.images)
            let probabilities = try predictor.probabilities(images: data.images)
            #expect(probabilities == model.probabilities(of: logits))
            #expect(try model.probabilities(images: data.images) == probabilities)
            let classes = try predictor.classes(images: data.images)
            #expect(try model.classes(images: data.images) == classes)
            for (image, answer) in classes.enumerated() {
                let row = logits[image * 10..<(image + 1) * 10]
                #expect(row[row.startIndex + answer] == row.max())
            }
        }
    }

    /// Above 17 every sigmoid is 1: the class comes from the logits.
    @Test func classesComeFromLogitsAndNotFromRoundedProbabilities() throws {
        let network = try Network(rows: 1, columns: 1, hidden: [], classes: 3)
        let model = try Model(
            network: network,
            parameters: [LayerParameters(weight: [0, 0, 0], bias: [20, 40, 30])])
        let predictor = try Predictor(model)
        #expect(try predictor.probabilities(images: [0]) == [1, 1, 1])
        #expect(try predictor.classes(images: [0, 255]) == [1, 1])
        #expect(try model.classes(images: [0]) == [1])
    }

    @Test func oneImageTakesOneThreadAndABatchAll() throws {
        let model = try Model(network: try Network(hidden: [128]), seed: 1)
        #expect(try Predictor(model, batch: 1, threads: 4).threads == 1)
        #expect(try Predictor(model, threads: 4).threads == 4)
        let large = try Model(network: try NetworkPreset.dbl2024.network(), seed: 1)
        #expect(try Predictor(large, threads: 4).threads == 4)
    }

    @Test func severalTasksGetTheSameAnswers() async throws {
        let data = try Self.data.get()
        let model = try Model(network: try Network(hidden: [37]), seed: 5)
        let expected = try Self.reference(model, data.images)
        for threads in [1, 2] {
            let predictor = try Predictor(model, batch: 7, threads: threads)
            let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        var wrong = 0
                        for round in 0..<20 {
                            let first = (7 * task + round) % 50
                            let images = data.images[first * 784..<50 * 784]
                            let logits = try predictor.logits(images: Array(images))
                            if logits != Array(expected[(first * 10)...]) { wrong += 1 }
                        }
                        return wrong
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(wrong == 0)
        }
    }

    @Test func whatDoesNotFitIsAnError() throws {
        let model = try Model(network: try Network(hidden: [3]), seed: 1)
        let predictor = try Predictor(model, threads: 1)
        #expect(
            throws: ModelError.images(
                network: "784-3-10", expected: "28 × 28", found: "1 bytes after the last whole one")
        ) { try predictor.logits(images: [UInt8](repeating: 0, count: 785)) }
        #expect(try predictor.logits(images: []).isEmpty)
        for batch in [0, -1, .max, Predictor.largestBatch + 1] {
            #expect(throws: ModelError.batch(batch)) { try Predictor(model, batch: batch) }
        }
        var parameters = model.parameters
        parameters[1].bias[9] = .nan
        let broken = try Model(network: model.network, parameters: parameters)
        #expect(throws: ModelError.notFinite(layer: 1)) { try Predictor(broken) }
    }
}
