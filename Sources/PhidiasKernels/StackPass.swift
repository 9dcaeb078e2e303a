/// The batch that a stack works on: set by a forward pass and continued by a backward pass.
struct StackPass {
    /// The number of values of an image, and of its logits.
    let pixels, outputs: Int
    /// The most images and threads of a pass.
    let batchCapacity, threads: Int
    let role: NetworkStack.Role
    /// The number of images of the last forward pass, 0 before the first.
    private(set) var batch = 0
    /// The number of its threads, which OpenMP may make smaller than requested: also that of the
    /// backward pass, as each thread has packed the batch for itself.
    var team = 1

    init(pixels: Int, outputs: Int, batchCapacity: Int, threads: Int, role: NetworkStack.Role) {
        (self.pixels, self.outputs, self.role) = (pixels, outputs, role)
        (self.batchCapacity, self.threads) = (batchCapacity, threads)
    }

    /// Checks that a forward pass fits, and begins it.
    mutating func begin(
        values: Int, indices: Span<UInt32>, next: Span<UInt32>, logits: Int, threads: Int
    ) {
        precondition(
            indices.count > 0 && indices.count <= batchCapacity,
            "batch of \(indices.count), capacity \(batchCapacity)")
        precondition(
            logits == indices.count * outputs,
            "\(logits) logits for a batch of \(indices.count)")
        precondition(
            threads > 0 && threads <= self.threads, "\(threads) threads, at most \(self.threads)")
        check(indices, below: values / pixels)
        check(next, below: values / pixels)
        batch = indices.count
    }

    private func check(_ indices: Span<UInt32>, below count: Int) {
        for position in indices.indices {
            precondition(Int(indices[position]) < count, "image \(indices[position]) of \(count)")
        }
    }

    /// Checks that these are the deltas of the batch.
    func checkBackward(_ delta: Span<Float>) {
        precondition(role.trains, "this stack only evaluates")
        precondition(batch > 0, "backward without a forward pass before it")
        precondition(
            delta.count == batch * outputs, "\(delta.count) deltas for a batch of \(batch)")
    }
}
