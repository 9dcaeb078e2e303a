import Phidias

/// How momentum smooths: noise, memory, frequencies, curvature, loss.
///
/// Trains as a run does with the same settings, and records gradient and velocity of every step.
/// Then trains at other momentum weights with the same effective learning rate. The comparisons are
/// this project's own (docs/theory.md).
public struct SmoothingExperiment: Sendable {
    /// The settings of the trainings: constant learning rate and momentum, steps without weight
    /// decay, Nesterov's form or clipping, and images without augmentation.
    public var settings: TrainingSettings
    /// The layers to watch, counted from 0 among those with weights; nil for all.
    public var layers: [Int]?
    /// Momentum weights to compare at the same η/(1 − α), each a number or `golden`.
    public var momenta = ["0", "0.2", "0.4", "0.6", "0.8", "golden", "0.9", "0.95", "0.99"]
    /// Epochs of each run of that comparison, 1 to 1,000,000.
    public var roughnessEpochs = 2
    /// Images over which the curvature is measured, 1 to 1,000,000.
    public var curvatureImages = 2000
    /// Steps per epoch at which the curvature is measured, 1 to 1,000,000.
    public var curvatureSteps = 24

    /// An experiment with these settings.
    public init(_ settings: TrainingSettings = TrainingSettings()) { self.settings = settings }

    /// Checks what can be known to be wrong before any data is read.
    /// - Throws: `ExperimentError`, `OptimizationError`, and as `TrainingSettings.check()`.
    public func check() throws {
        try settings.check()
        guard case .constant = settings.momentum else {
            throw ExperimentError.setting(
                "momentum", reason: "The experiment needs a constant momentum.")
        }
        try settings.checkDefaults(
            TrainingSettings.rateNames,
            reason:
                "The experiment needs a constant learning rate: leave out schedule and warm-up.")
        try settings.checkDefaults(
            ["validation"],
            reason: "The experiment does not validate: leave the validation share out.")
        try settings.checkDefaults(
            TrainingSettings.stepNames,
            reason:
                "The experiment measures momentum alone: leave out weight decay, Nesterov's form and clipping."
        )
        try settings.checkDefaults(
            TrainingSettings.augmentationNames,
            reason:
                "The experiment uses the images as they are: leave out shift, rotation and elastic distortion."
        )
        for (name, value) in [
            ("roughness epochs", roughnessEpochs), ("curvature images", curvatureImages),
            ("curvature steps", curvatureSteps),
        ] where !(1...1_000_000).contains(value) {
            throw ExperimentError.count(name: name, value: value, range: 1...1_000_000)
        }
        _ = try comparedMomenta()
    }

    private func comparedMomenta() throws -> [Double] {
        try momenta.map {
            guard case .constant(let value) = try Momentum($0) else {
                throw ExperimentError.setting(
                    "momenta",
                    reason:
                        "The momenta '\(momenta.joined(separator: ","))' must all be constant: give numbers or golden."
                )
            }
            return value
        }
    }

    /// Trains, measures, and writes smoothing.txt, smoothing.json and charts.
    /// - Parameters:
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - onEvent: called with what happens, on the thread that trains.
    /// - Throws: what is wrong with settings or data; `FileError`.
    public func run(
        in folder: String, data: DataPair? = nil, threads: Int? = nil,
        onEvent: @escaping (ExperimentEvent) -> Void = { _ in }
    ) throws -> SmoothingReport {
        try check()
        guard case .constant(let alpha) = settings.momentum else {
            throw ExperimentError.setting(
                "momentum", reason: "The experiment needs a constant momentum.")
        }
        let eta = settings.learningRate
        let pair = try data ?? settings.data.load(seed: settings.seed)
        let images = pair.training
        let network = try settings.network(for: images, threads: threads)
        guard !network.hasDropout else {
            throw ExperimentError.setting(
                "network",
                reason: "The experiment needs the same loss at every step: leave out dropout.")
        }
        let layers = try chosenLayers(network)
        let lock = try FolderLock(making: folder)
        defer { withExtendedLifetime(lock) {} }

        onEvent(.part("independent gradients", runs: 1))
        var report = SmoothingReport(
            analysis: try MomentumAnalysis(learningRate: eta, momentum: alpha),
            synthetic: SyntheticGradients.window(
                learningRate: Float(eta), momentum: Float(alpha),
                weights: SmoothingReport.syntheticWeights,
                steps: SmoothingReport.syntheticSteps, seed: settings.seed),
            impulse: SyntheticGradients.impulseResponse(
                learningRate: Float(eta), momentum: Float(alpha), steps: 61),
            network: network, images: images.count, curvatureImages: curvatureImages,
            record: .init(
                settings: settings.recordWithoutCheckpoints + ownRecord(layers),
                checksums: pair.checksums))
        let plan = Trainer.SmoothingPlan(
            epochs: settings.epochs, layers: layers,
            curvatureImages: min(curvatureImages, images.count), curvatureSteps: curvatureSteps,
            iterations: SmoothingReport.iterations)
        try trainer(try settings.optimizer(), network, threads).recordSmoothing(on: images, plan) {
            try report.add($0)
            onEvent(
                .epoch(
                    $0.epoch, of: settings.epochs, trainingAccuracy: $0.trainingAccuracy))
        }
        for momentum in try comparedMomenta() {
            let optimizer = try MomentumSGD(
                learningRate: LearningRate((1 - momentum) * eta / (1 - alpha)),
                momentum: .constant(momentum))
            report.roughness.append(
                try trainer(optimizer, network, threads).measureRoughness(
                    on: images, epochs: roughnessEpochs, images: SmoothingReport.fixedImages))
            onEvent(.done("loss roughness at α = \(momentum.fixed(3))"))
        }
        try report.result().write(to: folder)
        return report
    }

    /// The record of this experiment's own settings.
    private func ownRecord(_ layers: [Int]) -> [RunDocument.Setting] {
        let pairs: KeyValuePairs = [
            "layers": layers.map { String($0) }.joined(separator: ","),
            "momenta": momenta.joined(separator: ","),
            "roughness_epochs": String(roughnessEpochs),
            "curvature_images": String(curvatureImages), "curvature_steps": String(curvatureSteps),
        ]
        return pairs.map { .init(name: $0.key, value: $0.value) }
    }

    private func trainer(
        _ optimizer: MomentumSGD, _ network: Network, _ threads: Int?
    ) throws -> Trainer {
        try settings.trainer(
            Model(network: network, seed: settings.seed), optimizer: optimizer, threads: threads)
    }

    private func chosenLayers(_ network: Network) throws(ExperimentError) -> [Int] {
        guard let layers else { return Array(network.weighted.indices) }
        guard layers.allSatisfy(network.weighted.indices.contains), !layers.isEmpty else {
            throw .layers(
                text: layers.map { String($0) }.joined(separator: ","),
                count: network.weighted.count)
        }
        return Set(layers).sorted()
    }
}
