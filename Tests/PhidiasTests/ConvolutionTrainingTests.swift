import Foundation
import Phidias
import PhidiasKernels
import Testing

/// Training of networks with convolutions, pools and dropout.
extension BitEqualityTests {
    /// Sizes that fill no block, and every kind of layer; the second has dropout on pixels, the third
    /// no convolution.
    static let networks = [
        "conv 5 3x3 pad 1 relu, maxpool 2, dropout 0.25, conv 19 3x2 stride 2x1 sigmoid, "
            + "avgpool 2 stride 1, dense 21 relu, dropout 0.5, dense 10",
        "dropout 0.125, conv 4 5x5 stride 3, maxpool 3 stride 2, flatten, dense 10",
        "dense 33, dropout 0.5, dense 17 relu, dropout 0.25, dense 10",
    ]

    static func model(_ text: String, seed: UInt64 = 1) throws -> Model {
        try Model(
            network: try Network(
                input: Phidias.ImageShape(rows: 28, columns: 28), inputRange: .minusOneToOne,
                layers: [Layer](text: text), outputActivation: .softmax,
                initialization: .fanInUniform), seed: seed)
    }

    static func trainer(
        _ model: Model, seed: UInt64 = 1, threads: Int, options: MomentumSGD.Options = .init()
    ) throws -> Trainer {
        try Trainer(
            model: model, loss: CrossEntropyLoss(outputActivation: .softmax),
            optimizer: MomentumSGD(learningRate: .golden, momentum: .golden, options: options),
            batchSize: 17, seed: seed, threads: threads)
    }

    /// All variations of the step; the norm is one that some gradients have and some do not.
    static let variations = MomentumSGD.Options(
        weightDecay: 0.01, isNesterov: true, largestNorm: 1.5)

    @Test(arguments: networks)
    func convolutionsHaveTheSameBitsEverywhere(text: String) throws {
        let data = try SyntheticDigits.dataset(count: 90, seed: 3)
        let model = try Self.model(text)
        func hash(
            _ table: String?, threads: Int, seed: UInt64 = 1,
            options: MomentumSGD.Options = .init()
        ) throws -> String {
            #expect(KernelTable.select(table))
            defer { KernelTable.select(nil) }
            let trainer = try Self.trainer(
                model, seed: seed, threads: threads, options: options)
            try trainer.train(on: data, epochs: 2)
            return trainer.model.weightsSHA256
        }
        let expected = try hash(nil, threads: 1)
        #expect(try hash(nil, threads: 1, seed: 2) != expected)
        let varied = try hash(nil, threads: 2, options: Self.variations)
        for options in [
            MomentumSGD.Options(isNesterov: true, largestNorm: 1.5),
            .init(weightDecay: 0.01, largestNorm: 1.5), .init(weightDecay: 0.01, isNesterov: true),
        ] {
            #expect(try hash(nil, threads: 1, options: options) != varied)
        }
        for table in KernelTable.available {
            #expect(try hash(table, threads: 3, options: Self.variations) == varied, "\(table)")
            for threads in [1, 2, 3, 7] {
                #expect(try hash(table, threads: threads) == expected, "\(table), \(threads)")
            }
        }
    }

