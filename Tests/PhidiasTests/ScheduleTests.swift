import Phidias
import Testing

/// Ten epochs of ten steps, from a rate of 0.1.
@Suite struct ScheduleTests {
    let run: RunLength

    init() throws { run = try RunLength(stepsPerEpoch: 10, epochs: 10) }

    func rates(_ schedule: String, warmUp: Double = 0) throws -> (Int) -> Double {
        let rate = try LearningRate(0.1, schedule: Schedule(schedule), warmUp: warmUp)
        return { (try? rate.value(atStep: $0, of: run)) ?? .nan }
    }

    @Test func constantStays() throws {
        let rate = try rates("constant")
        #expect([0, 1, 99, 100, 1_000_000].map(rate) == [0.1, 0.1, 0.1, 0.1, 0.1])
    }

    @Test func stepsFallAfterTheirEpochs() throws {
        let rate = try rates("step:3,0.5")
        #expect(
            [0, 29, 30, 59, 60, 89, 90].map(rate) == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125])
        #expect(rate(99) == 0.0125)
        #expect(rate(100) == 0.0125)
        // The run's end is itself a boundary: past it nothing falls.
        let even = try rates("step:5,0.5")
        #expect([49, 50, 99, 100, 1000].map(even) == [0.1, 0.05, 0.05, 0.05, 0.05])
    }

    @Test func stepsLongerThanTheRunNeverFall() throws {
        let rate = try rates("step:9223372036854775807,0.5")
        #expect([0, 99, 100].map(rate) == [0.1, 0.1, 0.1])
    }

    @Test func exponentialFallsByItsFactorAnEpoch() throws {
        let rate = try rates("exponential:0.5")
        #expect(rate(0) == 0.1)
        for step in 0..<90 {
            #expect(abs(rate(step + 10) / rate(step) - 0.5) < 1e-15, "step \(step)")
            #expect(rate(step + 1) < rate(step))
        }
        #expect(rate(100) == rate(99))
        #expect(try rates("exponential:1")(57) == 0.1)
    }

    @Test func cosineEndsAtAHundredthOrWhereItIsTold() throws {
        let rate = try rates("cosine")
        #expect(rate(0) == 0.1)
        #expect(rate(99) == 0.1 / 100)
        #expect(rate(100) == 0.1 / 100)
        #expect((1..<100).allSatisfy { rate($0) < rate($0 - 1) })
        // symmetric around the middle
        for step in 0..<100 {
            #expect(abs(rate(step) + rate(99 - step) - (0.1 + 0.001)) < 1e-15)
        }
        let told = try rates("cosine:0.02")
        #expect(told(98) > 0.02)
        #expect(told(99) == 0.02)
        #expect(told(500) == 0.02)
        let upwards = try rates("cosine:0.5")
        #expect(upwards(0) == 0.1 && upwards(99) == 0.5)
    }

    @Test func oneCycleRisesAndFalls() throws {
        for (text, peak) in [("one-cycle", 0.1), ("one-cycle:0.4", 0.4)] {
            let rate = try rates(text)
            #expect(rate(0) == peak / 100)
            #expect((1...29).allSatisfy { rate($0) > rate($0 - 1) })
            #expect((31...99).allSatisfy { rate($0) < rate($0 - 1) })
            #expect((0..<100).allSatisfy { rate($0) <= peak })
            #expect(rate(30) > 0.999 * peak)
            #expect(rate(99) == peak / 100)
            #expect(rate(100) == peak / 100)
        }
    }

    @Test func warmUpStandsInFrontOfTheSchedule() throws {
        let rate = try rates("constant", warmUp: 1)
        for step in 0..<10 { #expect(rate(step) == 0.1 * (Double(step + 1) / 10)) }
        #expect(rate(10) == 0.1)

        let cosine = try rates("cosine", warmUp: 2)
        #expect(cosine(0) == 0.1 * (1.0 / 20))
        #expect(cosine(19) == 0.1)
        #expect(cosine(20) == 0.1)
        #expect(cosine(21) < 0.1)
        #expect(cosine(99) == 0.1 / 100)

        let steps = try rates("step:3,0.5", warmUp: 1)
        #expect([9, 39, 40, 99].map(steps) == [0.1, 0.1, 0.05, 0.025])

        // A broken epoch is rounded up to whole steps.
        let broken = try rates("constant", warmUp: 0.25)
        #expect([0, 1, 2, 3].map(broken) == [0.1 * (1.0 / 3), 0.1 * (2.0 / 3), 0.1, 0.1])
        // 0.07 · 100 is a little more than 7 in Double.
        let long = try RunLength(stepsPerEpoch: 100, epochs: 1)
        let whole = try LearningRate(0.1, schedule: .constant, warmUp: 0.07)
        #expect(try whole.value(atStep: 5, of: long) == 0.1 * (6.0 / 7))
    }

    @Test(arguments: [10.0, 11, 1e30, 1e308]) func warmUpMayOutlastTheRun(epochs: Double) throws {
        let rate = try rates("cosine", warmUp: epochs)
        #expect((0..<120).allSatisfy { rate($0) > 0 && rate($0) <= 0.1 })
        #expect(rate(99) == rate(100))
    }

    @Test(arguments: [
        "constant", "step:1,0.5", "exponential:0.5", "cosine", "one-cycle", "one-cycle:0.2",
    ])
    func runsOfOneStepAndOfVeryMany(text: String) throws {
        let rate = try LearningRate(0.1, schedule: Schedule(text), warmUp: 0)
        let short = try rate.value(atStep: 0, of: try RunLength(stepsPerEpoch: 1, epochs: 1))
        #expect(short > 0 && short <= 0.2)
        let endless = try RunLength(stepsPerEpoch: 1000, epochs: .max)
        #expect(endless.steps == .max)
        let begin = try rate.value(atStep: 0, of: endless)
        #expect(begin == short)
        #expect(try rate.value(atStep: 999, of: endless) > 0)
    }

    @Test func noRateReachesZero() throws {
        let run = try RunLength(stepsPerEpoch: 1, epochs: 2000)
        for text in ["step:1,0.1", "exponential:0.1"] {
            let rate = try LearningRate(0.1, schedule: Schedule(text))
            #expect(try rate.value(atStep: 1999, of: run) == 0x1p-126)
        }
    }

    @Test(arguments: [
        "constant", "step:3,0.5", "exponential:0.9", "cosine", "cosine:0.001", "cosine:1e-05",
        "one-cycle", "one-cycle:0.2",
    ])
    func schedulesPrintAsTheyAreRead(text: String) throws {
        #expect(try Schedule(text).description == text)
    }

    @Test(arguments: [
        "", ":", "linear", "Constant", "constant:1", "step", "step:", "step:2", "step:0,0.5",
        "step:-1,0.5", "step:1.5,0.5", "step:99999999999999999999,0.5", "step:2,0", "step:2,1.5",
        "step:2,-0.5", "step:2,nan", "step:2,0.5,1", "step:2,0.5,", "step:2;0.5", "exponential",
        "exponential:", "exponential:0", "exponential:2", "exponential:-1", "exponential:nan",
        "cosine:", "cosine:0", "cosine:-1", "cosine:x", "cosine:inf", "cosine:1e-60", "cosine:1e60",
        "one-cycle:inf", "one-cycle:0", "one-cycle: 1", "one-cycle:1,2",
    ])
    func badSchedulesAreErrors(text: String) {
        #expect(throws: OptimizationError.schedule(text)) { try Schedule(text) }
    }

    @Test(arguments: [
        Schedule.step(epochs: 0, factor: 0.5), .step(epochs: 1, factor: 1.5),
        .exponential(factor: 0), .exponential(factor: .nan), .cosine(final: -1),
        .cosine(final: .infinity), .oneCycle(peak: 0), .oneCycle(peak: .nan),
    ])
    func schedulesThatWereNotReadAreCheckedToo(schedule: Schedule) {
        #expect(throws: OptimizationError.schedule(schedule.description)) {
            try LearningRate(0.1, schedule: schedule)
        }
    }

    @Test(arguments: [0, -0.0, -1, Double.nan, .infinity, -.infinity, 1e-60, 1e60])
    func badLearningRatesAreErrors(value: Double) {
        #expect(throws: OptimizationError.self) { try LearningRate(value) }
        #expect(throws: OptimizationError.self) { try LearningRate.base(String(value)) }
    }

    @Test(arguments: [-1, Double.nan, .infinity]) func badWarmUpsAreErrors(epochs: Double) {
        #expect(throws: OptimizationError.self) { try LearningRate(0.1, warmUp: epochs) }
    }

    @Test func ratesAreRead() throws {
        #expect(try LearningRate.base("golden") == GoldenRatio.learningRate)
        #expect(try LearningRate.base("0.01") == 0.01)
        for text in ["", "gold", "0,1", "1 "] {
            #expect(
                throws: OptimizationError.number(text, option: "learning rate", words: "golden")
            ) { try LearningRate.base(text) }
        }
    }
}

