/// Direct convolutions on images in blocks of channels, nothing unrolled into a matrix: five sums of
/// eight channels stay in registers, and every image gets its border in a buffer that stays in the
/// cache. Threads share out the images.
extension Tuned {
    // 5 × 8 floats are 10 of the 16 registers; of rows of 28 or 14 one sum in fifteen is wasted.
    private static let tile = 5
    private static let lanes = ConvolutionShape.lanes
    private static let bytes = MemoryLayout<Float>.stride

    /// Images with a border, of one thread: [block][height][width][lanes].
    private struct Border {
        let blocks, lanes, row, plane: Int

        init(blocks: Int, lanes: Int, height: Int, width: Int) {
            (self.blocks, self.lanes) = (blocks, lanes)
            row = width * lanes
            plane = height * row
        }

        // Of a convolution's input.
        init(_ shape: ConvolutionShape) {
            self.init(
                blocks: shape.inputBlocks, lanes: shape.inputLanes,
                height: shape.image.height + 2 * shape.padding.height,
                width: shape.image.width + 2 * shape.padding.width)
        }

        /// Calls `body` with zeros, behind which the last tile may read past a row whose pixels
        /// are `reach` apart, and with `line` floats.
        func withBuffers(
            reach: Int, line: Int,
            _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
        ) {
            let count = blocks * plane + Tuned.tile * reach * lanes
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count + line) { buffer in
                buffer.initialize(repeating: 0)
                if let base = buffer.baseAddress { body(base, base + count) }
            }
        }
    }

    // Lends the memory of all three, unless there is none.
    private static func withBases(
        _ a: Span<Float>, _ b: Span<Float>, _ c: inout Output,
        _ body: (
            UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
        ) -> Void
    ) {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress
                    else { return }
                    body(a, b, c)
                }
            }
        }
    }

    /// Runs of taps, from the first: `run` floats in each of `rows` rows of each block.
    private struct Taps {
        let run, rows: Int
        let border: Border
    }

    // An image of the input into the middle of a buffer.
    private static func enter(
        _ shape: ConvolutionShape, _ border: Border, _ x: UnsafePointer<Float>,
        _ buffer: UnsafeMutablePointer<Float>
    ) {
        let count = shape.image.width * border.lanes
        for block in 0..<border.blocks {
            for row in 0..<shape.image.height {
                let to =
                    buffer + block * border.plane + (row + shape.padding.height) * border.row
                    + shape.padding.width * border.lanes
                to.update(from: x + (block * shape.image.height + row) * count, count: count)
            }
        }
    }

    // n pixels, `step` floats apart, of 16 channels.
    @inline(__always)
    private static func row(
        _ n: Int, _ x: UnsafePointer<Float>, step: Int, _ taps: Taps, _ w: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>,
        _ finish: (Lanes) -> Lanes
    ) {
        for first in stride(from: 0, to: n, by: tile) {
            for half in stride(from: 0, to: lanes, by: width) {
                let start =
                    bias.map { UnsafeRawPointer($0 + half).loadUnaligned(as: Lanes.self) }
                    ?? Lanes()
                var (c0, c1, c2, c3, c4) = (start, start, start, start, start)
                var tap = UnsafeRawPointer(w + half)
                for block in 0..<taps.border.blocks {
                    for r in 0..<taps.rows {
                        var from = x + first * step + block * taps.border.plane
                        from += r * taps.border.row
                        for _ in 0..<taps.run {
                            let weights = tap.loadUnaligned(as: Lanes.self)
                            c0 += from[0] * weights
                            c1 += from[step] * weights
                            c2 += from[2 * step] * weights
                            c3 += from[3 * step] * weights
                            c4 += from[4 * step] * weights
                            from += 1
                            tap += lanes * bytes
                        }
                    }
                }
                func store(_ sum: Lanes, _ pixel: Int) {
                    guard first + pixel < n else { return }
                    UnsafeMutableRawPointer(y + (first + pixel) * lanes + half).storeBytes(
                        of: finish(sum), as: Lanes.self)
                }
                store(c0, 0)
                store(c1, 1)
                store(c2, 2)
                store(c3, 3)
                store(c4, 4)
            }
        }
    }

    private static func relu(_ x: Lanes) -> Lanes { x.replacing(with: 0, where: x .< 0) }

    // n windows of 2 × 2 pixels of two rows.
    private static func pool(
        _ n: Int, _ top: UnsafePointer<Float>, _ bottom: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        func larger(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }
        func load(_ p: UnsafePointer<Float>) -> Lanes {
            UnsafeRawPointer(p).loadUnaligned(as: Lanes.self)
        }
        for i in 0..<n {
            for half in stride(from: 0, to: lanes, by: width) {
                let left = 2 * i * lanes + half, right = left + lanes
                let best = larger(
                    larger(load(top + left), load(top + right)),
                    larger(load(bottom + left), load(bottom + right)))
                UnsafeMutableRawPointer(y + i * lanes + half).storeBytes(
                    of: best, as: Lanes.self)
            }
        }
    }

    // One image, which is in the buffer.
    private static func outputs(
        _ shape: ConvolutionShape, maxPool: Bool, _ border: Border, _ w: UnsafePointer<Float>,
        _ buffer: UnsafePointer<Float>, line: UnsafeMutablePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        let extent = maxPool ? shape.pooled : shape.output
        let taps = Taps(
            run: shape.window.width * border.lanes, rows: shape.window.height, border: border)
        let step = shape.stride.width * border.lanes, down = shape.stride.height * border.row
        var y = y
        for block in 0..<shape.outputBlocks {
            let panel = w + block * (shape.rows + 1) * lanes, bias = panel + shape.rows * lanes
            for r in 0..<extent.height {
                if maxPool {
                    let n = 2 * extent.width, next = line + n * lanes, from = buffer + 2 * r * down
                    row(n, from, step: step, taps, panel, bias: bias, line, relu)
                    row(n, from + down, step: step, taps, panel, bias: bias, next, relu)
                    pool(extent.width, line, next, y)
                } else {
                    row(
                        extent.width, buffer + r * down, step: step, taps, panel, bias: bias, y,
                        relu)
                }
                y += extent.width * lanes
            }
        }
    }

    /// y = max(bias + x ∗ weights, 0), and of each 2 × 2 of it the largest if `maxPool`.
    package static func convolutionForward(
        _ shape: ConvolutionShape, maxPool: Bool, weights: Span<Float>, x: Span<Float>,
        into y: inout Output, threads: Int
    ) {
        let border = Border(shape)
        let size = shape.outputSize(maxPool ? shape.pooled : shape.output)
        withBases(weights, x, &y) { w, x, y in
            nonisolated(unsafe) let (w, x, y) = (w, x, y)
            split(shape.batch, step: 1, grain: 1, threads: threads) { images in
                border.withBuffers(
                    reach: shape.stride.width, line: 2 * shape.output.width * lanes
                ) { buffer, line in
                    for n in images {
                        enter(shape, border, x + n * shape.inputSize, buffer)
                        outputs(
                            shape, maxPool: maxPool, border, w, buffer, line: line, y + n * size)
                    }
                }
            }
        }
    }

    // Weights as the way back wants them: [block of inputs][block of outputs][tap, from the last]
    // [output][input].
    private static func turned(
        _ shape: ConvolutionShape, _ w: UnsafePointer<Float>
    ) -> [Float] {
        let taps = shape.window.height * shape.window.width, square = lanes * lanes
        var turned = [Float](repeating: 0, count: shape.outputBlocks * shape.rows * lanes)
        for o in 0..<shape.outputBlocks {
            let panel = w + o * (shape.rows + 1) * lanes
            for i in 0..<shape.inputBlocks {
                for tap in 0..<taps {
                    let from = panel + (i * taps + tap) * square
                    let to = ((i * shape.outputBlocks + o) * taps + taps - 1 - tap) * square
                    for a in 0..<lanes {
                        for b in 0..<lanes { turned[to + b * lanes + a] = from[a * lanes + b] }
                    }
                }
            }
        }
        return turned
    }

    // Deltas of an image to where the input's first tap, from the last, finds them.
    private static func spread(
        _ shape: ConvolutionShape, _ border: Border, _ delta: UnsafePointer<Float>,
        _ buffer: UnsafeMutablePointer<Float>
    ) {
        let extent = shape.output
        let top = shape.window.height - 1 - shape.padding.height
        let left = shape.window.width - 1 - shape.padding.width
        let (height, width) = (border.plane / border.row, border.row / lanes)
        var from = delta
        for block in 0..<shape.outputBlocks {
            for r in 0..<extent.height {
                let row = r * shape.stride.height + top
                for c in 0..<extent.width {
                    let column = c * shape.stride.width + left
                    // What only zeros outside the image have touched gives no gradient.
                    if row >= 0 && row < height && column >= 0 && column < width {
                        let to = buffer + block * border.plane + row * border.row + column * lanes
                        to.update(from: from, count: lanes)
                    }
                    from += lanes
                }
            }
        }
    }

    /// dx, the gradient by the input, from that by the sums before the activation.
    package static func convolutionBackwardData(
        _ shape: ConvolutionShape, weights: Span<Float>, delta: Span<Float>,
        into dx: inout Output, threads: Int
    ) {
        let border = Border(
            blocks: shape.outputBlocks, lanes: lanes,
            height: shape.image.height + shape.window.height - 1,
            width: shape.image.width + shape.window.width - 1)
        let taps = Taps(
            run: shape.window.width * lanes, rows: shape.window.height, border: border)
        let size = shape.outputSize(shape.output), count = shape.image.width * lanes
        withBases(weights, delta, &dx) { w, delta, dx in
            let turned = turned(shape, w), panel = turned.count / shape.inputBlocks
            turned.withUnsafeBufferPointer { turned in
                guard let base = turned.baseAddress else { return }
                nonisolated(unsafe) let (w, delta, dx) = (base, delta, dx)
                split(shape.batch, step: 1, grain: 1, threads: threads) { images in
                    border.withBuffers(reach: 1, line: 0) { buffer, _ in
                        for n in images {
                            spread(shape, border, delta + n * size, buffer)
                            var to = dx + n * shape.inputSize
                            for block in 0..<shape.inputBlocks {
                                let own = w + block * panel
                                for r in 0..<shape.image.height {
                                    row(
                                        shape.image.width, buffer + r * border.row, step: lanes,
                                        taps, own, bias: nil, to
                                    ) { $0 }
                                    to += count
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    // Adds an image's gradients by `count` taps, at `places` of the buffer, to g[count][16].
    private static func correlate(
        _ shape: ConvolutionShape, _ border: Border, _ places: ArraySlice<Int>,
        _ x: UnsafePointer<Float>, _ delta: UnsafePointer<Float>, _ g: UnsafeMutablePointer<Float>
    ) {
        let extent = shape.output
        let step = shape.stride.width * border.lanes, down = shape.stride.height * border.row
        // The taps that are too few are another's again.
        func from(_ k: Int) -> UnsafePointer<Float> {
            x + places[places.startIndex + min(k, places.count - 1)]
        }
        let (x0, x1, x2, x3, x4) = (from(0), from(1), from(2), from(3), from(4))
        for half in stride(from: 0, to: lanes, by: width) {
            var (c0, c1, c2, c3, c4) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
            var own = UnsafeRawPointer(delta + half)
            for r in 0..<extent.height {
                var at = r * down
                for _ in 0..<extent.width {
                    let d = own.loadUnaligned(as: Lanes.self)
                    c0 += x0[at] * d
                    c1 += x1[at] * d
                    c2 += x2[at] * d
                    c3 += x3[at] * d
                    c4 += x4[at] * d
                    at += step
                    own += lanes * bytes
                }
            }
            func add(_ sum: Lanes, _ k: Int) {
                guard k < places.count else { return }
                let to = UnsafeMutableRawPointer(g + k * lanes + half)
                to.storeBytes(of: to.loadUnaligned(as: Lanes.self) + sum, as: Lanes.self)
            }
            add(c0, 0)
            add(c1, 1)
            add(c2, 2)
            add(c3, 3)
            add(c4, 4)
        }
    }

    // Adds an image's gradients, the biases' too, to g.
    private static func addGradients(
        _ shape: ConvolutionShape, _ border: Border, _ places: [Int], _ x: UnsafePointer<Float>,
        _ delta: UnsafePointer<Float>, _ g: UnsafeMutablePointer<Float>
    ) {
        let pixels = shape.output.height * shape.output.width
        for block in 0..<shape.outputBlocks {
            let own = delta + block * pixels * lanes, panel = g + block * (shape.rows + 1) * lanes
            for first in stride(from: 0, to: shape.rows, by: tile) {
                let part = places[first..<min(first + tile, shape.rows)]
                correlate(shape, border, part, x, own, panel + first * lanes)
            }
            let bias = panel + shape.rows * lanes
            for i in 0..<pixels * lanes { bias[i % lanes] += own[i] }
        }
    }

    /// The gradient by weights and biases: each thread sums up its images.
    package static func convolutionBackwardWeights(
        _ shape: ConvolutionShape, x: Span<Float>, delta: Span<Float>,
        into gradient: inout Output, threads: Int
    ) {
        let border = Border(shape), run = shape.window.width * border.lanes
        let places = (0..<shape.rows).map { tap in
            tap / (run * shape.window.height) * border.plane
                + tap / run % shape.window.height * border.row + tap % run
        }
        let size = shape.outputSize(shape.output), count = gradient.count
        for i in 0..<count { gradient[i] = 0 }
        var sums = [Float](repeating: 0, count: threads * count)
        var all = sums.mutableSpan
        withBases(x, delta, &all) { x, delta, sums in
            nonisolated(unsafe) let (x, delta, sums) = (x, delta, sums)
            split(threads, step: 1, grain: 1, threads: threads) { parts in
                border.withBuffers(reach: 0, line: 0) { buffer, _ in
                    for part in parts {
                        let first = shape.batch * part / threads
                        for n in first..<shape.batch * (part + 1) / threads {
                            enter(shape, border, x + n * shape.inputSize, buffer)
                            addGradients(
                                shape, border, places, buffer, delta + n * size,
                                sums + part * count)
                        }
                    }
                }
            }
        }
        for (i, sum) in sums.enumerated() { gradient[i % count] += sum }
    }
}
