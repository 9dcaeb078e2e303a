import ArgumentParser
import Foundation
import Phidias

struct ExperimentSmoothing: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoothing",
        abstract: "Measure how momentum smooths: noise, memory, frequencies, curvature, loss.",
        discussion: """
            Trains as phidias train does with the same options, and records gradient and velocity of \
            every step. Learning rate and momentum have to be constant, the steps plain and the images \
            as they are: schedules, --validation, decay, Nesterov, clipping, augmentation and dropout \
            are refused. Then trains at other momentum weights with the same effective learning rate. \
            Writes smoothing.txt, smoothing.json and charts in SVG. The comparisons are this \
            project's own (docs/theory.md).

            Example:
              phidias experiment smoothing --data data/mnist --epochs 5 --output smoothing
            """)

    @OptionGroup var options: TrainOptions
    @Option(
        help:
            "Layers to watch, such as 0,1, counted from 0 among those with weights; without it, all."
    )
    var layers: String?
    @Option(help: "Momentum weights to compare at the same η/(1 − α).")
    var momenta = "0,0.2,0.4,0.6,0.8,golden,0.9,0.95,0.99"
    @Option(parsing: .unconditional, help: "Epochs of each run of that comparison.")
    var roughnessEpochs = 2
    @Option(parsing: .unconditional, help: "Images over which the curvature is measured.")
    var curvatureImages = 2000
    @Option(parsing: .unconditional, help: "Steps an epoch at which the curvature is measured.")
    var curvatureSteps = 24
    @Option(help: "Folder for the text, the JSON and the charts.")
    var output = "smoothing"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        try options.check()
        let momenta = try checked()
        guard case .constant(let alpha) = try options.optimizer().momentum else {
            throw UsageError(description: "The experiment needs a constant momentum.")
        }
        let eta = try LearningRate.base(options.learningRate)
        let pair = try options.loadData()
        let data = pair.training
        let network = try options.network(for: data)
        guard !network.hasDropout else {
            throw UsageError(
                description: "The experiment needs the same loss in every step: leave out dropout.")
        }
        let layers = try chosenLayers(network)
        let lock = try FolderLock(making: output)
        defer { withExtendedLifetime(lock) {} }

        Console.say("independent gradients…")
        var report = SmoothingReport(
            analysis: try MomentumAnalysis(learningRate: eta, momentum: alpha),
            synthetic: SyntheticGradients.window(
                learningRate: Float(eta), momentum: Float(alpha),
                weights: SmoothingReport.syntheticWeights,
                steps: SmoothingReport.syntheticSteps, seed: options.seed),
            impulse: SyntheticGradients.impulseResponse(
                learningRate: Float(eta), momentum: Float(alpha), steps: 61),
            network: network, images: data.count, curvatureImages: curvatureImages,
            record: .init(settings: options.settings + settings(layers), checksums: pair.checksums))
        let plan = Trainer.SmoothingPlan(
            epochs: options.epochs, layers: layers,
            curvatureImages: min(curvatureImages, data.count), curvatureSteps: curvatureSteps,
            iterations: SmoothingReport.iterations)
        try trainer(try options.optimizer(), network).recordSmoothing(on: data, plan) { epoch in
            try report.add(epoch)
            Console.say(
                "epoch \(epoch.epoch) of \(options.epochs): accuracy \(epoch.trainingAccuracy.percent) %"
            )
        }
        for momentum in momenta {
            let optimizer = try MomentumSGD(
                learningRate: LearningRate((1 - momentum) * eta / (1 - alpha)),
                momentum: .constant(momentum))
            report.roughness.append(
                try trainer(optimizer, network).measureRoughness(
                    on: data, epochs: roughnessEpochs, images: SmoothingReport.fixedImages))
            Console.say("loss roughness at α = \(momentum.fixed(3))")
        }
        let result = try report.result()
        try result.write(to: output)
        result.show(format)
    }

    /// Those of this experiment alone, in the order of the help.
    private func settings(_ layers: [Int]) -> [RunDocument.Setting] {
        let pairs: KeyValuePairs = [
            "layers": layers.map { String($0) }.joined(separator: ","), "momenta": momenta,
            "roughness_epochs": String(roughnessEpochs),
            "curvature_images": String(curvatureImages), "curvature_steps": String(curvatureSteps),
        ]
        return pairs.map { .init(name: $0.key, value: $0.value) }
    }

    private func trainer(_ optimizer: MomentumSGD, _ network: Network) throws -> Trainer {
        try options.trainer(
            Model(network: network, seed: options.seed), optimizer: optimizer)
    }

    /// The momentum weights, when the other options make sense.
    private func checked() throws -> [Double] {
        guard options.schedule == "constant", options.warmUp == 0 else {
            throw UsageError(
                description:
                    "The experiment needs a constant learning rate: leave out --schedule and --warm-up."
            )
        }
        guard options.validation == nil else {
            throw UsageError(description: "The experiment has no use for --validation.")
        }
        guard options.weightDecay == 0, !options.nesterov, options.clipNorm == nil else {
            throw UsageError(
                description: "The experiment is about momentum alone: "
                    + "leave out --weight-decay, --nesterov and --clip-norm.")
        }
        guard options.augmentationOptions.settings.allSatisfy({ $0.value == nil }) else {
            throw UsageError(
                description: "The experiment looks at the images as they are: "
                    + "leave out --shift, --rotation and --elastic.")
        }
        for (name, value) in [
            ("roughness-epochs", roughnessEpochs), ("curvature-images", curvatureImages),
            ("curvature-steps", curvatureSteps),
        ] where !(1...1_000_000).contains(value) {
            throw UsageError(description: "--\(name) \(value): give 1 to 1000000.")
        }
        return try momenta.split(separator: ",", omittingEmptySubsequences: false).map {
            guard case .constant(let value) = try Momentum(String($0)) else {
                throw UsageError(description: "--momenta \(momenta): give constant numbers.")
            }
            return value
        }
    }

    private func chosenLayers(_ network: Network) throws -> [Int] {
        guard let layers else { return Array(network.weighted.indices) }
        let numbers = layers.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.allSatisfy({ $0.map(network.weighted.indices.contains) ?? false }) else {
            throw UsageError(
                description:
                    "--layers '\(layers)': give numbers from 0 to \(network.weighted.count - 1).")
        }
        return Set(numbers.compactMap { $0 }).sorted()
    }
}
