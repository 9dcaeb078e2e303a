import Foundation

/// Losses in `Double`, with the magnitudes of their terms. Formulas: docs/theory.md.
extension Oracle {
    /// A loss of one logit: value, gradient by the logit, and the sums of the absolute values of
    /// the terms that make them.
    package struct LogitLoss: Sendable {
        package var value, gradient: Double
        package var valueMagnitude, gradientMagnitude: Double
    }

    // −t ln t
    private static func selfInformation(_ t: Double) -> Double {
        t > 0 ? -t * Foundation.log(t) : 0
    }

    /// A loss of the sigmoid forms for the logit z and the target t in [0, 1].
    package static func loss(_ kind: LossKind, logit z: Double, target t: Double) -> LogitLoss {
        let p = sigmoid(z), q = sigmoid(-z)
        let tail = Foundation.log1p(Foundation.exp(-abs(z)))
        let linear = max(z, 0) - t * z
        let known = selfInformation(t) + selfInformation(1 - t)
        let perceived = tail + abs(z) * min(p, q)
        switch kind {
        case .synaptic:
            return LogitLoss(
                value: tail + linear + perceived - known,
                gradient: (1 - t) * p * (1 - z * q) - t * q * (1 + z * p),
                valueMagnitude: tail + linear + perceived + known,
                gradientMagnitude: (1 - t) * p * (1 + abs(z) * q) + t * q * (1 + abs(z) * p))
        case .crossEntropy:
            return LogitLoss(
                value: tail + linear - known,
                gradient: (1 - t) * p - t * q,
                valueMagnitude: tail + linear + known,
                gradientMagnitude: (1 - t) * p + t * q)
        case .meanSquare:
            let difference = (1 - t) * p - t * q, magnitude = (1 - t) * p + t * q
            return LogitLoss(
                value: difference * difference / 2,
                gradient: difference * p * q,
                valueMagnitude: magnitude * magnitude / 2,
                gradientMagnitude: magnitude * p * q)
        default:
            preconditionFailure("\(kind) works on rows")
        }
    }

    /// A loss of one row: value, gradient by each logit, and first-order bounds of the error of
    /// an evaluation in `Float`.
    package struct RowLoss: Sendable {
        package var value: Double
        package var gradient: [Double]
        package var valueBound: Double
        package var gradientBounds: [Double]
    }

    /// A loss of the softmax forms for a row of logits and its targets.
    ///
    /// The bounds assume that differences to the largest logit are rounded once, that exp, log1p
    /// and log are within 2 ulp (4u), and that sums are plain chains. With d = |z − max| and
    /// n logits, e^−d then has the relative error (d + 4)u, their sum S·u with S = Σ p·d + n + 4,
    /// p the error (d + S + 6)u, and −ln p the absolute error (2d + 2|ln p| + S + 8)u. What
    /// subtracts is bounded by the sum of both sides' bounds.
    package static func loss(_ kind: LossKind, logits: [Double], targets: [Double]) -> RowLoss {
        precondition(kind.isSoftmax, "\(kind) works on single logits")
        precondition(logits.count == targets.count, "logits and targets differ in count")
        let info = information(logits)
        let p = info.map { Foundation.exp(-$0) }
        let entropy = zip(p, info).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * $1.1 : 0) }
        let divergence = zip(targets, info).reduce(0) {
            $0 + ($1.0 > 0 ? $1.0 * $1.1 - selfInformation($1.0) : 0)
        }
        let gradient = logits.indices.map { j -> Double in
            // 1 − p without cancellation, as the sum of the other probabilities
            let q = p.indices.reduce(0) { $0 + ($1 == j ? 0 : p[$1]) }
            let pull = kind.isSynaptic && p[j] > 0 ? p[j] * (entropy - info[j]) : 0
            return (1 - targets[j]) * p[j] - targets[j] * q - pull
        }

        let count = Double(logits.count), top = logits.max() ?? 0
        let distance = logits.map { abs($0 - top) }
        let sumError = zip(p, distance).reduce(count + 4) { $0 + $1.0 * $1.1 }
        let pError = p.indices.map { p[$0] * (distance[$0] + sumError + 6) }
        let infoError = info.indices.map { 2 * distance[$0] + 2 * info[$0] + sumError + 8 }
        let entropyError = p.indices.reduce(0) {
            $0 + pError[$1] * info[$1] + p[$1] * (infoError[$1] + (count + 2) * info[$1])
        }
        let divergenceError = p.indices.reduce(0) {
            let known = selfInformation(targets[$1])
            return $0 + targets[$1] * (infoError[$1] + (count + 2) * info[$1]) + (count + 6) * known
        }
        let bounds = p.indices.map { j -> Double in
            let t = targets[j], q = 1 - p[j]
            var bound = pError[j] + 4 * ((1 - t) * p[j] + t * q)
            bound += t * (sumError + 6) * q
            guard kind.isSynaptic else { return bound }
            bound += pError[j] * abs(entropy - info[j])
            let pullError: Double = entropyError + infoError[j] + 4 * (entropy + info[j])
            return bound + p[j] * pullError
        }
        // 1 % for the terms of second order
        let unit = 1.01 * unitRoundoff
        return RowLoss(
            value: kind.isSynaptic ? divergence + entropy : divergence,
            gradient: gradient,
            valueBound: unit
                * (divergenceError + abs(divergence)
                    + (kind.isSynaptic ? entropyError + entropy : 0)),
            gradientBounds: bounds.map { unit * $0 })
    }
}
