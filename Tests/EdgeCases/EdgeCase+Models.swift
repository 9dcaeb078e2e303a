import Glibc
import Phidias

extension EdgeCase {
    private static func layers(_ layers: [Layer], _ side: Int = 4) throws {
        _ = try Network(input: ImageShape(rows: side, columns: side), layers: layers)
    }

    private static let logits = Layer.dense(Dense(10, activation: .identity))

    /// Lets this process have no more than that much address space.
    private static func limitMemory(_ bytes: rlim_t) {
        var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }

    static var models: [EdgeCase] { networks + parameters + answers }

    private static var networks: [EdgeCase] {
        [
            EdgeCase("ImageShape.count: an overflow", .value) {
                try check(ImageShape(channels: .max, rows: .max, columns: 2).count == .max)
                try check(ImageShape(channels: .max, rows: .max, columns: 0).count == 0)
                try check(LayerShape.image(ImageShape(rows: .min, columns: .min)).count == .max)
            },
            EdgeCase("Network: Int.max rows", .error("input image")) {
                _ = try Network(rows: .max, columns: 1, hidden: [])
            },
            EdgeCase("Network: Int.max units", .error("units")) {
                _ = try Network(hidden: [.max])
            },
            EdgeCase("Network: 1 class", .error("1 output")) {
                _ = try Network(hidden: [], classes: 1)
            },
            EdgeCase("Network: no layers", .error("layers")) { try layers([]) },
            EdgeCase("Network: kernel of Int.max", .error("kernel")) {
                try layers([.conv2D(Conv2D(1, kernel: Extent(.max, .max))), logits])
            },
            EdgeCase("Network: padding of -1", .error("padding")) {
                try layers([.conv2D(Conv2D(1, kernel: 1, padding: -1)), logits])
            },
            EdgeCase("Network: stride of 0", .error("stride")) {
                try layers([.maxPool2D(MaxPool2D(2, stride: 0)), logits])
            },
            EdgeCase("Network: window of Int.min", .error("window")) {
                try layers([.averagePool2D(AveragePool2D(Extent(.min, 1))), logits])
            },
            EdgeCase("Network: dropout of NaN", .error("rate")) {
                try layers([.dropout(Dropout(.nan)), logits])
            },
            EdgeCase("NetworkPreset: an image of 1 pixel", .error("window")) {
                _ = try NetworkPreset.dbl2024.network(input: ImageShape(rows: 1, columns: 1))
            },
            EdgeCase("Layers as text: nothing", .error("Layer 0")) { _ = try [Layer](text: "") },
            EdgeCase("Network.forwardFlops: layer 99", .value) {
                try check(try Example.network().forwardFlops(ofLayer: 99) == 0)
            },
            EdgeCase("Initialization.bound: Int.max", .value) {
                let bound = Initialization.glorotUniform.bound(inputs: .max, outputs: .max)
                try check(bound > 0 && bound < 1e-8)
            },
        ]
    }

    private static var parameters: [EdgeCase] {
        [
            EdgeCase("Model: no parameters", .error("parameters for 0")) {
                _ = try Model(network: try Example.network(), parameters: [])
            },
            EdgeCase("Model: a weight too few", .error("needs weights")) {
                var all = try Example.model().parameters
                all[0].weight.removeLast()
                _ = try Model(network: try Example.network(), parameters: all)
            },
            EdgeCase("Model: 2^28 parameters without memory", .error("not enough memory")) {
                limitMemory(768 << 20)
                let network = try Network(
                    rows: 1, columns: 1 << 19, hidden: [500], classes: 10)
                _ = try Model(network: network, seed: 1)
            },
            EdgeCase("Model.threads: 0", .error("0 threads")) { _ = try Model.threads(0) },
            EdgeCase("Model.threads: Int.max", .error("threads")) { _ = try Model.threads(.max) },
            EdgeCase("Model.threads: more than CPUs", .value) {
                try check(try Model.threads(7) == 7)
            },
            EdgeCase("Model.check: another size", .error("takes images")) {
                try Example.model().check(try Example.data(rows: 3))
            },
            EdgeCase("Model.check: more classes", .error("classes")) {
                try Example.model().check(try Example.data(classes: 20))
            },
            EdgeCase("Model.check: fewer classes", .value) {
                try Example.model().check(try Example.data(classes: 2))
            },
            EdgeCase("Model.firstNonFiniteLayer", .value) {
                let network = try Example.network()
                for value in [Float.nan, .infinity, -.infinity, -.nan] {
                    let model = try Example.model(with: value, of: network)
                    try check(model.firstNonFiniteLayer == 0)
                }
                let largest = try Example.model(with: -.greatestFiniteMagnitude, of: network)
                try check(largest.firstNonFiniteLayer == nil)
            },
        ]
    }

