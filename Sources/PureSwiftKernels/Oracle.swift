import Foundation

/// The kernels' operations in `Double`, as directly as the formulas allow without cancellation,
/// with the magnitudes that bound the rounding errors of any evaluation in `Float`.
package enum Oracle {
    /// Unit roundoff of `Float`.
    package static let unitRoundoff = 0x1p-24

    /// γ_n = n·u / (1 − n·u): a chain of n roundings changes a result by at most γ_n, relative
    /// (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., lemma 3.1).
    package static func gamma(_ n: Int) -> Double {
        let nu = Double(n) * unitRoundoff
        precondition(nu < 1, "a chain of \(n) roundings has no bound")
        return nu / (1 - nu)
    }

    /// Values, and for each the sum of the absolute values of its terms.
    package struct Sums: Sendable {
        package var values: [Double]
        package var magnitudes: [Double]
    }

    /// op(A)[m,k] · op(B)[k,n], without gaps, and Σ|a||b| of each element.
    package static func product(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
        a: [Double], lda: Int, b: [Double], ldb: Int
    ) -> Sums {
        var values = [Double](repeating: 0, count: m * n)
        var magnitudes = values
        for i in 0..<m {
            for j in 0..<n {
                var sum = 0.0, magnitude = 0.0
                for p in 0..<k {
                    let x = transposeA ? a[p * lda + i] : a[i * lda + p]
                    let y = transposeB ? b[j * ldb + p] : b[p * ldb + j]
                    sum += x * y
                    magnitude += abs(x * y)
                }
                values[i * n + j] = sum
                magnitudes[i * n + j] = magnitude
            }
        }
        return Sums(values: values, magnitudes: magnitudes)
    }

    package static func sigmoid(_ x: Double) -> Double {
        let e = Foundation.exp(-abs(x))
        return (x < 0 ? e : 1) / (1 + e)
    }

    package static func exp(_ x: Double) -> Double { Foundation.exp(x) }

    package static func log1p(_ x: Double) -> Double {
        x >= 0 ? Foundation.log1p(x) : .nan
    }

    package static func relu(_ x: Double) -> Double { x <= 0 ? 0 : x }

    package static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }

    package static func leakyReLU(_ x: Double) -> Double { x > 0 ? x : leak * x }

    /// The slope of leaky ReLU below 0.
    package static let leak = Double(Float(0.01))

    /// One step of v ← αv − ηg, w ← w + v.
    package static func momentumUpdate(
        learningRate: Double, momentum: Double, gradient: Double, velocity: Double, weight: Double
    ) -> (velocity: Double, weight: Double) {
        let v = momentum * velocity - learningRate * gradient
        return (v, weight + v)
    }

    /// Softmax of a row as e^−information with information −ln p, which does not underflow.
    package static func information(_ row: [Double]) -> [Double] {
        guard let top = row.max() else { return [] }
        // max ignores a NaN in some places; here it spoils the row.
        if row.contains(where: \.isNaN) { return row.map { _ in .nan } }
        // ln Σ e^(z−top): the largest element is 1 and stays outside the sum.
        var rest = 0.0
        var seen = false
        for z in row {
            if z == top && !seen { seen = true } else { rest += Foundation.exp(z - top) }
        }
        let logTotal = Foundation.log1p(rest)
        return row.map { logTotal - ($0 - top) }
    }

    package static func softmax(_ row: [Double]) -> [Double] {
        information(row).map { Foundation.exp(-$0) }
    }

    /// First-order bounds of the errors of a softmax in `Float`: with d = max − z, e^−d has the
    /// relative error (d + 4)u if exp is within 2 ulp, their sum (Σ p·d + n + 4)u, the quotient
    /// the sum of both and its own rounding. Results below 2⁻¹²⁶ may be lost.
    package static func softmaxBounds(_ row: [Double]) -> [Double] {
        let p = softmax(row), top = row.max() ?? 0
        let spread = zip(p, row).reduce(Double(row.count) + 4) { $0 + $1.0 * (top - $1.1) }
        return zip(p, row).map { p, z in
            1.01 * unitRoundoff * p * (top - z + 4 + spread + 1) + 0x1p-126
        }
    }

    package static func sum(_ x: [Float]) -> Double {
        // Neumaier's compensated sum: the error does not grow with the length.
        var sum = 0.0, lost = 0.0
        for value in x.map(Double.init) {
            let next = sum + value
            lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
            sum = next
        }
        return sum.isFinite ? sum + lost : sum
    }
}
