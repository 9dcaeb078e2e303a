import ArgumentParser
import Foundation
import Phidias

/// What `--network` names: read once, when the command line is.
enum NetworkChoice: ExpressibleByArgument {
    case preset(NetworkPreset)
    /// Layers in the text form, for images of whatever size the data has.
    case layers([Layer])
    /// A document with its own input and output.
    case document(Network)
    /// What keeps it from being any of those; to be thrown where errors can be.
    case failed(any PhidiasError)

    /// A preset's name, a JSON document or its file, or layers in the text form.
    init?(argument: String) {
        do {
            if let preset = NetworkPreset(rawValue: argument) {
                self = .preset(preset)
            } else if argument.hasPrefix("{") {
                self = .document(
                    try NetworkDocument.read(Array(argument.utf8), path: "--network"))
            } else if access(argument, F_OK) != 0, argument.contains(" ") {
                self = .layers(try [Layer](text: argument))
            } else {
                guard access(argument, F_OK) == 0 else { throw NoNetwork(argument: argument) }
                self = .document(try NetworkDocument.read(path: argument))
            }
        } catch let error as any PhidiasError {
            self = .failed(error)
        } catch {
            return nil
        }
    }

    /// The value as a run records it: no file is needed to read it again.
    var text: String {
        switch self {
        case .preset(let preset): preset.rawValue
        case .layers(let layers): layers.text
        case .document(let network): NetworkDocument.json(network).text()
        case .failed: ""
        }
    }

    /// Whether it says itself what pixels and logits become.
    var isWhole: Bool {
        if case .layers = self { false } else { true }
    }

    /// The network for some data.
    /// - Parameters:
    ///   - input: the data's; of a document, its own.
    ///   - inputRange: where the choice says nothing of it; so is `outputActivation`.
    func network(
        input: ImageShape, classes: Int, inputRange: InputRange, outputActivation: OutputActivation
    ) throws -> Network {
        switch self {
        case .preset(let preset): try preset.network(input: input, classes: classes)
        case .layers(let layers):
            try Network(
                input: input, inputRange: inputRange, layers: layers,
                outputActivation: outputActivation)
        case .document(let network): network
        case .failed(let error): throw error
        }
    }
}

/// A text that names no network.
struct NoNetwork: PhidiasError {
    let argument: String
    var description: String {
        let presets = NetworkPreset.allCases.map(\.rawValue).joined(separator: ", ")
        return
            "'\(argument)' is no network: there is no such file, and it is none of \(presets). Layers are given as in 'conv 16 3x3 relu, maxpool 2, dense 10'."
    }
    var exitCode: Int32 { 66 }
}
