import PhidiasKernels

/// A network with its parameters.
public struct Model: Sendable, Equatable {
    /// The layers, with shapes and activations.
    public let network: Network
    /// One element for each of the network's `weighted` layers.
    public private(set) var parameters: [LayerParameters]
    /// How numbers are standardized.
    package var scalings = Scalings()

    /// - Parameters:
    ///   - network: shapes and activations.
    ///   - parameters: one element for each of the network's `weighted` layers.
    /// - Throws: `ModelError.shape` if they do not fit.
    public init(network: Network, parameters: [LayerParameters]) throws(ModelError) {
        guard parameters.count == network.weighted.count else {
            throw .layers(expected: network.weighted.count, found: parameters.count)
        }
        for (layer, found) in zip(network.weighted, parameters) {
            guard found.weight.count == layer.inputs * layer.outputs,
                found.bias.count == layer.outputs
            else {
                throw .shape(
                    layer: layer.index, inputs: layer.inputs, outputs: layer.outputs,
                    weights: found.weight.count, biases: found.bias.count)
            }
        }
        self.network = network
        self.parameters = parameters
    }

    /// A model before training: the same seed gives the same bits.
    /// - Parameters:
    ///   - network: shapes and activations.
    ///   - seed: decides the weights; biases start at 0.
    ///   - initialization: for all layers; nil takes the network's, or else what is usual for each
    ///     activation.
    /// - Throws: `ModelError.memory` if there is none for the parameters.
    public init(
        network: Network, seed: UInt64, initialization: Initialization? = nil
    ) throws(ModelError) {
        let bytes = MemoryLayout<Float>.stride * network.parameterCount
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        self.network = network
        let chosen = initialization ?? network.initialization
        parameters = network.weighted.enumerated().map { number, layer in
            (chosen ?? .usual(for: layer.activation))
                .parameters(of: layer, number: number, seed: seed)
        }
    }

    /// Reads the parameters from the kernels' panels.
    init(_ stack: LayerStack) {
        (network, scalings) = (stack.network, stack.scalings)
        parameters = network.weighted.indices.map { stack.values(of: $0) }
    }

    /// The kernels' panels filled with these parameters.
    /// - Parameter part: what this process trains of the network; nil for all.
    func stack(
        batchCapacity: Int, role: NetworkStack.Role, threads: Int, part: NetworkStack.Part? = nil
    ) throws(ModelError) -> LayerStack {
        try Self.checkOpenMP()
        // A file of a few bytes can describe layers that need gigabytes.
        let bytes = LayerStack.size(
            of: network, batchCapacity: batchCapacity, role: role, threads: threads)
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        let stack: LayerStack
        do {
            stack = try LayerStack(
                network, scalings, batchCapacity: batchCapacity, role: role, threads: threads,
                part: part)
        } catch {
            throw .refusedMemory(bytes)
        }
        for (number, layer) in parameters.enumerated() { stack.set(of: number, to: layer) }
        return stack
    }

    /// The index, among all layers, of the first one with a parameter that is NaN or infinite.
    public var firstNonFiniteLayer: Int? {
        let number = parameters.firstIndex {
            !Self.isFinite($0.weight) || !Self.isFinite($0.bias)
        }
        return number.map { network.weighted[$0].index }
    }

    /// Without a branch per number, so that the compiler vectorizes it.
    private static func isFinite(_ values: [Float]) -> Bool {
        var largest: UInt32 = 0
        for value in values { largest = max(largest, value.magnitude.bitPattern) }
        return largest < Float.infinity.bitPattern
    }
}

/// Parameters or data that do not fit a network.
public enum ModelError: PhidiasError, Equatable {
    /// The number of parameter sets is not the number of layers with parameters.
    case layers(expected: Int, found: Int)
    /// A layer's parameters do not have the layer's size.
    case shape(layer: Int, inputs: Int, outputs: Int, weights: Int, biases: Int)
    /// The data's images do not have the size of the network's input.
    case images(network: String, expected: String, found: String)
    /// A layer whose outputs are not images; `known` lists those whose outputs are.
    case features(layer: Int, known: [Int])
    /// A number of images that is out of range.
    case imageCount(Int)
    /// There is no image of that index, counted from 0.
    case image(Int, images: Int)
    /// Images that are larger than the largest network input.
    case inputSize(ImageShape)
    /// An epoch number that is out of range.
    case epoch(Int)
    /// A parameter of a layer, counted from 0, is NaN or infinite.
    case notFinite(layer: Int)
    /// The logits of an image, counted from 0, are NaN: there is no largest one.
    case noAnswer(image: Int)
    /// Loss and network have different output activations.
    case output(loss: String, needs: OutputActivation, network: OutputActivation)
    /// A batch size that is out of range.
    case batch(Int)
    /// Centers and scales that are none; the text completes a sentence.
    case standardization(String)
    /// Numbers where the network takes images, or the other way round, or classes where it predicts
    /// numbers: what it takes or gives, and what the data has.
    case kind(network: String, data: String)
    /// The data has more classes than the network.
    case classes(outputs: Int, classes: Int)
    /// The system refuses the memory for the network and a batch.
    case memory(bytes: Int, reason: String)
    /// A number of threads that is out of range.
    case threads(Int)
    /// The system refuses that many threads.
    case noThreads(Int, reason: String)
    /// OpenMP, which runs the threads, cannot keep its note in `/dev/shm`.
    case openMP(reason: String)
    /// `OMP_NUM_THREADS` does not hold a number of threads.
    case threadVariable
    /// `CK_ARCH` does not name a kernel table that this CPU can run; the text lists those it can.
    case kernels(String)