    /// Through a file, on another table and with other threads, after every number of steps.
    @Test(arguments: networks) func stoppedAnywhereAConvolutionGoesOn(text: String) throws {
        defer { KernelTable.select(nil) }
        let data = try SyntheticDigits.dataset(count: 60, seed: 3)
        let model = try Self.model(text)
        let whole = try Self.trainer(model, threads: 2, options: Self.variations)
        try whole.train(on: data, epochs: 3)
        for stop in 1..<3 * 4 {
            #expect(KernelTable.select(stop.isMultiple(of: 2) ? "reference" : nil))
            var count = 0
            let before = try Self.trainer(
                model, threads: 1 + stop % 3, options: Self.variations)
            try before.train(
                on: data, epochs: 3, shouldStop: { count == stop }, onStep: { _ in count += 1 })
            let state = try CheckpointTests.throughAFile(try #require(before.state))
            #expect(KernelTable.select(stop.isMultiple(of: 2) ? nil : "reference"))
            let after = try Self.trainer(
                model, threads: 1 + (stop + 1) % 3, options: Self.variations)
            try after.train(on: data, epochs: 3, from: state)
            #expect(after.model == whole.model, "after \(stop) steps")
            #expect(after.state?.velocity == whole.state?.velocity, "after \(stop) steps")
        }
    }
}

@Suite struct ConvolutionTrainingTests {
    /// A change to the order of any sum, mask or augmented pixel shows here.
    @Test(arguments: [
        (0.0, "b676bcb71418e7f4c6cae23725524d52b977ff31a255e88dae95ecd32c4a5a49"),
        (1.0, "0c96e4657d75e94998b64b5319118b96d05d795a64df160a561ddac6ea94fbcf"),
    ])
    func thePapersNetworkHasPinnedBits(augmented: Double, hash: String) throws {
        let trainer = try Trainer(
            model: try Model(network: try NetworkPreset.dbl2024.network(), seed: 1),
            loss: CrossEntropyLoss(outputActivation: .softmax),
            augmentation: try Augmentation(
                shift: 2 * augmented, rotation: 10 * augmented, elastic: 3 * augmented))
        try trainer.train(on: try SyntheticDigits.dataset(count: 192, seed: 3), epochs: 2)
        #expect(trainer.model.weightsSHA256 == hash)
    }

    /// Dropout is of training alone, and its rate 0 is as if it was not there.
    @Test func dropoutLeavesPredictionsAlone() throws {
        let data = try SyntheticDigits.dataset(count: 40, seed: 3)
        let text = "conv 5 3x3 relu, maxpool 2, dropout RATE, dense 21 relu, dropout RATE, dense 10"
        func model(_ rate: String) throws -> Model {
            try BitEqualityTests.model(text.replacingOccurrences(of: "RATE", with: rate))
        }
        let (none, some) = (try model("0"), try model("0.5"))
        #expect(none.parameters == some.parameters)
        #expect(try none.logits(images: data.images) == some.logits(images: data.images))
        func trained(_ model: Model) throws -> Model {
            let trainer = try BitEqualityTests.trainer(model, threads: 1)
            try trainer.train(on: data, epochs: 1)
            return trainer.model
        }
        #expect(try trained(none).parameters != trained(some).parameters)
        let plain = try BitEqualityTests.model(
            "conv 5 3x3 relu, maxpool 2, dense 21 relu, dense 10")
        #expect(try trained(none).parameters == trained(plain).parameters)
    }

    /// To flatten an image, and to pool single pixels, changes nothing.
    @Test func layersThatAreTheSameGiveTheSame() throws {
        let data = try SyntheticDigits.dataset(count: 30, seed: 3)
        let dense = try BitEqualityTests.model("dense 10")
        let images = data.images
        let expected = try dense.logits(images: images)
        for text in ["flatten, dense 10", "maxpool 1, dense 10", "avgpool 1, flatten, dense 10"] {
            let model = try Model(
                network: try BitEqualityTests.model(text).network, parameters: dense.parameters)
            #expect(try model.logits(images: images) == expected, "\(text)")
        }
    }

    /// Maps by hand: a kernel that takes the pixel to the left, one that takes the mean of both.
    @Test func featureMapsAreTheLayersOutputs() throws {
        let network = try Network(
            input: Phidias.ImageShape(rows: 2, columns: 2),
            layers: [Layer](text: "conv 2 1x2 pad 0x1 relu, maxpool 2, dropout 0.5, dense 2"))
        let model = try Model(
            network: network,
            parameters: [
                LayerParameters(weight: [1, 0, -0.5, 0.5], bias: [0, 0.25]),
                LayerParameters(weight: [0, 0, 0, 0], bias: [0, 0]),
            ])
        let images: [UInt8] = [255, 0, 51, 204]
        // Rows (1, 0) and (0.2, 0.8), with a zero on each side.
        let maps = try model.features(of: images, layer: 0)
        #expect(maps.shape == Phidias.ImageShape(channels: 2, rows: 2, columns: 3))
        let expected: [Float] = [0, 1, 0, 0, 0.2, 0.8, 0.75, 0, 0.25, 0.35, 0.55, 0]
        for (got, exact) in zip(maps.values, expected) { #expect(abs(got - exact) < 1e-6) }
        for layer in [1, 2] {
            let pooled = try model.features(of: images, layer: layer)
            #expect(pooled.shape == Phidias.ImageShape(channels: 2, rows: 1, columns: 1))
            #expect(pooled.values[0] == 1 && pooled.values[1] == maps.values[6])
        }
        #expect(throws: ModelError.features(layer: 3, known: [0, 1, 2])) {
            try model.features(of: images, layer: 3)
        }
        let data = try Dataset(
            images: [0, 0, 0, 0] + images + [9, 9, 9, 9], labels: [0, 1, 0], rows: 2, columns: 2,
            classes: 2)
        let strongest = try model.strongest(2, in: data, layer: 0)
        #expect(strongest.map { $0.map(\.image) } == [[1, 2], [1, 2]])
        #expect(strongest[0][0].value == 1)
    }

