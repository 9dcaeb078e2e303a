import PhidiasKernels

/// The plain buffers between the forward and the backward pass of a batch, [batch][classes] each,
/// and the code that fills them: targets from labels or numbers, logits from the network, and
/// the gradient with respect to the logits from the loss.
struct BatchBuffers {
    let classes: Int
    private(set) var logits, delta: [Float]
    private var targets: [Float]
    /// The labels of the rows of `targets`; 0 before a row is used.
    private(set) var labels: [UInt8]

    /// - Parameter capacity: the most images of a batch.
    init(capacity: Int, classes: Int) {
        self.classes = classes
        logits = [Float](repeating: 0, count: capacity * classes)
        delta = logits
        targets = logits
        labels = [UInt8](repeating: 0, count: capacity)
    }

    /// The range of a batch of `count` images in `logits` and `delta`.
    func used(_ count: Int) -> Range<Int> { 0..<count * classes }

    /// Makes the targets of a batch.
    private mutating func setTargets(_ answers: NetworkTargets, _ indices: Span<UInt32>) {
        for row in indices.indices {
            let first = row * classes
            switch answers {
            case .classes(let labels):
                targets[first + Int(self.labels[row])] = 0
                self.labels[row] = labels[Int(indices[row])]
                targets[first + Int(self.labels[row])] = 1
            case .numbers(let numbers):
                let from = Int(indices[row]) * classes
                for place in 0..<classes { targets[first + place] = numbers[from + place] }
            }
        }
    }

    /// The sum of the images' losses. `delta` becomes the gradient with respect to the logits,
    /// times `scale`.
    /// - Parameters:
    ///   - answers: of all images or rows; `indices` are those of the batch.
    ///   - forward: writes the logits of the batch.
    mutating func evaluate(
        _ loss: any Loss, _ answers: NetworkTargets, at indices: Span<UInt32>, scale: Float,
        forward: (_ logits: inout MutableSpan<Float>) -> Void
    ) -> Double {
        let used = used(indices.count)
        setTargets(answers, indices)
        // Moved out of self for now: the loss reads two of them while it writes the third.
        var (logits, delta): ([Float], [Float]) = ([], [])
        swap(&logits, &self.logits)
        swap(&delta, &self.delta)
        defer {
            swap(&logits, &self.logits)
            swap(&delta, &self.delta)
        }
        var wholeLogits = logits.mutableSpan
        var out = wholeLogits._mutatingExtracting(used)
        forward(&out)
        var wholeDelta = delta.mutableSpan
        var gradient = wholeDelta._mutatingExtracting(used)
        return loss.evaluate(
            logits: logits.span.extracting(used), targets: targets.span.extracting(used),
            classes: classes, scale: scale, gradient: &gradient)
    }
}
