import Foundation
import Phidias
import Testing

@Suite struct GoldenRatioTests {
    @Test func phiSolvesItsEquation() {
        #expect(GoldenRatio.phi == 1.618033988749895)
        #expect(abs(GoldenRatio.phi * GoldenRatio.phi - GoldenRatio.phi - 1) < 1e-15)
    }

    /// docs/theory.md, "What is published".
    @Test func momentumAndRateAreThePublishedOnes() {
        #expect(GoldenRatio.momentum == 0.8740320488976422)
        #expect(GoldenRatio.learningRate == 0.01586792470492601)
        #expect(Float(GoldenRatio.momentum) == 0x1.bf812p-1)
        #expect(Float(GoldenRatio.learningRate) == 0x1.03fae6p-6)
    }

    @Test func theGoldenPointIsWhereInputEqualsInformation() {
        let p = GoldenRatio.goldenPoint, z = GoldenRatio.goldenInput
        #expect(p == 0.6180339887498949)
        // p is rounded by half an ulp, which p² + p − 1 shows 2p + 1 = 2.24 times, and p² is too
        #expect(abs(p * p - (1 - p)) <= 2 * p.ulp)
        #expect(abs(1 / (1 + Foundation.exp(-z)) - p) <= 2 * p.ulp)
        #expect(abs(z + Foundation.log(p)) <= 2 * z.ulp)
        // and nowhere else: z + ln σ(z) rises
        for step in -400..<400 {
            let low = Double(step) / 64, high = Double(step + 1) / 64
            let rise = (high - softplus(-high)) - (low - softplus(-low))
            #expect(rise > 0, "z = \(low)")
        }
    }

    private func softplus(_ x: Double) -> Double { Foundation.log1p(Foundation.exp(x)) }

    @Test func meaningOfTheGoldenParameters() {
        let golden = MomentumAnalysis.golden
        let table: [(Double, printed: Double, places: Double)] = [
            (golden.effectiveLearningRate, 0.1259679511, 10), (golden.halfLife, 5.1482, 4),
            (golden.timeConstant, 7.4273, 4), (golden.meanAge, 6.9385, 4),
            (golden.noiseVariance, 0.0672176, 7), (golden.criticalCurvature, 0.2671064540, 10),
            (golden.continuousCriticalCurvature, 0.25, 12), (golden.stabilityLimit, 236.20, 2),
        ]
        for (value, printed, places) in table {
            #expect(abs(value - printed) <= 0.5001 * Foundation.pow(10, -places), "\(value)")
        }
        // Coupled parameters: the average's weight is also the step, one gain for both.
        #expect(abs(golden.effectiveLearningRate - (1 - golden.momentum)) <= 1e-16)
    }

    /// The numbers describe the update rule: run it.
    @Test(arguments: [
        (GoldenRatio.learningRate, GoldenRatio.momentum), (0.01, 0.9), (0.1, 0.5), (0.2, 0),
    ])
    func analysisAgreesWithTheRecursion(learningRate: Double, momentum: Double) throws {
        let analysis = try MomentumAnalysis(learningRate: learningRate, momentum: momentum)
        // One gradient at step 0, then silence: what is left of it, step by step.
        var moved = 0.0, velocity = 0.0, age = 0.0, squares = 0.0
        for step in 0..<2000 {
            velocity = momentum * velocity - (step == 0 ? learningRate : 0)
            moved -= velocity
            age -= Double(step) * velocity
            squares += velocity * velocity
        }
        #expect(abs(moved / analysis.effectiveLearningRate - 1) < 1e-12)
        #expect(abs(age / moved - analysis.meanAge) < 1e-9)
        // variance of a weighted mean: sum of squared weights over the squared sum
        #expect(abs(squares / (moved * moved) - analysis.noiseVariance) < 1e-12)
        guard momentum > 0 else {
            #expect(analysis.halfLife == 0 && analysis.timeConstant == 0)
            return
        }
        #expect(abs(Foundation.pow(momentum, analysis.halfLife) - 0.5) < 1e-12)
        #expect(abs(Foundation.pow(momentum, analysis.timeConstant) - Foundation.exp(-1)) < 1e-12)
    }

    @Test func stabilityEndsAtTheLimit() {
        let limit = golden.stabilityLimit
        #expect(amplitude(curvature: 0.999 * limit) < 1)
        #expect(amplitude(curvature: 1.001 * limit) > 1)
    }

    @Test func oscillationStartsAtTheCriticalCurvature() {
        #expect(discriminant(curvature: 0.999 * golden.criticalCurvature) > 0)
        #expect(discriminant(curvature: 1.001 * golden.criticalCurvature) < 0)
    }

    private var golden: MomentumAnalysis { .golden }

    /// Of z² − (1 + α − ηh) z + α, whose roots the recursion's modes are.
    private func discriminant(curvature: Double) -> Double {
        let b = 1 + GoldenRatio.momentum - GoldenRatio.learningRate * curvature
        return b * b - 4 * GoldenRatio.momentum
    }

    /// |w| after many steps down a parabola that starts at w = 1.
    private func amplitude(curvature: Double) -> Double {
        var weight = 1.0, velocity = 0.0
        for _ in 0..<20_000 {
            velocity =
                GoldenRatio.momentum * velocity - GoldenRatio.learningRate * curvature * weight
            weight += velocity
        }
        return abs(weight)
    }
}

/// The Double form of the loss, which `phidias explain` prints.
@Suite struct SynapticLossTheoryTests {
    @Test(arguments: [
        (-20, 20.0000000453, -0.9999999567, 0.0000000453, 0.0000000433),
        (-5, 5.0468949516, -0.9600668657, 0.0468949516, 0.0399331343),
        (-2, 2.4922618661, -0.6708099072, 0.4922618661, 0.3291900928),
        (0, 1.3862943611, -0.5, 1.3862943611, 0.5),
        (GoldenRatio.goldenInput, 1.1462302115, -0.4955647135, 1.6274420366, 0.5044352865),
        (1, 0.8954647964, -0.4655533546, 1.8954647964, 0.5344466454),
        (3, 0.2394523227, -0.1829558524, 3.2394523227, 0.8170441476),
        (8, 0.0033536138, -0.0030172515, 8.0033536138, 0.9969827485),
    ])
    func tableOfTheTheory(z: Double, on: Double, slopeOn: Double, off: Double, slopeOff: Double) {
        let half = 0.5001e-10
        #expect(abs(SynapticLossTheory.value(target: true, input: z) - on) <= half)
        #expect(abs(SynapticLossTheory.gradient(target: true, input: z) - slopeOn) <= half)
        #expect(abs(SynapticLossTheory.value(target: false, input: z) - off) <= half)
        #expect(abs(SynapticLossTheory.gradient(target: false, input: z) - slopeOff) <= half)
    }

    @Test func gradientIsTheSlope() {
        let h = 0x1p-12
        for z in stride(from: -12.0, through: 12, by: 0.25) {
            for target in [true, false] {
                let above = SynapticLossTheory.value(target: target, input: z + h)
                let below = SynapticLossTheory.value(target: target, input: z - h)
                let slope = SynapticLossTheory.gradient(target: target, input: z)
                // h²/6 times the third derivative, which stays below 1/4, and rounding 13·2⁻⁵³/h
                #expect(abs((above - below) / (2 * h) - slope) < 3e-9, "z = \(z)")
            }
        }
    }
}
