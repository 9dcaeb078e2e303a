import PhidiasKernels
import Testing

extension KernelTests {
    /// A first layer over lists of its inputs: what leaves out the zeros must have the bits of what
    /// multiplies them, and both those of the plain loops here, which define the rule.
    @Suite struct Listed {
        static let scale: Float = 0x1.010102p-8  // about 1/255

        /// What the inputs of a batch look like.
        enum Inputs: CaseIterable {
            case strokes, single, none, half, all
        }

        /// What the weights and deltas look like. `vast` overflows, `tiny` has products that
        /// vanish and sums that are -0 on their way, `zeros` of both signs lie among the others.
        enum Numbers: CaseIterable {
            case usual, zeros, tiny, vast
        }

        struct Probe: CustomStringConvertible {
            let pixels, units, batch: Int
            let inputs: Inputs
            let numbers: Numbers
            let images: [UInt8]
            let indices: [UInt32]
            let values: DenseValues
            let delta: [Float]
            let description: String

            init(_ pixels: Int, _ units: Int, batch: Int, _ inputs: Inputs, _ numbers: Numbers) {
                (self.pixels, self.units, self.batch) = (pixels, units, batch)
                (self.inputs, self.numbers) = (inputs, numbers)
                description = "\(pixels)-\(units), batch \(batch), \(inputs), \(numbers)"
                var state: UInt64 = 42
                func next() -> UInt32 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt32(state >> 33)
                }
                func number() -> Float {
                    let sign: Float = next() & 1 == 0 ? 1 : -1
                    let size = Float(next() >> 7) * 0x1p-24
                    switch numbers {
                    case .usual: return sign * size
                    case .zeros: return sign * (next() & 1 == 0 ? 0 : size)
                    case .tiny: return sign * Float(bitPattern: next() & 3)
                    case .vast:
                        return sign * (next() & 3 == 0 ? Float.greatestFiniteMagnitude : size)
                    }
                }
                let count = batch + 3
                images = (0..<count * pixels).map { position in
                    let byte = UInt8(truncatingIfNeeded: next()) | 1
                    let pixel = position % pixels, image = position / pixels
                    let isSet =
                        switch inputs {
                        case .strokes: (pixel + 3 * image) / 5 % 5 == 0
                        case .single: pixel == image * 7 % pixels
                        case .none: false
                        case .half: next() & 1 == 0
                        case .all: true
                        }
                    return isSet ? byte : 0
                }
                // Not in order, and one image twice.
                indices = (0..<batch).map { UInt32($0 == 1 ? 0 : ($0 * 5 + 2) % count) }
                values = DenseValues(
                    weight: (0..<pixels * units).map { _ in number() },
                    bias: (0..<units).map { _ in number() })
                delta = (0..<batch * units).map { _ in number() }
            }

            var inputValues: [Float] {
                indices.flatMap { index in
                    images[Int(index) * pixels..<(Int(index) + 1) * pixels].map {
                        Float($0) * Listed.scale
                    }
                }
            }

            func stack(
                _ listing: NetworkStack.Listing, hidden: [Int] = []
            ) throws -> NetworkStack {
                let widths = [pixels] + hidden + [units]
                let layers = zip(widths, widths.dropFirst()).enumerated().map { layer, width in
                    DenseShape(
                        inputs: width.0, outputs: width.1,
                        activation: layer < hidden.count ? .sigmoid : .identity)
                }
                let stack = try NetworkStack(
                    .init(layers: layers), batchCapacity: batch, role: .training, threads: 3)
                stack.listing = listing
                return stack
            }

            func forward(
                _ stack: NetworkStack, rows: Bool = false, threads: Int
            ) -> [Float] {
                var logits = [Float](repeating: .nan, count: batch * units)
                var span = logits.mutableSpan
                if rows {
                    let numbers = images.map { Float($0) * Listed.scale }
                    stack.forward(
                        rows: numbers.span, indices: indices.span, logits: &span, threads: threads)
                } else {
                    stack.forward(
                        images: images.span, indices: indices.span, scale: Listed.scale, offset: 0,
                        logits: &span, threads: threads)
                }
                return logits
            }

