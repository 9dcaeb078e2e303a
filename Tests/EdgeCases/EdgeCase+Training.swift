import Phidias

extension EdgeCase {
    private static func rate(_ value: Double, at step: Int = 0) throws {
        let rate = LearningRate(name: "mine") { _, _ in value }
        _ = try rate.value(atStep: step, of: try Example.run())
    }

    static var optimization: [EdgeCase] {
        [
            EdgeCase("RunLength: 0 images", .error("images is 0")) {
                _ = try RunLength(images: 0, batchSize: 1, epochs: 1)
            },
            EdgeCase("RunLength: batch 0", .error("images per batch is 0")) {
                _ = try RunLength(images: 1, batchSize: 0, epochs: 1)
            },
            EdgeCase("RunLength: -1 steps", .error("steps per epoch is -1")) {
                _ = try RunLength(stepsPerEpoch: -1, epochs: 1)
            },
            EdgeCase("RunLength: Int.max of everything", .value) {
                try check(try RunLength(stepsPerEpoch: .max, epochs: .max).steps == .max)
                let run = try RunLength(images: .max, batchSize: .max, epochs: 1)
                try check(run.stepsPerEpoch == 1)
            },
            EdgeCase("LearningRate: NaN", .error("nan")) { _ = try LearningRate(.nan) },
            EdgeCase("LearningRate: a schedule out of range", .error("step:0")) {
                _ = try LearningRate(1, schedule: .step(epochs: 0, factor: 0.5))
            },
            EdgeCase("LearningRate.base: a word", .error("silver")) {
                _ = try LearningRate.base("silver")
            },
            EdgeCase("LearningRate.value: step -1", .error("no step -1")) {
                _ = try LearningRate.golden.value(atStep: -1, of: try Example.run())
            },
            EdgeCase("LearningRate.value: the last step there is", .value) {
                let run = try RunLength(stepsPerEpoch: 1, epochs: .max)
                for schedule in ["step:1,0.5", "step:1,1", "exponential:0.5", "cosine"] {
                    for warmUp in [0, 9.3e18, 1e300] {
                        let rate = try LearningRate(
                            0.1, schedule: try Schedule(schedule), warmUp: warmUp)
                        let value = try rate.value(atStep: .max, of: run)
                        try check(value > 0 && value <= 0.1, "\(schedule): \(value)")
                    }
                }
            },
            EdgeCase("Schedule: nonsense", .error("none of")) { _ = try Schedule("often") },
            EdgeCase("Schedule.custom: no text", .error("none of")) {
                _ = try Schedule(Schedule.custom("mine") { _, _ in 1 }.description)
            },
            EdgeCase("Schedule.custom: NaN", .error("'mine' gives")) { try rate(.nan) },
            EdgeCase("Schedule.custom: 0", .error("above 0")) { try rate(0) },
            EdgeCase("Schedule.custom: -1", .error("above 0")) { try rate(-1) },
            EdgeCase("Schedule.custom: infinity", .error("finite")) { try rate(.infinity) },
            EdgeCase("Schedule.custom: more than a Float", .error("Float")) { try rate(1e300) },
            EdgeCase("Schedule.custom: less than a Float", .value) { try rate(1e-300) },
            EdgeCase("Schedule.custom: a step below 0", .error("no step -1")) {
                try rate(1, at: -1)
            },
            EdgeCase("MomentumSGD.values: coupled above 1", .error("Golden coupling")) {
                let rate = LearningRate(name: "mine") { _, _ in 2 }
                _ = try MomentumSGD(learningRate: rate, momentum: .coupled).values(
                    atStep: 0, of: try Example.run())
            },
            EdgeCase("MomentumSGD.values: step -1", .error("no step -1")) {
                _ = try MomentumSGD.golden.values(atStep: -1, of: try Example.run())
            },
            EdgeCase("MomentumSGD: momentum 1", .error("below 1")) {
                _ = try MomentumSGD(learningRate: .golden, momentum: .constant(1))
            },
            EdgeCase("MomentumSGD: decay of NaN", .error("decay")) {
                _ = try MomentumSGD(
                    learningRate: .golden, momentum: .golden, options: .init(weightDecay: .nan))
            },
            EdgeCase("MomentumSGD.halved: a thousand times", .value) {
                var optimizer = MomentumSGD.golden
                for _ in 0..<2000 { optimizer = optimizer.halved }
                let values = try optimizer.values(atStep: 0, of: try Example.run())
                try check(values.learningRate > 0 && values.momentum < 1)
            },
            EdgeCase("Adam: β₂ of 1", .error("beta2")) {
                _ = try Adam(options: .init(beta2: 1))
            },
            EdgeCase("Adam: ε of NaN", .error("epsilon")) {
                _ = try Adam(options: .init(epsilon: .nan))
            },
            EdgeCase("Optimizer.halved: Adam, a thousand times", .value) {
                var optimizer = Optimizer.adam(try Adam())
                for _ in 0..<2000 { optimizer = optimizer.halved }
                let values = try optimizer.values(atStep: 0, of: try Example.run())
                try check(values.learningRate > 0 && values.momentum == 0.9)
            },
            EdgeCase("LabelSmoothing: 1", .error("below 1")) {
                _ = try LabelSmoothing(SynapticLoss(), share: 1)
            },
            EdgeCase("LabelSmoothing: no classes", .value) {
                let loss = try LabelSmoothing(CrossEntropyLoss(), share: 0.1)
                var none: [Float] = []
                var span = none.mutableSpan
                let value = loss.evaluate(
                    logits: [Float]().span, targets: [Float]().span, classes: 1, scale: 1,
                    gradient: &span)
                try check(value == 0)
            },
            EdgeCase("Momentum: nonsense", .error("golden nor coupled")) {
                _ = try Momentum("much")
            },
            EdgeCase("MomentumAnalysis: η of -1", .error("learning rate")) {
                _ = try MomentumAnalysis(learningRate: -1, momentum: 0.5)
            },
            EdgeCase("MomentumAnalysis: α of 1", .error("momentum")) {
                _ = try MomentumAnalysis(learningRate: 1, momentum: 1)
            },
            EdgeCase("MomentumAnalysis.powerResponse: infinity", .value) {
                _ = try MomentumAnalysis(learningRate: 1, momentum: 0).powerResponse(
                    at: .infinity)
            },
        ]
    }

