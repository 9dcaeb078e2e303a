/// A network that cannot be built. Layers are counted from 0 and named as in the text form.
public enum NetworkError: PhidiasError, Equatable {
    /// An input image without pixels, or with too many.
    case image(ImageShape)
    /// No layer, or too many.
    case layerCount(Int)
    /// A dense layer without units or with too many.
    case units(layer: Int, count: Int)
    /// A size or rate of a layer is out of range.
    case value(layer: Int, name: String, reason: String)
    /// A layer that needs an image gets units.
    case wantsImage(layer: Int, name: String, found: LayerShape)
    /// A window that is larger than its input.
    case window(layer: Int, name: String, window: Extent, input: ImageShape)
    /// A layer with more output values, or more values with its padding, than are accepted.
    case values(layer: Int, name: String, input: LayerShape, output: LayerShape)
    /// The layer at which the number of parameters exceeds the limit.
    case parameters(layer: Int, inputs: Int, outputs: Int)
    /// The last layer is not dense.
    case lastLayer(name: String, output: LayerShape)
    /// The last layer has an activation, but must give logits.
    case lastActivation(Activation)
    /// A number of outputs that is not that of a classifier.
    case classes(Int)
    /// A network for rows of numbers with a layer that is for images; nil: its input is an image.
    case numbers(layer: Int?)

    public var description: String {
        switch self {
        case .image(let shape) where shape.channels == 1:
            "The input image is \(shape.rows) × \(shape.columns); it must have between 1 and \(Network.largestLayer) pixels."
        case .image(let shape):
            "The input image is \(shape); it must have between 1 and \(Network.largestLayer) values."
        case .layerCount(let count):
            "A network needs 1 to \(Network.mostLayers) layers, not \(count)."
        case .units(let layer, let count):
            "Layer \(layer) has \(count) units; give it 1 to \(Network.largestLayer)."
        case .value(let layer, let name, let reason): "Layer \(layer) (\(name)): \(reason)."
        case .wantsImage(let layer, let name, let found):
            "Layer \(layer) (\(name)) takes an image of channels × rows × columns, but gets \(found) units. Put it before flatten and dense layers."
        case .window(let layer, let name, let window, let input):
            "Layer \(layer) (\(name)): its window of \(window.rows) × \(window.columns) does not fit into its input of \(input). Use a smaller window, more padding, or fewer pools before it."
        case .values(let layer, let name, let input, let output):
            "Layer \(layer) (\(name)) makes \(output) of \(input), over the limit of \(Network.largestImage) values."
        case .parameters(let layer, let inputs, let outputs):
            "Layer \(layer) of \(inputs) inputs and \(outputs) outputs takes the network over \(Network.mostParameters) parameters."
        case .lastLayer(let name, let output):
            "The last layer (\(name)) gives \(output), but the logits must come from a dense layer; end, for example, with 'dense 10'."
        case .lastActivation(let activation):
            "The last layer gives logits, so its activation must be identity, not \(activation.rawValue)."
        case .numbers(nil): "Rows of numbers are an input of 1 × n values, not an image."
        case .numbers(let layer?):
            "Layer \(layer) is for images, but the network's input is rows of numbers: they take dense layers, and dropout between them."
        case .classes(let count):
            "The last layer has \(count == 1 ? "1 output" : "\(count) outputs"); a classifier needs 2 to 256."
        }
    }

    public var exitCode: Int32 { 64 }
}
