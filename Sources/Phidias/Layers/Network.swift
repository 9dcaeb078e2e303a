import PhidiasKernels

/// A feed-forward network as a person describes it: the image it takes, its layers, and how its
/// logits are read. It has no weights; `Model` adds them.
public struct Network: Sendable, Hashable {
    /// Pixels of an input image.
    public let rows, columns: Int
    /// What a pixel's byte is mapped to.
    public let inputRange: InputRange
    /// From the first hidden layer to the layer of the logits, whose activation is `identity`.
    public let layers: [Dense]
    /// How the logits become probabilities.
    public let outputActivation: OutputActivation

    /// Inputs of the first layer.
    public var inputs: Int { rows * columns }
    /// Outputs of the last layer.
    public var classes: Int { layers[layers.count - 1].outputs }

    /// Most units of a layer, pixels of an image and layers that are accepted: what a file or a
    /// command line can ask for stays allocatable.
    public static let largestLayer = 1 << 20, mostLayers = 64, mostParameters = 1 << 28

    /// - Parameters:
    ///   - rows: height of an input image, at least 1.
    ///   - columns: width of an input image, at least 1.
    ///   - layers: all layers; the last one's activation must be `.identity`.
    /// - Throws: `NetworkError` with the layer and its sizes.
    public init(
        rows: Int, columns: Int, inputRange: InputRange = .zeroToOne, layers: [Dense],
        outputActivation: OutputActivation = .sigmoid
    ) throws(NetworkError) {
        let (pixels, overflow) = rows.multipliedReportingOverflow(by: columns)
        guard rows > 0, columns > 0, !overflow, pixels <= Self.largestLayer else {
            throw .image(rows: rows, columns: columns)
        }
        guard let last = layers.last, layers.count <= Self.mostLayers else {
            throw .layerCount(layers.count)
        }
        guard last.activation == .identity else { throw .lastActivation(last.activation) }
        var inputs = pixels
        var parameters = 0
        for (index, layer) in layers.enumerated() {
            guard layer.outputs > 0, layer.outputs <= Self.largestLayer else {
                throw .units(layer: index, count: layer.outputs)
            }
            parameters += (inputs + 1) * layer.outputs
            guard parameters <= Self.mostParameters else {
                throw .parameters(layer: index, inputs: inputs, outputs: layer.outputs)
            }
            inputs = layer.outputs
        }
        guard last.outputs >= 2, last.outputs <= 256 else { throw .classes(last.outputs) }
        self.rows = rows
        self.columns = columns
        self.inputRange = inputRange
        self.layers = layers
        self.outputActivation = outputActivation
    }

    /// A multi-layer perceptron: hidden layers of the given sizes, then a layer of logits.
    /// - Parameter hidden: units of each hidden layer; empty for a linear model.
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

    /// Inputs of each layer.
    public var layerInputs: [Int] { [inputs] + layers.dropLast().map(\.outputs) }

    /// Weights and biases of all layers.
    public var parameterCount: Int {
        zip(layerInputs, layers).reduce(0) { $0 + ($1.0 + 1) * $1.1.outputs }
    }

    var shapes: [DenseShape] {
        zip(layerInputs, layers).map {
            DenseShape(inputs: $0, outputs: $1.outputs, activation: $1.activation.kind)
        }
    }
}

extension Network: CustomStringConvertible {
    /// Sizes from input to output, as in "784-128-10".
    public var description: String {
        ([inputs] + layers.map(\.outputs)).map(String.init).joined(separator: "-")
    }
}

/// A network that cannot be built.
public enum NetworkError: PhidiasError, Equatable {
    /// An input image without pixels, or with too many.
    case image(rows: Int, columns: Int)
    /// No layer, or too many.
    case layerCount(Int)
    /// A layer, counted from 0, without units or with too many.
    case units(layer: Int, count: Int)
    /// The layer with which there are too many parameters.
    case parameters(layer: Int, inputs: Int, outputs: Int)
    /// The last layer has an activation, but must give logits.
    case lastActivation(Activation)
    /// A number of outputs that is no classifier's.
    case classes(Int)

    public var description: String {
        switch self {
        case .image(let rows, let columns):
            "An input image of \(rows) × \(columns) pixels is not between 1 and \(Network.largestLayer) pixels."
        case .layerCount(let count):
            "A network needs 1 to \(Network.mostLayers) layers, not \(count)."
        case .units(let layer, let count):
            "Layer \(layer) has \(count) units; give it 1 to \(Network.largestLayer)."
        case .parameters(let layer, let inputs, let outputs):
            "Layer \(layer) of \(inputs) inputs and \(outputs) outputs takes the network over \(Network.mostParameters) parameters."
        case .lastActivation(let activation):
            "The last layer gives logits, so its activation must be identity, not \(activation.rawValue)."
        case .classes(let count):
            "The last layer has \(count) outputs; a classifier needs 2 to 256."
        }
    }

    public var exitCode: Int32 { 64 }
}
