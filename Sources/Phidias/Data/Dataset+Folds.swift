extension Dataset {
    /// The stratified subset with `fraction` of every class, rounded to whole images, chosen at
    /// random by seed, in the original order.
    /// - Throws: `DataError.fraction`, and `.share` if a class would have none or all.
    package func stratifiedSubset(fraction: Double, seed: UInt64) throws(DataError) -> [Int] {
        try stratifiedIndices(fraction: fraction, seed: seed, purpose: .subset).validation
    }

    /// The fold, from 0, of each of the given images. The images of a class are distributed over
    /// the folds in turn, in an order given by the seed, and the next class continues where the
    /// last one ended: fold sizes differ by at most one image, within each class and overall.
    /// - Parameter indices: indices of different images.
    /// - Throws: `DataError.folds` if there are fewer than 2, or a class has fewer images than that.
    package func stratifiedFolds(
        _ count: Int, of indices: [Int], seed: UInt64
    ) throws(DataError) -> [Int] {
        guard count >= 2 else { throw .folds(count, label: nil, images: indices.count) }
        let order = CounterRandom(seed: seed, purpose: .folds).permutation(count: indices.count)
        let (labels, strata) = strata
        var members = [[Int]](repeating: [], count: strata)
        for place in order { members[Int(labels[indices[Int(place)]])].append(Int(place)) }
        var folds = [Int](repeating: 0, count: indices.count)
        var next = 0
        for (label, places) in members.enumerated() where !places.isEmpty {
            guard places.count >= count else {
                throw .folds(count, label: label, images: places.count)
            }
            for place in places {
                folds[place] = next
                next = (next + 1) % count
            }
        }
        return folds
    }
}