@Suite struct MomentumTests {
    let run: RunLength

    init() throws { run = try RunLength(stepsPerEpoch: 10, epochs: 10) }

    @Test func goldenValuesHaveTheirBits() throws {
        for momentum in [Momentum.golden, .coupled] {
            let optimizer = try MomentumSGD(learningRate: .golden, momentum: momentum)
            for step in [0, 1, 99, 100] {
                let values = try optimizer.values(atStep: step, of: run)
                #expect(values.learningRate == 0x1.03fae6p-6)
                #expect(values.momentum == 0x1.bf812p-1)
            }
        }
        #expect(MomentumSGD.golden.momentum == .golden)
        #expect(MomentumSGD.golden.learningRate == .golden)
    }

    /// Coupling keeps damping critical at curvature 1/4 whatever the schedule does.
    @Test(arguments: ["step:3,0.5", "exponential:0.5", "cosine", "one-cycle:1", "cosine:1"])
    func couplingKeepsTheDampingCritical(text: String) throws {
        let rate = try LearningRate(0.1, schedule: Schedule(text), warmUp: 1)
        let optimizer = try MomentumSGD(learningRate: rate, momentum: .coupled)
        for step in 0..<110 {
            let values = try optimizer.values(atStep: step, of: run)
            #expect(values.learningRate > 0)
            #expect(values.momentum >= 0 && values.momentum < 1)
            let gap = 1 - Double(values.momentum)
            // α is rounded to 2⁻²⁵, which moves (1 − α)² by 2⁻²⁴ (1 − α); η by half an ulp
            let bound = 0x1p-24 * gap + 0x1p-24 * Double(values.learningRate) + 0x1p-50
            #expect(abs(gap * gap - Double(values.learningRate)) <= bound, "step \(step)")
        }
    }

