import Foundation

/// What a step of Adam multiplies by: `AdamNumbers` of the kernels, whose header explains it.
package struct AdamStep: Sendable {
    package var scale, decay, shrink, beta1, rest1, beta2, rest2, rate, root, epsilon: Float

    package init(
        scale: Float, decay: Float, shrink: Float, beta1: Float, rest1: Float, beta2: Float,
        rest2: Float, rate: Float, root: Float, epsilon: Float
    ) {
        (self.scale, self.decay, self.shrink) = (scale, decay, shrink)
        (self.beta1, self.rest1, self.beta2, self.rest2) = (beta1, rest1, beta2, rest2)
        (self.rate, self.root, self.epsilon) = (rate, root, epsilon)
    }
}

extension Naive {
    /// One step of Adam or AdamW.
    package static func adamUpdate(
        _ step: AdamStep, gradient: Span<Float>, first: inout Output, second: inout Output,
        weights: inout Output
    ) {
        for i in gradient.indices {
            let g = step.scale * gradient[i] + step.decay * weights[i]
            first[i] = step.beta1 * first[i] + step.rest1 * g
            second[i] = step.beta2 * second[i] + step.rest2 * g * g
            let move = first[i] / (second[i].squareRoot() * step.root + step.epsilon)
            weights[i] = weights[i] - step.shrink * weights[i] - step.rate * move
        }
    }
}

extension Tuned {
    /// One step of Adam or AdamW.
    package static func adamUpdate(
        _ step: AdamStep, gradient: Span<Float>, first: inout Output, second: inout Output,
        weights: inout Output, threads: Int
    ) {
        gradient.withUnsafeBufferPointer { g in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    weights.withUnsafeMutableBufferPointer { w in
                        nonisolated(unsafe) let (g, m, v, w) = (g, m, v, w)
                        split(g.count, step: width, grain: grain, threads: threads) { range in
                            for at in Swift.stride(
                                from: range.lowerBound, to: range.upperBound, by: width)
                            {
                                let count = min(width, range.upperBound - at)
                                var lanes = (Lanes(), Lanes(), Lanes(), Lanes())
                                for lane in 0..<count {
                                    lanes.0[lane] = g[at + lane]
                                    lanes.1[lane] = m[at + lane]
                                    lanes.2[lane] = v[at + lane]
                                    lanes.3[lane] = w[at + lane]
                                }
                                let now = adam(step, lanes.0, lanes.1, lanes.2, lanes.3)
                                for lane in 0..<count {
                                    m[at + lane] = now.m[lane]
                                    v[at + lane] = now.v[lane]
                                    w[at + lane] = now.w[lane]
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private static func adam(
        _ step: AdamStep, _ gradient: Lanes, _ m: Lanes, _ v: Lanes, _ w: Lanes
    ) -> (m: Lanes, v: Lanes, w: Lanes) {
        let g = step.scale * gradient + step.decay * w
        let first = step.beta1 * m + step.rest1 * g
        let second = step.beta2 * v + step.rest2 * g * g
        let move = first / (second.squareRoot() * step.root + step.epsilon)
        return (first, second, w - step.shrink * w - step.rate * move)
    }
}

extension Oracle {
    /// A value and a bound of the error of its evaluation in `Float`.
    package struct Bounded: Sendable {
        package var value, bound: Double
    }

    /// One step of Adam of a parameter, with bounds of any evaluation of the formula in `Float`, in
    /// whatever order and fused or not; a moment below 2⁻¹²⁶ may be flushed.
    package static func adamUpdate(
        _ step: AdamStep, gradient: Float, first: Float, second: Float, weight: Float
    ) -> (first: Bounded, second: Bounded, weight: Bounded) {
        let (w, tiny) = (Double(weight), 0x1p-126)
        let (scaled, decayed) = (Double(step.scale) * Double(gradient), Double(step.decay) * w)
        // Of g: two products and a sum.
        let g = scaled + decayed, size = abs(scaled) + abs(decayed)
        let (kept, added) = (Double(step.beta1) * Double(first), Double(step.rest1) * g)
        let m = kept + added
        // Two more products and a sum.
        let ofM = gamma(5) * (abs(kept) + Double(step.rest1) * size) + tiny
        let before = Double(step.beta2) * Double(second)
        let v = before + Double(step.rest2) * g * g
        // g twice, and two products and a sum.
        let ofV = gamma(9) * (before + Double(step.rest2) * size * size) + tiny
        // The root is monotone; it, its product and the sum with ε round.
        let least =
            (max(v - ofV, 0).squareRoot() * Double(step.root) + Double(step.epsilon))
            * (1 - gamma(3))
        let exact = v.squareRoot() * Double(step.root) + Double(step.epsilon)
        let most =
            ((v + ofV).squareRoot() * Double(step.root) + Double(step.epsilon)) * (1 + gamma(3))
        let move = m / exact
        // The quotient's extremes, and its own rounding.
        let largest = (abs(m) + ofM) / least
        let ofMove =
            ofM / least + abs(m) * max(1 / least - 1 / exact, 1 / exact - 1 / most)
            + gamma(1) * largest + tiny
        let rate = Double(step.rate), shrink = Double(step.shrink)
        // Two products and two differences.
        let ofW =
            rate * ofMove
            + gamma(4) * (abs(w) + shrink * abs(w) + rate * largest) + tiny
        return (
            Bounded(value: m, bound: ofM), Bounded(value: v, bound: ofV),
            Bounded(value: w - shrink * w - rate * move, bound: ofW)
        )
    }
}
