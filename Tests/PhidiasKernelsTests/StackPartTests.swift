import Foundation
import PhidiasKernels
import Testing

extension KernelTests {
    /// One network in parts, which are threads here: the bits of the whole network, whatever the number
    /// of parts.
    @Suite struct StackParts {
        static let counts = [1, 2, 3, 4, 7]

        /// What is trained, and how.
        struct Case: CustomStringConvertible {
            var widths: [Int]
            var batch: Int
            var hidden = ActivationKind.sigmoid
            var rule = Rule.plain
            var dropout: Float = 0
            var isRows = false
            var offset: Float = 0
            var listing = NetworkStack.Listing.whereFaster
            var threads = 1

            enum Rule: CaseIterable { case plain, decay, nesterov, adam, adamW }

            var description: String {
                "\(widths), batch \(batch), \(hidden), \(rule), dropout \(dropout), rows \(isRows), \(listing), \(threads) threads"
            }
            var probe: DenseStackProbe { DenseStackProbe(widths, hidden: hidden, batch: batch) }
        }

        /// A stack as it goes from step to step, and what it has come to.
        struct Result: Equatable {
            var bits: [[UInt32]]
            /// Weights and moments of every layer.
            var values: [[DenseValues]]
        }

        private static func contents(_ of: Case) -> [NetworkStack.Content] {
            of.rule == .adam || of.rule == .adamW
                ? [.weights, .velocity, .secondMoments] : [.weights, .velocity]
        }

        /// Steps `steps` of a training, on the calling thread.
        private static func train(
            _ one: Case, steps: ClosedRange<Int>, part: NetworkStack.Part?,
            from start: [[DenseValues]]? = nil
        ) throws -> Result {
            let probe = one.probe, layers = probe.shapes.indices
            let isAdaptive = one.rule == .adam || one.rule == .adamW
            let stack = try NetworkStack(
                .init(
                    input: ImageShape(channels: 1, height: 1, width: one.widths[0]), stages: [],
                    layers: probe.shapes,
                    layerDropout: layers.map { $0 < layers.count - 1 ? one.dropout : 0 }),
                batchCapacity: one.batch, role: isAdaptive ? .adaptiveTraining : .training,
                threads: one.threads, part: part)
            stack.listing = one.listing
            for layer in layers {
                for (content, values) in zip(
                    contents(one), start?[layer] ?? [probe.weights[layer]])
                { stack.set(content, of: layer, to: values) }
            }
            let rows = probe.images.map { Float($0) * DenseStackProbe.scale }
            var result = Result(bits: [], values: [])
            for step in steps {
                let key = DropoutKey(seed: 3, epoch: UInt32(step), purpose: 5)
                var logits = [Float](repeating: .nan, count: one.batch * probe.classes)
                var span = logits.mutableSpan
                if one.isRows {
                    stack.forward(
                        rows: rows.span, indices: probe.indices.span,
                        dropout: one.dropout > 0 ? key : nil, logits: &span, threads: one.threads)
                } else {
                    stack.forward(
                        images: probe.images.span, indices: probe.indices.span,
                        scale: DenseStackProbe.scale, offset: one.offset,
                        dropout: one.dropout > 0 ? key : nil, logits: &span, threads: one.threads)
                }
                result.bits.append(logits.map(\.bitPattern))
                let delta = probe.logitDelta(.synaptic, logits)
                let bad =
                    switch one.rule {
                    case .plain:
                        stack.backward(delta: delta.span, learningRate: 0.125, momentum: 0.875)
                    case .decay, .nesterov:
                        try stack.backward(
                            delta: delta.span,
                            rule: UpdateRule(
                                learningRate: 0.125, momentum: 0.875,
                                weightDecay: one.rule == .decay ? 0.0625 : 0,
                                isNesterov: one.rule == .nesterov))
                    case .adam, .adamW:
                        try stack.backward(
                            delta: delta.span,
                            rule: AdamRule(
                                learningRate: 0.01, step: step, weightDecay: 0.125,
                                isDecoupled: one.rule == .adamW))
                    }
                #expect(bad == nil)
            }
            stack.makeWhole()
            result.values = layers.map { layer in
                contents(one).map { stack.values($0, of: layer) }
            }
            return result
        }