    @Test func couplingStaysBelowOneForTheSmallestRates() throws {
        let rate = try LearningRate(0.1, schedule: .exponential(factor: 1e-9))
        let optimizer = try MomentumSGD(learningRate: rate, momentum: .coupled)
        #expect(try optimizer.values(atStep: 99, of: run).momentum == Float(1).nextDown)
    }

    @Test(arguments: [
        (Schedule.constant, 1.5), (.cosine(final: 2), 2), (.oneCycle(peak: 3), 3),
        (.step(epochs: 1, factor: 0.5), 1.0001), (.exponential(factor: 0.5), 7),
    ])
    func couplingRefusesRatesAboveOne(schedule: Schedule, highest: Double) throws {
        let rate: LearningRate
        switch schedule {
        case .cosine, .oneCycle: rate = try LearningRate(0.1, schedule: schedule)
        default: rate = try LearningRate(highest, schedule: schedule)
        }
        let error = #expect(throws: OptimizationError.coupling(highest)) {
            try MomentumSGD(learningRate: rate, momentum: .coupled)
        }
        #expect(error?.description.contains("above 0 and at most 1") == true)
        #expect(error?.exitCode == 64)
        // Without coupling the rate is allowed.
        #expect(throws: Never.self) { try MomentumSGD(learningRate: rate, momentum: .golden) }
    }

    @Test func couplingAllowsARateOfExactlyOne() throws {
        let optimizer = try MomentumSGD(learningRate: LearningRate(1), momentum: .coupled)
        #expect(try optimizer.values(atStep: 0, of: run).momentum == 0)
    }

    @Test(arguments: [-0.1, 1, 1.5, Double.nan, .infinity, 0.999999999])
    func badMomentumIsAnError(value: Double) {
        #expect(throws: OptimizationError.self) {
            try MomentumSGD(learningRate: .golden, momentum: .constant(value))
        }
        #expect(throws: OptimizationError.self) { try Momentum(String(value)) }
    }

    @Test func weightsAreRead() throws {
        #expect(try Momentum("golden") == .golden)
        #expect(try Momentum("coupled") == .coupled)
        #expect(try Momentum("0") == .constant(0))
        #expect(try Momentum("0.9") == .constant(0.9))
        let error = #expect(throws: OptimizationError.self) { try Momentum("silver") }
        #expect(
            error?.description
                == "The momentum 'silver' is neither golden nor coupled nor a number.")
    }
}