            // MARK: The rule

            /// Each sum in the order of its terms, without those whose input is zero; a sum that is
            /// zero is +0.
            var logits: [Float] {
                let x = inputValues
                return (0..<batch * units).map { place in
                    let (image, unit) = (place / units, place % units)
                    var sum = values.bias[unit]
                    for pixel in 0..<pixels where x[image * pixels + pixel] != 0 {
                        sum.addProduct(
                            x[image * pixels + pixel], values.weight[unit * pixels + pixel])
                    }
                    return sum + 0
                }
            }

            var gradient: DenseValues {
                let x = inputValues
                let weight: [Float] = (0..<units * pixels).map { place in
                    let (unit, pixel) = (place / pixels, place % pixels)
                    var sum: Float = 0
                    for image in 0..<batch where x[image * pixels + pixel] != 0 {
                        sum.addProduct(x[image * pixels + pixel], delta[image * units + unit])
                    }
                    return sum + 0
                }
                let bias: [Float] = (0..<units).map { unit in
                    var sum: Float = 0
                    for image in 0..<batch { sum += delta[image * units + unit] }
                    return sum + 0
                }
                return DenseValues(weight: weight, bias: bias)
            }
        }

        /// NaNs are equal: their payload is the processor's.
        private static func bits(_ values: [Float]) -> [UInt32] {
            values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
        }

        static let probes: [Probe] = Inputs.allCases.flatMap { inputs in
            Numbers.allCases.flatMap { numbers in
                [
                    Probe(1, 1, batch: 3, inputs, numbers),
                    Probe(37, 17, batch: 13, inputs, numbers),
                    Probe(64, 33, batch: 7, inputs, numbers),
                    Probe(130, 100, batch: 6, inputs, numbers),
                    Probe(530, 70, batch: 9, inputs, numbers),
                    // By pixel, in one block of images and in two.
                    Probe(70, 130, batch: 32, inputs, numbers),
                    Probe(70, 260, batch: 65, inputs, numbers),
                ]
            }
        }