    @Test func aConvolutionLearnsSyntheticDigits() throws {
        let pair = try SyntheticDigits.pair(training: 3000, test: 500, seed: 1)
        let network = try NetworkPreset.dbl2024.network()
        let loss = CrossEntropyLoss(outputActivation: .softmax)
        let trainer = try Trainer(
            model: try Model(network: network, seed: 1), loss: loss, batchSize: 32)
        try trainer.train(on: pair.training, epochs: 3)
        #expect(try trainer.model.evaluate(pair.test, loss: loss).accuracy > 0.9)
    }

    @Test func aModelFileHasTensorsInPyTorchsOrder() throws {
        let model = try BitEqualityTests.model(BitEqualityTests.networks[0])
        let file = ModelFile(model: model, loss: "cross-entropy")
        let tensors = try Safetensors(bytes: file.bytes, path: "m").tensors
        #expect(
            tensors.map(\.name) == [
                "layers.0.weight", "layers.0.bias", "layers.3.weight", "layers.3.bias",
                "layers.5.weight", "layers.5.bias", "layers.7.weight", "layers.7.bias",
            ])
        #expect(
            tensors.map(\.shape) == [
                [5, 1, 3, 3], [5], [19, 5, 3, 2], [19], [21, 19 * 5 * 12], [21], [10, 21], [10],
            ])
        let read = try ModelFile(bytes: file.bytes, name: "m")
        #expect(read.model == model)
        #expect(
            try String(decoding: file.bytes, as: UTF8.self).contains("\"format_version\":\"2\""))
    }

    @Test func imagesOfSeveralChannelsTrainAndSurviveAFolder() throws {
        let gray = try SyntheticDigits.dataset(count: 40, seed: 3)
        var images: [UInt8] = []
        for index in 0..<gray.count {
            let image = gray.image(index)
            images += image + image.map { 255 - $0 }
        }
        let data = try Dataset(
            images: images, labels: gray.labels, channels: 2, rows: 28, columns: 28, classes: 10)
        let scratch = try Scratch()
        try DataPair(training: data, test: data, checksums: [:]).write(to: scratch.path + "/d")
        let read = try DataPair(directory: scratch.path + "/d").training
        #expect(read.images == images && read.shape == data.shape)
        let network = try Network(
            input: data.shape, layers: [Layer](text: "conv 3 3x3 relu, maxpool 2, dense 10"))
        let trainer = try Trainer(model: try Model(network: network, seed: 1), batchSize: 8)
        try trainer.train(on: read, epochs: 1)
        #expect(trainer.model.firstNonFiniteLayer == nil)
        #expect(throws: ModelError.self) { try trainer.model.check(gray) }
    }

    @Test func divergenceNamesTheLayerAmongAll() throws {
        let data = try SyntheticDigits.dataset(count: 64, seed: 1)
        let optimizer = try MomentumSGD(
            learningRate: LearningRate(1e30), momentum: .constant(0.9))
        let trainer = try Trainer(
            model: BitEqualityTests.model("conv 4 3x3 relu, maxpool 2, dense 10"),
            loss: CrossEntropyLoss(outputActivation: .softmax), optimizer: optimizer, batchSize: 8)
        let error = #expect(throws: TrainingError.self) { try trainer.train(on: data, epochs: 9) }
        guard case .diverged(_, let layer, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect([0, 2].contains(layer))
    }
}
