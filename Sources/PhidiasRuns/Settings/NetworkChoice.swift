import FoundationEssentials
import Glibc
import Phidias

/// The network to train. The data decides the size of its input and the number of its classes, unless
/// it is described completely.
public enum NetworkChoice: Sendable, Hashable {
    /// Dense hidden layers of the given numbers of units, and one of logits. No hidden layer: a linear
    /// model.
    case dense(hidden: [Int], activation: Activation)
    /// A network that has a name.
    case preset(NetworkPreset)
    /// Layers, for images of whatever size the data has.
    case layers([Layer])
    /// A complete network with its own input and output.
    case document(Network)

    /// Reads the name of a preset, a JSON document or the path of its file, or layers in text form.
    /// - Throws: `SettingError.noNetwork`; `NetworkTextError`, `NetworkError`, `ModelFileError` and
    ///   `DataError` for what is not understood or cannot be read.
    public init(_ text: String) throws {
        if let preset = NetworkPreset(rawValue: text) {
            self = .preset(preset)
        } else if text.hasPrefix("{") {
            self = .document(try NetworkDocument.read(Array(text.utf8), path: "the network"))
        } else if access(text, F_OK) != 0, text.contains(" ") {
            self = .layers(try [Layer](text: text))
        } else {
            guard access(text, F_OK) == 0 else { throw SettingError.noNetwork(text) }
            self = .document(try NetworkDocument.read(path: text))
        }
    }

    /// The value of the setting `network` as a run records it: no file is needed to read it again.
    /// Nil for dense layers, which have settings of their own.
    var text: String? {
        switch self {
        case .dense: nil
        case .preset(let preset): preset.rawValue
        case .layers(let layers): layers.text
        case .document(let network): NetworkDocument.json(network).text()
        }
    }

    /// The network in a line, for people.
    var words: String {
        if case .dense = self {
            var settings = TrainingSettings()
            settings.network = self
            return "hidden \(TrainingSetting.hidden.text(of: settings) ?? "")"
        }
        return "network \(text ?? "")"
    }

    /// Whether it defines input range and output activation itself.
    public var isWhole: Bool {
        switch self {
        case .dense, .layers: false
        case .preset, .document: true
        }
    }

    /// The loss that is usual for it.
    var usualLoss: LossName { self == .preset(.dbl2024) ? .crossEntropy : .synaptic }

    /// How its logits become probabilities; nil where it does not say.
    var ownOutputActivation: OutputActivation? {
        switch self {
        case .dense, .layers: nil
        case .preset(let preset): (try? preset.network())?.outputActivation
        case .document(let network): network.outputActivation
        }
    }

    /// The network for some data.
    /// - Parameters:
    ///   - input: the data's; a document has its own.
    ///   - classes: the data's, likewise.
    ///   - inputRange: where the choice does not say it.
    ///   - outputActivation: where the choice does not say it.
    /// - Throws: `NetworkError`.
    public func network(
        input: ImageShape, classes: Int, inputRange: InputRange = .zeroToOne,
        outputActivation: OutputActivation = .sigmoid
    ) throws(NetworkError) -> Network {
        switch self {
        case .dense(let hidden, let activation):
            try Network(
                input: input, inputRange: inputRange,
                layers: hidden.map { .dense(Dense($0, activation: activation)) }
                    + [.dense(Dense(classes, activation: .identity))],
                outputActivation: outputActivation)
        case .preset(let preset): try preset.network(input: input, classes: classes)
        case .layers(let layers):
            try Network(
                input: input, inputRange: inputRange, layers: layers,
                outputActivation: outputActivation)
        case .document(let network): network
        }
    }
}
