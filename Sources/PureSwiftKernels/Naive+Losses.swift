import Foundation

/// Losses, element by element, from the logit. Formulas: docs/theory.md.
extension Naive {
    // −t ln t − (1 − t) ln(1 − t), 0 for hard targets
    private static func entropy(_ t: Float) -> Float {
        t > 0 && t < 1 ? -t * Foundation.log(t) - (1 - t) * Foundation.log(1 - t) : 0
    }

    // ln(1 + e^−|z|), the stable part of every logarithm of a sigmoid
    private static func softplusTail(_ z: Float) -> Float {
        Foundation.log1p(Foundation.exp(-abs(z)))
    }

    private static func crossEntropy(_ z: Float, _ t: Float) -> Float {
        softplusTail(z) + (z > 0 ? (1 - t) * z : -t * z)
    }

    // (value, gradient by the logit) of one logit and its target
    private static func synaptic(_ z: Float, _ t: Float) -> (Float, Float) {
        let p = sigmoid(z), q = sigmoid(-z)
        let perceived = softplusTail(z) + abs(z) * min(p, q)
        return (
            crossEntropy(z, t) + perceived - entropy(t),
            (1 - t) * p * (1 - z * q) - t * q * (1 + z * p)
        )
    }

    private static func crossEntropyForm(_ z: Float, _ t: Float) -> (Float, Float) {
        (crossEntropy(z, t) - entropy(t), (1 - t) * sigmoid(z) - t * sigmoid(-z))
    }

    private static func meanSquare(_ z: Float, _ t: Float) -> (Float, Float) {
        let p = sigmoid(z), q = sigmoid(-z)
        let difference = (1 - t) * p - t * q
        return (difference * difference / 2, difference * p * q)
    }

    /// A loss of the sigmoid forms: value and scaled gradient of each logit.
    package static func sigmoidLoss(
        _ kind: LossKind, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout Output, delta: inout Output
    ) {
        precondition(!kind.isSoftmax, "\(kind) works on rows")
        for i in logits.indices {
            let (value, gradient) =
                switch kind {
                case .synaptic: synaptic(logits[i], targets[i])
                case .meanSquare: meanSquare(logits[i], targets[i])
                default: crossEntropyForm(logits[i], targets[i])
                }
            loss[i] = value
            delta[i] = scale * gradient
        }
    }

    /// A loss of the softmax forms: value of each row, scaled gradient of each logit of [m,n].
    package static func softmaxLoss(
        _ kind: LossKind, m: Int, n: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout Output, delta: inout Output
    ) {
        precondition(kind.isSoftmax, "\(kind) works on single logits")
        softmax(m: m, n: n, z: logits, ldz: n, into: &delta, ldp: n)
        for row in 0..<m {
            var top = -Float.infinity
            for j in row * n..<(row + 1) * n { top = max(top, logits[j]) }
            var total: Float = 0
            for j in row * n..<(row + 1) * n { total += Foundation.exp(logits[j] - top) }
            let logTotal = Foundation.log(total)

            var divergence: Float = 0
            var entropy: Float = 0
            for j in row * n..<(row + 1) * n {
                let t = targets[j], information = logTotal - (logits[j] - top)
                divergence += t > 0 ? t * (information + Foundation.log(t)) : 0
                entropy += delta[j] > 0 ? delta[j] * information : 0
            }
            loss[row] = kind == .synapticSoftmax ? divergence + entropy : divergence
            for j in row * n..<(row + 1) * n {
                let p = delta[j], information = logTotal - (logits[j] - top)
                let pull = kind == .synapticSoftmax && p > 0 ? p * (entropy - information) : 0
                delta[j] = scale * (p - targets[j] - pull)
            }
        }
    }
}
