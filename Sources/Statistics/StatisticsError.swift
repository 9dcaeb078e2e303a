/// Why a statistic cannot be computed, with the value that prevents it.
package enum StatisticsError: Error, Equatable, Sendable, CustomStringConvertible {
    case tooFewValues(count: Int, needed: Int)
    case unequalLengths(Int, Int)
    case notFinite(value: Double, index: Int)
    /// All values are equal, and the statistic depends on their differences.
    case noVariance(value: Double)
    /// A confidence, a level or a p-value that is not a valid probability.
    case notAProbability(Double)
    case outOfRange(name: String, value: Double, allowed: String)

    package var description: String {
        switch self {
        case .tooFewValues(let count, let needed):
            "\(count) value\(count == 1 ? "" : "s"), where at least \(needed) are needed"
        case .unequalLengths(let first, let second):
            "samples of \(first) and of \(second) values cannot be paired; give equally many"
        case .notFinite(let value, let index):
            "value \(index) is \(value); leave out what is not finite, and say so"
        case .noVariance(let value):
            "all values are \(value): there is no variation to measure"
        case .notAProbability(let value):
            "\(value) is not a probability between 0 and 1"
        case .outOfRange(let name, let value, let allowed):
            "\(name) is \(value), and must be \(allowed)"
        }
    }
}

/// Throws unless there are at least `needed` values, all of them finite.
func check(_ values: [Double], needed: Int) throws(StatisticsError) {
    guard values.count >= needed else {
        throw .tooFewValues(count: values.count, needed: needed)
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(value: values[index], index: index)
    }
}

/// Throws unless `confidence` lies strictly between 0 and 1.
func check(confidence: Double) throws(StatisticsError) {
    guard confidence > 0 && confidence < 1 else { throw .notAProbability(confidence) }
}

/// The differences first − second of paired values.
func differences(
    _ first: [Double], _ second: [Double], needed: Int
) throws(StatisticsError) -> [Double] {
    guard first.count == second.count else { throw .unequalLengths(first.count, second.count) }
    try check(first, needed: needed)
    try check(second, needed: needed)
    let result = zip(first, second).map { $0 - $1 }
    try check(result, needed: needed)
    return result
}