        @Test func sumsAreThoseOfThePlainLoops() throws {
            defer { KernelTable.select(nil) }
            for probe in Self.probes {
                let logits = Self.bits(probe.logits)
                let gradient = probe.gradient
                for table in KernelTable.available {
                    #expect(KernelTable.select(table))
                    for listing in [NetworkStack.Listing.always, .never, .whereFaster] {
                        for threads in [1, 3] {
                            let stack = try probe.stack(listing)
                            stack.set(of: 0, to: probe.values)
                            let found = probe.forward(stack, threads: threads)
                            #expect(
                                Self.bits(found) == logits, "\(table), \(listing), \(probe)")
                            try stack.gradient(delta: probe.delta.span)
                            let sums = stack.values(.gradient, of: 0)
                            #expect(
                                Self.bits(sums.weight) == Self.bits(gradient.weight)
                                    && Self.bits(sums.bias) == Self.bits(gradient.bias),
                                "\(table), \(listing), \(probe)")
                            let rows = probe.forward(stack, rows: true, threads: threads)
                            #expect(Self.bits(rows) == logits, "rows, \(table), \(probe)")
                        }
                    }
                }
            }
        }

        /// Some zeros are in fact left out, or the test above would compare panels with panels: a
        /// weight that is not finite is only seen where its input is not zero.
        @Test func whatIsZeroIsNotMultiplied() throws {
            let probe = Probe(130, 33, batch: 6, .none, .usual)
            var values = probe.values
            values.weight = values.weight.map { _ in .infinity }
            for (listing, isNaN) in [(NetworkStack.Listing.always, false), (.never, true)] {
                let stack = try probe.stack(listing)
                stack.set(of: 0, to: values)
                let logits = probe.forward(stack, threads: 1)
                #expect(logits.allSatisfy { $0.isNaN == isNaN }, "\(listing)")
            }
        }

        /// Weights and velocities after three steps.
        private func trained(
            _ probe: Probe, hidden: [Int], _ listing: NetworkStack.Listing, threads: Int
        ) throws -> [[UInt32]] {
            let stack = try probe.stack(listing, hidden: hidden)
            var first = probe.values
            for layer in 0..<stack.places {
                let shape = stack.shape.layers[layer]
                let count = shape.inputs * shape.outputs
                first.weight = (0..<count).map { Float($0 % 23 - 11) * 0x1p-7 }
                first.bias = (0..<shape.outputs).map { Float($0 % 5 - 2) * 0x1p-4 }
                stack.set(of: layer, to: first)
            }
            for _ in 0..<3 {
                let logits = probe.forward(stack, threads: threads)
                let delta = logits.map { max(-1, min(1, $0 * 0.25)) }
                let bad = stack.backward(delta: delta.span, learningRate: 0.125, momentum: 0.875)
                #expect(bad == nil)
            }
            return (0..<stack.places).flatMap { layer in
                [NetworkStack.Content.weights, .velocity].map { content in
                    let values = stack.values(content, of: layer)
                    return (values.weight + values.bias).map(\.bitPattern)
                }
            }
        }

        @Test func trainingHasTheSameBits() throws {
            defer { KernelTable.select(nil) }
            for inputs in Inputs.allCases {
                // Of 30 pixels there are fewer words than threads.
                for (pixels, hidden, batch) in [
                    (300, [], 5), (300, [19], 10), (300, [100], 33), (300, [150, 20], 64),
                    (30, [40], 7), (200, [33], 200), (330, [270], 130),
                ] {
                    let probe = Probe(pixels, 10, batch: batch, inputs, .usual)
                    #expect(KernelTable.select("reference"))
                    let reference = try trained(probe, hidden: hidden, .never, threads: 1)
                    for table in KernelTable.available {
                        #expect(KernelTable.select(table))
                        for threads in 1...3 {
                            for listing in [NetworkStack.Listing.always, .never] {
                                let bits = try trained(
                                    probe, hidden: hidden, listing, threads: threads)
                                #expect(
                                    bits == reference,
                                    "\(table), \(threads) threads, \(listing), \(probe)")
                            }
                        }
                    }
                }
            }
        }

        /// Three threads share one packed batch here. The first third of its images leaves no room
        /// for lists, and the others do.
        @Test func aBatchThatFitsInPartOnlyIsPackedWhole() throws {
            let pixels = 2000, batch = 700
            #expect(3 * batch * pixels > 1 << 22)
            let images: [UInt8] = (0..<batch * pixels).map { place in
                place / pixels < batch / 3 || place % 9 == 0 ? UInt8(truncatingIfNeeded: place) : 0
            }
            let indices = (0..<UInt32(batch)).map { $0 }
            func logits(_ listing: NetworkStack.Listing) throws -> [UInt32] {
                let shape = DenseShape(inputs: pixels, outputs: 19, activation: .identity)
                let stack = try NetworkStack(
                    .init(layers: [shape]), batchCapacity: batch, role: .training, threads: 3)
                stack.listing = listing
                let weight = (0..<pixels * 19).map { Float($0 % 101 - 50) * 0x1p-9 }
                stack.set(
                    of: 0, to: DenseValues(weight: weight, bias: [Float](repeating: 0.5, count: 19))
                )
                var logits = [Float](repeating: 0, count: batch * 19)
                for _ in 0..<2 {
                    var span = logits.mutableSpan
                    stack.forward(
                        images: images.span, indices: indices.span, scale: Self.scale, offset: 0,
                        logits: &span, threads: 3)
                }
                return logits.map(\.bitPattern)
            }
            #expect(try logits(.always) == logits(.never))
        }
    }
}
