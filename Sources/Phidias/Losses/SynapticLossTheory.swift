import PhidiasKernels

/// Our reconstruction of the synaptic loss for one sigmoid output, in `Double`: for tables and
/// tests. Training uses the kernels.
package enum SynapticLossTheory {
    /// L(t, z) = KL(t ‖ p) + H(p) in nats, with p = σ(z), for a hard target.
    package static func value(target: Bool, input z: Double) -> Double {
        let size = abs(z)
        let e = PortableMath.exp(-size)
        // softplus(−|z|), and the probability of the less likely outcome
        let soft = log1p(e), q = e / (1 + e)
        let crossEntropy = soft + max(0, target ? -z : z)
        let entropy = soft + size * q
        return crossEntropy + entropy
    }

    /// ∂L/∂z = (p − t) − z p (1 − p), in a form without cancellation.
    package static func gradient(target: Bool, input z: Double) -> Double {
        let e = PortableMath.exp(-abs(z))
        let less = e / (1 + e), more = 1 / (1 + e)
        let (p, r) = z < 0 ? (less, more) : (more, less)
        return target ? -r * (1 + z * p) : p * (1 - z * r)
    }

    /// ln(1 + x) for 0 ≤ x ≤ 1: the quotient restores the digits lost by rounding 1 + x.
    private static func log1p(_ x: Double) -> Double {
        let sum = 1 + x
        return sum == 1 ? x : PortableMath.log(sum) * (x / (sum - 1))
    }
}
