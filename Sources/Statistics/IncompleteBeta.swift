import RealModule

/// A point between 0 and 1 with its complement and both logarithms, each precise where the others
/// would lose digits.
struct UnitPoint {
    let value, complement, logValue, logComplement: Double

    /// x/(1+x) for x = `root`², `root` ≥ 0.
    init(squaredOdds root: Double) {
        let odds = root * root
        (value, complement) = (1 / (1 + 1 / odds), 1 / (1 + odds))
        // Beyond 1, the square or its inverse may leave the range of numbers.
        let far = root > 1e100, near = root < 1e-100
        logValue = near ? 2 * Double.log(root) : -Double.log(onePlus: 1 / odds)
        logComplement = far ? -2 * Double.log(root) : -Double.log(onePlus: odds)
    }

    private init(_ value: Double, _ complement: Double, _ logs: (Double, Double)) {
        (self.value, self.complement) = (value, complement)
        (logValue, logComplement) = logs
    }

    var mirrored: UnitPoint { UnitPoint(complement, value, (logComplement, logValue)) }
}

/// The regularised incomplete beta function I_x(a, b), DLMF 8.17.2, for a, b > 0.
///
/// Computed by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method as modified by
/// Thompson and Barnett, *J. Comput. Phys.* 64, 1986), which converges on the near side of the mean
/// in about √max(a, b) steps; beyond it, by I_x(a, b) = 1 − I_{1−x}(b, a). The relative error is
/// about 1e-13, even where the result is tiny.
func regularizedIncompleteBeta(_ x: UnitPoint, _ a: Double, _ b: Double) -> Double {
    if x.value == 0 && x.logValue == -.infinity { return 0 }
    if x.complement == 0 && x.logComplement == -.infinity { return 1 }
    if x.value > (a + 1) / (a + b + 2) {
        return 1 - regularizedIncompleteBeta(below: x.mirrored, b, a)
    }
    return regularizedIncompleteBeta(below: x, a, b)
}

private func regularizedIncompleteBeta(below x: UnitPoint, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x.value / (a + 1))
    var fraction = d
    // The bound on the steps only guards against an endless loop.
    for step in 1...10_000_000 {
        let m = Double(step)
        let even = m * (b - m) * x.value / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / away(1 + even * d)
        c = away(1 + even / c)
        fraction *= d * c
        let odd = -(a + m) * (a + b + m) * x.value / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / away(1 + odd * d)
        c = away(1 + odd / c)
        fraction *= d * c
        if abs(d * c - 1) < 1e-16 { break }
    }
    return Double.exp(a * x.logValue + b * x.logComplement - logBeta(a, b)) * fraction / a
}

/// ln B(a, b). For large arguments it comes from Stirling's series, because the logarithms of three
/// large gamma functions would cancel.
func logBeta(_ a: Double, _ b: Double) -> Double {
    let small = Swift.min(a, b), large = Swift.max(a, b)
    guard large >= 20 else {
        return Double.logGamma(small) + Double.logGamma(large) - Double.logGamma(small + large)
    }
    let sum = small + large
    let rise =
        (large - 0.5) * Double.log(onePlus: small / large) + small * Double.log(sum) - small
        + stirlingRemainder(sum) - stirlingRemainder(large)
    return Double.logGamma(small) - rise
}

/// ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π) for x ≥ 20, DLMF 5.11.1; the first term left out is
/// 691/(360360 x¹¹), below 1e-17.
private func stirlingRemainder(_ x: Double) -> Double {
    let inverse = 1 / x, square = inverse * inverse
    let series = 1.0 / 1260 - square * (1.0 / 1680 - square / 1188)
    return inverse * (1.0 / 12 - square * (1.0 / 360 - square * series))
}
