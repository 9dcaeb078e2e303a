/// The losses, by name: sigmoid forms work on single logits, softmax forms on rows.
package enum LossKind: String, Sendable, CaseIterable {
    case synaptic, crossEntropy, meanSquare, synapticSoftmax, crossEntropySoftmax

    package var isSoftmax: Bool { self == .synapticSoftmax || self == .crossEntropySoftmax }
    package var isSynaptic: Bool { self == .synaptic || self == .synapticSoftmax }
}