        /// The same by `count` parts at once; all have come to the same.
        private static func trainInParts(
            _ count: Int, _ one: Case, steps: ClosedRange<Int>, from start: [[DenseValues]]? = nil
        ) throws -> Result {
            let meeting = Meeting(count), results = Results<Result>(count)
            for number in 0..<count {
                let thread = Thread {
                    results[number] = Swift.Result {
                        try train(one, steps: steps, part: meeting.part(number), from: start)
                    }
                }
                thread.stackSize = 8 << 20
                thread.start()
            }
            let all = try results.wait().map { try $0.get() }
            for other in all { #expect(other == all[0], "the parts differ") }
            return all[0]
        }

        private static func check(_ one: Case, _ counts: [Int] = counts) throws {
            let whole = try train(one, steps: 1...3, part: nil)
            for count in counts {
                let parts = try trainInParts(count, one, steps: 1...3)
                #expect(parts == whole, "\(count) parts, \(one)")
            }
        }

        // More parts than panels, panels that come out even and not, layers without units of a part,
        // and no hidden layer.
        static let networks = [
            (widths: [37, 33, 17, 10], batch: 13), ([784, 37, 10], 51), ([5, 1, 3], 6),
            ([17, 10], 20), ([30, 300, 100, 40, 2], 7), ([40, 64, 64, 64, 20], 33),
        ]

        @Test(arguments: ActivationKind.allCases) func everyActivation(hidden: ActivationKind)
            throws
        {
            for (widths, batch) in Self.networks {
                try Self.check(Case(widths: widths, batch: batch, hidden: hidden))
            }
        }

        @Test(arguments: Case.Rule.allCases, [0, 0.5] as [Float])
        func everyUpdateWithDropoutAndWithout(rule: Case.Rule, dropout: Float) throws {
            for (widths, batch) in Self.networks {
                try Self.check(
                    Case(widths: widths, batch: batch, rule: rule, dropout: dropout), [2, 3, 7])
            }
        }

        @Test func rowsOfNumbersAndImagesThatAreNotListed() throws {
            for (widths, batch) in Self.networks {
                try Self.check(
                    Case(widths: widths, batch: batch, hidden: .relu, isRows: true), [2, 3])
                try Self.check(
                    Case(widths: widths, batch: batch, hidden: .relu, offset: -0.25), [2, 3])
            }
        }

        /// By image and by pixel: a part of a layer that is summed by pixel may be summed by image.
        @Test(arguments: KernelTable.available) func listsInEveryTable(table: String) throws {
            defer { KernelTable.select(nil) }
            #expect(KernelTable.select(table))
            for listing in [NetworkStack.Listing.always, .never] {
                for (widths, batch) in [([130, 300, 10], 65), ([130, 50, 33, 10], 9)] {
                    for threads in [1, 2] {
                        try Self.check(
                            Case(
                                widths: widths, batch: batch, hidden: .relu, listing: listing,
                                threads: threads), [1, 2, 3])
                    }
                }
            }
        }

        @Test func threadsOfAPartChangeNoBit() throws {
            for threads in [2, 3] {
                for (widths, batch) in Self.networks {
                    let rule = Case.Rule.allCases[threads]
                    try Self.check(
                        Case(
                            widths: widths, batch: batch, rule: rule, dropout: 0.25,
                            threads: threads), [2, 3])
                }
            }
        }

        /// What parts have come to is where any other number of them goes on.
        @Test(arguments: Case.Rule.allCases) func anotherNumberOfPartsGoesOn(rule: Case.Rule) throws
        {
            for (widths, batch) in Self.networks {
                let one = Case(widths: widths, batch: batch, hidden: .tanh, rule: rule)
                let whole = try Self.train(one, steps: 1...4, part: nil)
                for (before, after) in [(3, 1), (3, 2), (3, 4), (1, 3)] {
                    let half = try Self.trainInParts(before, one, steps: 1...2)
                    let end = try Self.trainInParts(after, one, steps: 3...4, from: half.values)
                    #expect(end.values == whole.values, "\(before) and \(after) parts, \(one)")
                }
            }
        }

        /// Else equal bits would prove nothing.
        @Test func aPartUpdatesOnlyItsOwn() throws {
            let one = Case(widths: [37, 64, 48, 10], batch: 13)
            let stack = try NetworkStack(
                .init(layers: one.probe.shapes), batchCapacity: 13, role: .training, threads: 1,
                part: NetworkStack.Part(1, of: 2) { items, starts, bytes in
                    // What the other part would have made.
                    let floats = items.assumingMemoryBound(to: Float.self)
                    for place in 0..<starts[1] * bytes / 4 { floats[place] = 0.125 }
                })
            for layer in 0..<3 { stack.set(of: layer, to: one.probe.weights[layer]) }
            let logits = one.probe.forward(stack, one.probe.indices)
            let delta = one.probe.logitDelta(.synaptic, logits)
            _ = stack.backward(delta: delta.span, learningRate: 0.125, momentum: 0.875)
            #expect(!stack.isWhole)
            let first = one.probe.weights[0].weight, firstNow = stack.values(of: 0).weight
            for unit in 0..<64 {
                let row = unit * 37..<(unit + 1) * 37, isNew = firstNow[row] != first[row]
                #expect(isNew == (unit >= 32), "unit \(unit)")
            }
            // Into the units from 32 on, and out of those of the layer below.
            let second = one.probe.weights[1].weight, secondNow = stack.values(of: 1).weight
            for unit in 0..<48 {
                let (others, own) = (unit * 64..<unit * 64 + 32, unit * 64 + 32..<(unit + 1) * 64)
                let (isIn, isOut) = (
                    secondNow[others] != second[others], secondNow[own] != second[own]
                )
                #expect(isIn == (unit >= 32) && isOut, "unit \(unit)")
            }
        }
    }
}

/// Where the threads that stand for parts gather.
private final class Meeting: @unchecked Sendable {
    private let count: Int
    private let condition = NSCondition()
    private var shown: [UnsafeMutableRawPointer?]
    private var arrived = 0, meetings = 0

