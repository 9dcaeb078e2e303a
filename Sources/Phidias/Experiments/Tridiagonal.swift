/// A symmetric tridiagonal matrix from Lanczos' method, and its largest eigenvalue.
package struct Tridiagonal {
    private var diagonal: [Double] = []
    /// The off-diagonal elements; the last one couples to the row that is not yet there.
    private var links: [Double] = []

    /// An empty matrix.
    package init() {}

    /// The last off-diagonal element; 0 for an empty matrix.
    var link: Double { links.last ?? 0 }

    package mutating func add(_ value: Double, link: Double) {
        diagonal.append(value)
        links.append(link)
    }

    /// The largest eigenvalue, and the size of the last entry of its unit eigenvector.
    ///
    /// All roots of the characteristic polynomial are real, so that Newton's method from above
    /// descends to the largest without passing it. The square of the entry is χ₋(λ)/χ′(λ), where χ₋ is
    /// the polynomial without the last row and column.
    /// - Precondition: the matrix is not empty.
    package var largest: (value: Double, lastEntry: Double) {
        precondition(!diagonal.isEmpty, "an empty matrix has no eigenvalue")
        // No row extends farther (Gershgorin).
        let inner = [0] + links.dropLast().map(abs) + [0]
        let bound = diagonal.indices.reduce(-Double.infinity) {
            max($0, diagonal[$1] + inner[$1] + inner[$1 + 1])
        }
        let size = diagonal.indices.reduce(bound) { max($0, abs(diagonal[$1])) }
        var value = bound
        var end = polynomials(at: value)
        for _ in 0..<100 * diagonal.count where end.slope > 0 {
            let step = end.value / end.slope
            guard step > 1e-15 * size else { break }
            value -= step
            end = polynomials(at: value)
        }
        let share = end.slope > 0 ? max(end.before / end.slope, 0) : 1
        return (value, min(share, 1).squareRoot())
    }

    /// χ, χ₋ and χ′, all divided by one positive number so that they stay in range.
    private func polynomials(at x: Double) -> (value: Double, before: Double, slope: Double) {
        var (value, before, slope, slopeBefore) = (1.0, 0.0, 0.0, 0.0)
        for (row, entry) in diagonal.enumerated() {
            let square = row == 0 ? 0 : links[row - 1] * links[row - 1]
            let next = (x - entry) * value - square * before
            let slopeNext = value + (x - entry) * slope - square * slopeBefore
            (before, value, slopeBefore, slope) = (value, next, slope, slopeNext)
            let scale = max(abs(value), abs(before), abs(slope), abs(slopeBefore))
            guard scale > 0x1p100 || scale < 0x1p-100, scale > 0 else { continue }
            (before, value, slopeBefore, slope) = (
                before / scale, value / scale, slopeBefore / scale, slope / scale
            )
        }
        return (value, before, slope)
    }
}
