import Foundation
import Phidias
import Testing

@Suite struct OptimizationTests {
    let run = RunLength(stepsPerEpoch: 10, epochs: 10)

    @Test func goldenParametersAreThePublishedOnes() {
        #expect(GoldenRatio.momentum == 0.8740320488976422)
        #expect(abs(GoldenRatio.learningRate - 0.01586792470492601) < 1e-17)
        let values = MomentumSGD.golden.values(atStep: 0, of: run)
        #expect(values.momentum == 0x1.bf812p-1)
        #expect(values.learningRate == 0x1.03fae6p-6)
    }

    @Test func derivedNumbersOfTheTheory() {
        let a = MomentumAnalysis(
            learningRate: GoldenRatio.learningRate, momentum: GoldenRatio.momentum)
        #expect(abs(a.effectiveLearningRate - 0.1259679511) < 1e-10)
        #expect(abs(a.meanAge - 6.9385) < 1e-4)
        #expect(abs(a.noiseVariance - 0.0672176) < 1e-7)
        #expect(abs(a.criticalCurvature - 0.2671064540) < 1e-9)
        #expect(abs(a.continuousCriticalCurvature - 0.25) < 1e-12)
        #expect(abs(a.stabilityLimit - 236.20) < 1e-2)
    }

    @Test func couplingReturnsTheGoldenMomentum() throws {
        let optimizer = try MomentumSGD(learningRate: .golden, momentum: .coupled)
        #expect(optimizer.values(atStep: 5, of: run).momentum == Float(GoldenRatio.momentum))
    }

    func rate(_ schedule: String, _ step: Int, warmUp: Double = 0) throws -> Double {
        try LearningRate(0.1, schedule: Schedule(schedule), warmUp: warmUp)
            .value(atStep: step, of: run)
    }

    @Test func schedulesAtTheirEdges() throws {
        #expect(try rate("constant", 0) == 0.1)
        #expect(try rate("constant", 1000) == 0.1)
        #expect(try rate("step:3,0.5", 29) == 0.1)
        #expect(try rate("step:3,0.5", 30) == 0.05)
        #expect(try rate("step:3,0.5", 99) == 0.0125)
        #expect(abs(try rate("exponential:0.5", 10) - 0.05) < 1e-15)
        #expect(try rate("cosine", 0) == 0.1)
        #expect(abs(try rate("cosine", 99) - 0.001) < 1e-15)
        #expect(abs(try rate("cosine:0.02", 500) - 0.02) < 1e-15)
        #expect(abs(try rate("one-cycle", 0) - 0.001) < 1e-15)
        #expect(abs(try rate("one-cycle:0.4", 99) - 0.004) < 1e-15)
        let top = try (0..<100).map { try rate("one-cycle:0.4", $0) }.max()
        #expect(abs((top ?? 0) - 0.4) < 1e-3)
        #expect(abs(try rate("constant", 0, warmUp: 1) - 0.01) < 1e-15)
        #expect(abs(try rate("constant", 8, warmUp: 1) - 0.09) < 1e-15)
        #expect(try rate("constant", 9, warmUp: 1) == 0.1)
    }

    @Test(arguments: [
        "constant", "step:3,0.5", "exponential:0.9", "cosine", "cosine:0.001", "one-cycle",
        "one-cycle:0.2",
    ])
    func schedulesPrintAsTheyAreRead(text: String) throws {
        #expect(try Schedule(text).description == text)
    }

    @Test(arguments: [
        "", "linear", "step", "step:0,0.5", "step:2", "step:2,0", "step:2,1.5", "step:2,nan",
        "exponential", "exponential:2", "exponential:-1", "cosine:0", "cosine:x", "one-cycle:inf",
        "constant:1", "step:2,0.5,1",
    ])
    func badSchedulesAreErrors(text: String) {
        #expect(throws: OptimizationError.schedule(text)) { try Schedule(text) }
    }

    @Test(arguments: [0, -1, Double.nan, .infinity, 1e-60, 1e60])
    func badLearningRatesAreErrors(value: Double) {
        #expect(throws: OptimizationError.self) { try LearningRate(value) }
    }

    @Test(arguments: [-0.1, 1, 1.5, Double.nan, 0.999999999])
    func badMomentumIsAnError(value: Double) {
        #expect(throws: OptimizationError.self) {
            try MomentumSGD(learningRate: .golden, momentum: .constant(value))
        }
    }

    @Test func couplingNeedsRatesUpToOne() throws {
        let high = try LearningRate(0.1, schedule: .oneCycle(peak: 2))
        #expect(throws: OptimizationError.coupling(2)) {
            try MomentumSGD(learningRate: high, momentum: .coupled)
        }
    }
}