    /// Memory that the system refused, though there seemed to be enough.
    static func refusedMemory(_ bytes: Int) -> ModelError {
        .memory(bytes: bytes, reason: "the system refuses it")
    }

    public var description: String {
        switch self {
        case .layers(let expected, let found):
            "The network has \(expected) layers with parameters, but there are parameters for \(found)."
        case .shape(let layer, let inputs, let outputs, let weights, let biases):
            "Layer \(layer) needs weights [\(outputs), \(inputs)] and \(outputs) biases, but there are \(weights) weights and \(biases) biases."
        case .images(let network, let expected, let found):
            "The model \(network) takes images of \(expected) pixels, but the data has \(found)."
        case .features(let layer, []):
            "The output of layer \(layer) is not an image, nor is that of any layer of this network."
        case .features(let layer, let known):
            "The output of layer \(layer) is not an image; it is for these layers: \(known.map(String.init).joined(separator: ", "))."
        case .imageCount(let count): "The number of images is \(count); it must be at least 0."
        case .image(let index, let images):
            "There is no image \(index): the data has the images 0 to \(images - 1)."
        case .inputSize(let shape):
            "Images of \(shape.pixels) pixels are larger than a network takes: at most \(Network.largestLayer) values."
        case .epoch(let epoch): "The epoch is \(epoch); it must be from 0 to \(UInt32.max)."
        case .notFinite(let layer):
            "A parameter of layer \(layer) is NaN or infinite: the model cannot be used. Train it again with a lower learning rate."
        case .noAnswer(let image):
            "The logits of image \(image) are NaN: the model's parameters are too large. Train it again with a lower learning rate."
        case .output(let loss, let needs, let network):
            "The \(loss) loss is for \(needs.rawValue) outputs, but the network has \(network.rawValue) outputs."
        case .standardization(let reason): "The numbers cannot be standardized: \(reason)."
        case .kind(let network, let data):
            "The network is for \(network), but the data has \(data)."
        case .batch(let size):
            "The batch size is \(size); it must be from 1 to \(Predictor.largestBatch)."
        case .classes(let outputs, let classes):
            "The model has \(outputs) classes, but the data has \(classes)."
        case .memory(let bytes, let reason):
            "There is not enough memory: the network and a batch need \(Memory.mebibytes(bytes)) more, but \(reason). Use a smaller network or batch, or fewer threads."
        case .threads(let count):
            "\(count) threads cannot be started; give 1 to \(Model.mostThreads)."
        case .noThreads(let count, let reason):
            "\(count) threads cannot be started: \(reason). Give fewer, or raise the limits (ulimit -u, ulimit -v, OMP_THREAD_LIMIT)."
        case .openMP(let reason):
            "OpenMP, which runs the threads, cannot make its small file in /dev/shm: \(reason). That folder must be there, with room for a file that this user may write, and the limit of a file's size (ulimit -f) must allow it."
        case .threadVariable:
            "OMP_NUM_THREADS is not a number of threads from 1 to \(Model.mostThreads). Correct it, or give a number."
        case .kernels(let message):
            message
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .layers, .shape, .images, .classes, .notFinite, .noAnswer, .inputSize,
            .standardization, .kind:
            65
        case .memory, .noThreads, .openMP: 71
        case .threads, .features, .imageCount, .image, .epoch, .output, .batch: 64
        case .kernels, .threadVariable: 78
        }
    }
}

extension Model {
    /// The largest number of threads.
    public static let mostThreads = 1024

    /// The number of threads to use: the one asked for, or else the first number in
    /// `OMP_NUM_THREADS`, or else as many as the affinity mask and the cgroup quota of this process
    /// allow. More threads than CPUs are accepted: the results are the same, but the threads take
    /// turns, which costs time.
    /// - Throws: `ModelError.threads`, `.noThreads`, `.threadVariable`, `.openMP`, and `.kernels` if
    ///   `CK_ARCH` names no usable kernel table.
    public static func threads(_ asked: Int?) throws(ModelError) -> Int {
        if let message = KernelTable.error { throw .kernels(message) }
        try checkOpenMP()
        guard let count = asked ?? Threads.preferred else { throw .threadVariable }
        guard (1...mostThreads).contains(count) else {
            if asked == nil { throw .threadVariable }
            throw .threads(count)
        }
        if let reason = Threads.refusal(count) { throw .noThreads(count, reason: reason) }
        return count
    }

    /// Checks that OpenMP can start, before anything calls it: it would end the process.
    /// - Throws: `ModelError.openMP`.
    static func checkOpenMP() throws(ModelError) {
        if let reason = Threads.startFailure { throw .openMP(reason: reason) }
    }

    /// The name of the kernel table in use: `reference`, `avx2`, `avx512` or `neon`.
    public static var kernels: String { KernelTable.name }

    /// A notice about a kernel table that is used only because `CK_ARCH` selects it; nil for
    /// others.
    public static var kernelsNotice: String? { KernelTable.notice }
}
