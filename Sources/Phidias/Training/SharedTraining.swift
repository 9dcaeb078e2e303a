import PhidiasKernels

/// What a trainer and those of other processes do together, when they train one network: each
/// computes its share of the units of every layer but the last (`NetworkStack.Part`). All bits are
/// those of one process.
package struct SharedTraining {
    /// Which share this process has.
    let part: NetworkStack.Part
    /// Called at the end of each step with the index of the first layer in which this process has seen
    /// a weight that is not finite, or nil. Returns the first of all processes, which wait for each
    /// other here.
    let agree: (_ bad: Int?) throws -> Int?

    /// - Parameters:
    ///   - number: of this process, from 0.
    ///   - count: of all.
    ///   - gather: makes an array of items of `bytes` bytes whole. Process p has made the items from
    ///     `starts[p]` up to `starts[p + 1]`; all make this call, and get the others.
    ///   - agree: as above.
    package init(
        _ number: Int, of count: Int,
        gather:
            @escaping (
                _ items: UnsafeMutableRawPointer, _ starts: [Int], _ bytes: Int
            ) -> Void,
        agree: @escaping (_ bad: Int?) throws -> Int?
    ) {
        part = NetworkStack.Part(number, of: count, gather: gather)
        self.agree = agree
    }
}
