/// Holm's step-down correction: with it, the probability that any of several true hypotheses is
/// rejected stays below the level, whatever their dependence.
///
/// Source: Holm, *Scandinavian Journal of Statistics* 6 (1979).
package enum Holm {
    /// The adjusted p-values, in the given order: those that do not exceed a level are significant
    /// at it.
    package static func adjusted(_ pValues: [Double]) throws(StatisticsError) -> [Double] {
        if let value = pValues.first(where: { !($0 >= 0 && $0 <= 1) }) {
            throw .notAProbability(value)
        }
        // Equal values get equal results in any order; the index makes the order unique.
        let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
        var result = pValues, largest = 0.0
        for (rank, index) in order.enumerated() {
            largest = max(largest, min(1, Double(pValues.count - rank) * pValues[index]))
            result[index] = largest
        }
        return result
    }
}
