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
        try settings.checkIsSGD()
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

    func comparedMomenta() throws -> [Double] {
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

    /// The record of this experiment's own settings.
    func ownRecord(_ layers: [Int]) -> [RunDocument.Setting] {
        let pairs: KeyValuePairs = [
            "layers": layers.map { String($0) }.joined(separator: ","),
            "momenta": momenta.joined(separator: ","),
            "roughness_epochs": String(roughnessEpochs),
            "curvature_images": String(curvatureImages), "curvature_steps": String(curvatureSteps),
        ]
        return pairs.map { .init(name: $0.key, value: $0.value) }
    }

    func chosenLayers(_ network: Network) throws(ExperimentError) -> [Int] {
        guard let layers else { return Array(network.weighted.indices) }
        guard layers.allSatisfy(network.weighted.indices.contains), !layers.isEmpty else {
            throw .layers(
                text: layers.map { String($0) }.joined(separator: ","),
                count: network.weighted.count)
        }
        return Set(layers).sorted()
    }
}
