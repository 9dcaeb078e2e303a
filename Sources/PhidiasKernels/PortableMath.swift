import CKernels

/// Double-precision functions with the same bits on every machine, which libm does not promise.
/// Everything that reaches a weight or a metric uses these.
package enum PortableMath {
    /// eˣ, error at most 2 ulp.
    package static func exp(_ x: Double) -> Double { ck_exp64(x) }
    /// Natural logarithm, error at most 2 ulp; NaN below 0.
    package static func log(_ x: Double) -> Double { ck_log64(x) }
    /// Sine for |x| ≤ 2²⁰, absolute error at most 2⁻⁵².
    package static func sin(_ x: Double) -> Double { ck_sin64(x) }
    /// Cosine for |x| ≤ 2²⁰, absolute error at most 2⁻⁵².
    package static func cos(_ x: Double) -> Double { ck_cos64(x) }
}
