import Phidias
import PhidiasKernels
import Testing

/// The kernels' masks against the library's generator, by the formula of their interface.
@Suite struct DropoutMaskTests {
    private static let key = DropoutKey(seed: 0xfedc_ba98_7654_3210, epoch: 7, purpose: 11)

    /// What output f of a place becomes where it was 1.
    private func factor(_ f: Int, image: UInt32, place: UInt32, dropout: Double) -> Float {
        let seed = Self.key.seed
        let words = CounterRandom.philox(
            counter: [
                UInt32(f / 8), image, Self.key.epoch, Self.key.purpose + place << 16,
            ],
            key: [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)])
        let bits = words[f % 8 / 2] >> (f % 2 == 0 ? 0 : 16) & 0xffff
        let threshold = UInt32((65536 * dropout).rounded())
        return bits >= threshold ? 65536 / Float(65536 - threshold) : 0
    }

    @Test func masksOfStagesAndLayersFollowTheGenerator() throws {
        let image = ImageShape(channels: 19, height: 3, width: 5), units = 37
        let stack = try NetworkStack(
            .init(
                input: image,
                stages: [
                    .pool(.averagePool, window: Extent(1), stride: Extent(1), dropout: 0.3)
                ],
                layers: [
                    DenseShape(inputs: image.count, outputs: units, activation: .sigmoid),
                    DenseShape(inputs: units, outputs: units, activation: .identity),
                ], layerDropout: [0.25, 0]),
            batchCapacity: 3, role: .training, threads: 2)
        // The first layer gives σ(0) = ½ everywhere, the second twice that, each for itself.
        var identity = [Float](repeating: 0, count: units * units)
        for unit in 0..<units { identity[unit * units + unit] = 2 }
        stack.set(
            of: 2,
            to: DenseValues(weight: identity, bias: [Float](repeating: 0, count: units)))
        let images = [UInt8](repeating: 1, count: 4 * image.count)
        let indices: [UInt32] = [3, 0, 2]
        var logits = [Float](repeating: .nan, count: 3 * units)
        for numbers in [[], [70000, 5, 1 << 31]] as [[UInt32]] {
            var span = logits.mutableSpan
            stack.forward(
                images: images.span, indices: indices.span, scale: 1, offset: 0,
                dropout: Self.key, numbers: numbers.span, logits: &span, threads: 2)
            for (b, number) in (numbers.isEmpty ? indices : numbers).enumerated() {
                let unit = (0..<units).map { factor($0, image: number, place: 1, dropout: 0.25) }
                #expect(Array(logits[b * units..<(b + 1) * units]) == unit)
                let pixels = image.height * image.width
                let stage = (0..<image.count).map { i in
                    let c = i / pixels, f = (c / 16 * pixels + i % pixels) * 16 + c % 16
                    return factor(f, image: number, place: 0, dropout: 0.3)
                }
                #expect(stack.outputs(ofStage: 0, image: b) == stage)
            }
        }
        // Without a key nothing is dropped.
        var span = logits.mutableSpan
        stack.forward(
            images: images.span, indices: indices.span, scale: 1, offset: 0, logits: &span,
            threads: 1)
        #expect(logits.allSatisfy { $0 == 1 })
    }

    @Test func asManyAreDroppedAsAskedFor() throws {
        let side = 64, share = 0.25
        let image = ImageShape(channels: 16, height: side, width: side)
        let stack = try NetworkStack(
            .init(
                input: image,
                stages: [
                    .pool(
                        .maxPool, window: Extent(1), stride: Extent(1), dropout: Float(share))
                ],
                layers: [DenseShape(inputs: image.count, outputs: 1, activation: .identity)]),
            batchCapacity: 1, role: .training, threads: 1)
        let images = [UInt8](repeating: 1, count: image.count), indices: [UInt32] = [0]
        var logits: [Float] = [0]
        var span = logits.mutableSpan
        stack.forward(
            images: images.span, indices: indices.span, scale: 1, offset: 0, dropout: Self.key,
            logits: &span, threads: 1)
        let dropped = stack.outputs(ofStage: 0).filter { $0 == 0 }.count
        // Five standard deviations of a binomial distribution.
        let n = Double(image.count), deviation = (n * share * (1 - share)).squareRoot()
        #expect(abs(Double(dropped) - n * share) < 5 * deviation)
    }
}