    private static var answers: [EdgeCase] {
        let image = [UInt8](repeating: 200, count: 16)
        let broken = { try Example.model(with: .nan, of: try Example.network()) }
        return [
            EdgeCase("Model.logits: NaN parameters", .error("NaN or infinite")) {
                _ = try broken().logits(images: image)
            },
            EdgeCase("Model.probabilities: NaN parameters", .error("NaN or infinite")) {
                _ = try broken().probabilities(images: image)
            },
            EdgeCase("Model.logits: a byte too few", .error("takes images")) {
                _ = try Example.model().logits(images: [1, 2, 3])
            },
            EdgeCase("Model.logits: none", .value) {
                try check(try Example.model().logits(images: []).isEmpty)
            },
            EdgeCase("Model.logits: -1 threads", .error("-1 threads")) {
                _ = try Example.model().logits(images: image, threads: -1)
            },
            EdgeCase("Model.classes: none", .value) {
                try check(try Example.model().classes(images: []).isEmpty)
            },
            EdgeCase("Model.classes: NaN logits", .error("logits of image 0")) {
                // Hidden sums are infinite, and the logits infinity minus infinity.
                var parameters = try Example.model().parameters
                let most = Float.greatestFiniteMagnitude
                parameters[0].weight = parameters[0].weight.map { _ in most }
                parameters[1].weight = parameters[1].weight.indices.map {
                    $0.isMultiple(of: 2) ? most : -most
                }
                let network = try Network(rows: 4, columns: 4, hidden: [3], activation: .relu)
                _ = try Model(network: network, parameters: parameters).classes(images: image)
            },
            EdgeCase("Model.evaluate: softmax loss", .error("softmax outputs")) {
                _ = try Example.model().evaluate(
                    try Example.data(), loss: CrossEntropyLoss(outputActivation: .softmax))
            },
            EdgeCase("Model.evaluate: NaN parameters", .error("NaN or infinite")) {
                _ = try broken().evaluate(try Example.data(), loss: SynapticLoss())
            },
            EdgeCase("Model.evaluate: fewer classes", .value) {
                let result = try Example.model().evaluate(
                    try Example.data(classes: 2), loss: SynapticLoss())
                try check(result.images == 20 && result.precision(9) ?? 0 == 0)
                try check(result.recall(9) == nil)
            },
            EdgeCase("Evaluation.precision: 99", .precondition) {
                _ = try Example.model().evaluate(try Example.data(), loss: SynapticLoss())
                    .precision(99)
            },
            EdgeCase("Evaluation.recall: -1", .precondition) {
                _ = try Example.model().evaluate(try Example.data(), loss: SynapticLoss())
                    .recall(-1)
            },
            EdgeCase("Model.features: a byte too few", .error("15 bytes")) {
                let model = try Model(network: try Example.convolution(), seed: 1)
                _ = try model.features(of: Array(image.dropLast()), layer: 0)
            },
            EdgeCase("Model.features: two images", .error("32 bytes")) {
                let model = try Model(network: try Example.convolution(), seed: 1)
                _ = try model.features(of: image + image, layer: 0)
            },
            EdgeCase("Model.features: layer -1", .error("layer -1")) {
                let model = try Model(network: try Example.convolution(), seed: 1)
                _ = try model.features(of: image, layer: -1)
            },
            EdgeCase("Model.features: NaN parameters", .error("NaN or infinite")) {
                let model = try Example.model(with: .nan, of: try Example.convolution())
                _ = try model.features(of: image, layer: 0)
            },
            EdgeCase("Model.strongest: -1", .error("number of images is -1")) {
                let model = try Model(network: try Example.convolution(), seed: 1)
                _ = try model.strongest(-1, in: try Example.data(), layer: 0)
            },
            EdgeCase("Model.strongest: more than there are", .value) {
                let model = try Model(network: try Example.convolution(), seed: 1)
                let best = try model.strongest(.max, in: try Example.data(), layer: 0)
                try check(best.map(\.count) == [20, 20])
            },
            EdgeCase("Predictor: batch 0", .error("batch size is 0")) {
                _ = try Predictor(try Example.model(), batch: 0)
            },
            EdgeCase("Predictor: batch Int.max", .error("batch size is")) {
                _ = try Predictor(try Example.model(), batch: .max)
            },
            EdgeCase("Predictor: 0 threads", .error("0 threads")) {
                _ = try Predictor(try Example.model(), threads: 0)
            },
            EdgeCase("Predictor: infinite parameters", .error("NaN or infinite")) {
                _ = try Predictor(try Example.model(with: .infinity, of: try Example.network()))
            },
            EdgeCase("Predictor: a batch without memory", .error("not enough memory")) {
                limitMemory(512 << 20)
                let network = try Network(rows: 1, columns: 1 << 14, hidden: [])
                _ = try Predictor(
                    try Model(network: network, seed: 1), batch: Predictor.largestBatch)
            },
            EdgeCase("Predictor.classes: a byte too many", .error("1 bytes after")) {
                _ = try Predictor(try Example.model()).classes(images: image + [0])
            },
            EdgeCase("Predictor.probabilities: none", .value) {
                try check(try Predictor(try Example.model()).probabilities(images: []).isEmpty)
            },
        ]
    }
}
