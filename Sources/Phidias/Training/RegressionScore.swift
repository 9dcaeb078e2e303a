/// How well a number is predicted.
public struct RegressionScore: Sendable, Equatable {
    /// The mean of |predicted − true|, in the number's own unit.
    public let meanAbsoluteError: Double
    /// The square root of the mean of (predicted − true)², in the number's own unit.
    public let rootMeanSquareError: Double
    /// R² = 1 − Σ (predicted − true)² / Σ (true − mean)²: 1 is perfect, 0 as good as the mean of
    /// the true values. Nil if these are all equal.
    public let r2: Double?

    /// - Parameters:
    ///   - predicted: [count][columns].
    ///   - true: [count][columns].
    init(_ predicted: [Float], _ true: [Float], column: Int, of columns: Int) {
        let places = stride(from: column, to: `true`.count, by: columns)
        var (count, sum) = (0.0, 0.0)
        for place in places { (count, sum) = (count + 1, sum + Double(`true`[place])) }
        let mean = sum / max(count, 1)
        var (errors, squares, spread) = (0.0, 0.0, 0.0)
        for place in places {
            let error = Double(predicted[place]) - Double(`true`[place])
            let distance = Double(`true`[place]) - mean
            errors += abs(error)
            squares += error * error
            spread += distance * distance
        }
        meanAbsoluteError = errors / max(count, 1)
        rootMeanSquareError = (squares / max(count, 1)).squareRoot()
        r2 = spread > 0 ? 1 - squares / spread : nil
    }
}