@Suite struct CustomScheduleTests {
    @Test func theRateIsWhatTheFunctionSays() throws {
        let run = try RunLength(stepsPerEpoch: 10, epochs: 2)
        let rate = LearningRate(name: "inverse") { step, run in
            Double(run.epochs) / Double(step + 1)
        }
        #expect(
            try [0, 1, 19, 20].map { try rate.value(atStep: $0, of: run) } == [2, 1, 0.1, 0.1])
        #expect(try rate.halved.value(atStep: 1, of: run) == 0.5)
        let scaled = try LearningRate(
            0.5, schedule: .custom("half") { _, _ in 0.25 }, warmUp: 0.2)
        #expect(
            try [0, 1, 2].map { try scaled.value(atStep: $0, of: run) } == [0.0625, 0.125, 0.125])
    }

    @Test func onlyACopyIsEqual() {
        let one = Schedule.custom("a") { _, _ in 1 }
        let copy = one
        #expect(one == copy && one.hashValue == copy.hashValue)
        #expect(one != .custom("a") { _, _ in 1 })
        #expect(one.description == "custom (a)")
    }

    /// A custom schedule that is another's function trains to the same bits.
    @Test func trainingFollowsIt() throws {
        let data = try SyntheticDigits.dataset(count: 60, seed: 3)
        func train(_ rate: LearningRate) throws -> Model {
            let trainer = try Trainer(
                model: try Model(network: try Network(hidden: [5]), seed: 1),
                optimizer: try MomentumSGD(learningRate: rate, momentum: .coupled), batchSize: 20)
            try trainer.train(on: data, epochs: 3)
            return trainer.model
        }
        let falling = try LearningRate(0.1, schedule: .exponential(factor: 0.5))
        let own = LearningRate(name: "mine") { step, run in
            (try? falling.value(atStep: step, of: run)) ?? .nan
        }
        let expected = try train(falling)
        #expect(try train(own) == expected)
        #expect(try train(LearningRate(0.1)) != expected)
    }

    @Test func whatIsNoRateEndsTheTrainingBeforeTheStep() throws {
        let data = try SyntheticDigits.dataset(count: 60, seed: 3)
        for bad in [0, -1, Double.nan, .infinity, 1e39] {
            let rate = LearningRate(name: "mine") { step, _ in step == 4 ? bad : 0.1 }
            let trainer = try Trainer(
                model: try Model(network: try Network(hidden: [5]), seed: 1),
                optimizer: try MomentumSGD(learningRate: rate, momentum: .golden), batchSize: 20)
            var steps = 0
            let error = #expect(throws: OptimizationError.self) {
                try trainer.train(on: data, epochs: 2, onStep: { _ in steps += 1 })
            }
            #expect(steps == 4)
            #expect(error?.description.contains("'mine' gives the learning rate") == true)
            #expect(error?.description.contains("in step 4") == true)
        }
        let rate = LearningRate(name: "mine") { _, _ in 2 }
        let optimizer = try MomentumSGD(learningRate: rate, momentum: .coupled)
        let run = try RunLength(stepsPerEpoch: 1, epochs: 1)
        #expect(throws: OptimizationError.coupling(2)) {
            try optimizer.values(atStep: 0, of: run)
        }
        #expect(try optimizer.halved.values(atStep: 0, of: run).momentum == 0)
    }
}