    init(_ count: Int) {
        self.count = count
        shown = Array(repeating: nil, count: count)
    }

    func part(_ number: Int) -> NetworkStack.Part {
        NetworkStack.Part(number, of: count) { items, starts, bytes in
            let all = self.meet { self.shown[number] = items }
            for (other, from) in all.enumerated() where other != number {
                guard let from else { continue }
                (items + starts[other] * bytes).copyMemory(
                    from: from + starts[other] * bytes,
                    byteCount: (starts[other + 1] - starts[other]) * bytes)
            }
            _ = self.meet {}
        }
    }

    /// Waits until all have made this call.
    private func meet(_ body: () -> Void) -> [UnsafeMutableRawPointer?] {
        condition.lock()
        defer { condition.unlock() }
        body()
        let meeting = meetings
        arrived += 1
        if arrived == count {
            (arrived, meetings) = (0, meetings + 1)
            condition.broadcast()
        }
        while meetings == meeting { condition.wait() }
        return shown
    }
}

/// What threads leave behind.
private final class Results<Value>: @unchecked Sendable {
    private let condition = NSCondition()
    private var all: [Result<Value, any Error>?]

    init(_ count: Int) { all = Array(repeating: nil, count: count) }

    subscript(number: Int) -> Result<Value, any Error>? {
        get { nil }
        set {
            condition.lock()
            all[number] = newValue
            condition.broadcast()
            condition.unlock()
        }
    }

    func wait() -> [Result<Value, any Error>] {
        condition.lock()
        defer { condition.unlock() }
        while all.contains(where: { $0 == nil }) { condition.wait() }
        return all.compactMap { $0 }
    }
}
