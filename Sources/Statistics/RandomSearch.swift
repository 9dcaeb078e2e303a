/// Random search over a grid, by counting: settings are tried in random order, none of them twice, and
/// the one with the best score is kept.
///
/// Source: the hypergeometric distribution; random search as a rival of theory is Bergstra and Bengio's
/// (*J. Machine Learning Research* 13, 2012).
package enum RandomSearch {
    /// The mean outcome, over all orders, of the setting that is kept after so many tries. Settings
    /// with equal scores are kept equally often.
    /// - Parameters:
    ///   - scores: by which a setting is kept, the largest is the best; one for each setting.
    ///   - outcomes: what a setting is worth, such as its accuracy on test images.
    ///   - tries: 1 or more, at most as many as there are settings.
    package static func expectedOutcome(
        scores: [Double], outcomes: [Double], tries: Int
    ) throws(StatisticsError) -> Double {
        try check(scores, needed: 1)
        try check(outcomes, needed: 1)
        guard scores.count == outcomes.count else {
            throw .unequalLengths(scores.count, outcomes.count)
        }
        let count = scores.count
        try checkCount(tries, "the number of tries", atMost: count)
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        var sum = 0.0, start = 0
        // That the best of the tries is the one at this place: it is tried, and those before are not.
        var chance = Double(tries) / Double(count)
        while start < count {
            var end = start, chances = 0.0, outcome = 0.0
            while end < count, scores[order[end]] == scores[order[start]] {
                chances += chance
                outcome += outcomes[order[end]]
                chance *= Double(count - end - tries) / Double(max(1, count - end - 1))
                end += 1
            }
            sum += chances * outcome / Double(end - start)
            start = end
        }
        return sum
    }

    /// The probability that at least one of some settings is among the first tries.
    /// - Parameters:
    ///   - wanted: how many settings count, of `settings`; 0 or more.
    package static func chance(
        of wanted: Int, among settings: Int, tries: Int
    ) throws(StatisticsError) -> Double {
        try checkCount(wanted, "the number of settings that count", atMost: settings, atLeast: 0)
        try checkCount(tries, "the number of tries", atMost: settings)
        guard tries <= settings - wanted else { return 1 }
        return 1
            - (0..<tries).reduce(1) { $0 * Double(settings - wanted - $1) / Double(settings - $1) }
    }

    private static func checkCount(
        _ value: Int, _ name: String, atMost most: Int, atLeast least: Int = 1
    ) throws(StatisticsError) {
        guard value >= least, value <= most else {
            throw .outOfRange(name: name, value: Double(value), allowed: "\(least) to \(most)")
        }
    }
}
