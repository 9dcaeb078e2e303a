import RealModule

/// Student's t distribution with any positive number of degrees of freedom.
///
/// Computed through the incomplete beta function (DLMF 8.17), above 10⁵ degrees of freedom through
/// Hill's normal deviate. Relative errors are below 1e-10, mostly 1e-13, including the far tails
/// and quantiles near 0.
package struct StudentT: Sendable, Hashable {
    package let degreesOfFreedom: Double

    /// - Precondition: `degreesOfFreedom` is positive and finite.
    package init(degreesOfFreedom: Double) {
        precondition(
            degreesOfFreedom > 0 && degreesOfFreedom.isFinite,
            "\(degreesOfFreedom) degrees of freedom")
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// P(T ≤ t).
    package func cumulative(_ t: Double) -> Double {
        t < 0 ? tail(-t) : 1 - tail(t)
    }

    /// P(T > t), precise where 1 − `cumulative` would not be.
    package func survival(_ t: Double) -> Double { cumulative(-t) }

    package func density(_ t: Double) -> Double {
        let half = degreesOfFreedom / 2
        let point = UnitPoint(squaredOdds: abs(t) / degreesOfFreedom.squareRoot())
        return Double.exp((half + 0.5) * point.logComplement - logBeta(half, 0.5))
            / degreesOfFreedom.squareRoot()
    }

    /// The quantile: the t that T stays below with probability `p`; ∓∞ for 0 and 1.
    ///
    /// Computed by Newton's method on logarithms, where both ends of the distribution are straight
    /// lines, inside a bracket.
    /// - Precondition: `p` is from 0 to 1.
    package func quantile(_ p: Double) -> Double {
        precondition(p >= 0 && p <= 1, "the quantile of \(p)")
        let centre = abs(p - 0.5), outer = Swift.min(p, 1 - p)
        if centre == 0 { return 0 }
        let sign = p < 0.5 ? -1.0 : 1.0
        if outer == 0 { return sign * .infinity }
        var u = 0.0, low = -800.0, high = 800.0
        for _ in 0..<200 {
            let t = Double.exp(u)
            // The distance of this side's probability from the target, and its slope.
            let near = centre < 0.25
            let have = near ? middle(t) / 2 : tail(t)
            let error = Double.log(have / (near ? centre : outer))
            let slope = t * density(t) / have
            if (error > 0) == near { high = u } else { low = u }
            var next = near ? u - error / slope : u + error / slope
            if !(next > low && next < high) { next = (low + high) / 2 }
            let change = abs(next - u)
            u = next
            if change < 1e-11 { break }
        }
        return sign * Double.exp(u)
    }

    /// P(T > t) for t ≥ 0.
    private func tail(_ t: Double) -> Double {
        if isNearlyNormal { return Normal.cumulative(-deviate(t)) }
        return 0.5 * regularizedIncompleteBeta(point(t).mirrored, degreesOfFreedom / 2, 0.5)
    }

    /// P(|T| < t) for t ≥ 0.
    private func middle(_ t: Double) -> Double {
        if isNearlyNormal { return Double.erf(deviate(t) * 0.5.squareRoot()) }
        return regularizedIncompleteBeta(point(t), 0.5, degreesOfFreedom / 2)
    }

    // Beyond this the continued fraction loses digits and is slow.
    private var isNearlyNormal: Bool { degreesOfFreedom > 1e5 }

    /// The normal deviate with the same tail, for t ≥ 0 and many degrees of freedom: Hill, Algorithm
    /// 395, *Commun. ACM* 13 (1970); here the error is of order w⁸/ν⁴.
    private func deviate(_ t: Double) -> Double {
        let a = degreesOfFreedom - 0.5, b = 48 * a * a
        let square = -a * point(t).logComplement, w = square.squareRoot()
        let third =
            (((4 * square + 33) * square + 240) * square + 855)
            / (10 * b * (b + 0.8 * square * square + 100))
        return w * (1 + (square + 3) / b - third)
    }

    /// t²/(ν + t²).
    private func point(_ t: Double) -> UnitPoint {
        UnitPoint(squaredOdds: t / degreesOfFreedom.squareRoot())
    }
}

/// The standard normal distribution.
package enum Normal {
    /// Φ(x).
    package static func cumulative(_ x: Double) -> Double {
        0.5 * Double.erfc(-x * 0.5.squareRoot())
    }

    /// Φ⁻¹(p): Abramowitz and Stegun 26.2.23, error 4.5e-4, then two steps of Halley's method.
    /// ∓∞ for 0 and 1.
    package static func quantile(_ p: Double) -> Double {
        let outer = Swift.min(p, 1 - p)
        if outer <= 0 { return p < 0.5 ? -.infinity : .infinity }
        let t = (-2 * Double.log(outer)).squareRoot()
        var x =
            (2.515517 + t * (0.802853 + t * 0.010328))
            / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
        for _ in 0..<2 {
            let density = Double.exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            let error = (cumulative(x) - outer) / density
            x -= error / (1 + x * error / 2)
        }
        return p < 0.5 ? x : -x
    }
}
