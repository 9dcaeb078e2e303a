import PhidiasKernels

/// The description of a feed-forward network: its input image, its layers, and how its logits
/// become probabilities. It has no weights; `Model` adds them.
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
    /// The shape of an input image.
    public let input: ImageShape
    /// The interval that a pixel's byte is mapped to.
    public let inputRange: InputRange
    /// All layers; the last one gives the logits, is dense and has the activation `identity`.
    public let layers: [Layer]
    /// How the logits become probabilities.
    public let outputActivation: OutputActivation
    /// The distribution of the initial weights; nil for the default for each layer's activation.
    public let initialization: Initialization?
    /// The output shape of each layer.
    public let shapes: [LayerShape]
    /// The layers that have parameters.
    public let weighted: [WeightedLayer]

    /// Height of an input image.
    public var rows: Int { input.rows }
    /// Width of an input image.
    public var columns: Int { input.columns }
    /// The number of values of an input image.
    public var inputs: Int { input.count }
    /// The number of outputs of the last layer.
    public var classes: Int { shapes[shapes.count - 1].count }

    /// Whether training drops outputs at random.
    package var hasDropout: Bool {
        layers.contains { if case .dropout = $0 { true } else { false } }
    }

    /// The most units of a layer, and the most values of an input image. This limit and the others
    /// keep what a file or a command line can ask for countable.
    public static let largestLayer = 1 << 20
    /// The most values between two layers.
    public static let largestImage = 1 << 24
    /// The most layers.
    public static let mostLayers = 64
    /// The most parameters.
    public static let mostParameters = 1 << 28
    /// The most pixels along a window's side.
    public static let largestExtent = 1024

    /// - Parameters:
    ///   - input: shape of the image, at least 1 in each direction.
    ///   - inputRange: the interval that a pixel's byte is mapped to.
    ///   - layers: all layers; the last one must be dense, with the activation `.identity`.
    ///   - outputActivation: how the logits become probabilities; the loss must have the same.
    ///   - initialization: nil for the default for each layer's activation.
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
        guard logits.outputs >= (outputActivation == .identity ? 1 : 2), logits.outputs <= 256
        else { throw .classes(logits.outputs) }
        if inputRange == .numbers { try Self.checkForNumbers(input, layers) }
        self.input = input
        self.inputRange = inputRange
        self.layers = layers
        self.outputActivation = outputActivation
        self.initialization = initialization
        shapes = shaping.shapes
        weighted = shaping.weighted
    }

    /// Rows of numbers are no images: they go into dense layers.
    private static func checkForNumbers(
        _ input: ImageShape, _ layers: [Layer]
    ) throws(NetworkError) {
        guard input.channels == 1, input.rows == 1 else { throw .numbers(layer: nil) }
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .dense: continue
            case .dropout where index > 0: continue
            default: throw .numbers(layer: index)
            }
        }
    }

    /// A network of the layers that `layers` lists.
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

    /// A network of dense layers alone, on images of one channel.
    /// - Parameters:
    ///   - rows: height of an input image, at least 1.
    ///   - columns: width of an input image, at least 1.
    ///   - inputRange: the interval that a pixel's byte is mapped to.
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
    ///   - inputRange: the interval that a pixel's byte is mapped to.
    ///   - hidden: units of each hidden layer; empty for a linear model.
    ///   - activation: activation of the hidden layers.
    ///   - classes: number of logits, from 2 to 256.
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

    /// The number of weights and biases of all layers.
    public var parameterCount: Int { weighted.reduce(0) { $0 + $1.parameterCount } }

    /// Whether its inputs are rows of numbers, or its outputs numbers to predict.
    var hasNumbers: Bool { inputRange == .numbers || outputActivation == .identity }

    /// Whether all layers are dense, on an image of one channel: the networks that version 1 of the
    /// model file can hold.
    var isPlain: Bool {
        input.channels == 1 && initialization == nil && weighted.count == layers.count
            && !weighted.contains { $0.isConvolution }
    }
}

extension Network {
    /// Whether version 2 of the model file, and of what else holds a network, has all activations.
    var isInFormat2: Bool { weighted.allSatisfy(\.activation.isInFormat2) }
}

extension Network: CustomStringConvertible {
    /// For dense layers, the sizes from input to output, as in "784-128-10"; otherwise the layers
    /// in the text form.
    public var description: String {
        guard isPlain else { return layers.text }
        return ([inputs] + weighted.map(\.outputs)).map(String.init).joined(separator: "-")
    }
}
