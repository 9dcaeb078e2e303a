import PhidiasKernels

/// A feed-forward network as a person describes it: the image it takes, its layers, and how its
/// logits are read. It has no weights; `Model` adds them.
///
///     let network = try Network(
///         input: ImageShape(rows: 28, columns: 28), outputActivation: .softmax
///     ) {
///         Conv2D(16, kernel: 3, padding: 1, activation: .relu)
///         MaxPool2D(2)
///         Dropout(0.25)
///         Dense(10, activation: .identity)
///     }
public struct Network: Sendable, Hashable {
    /// The image it takes.
    public let input: ImageShape
    /// What a pixel's byte is mapped to.
    public let inputRange: InputRange
    /// From the first to the layer of the logits, which is dense and has the activation `identity`.
    public let layers: [Layer]
    /// How the logits become probabilities.
    public let outputActivation: OutputActivation
    /// How weights start; nil for what is usual for each layer's activation.
    public let initialization: Initialization?
    /// What each layer gives.
    public let shapes: [LayerShape]
    /// The layers that have parameters.
    public let weighted: [WeightedLayer]

    /// Height of the image.
    public var rows: Int { input.rows }
    /// Width of the image.
    public var columns: Int { input.columns }
    /// Values of an image.
    public var inputs: Int { input.count }
    /// Outputs of the last layer.
    public var classes: Int { shapes[shapes.count - 1].count }

    /// Whether a step drops outputs at random.
    package var hasDropout: Bool {
        layers.contains { if case .dropout = $0 { true } else { false } }
    }

    /// What is accepted, so that what a file or a command line can ask for stays countable: units of
    /// a layer and values of an input image; values between two layers; layers; parameters; pixels of
    /// a window's side.
    public static let largestLayer = 1 << 20, largestImage = 1 << 24, mostLayers = 64,
        mostParameters = 1 << 28, largestExtent = 1024

    /// - Parameters:
    ///   - input: the image, at least 1 in each direction.
    ///   - inputRange: what a pixel's byte is mapped to.
    ///   - layers: all layers; the last one must be dense, with the activation `.identity`.
    ///   - outputActivation: how the logits become probabilities; the loss must have the same.
    ///   - initialization: nil for what is usual for each layer's activation.
    /// - Throws: `NetworkError` with the layer and its sizes.
    public init(
        input: ImageShape, inputRange: InputRange = .zeroToOne, layers: [Layer],
        outputActivation: OutputActivation = .sigmoid, initialization: Initialization? = nil
    ) throws(NetworkError) {
        var shaping = try NetworkShaping(input: input)
        guard let last = layers.last, layers.count <= Self.mostLayers else {
            throw .layerCount(layers.count)
        }
        for layer in layers { try shaping.add(layer) }
        guard case .dense(let logits) = last else {
            throw .lastLayer(name: last.description, output: shaping.current)
        }
        guard logits.activation == .identity else { throw .lastActivation(logits.activation) }
        guard logits.outputs >= 2, logits.outputs <= 256 else { throw .classes(logits.outputs) }
        self.input = input
        self.inputRange = inputRange
        self.layers = layers
        self.outputActivation = outputActivation
        self.initialization = initialization
        shapes = shaping.shapes
        weighted = shaping.weighted
    }

    /// The layers one below the other.
    /// - Throws: `NetworkError` with the layer and its sizes.
    public init(
        input: ImageShape, inputRange: InputRange = .zeroToOne,
        outputActivation: OutputActivation = .sigmoid, initialization: Initialization? = nil,
        @LayerBuilder _ layers: () -> [Layer]
    ) throws(NetworkError) {
        try self.init(
            input: input, inputRange: inputRange, layers: layers(),
            outputActivation: outputActivation, initialization: initialization)
    }

    /// Dense layers alone, on images of one channel.
    /// - Parameters:
    ///   - rows: height of an input image, at least 1.
    ///   - columns: width of an input image, at least 1.
    ///   - inputRange: what a pixel's byte is mapped to.
    ///   - layers: all layers; the last one's activation must be `.identity`.
    ///   - outputActivation: how the logits become probabilities; the loss must have the same.
    /// - Throws: `NetworkError` with the layer and its sizes.
    public init(
        rows: Int, columns: Int, inputRange: InputRange = .zeroToOne, layers: [Dense],
        outputActivation: OutputActivation = .sigmoid
    ) throws(NetworkError) {
        try self.init(
            input: ImageShape(rows: rows, columns: columns), inputRange: inputRange,
            layers: layers.map(\.layer), outputActivation: outputActivation)
    }

    /// A multi-layer perceptron: hidden layers of the given sizes, then a layer of logits.
    /// - Parameters:
    ///   - rows: height of an input image, at least 1.
    ///   - columns: width of an input image, at least 1.
    ///   - inputRange: what a pixel's byte is mapped to.
    ///   - hidden: units of each hidden layer; empty for a linear model.
    ///   - activation: of the hidden layers.
    ///   - classes: logits, from 2 to 256.
    ///   - outputActivation: how the logits become probabilities; the loss must have the same.
    public init(
        rows: Int = 28, columns: Int = 28, inputRange: InputRange = .zeroToOne,
        hidden: [Int], activation: Activation = .sigmoid, classes: Int = 10,
        outputActivation: OutputActivation = .sigmoid
    ) throws(NetworkError) {
        try self.init(
            rows: rows, columns: columns, inputRange: inputRange,
            layers: hidden.map { Dense($0, activation: activation) }
                + [Dense(classes, activation: .identity)],
            outputActivation: outputActivation)
    }

    /// Weights and biases of all layers.
    public var parameterCount: Int { weighted.reduce(0) { $0 + $1.parameterCount } }

    /// Whether all layers are dense, on an image of one channel: what the first version of the model
    /// file can hold.
    var isPlain: Bool {
        input.channels == 1 && initialization == nil && weighted.count == layers.count
            && !weighted.contains { $0.isConvolution }
    }
}

extension Network: CustomStringConvertible {
    /// Of dense layers, the sizes from input to output, as in "784-128-10"; else the layers in the
    /// text form.
    public var description: String {
        guard isPlain else { return layers.text }
        return ([inputs] + weighted.map(\.outputs)).map(String.init).joined(separator: "-")
    }
}