    static var training: [EdgeCase] {
        [
            EdgeCase("Trainer: batch 0", .error("batch size is 0")) {
                _ = try Trainer(model: try Example.model(), batchSize: 0)
            },
            EdgeCase("Trainer: a softmax loss", .error("softmax outputs")) {
                _ = try Trainer(
                    model: try Example.model(), loss: SynapticLoss(outputActivation: .softmax))
            },
            EdgeCase(
                "Trainer.train: Adam from a state of gradient descent", .error("second moments")
            ) {
                var state = TrainingState(start: try Example.model())
                state.position.epochs = 1
                try Trainer(
                    model: try Example.model(), optimizer: .adam(try Adam()), batchSize: 4
                ).train(on: try Example.data(), epochs: 2, from: state)
            },
            EdgeCase("Trainer.train: 0 epochs", .error("epochs is 0")) {
                try Trainer(model: try Example.model(), batchSize: 4).train(
                    on: try Example.data(), epochs: 0)
            },
            EdgeCase("Trainer.train: a schedule that fails", .error("step 3")) {
                let rate = LearningRate(name: "mine") { step, _ in step == 3 ? .nan : 0.1 }
                let trainer = try Trainer(
                    model: try Example.model(),
                    optimizer: try MomentumSGD(learningRate: rate, momentum: .golden),
                    batchSize: 4)
                try trainer.train(on: try Example.data(), epochs: 1)
            },
            EdgeCase("Trainer.record: 0 steps", .error("0 steps")) {
                _ = try Trainer(model: try Example.model(), batchSize: 4).record(
                    on: try Example.data(), steps: 0, epochs: 1)
            },
            EdgeCase("Loss.evaluate: one class", .value) {
                let (logits, targets) = ([Float(0)], [Float(1)])
                for loss in [SynapticLoss(), CrossEntropyLoss(), MeanSquareLoss()] as [any Loss] {
                    var gradient = [Float(0)]
                    var span = gradient.mutableSpan
                    let value = loss.evaluate(
                        logits: logits.span, target: targets.span, gradient: &span)
                    try check(value.isFinite)
                }
            },
            EdgeCase("Loss.evaluate: fewer targets", .precondition) {
                let (logits, targets) = ([Float(0), 0], [Float(1)])
                var gradient = [Float(0), 0]
                var span = gradient.mutableSpan
                _ = SynapticLoss().evaluate(
                    logits: logits.span, target: targets.span, gradient: &span)
            },
        ]
    }
}
