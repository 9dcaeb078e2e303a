import ArgumentParser
import Foundation
import Phidias

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "The theory's numbers for a learning rate and a momentum, with their formulas.",
        discussion: "Example:\n  phidias explain\n  phidias explain --learning-rate 0.01 --momentum 0.9")

    @Option(parsing: .unconditional, help: "golden, or a number.")
    var learningRate = "golden"
    @Option(parsing: .unconditional, help: "golden, or a number.")
    var momentum = "golden"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    private struct Row {
        let key, meaning, formula: String
        let value: Double
        let unit: String
    }

    func run() throws {
        let eta = try TrainOptions.learningRate(learningRate)
        let alpha = try TrainOptions.momentum(momentum)
        _ = try MomentumSGD(learningRate: LearningRate(eta), momentum: .constant(alpha))
        let rows = Self.rows(MomentumAnalysis(learningRate: eta, momentum: alpha))
        switch format {
        case .json:
            print(
                JSON.members([
                    "learning_rate": .number(eta), "momentum": .number(alpha),
                    "published": .members([
                        "phi": .number(GoldenRatio.phi),
                        "golden_learning_rate": .number(GoldenRatio.learningRate),
                        "golden_momentum": .number(GoldenRatio.momentum),
                        "source": .string("arXiv:2410.12984, equations 32-34"),
                    ]),
                    "our_derivation": .object(rows.map { .init(key: $0.key, value: .number($0.value)) }),
                    "our_reconstruction": .members([
                        "loss": .string("L = KL(t || p) + H(p)"),
                        "golden_point_p": .number(GoldenRatio.goldenPoint),
                        "golden_point_z": .number(log(GoldenRatio.phi)),
                    ]),
                ]).text())
        case .text: show(eta, alpha, rows)
        }
    }

    private static func rows(_ a: MomentumAnalysis) -> [Row] {
        [
            Row(key: "effective_learning_rate", meaning: "effective learning rate", formula: "η / (1 − α)", value: a.effectiveLearningRate, unit: ""),
            Row(key: "half_life", meaning: "half-life of a gradient", formula: "ln ½ / ln α", value: a.momentum > 0 ? log(0.5) / log(a.momentum) : 0, unit: "steps"),
            Row(key: "time_constant", meaning: "time constant", formula: "−1 / ln α", value: a.momentum > 0 ? -1 / log(a.momentum) : 0, unit: "steps"),
            Row(key: "mean_age", meaning: "mean age of a gradient", formula: "α / (1 − α)", value: a.meanAge, unit: "steps"),
            Row(key: "noise_variance", meaning: "noise variance left", formula: "(1 − α) / (1 + α)", value: a.noiseVariance, unit: "of one gradient's"),
            Row(key: "critical_curvature", meaning: "critical damping at curvature", formula: "(1 − √α)² / η", value: a.criticalCurvature, unit: ""),
            Row(key: "continuous_critical_curvature", meaning: "… of the continuous heavy ball", formula: "(1 − α)² / 4η", value: a.continuousCriticalCurvature, unit: ""),
            Row(key: "stability_limit", meaning: "stable below curvature", formula: "2 (1 + α) / η", value: a.stabilityLimit, unit: ""),
        ]
    }

    private func show(_ eta: Double, _ alpha: Double, _ rows: [Row]) {
        print(
            """
            PUBLISHED (Jaeger, Double-Bayesian Learning, arXiv:2410.12984, equations 32–34)
              golden ratio      φ = (1 + √5) / 2   \(GoldenRatio.phi)
              momentum weight   α = √2 / φ         \(GoldenRatio.momentum)
              learning rate     η = (1 − α)²       \(GoldenRatio.learningRate)

            OUR DERIVATION: what η = \(eta) and α = \(alpha) mean
            """)
        for row in rows {
            let meaning = row.meaning.padding(toLength: 32, withPad: " ", startingAt: 0)
            let formula = row.formula.padding(toLength: 20, withPad: " ", startingAt: 0)
            print("  \(meaning)\(formula)\(row.value.fixed(10)) \(row.unit)")
        }
        print(
            """

            OUR RECONSTRUCTION: the synaptic loss
              L(t, z) = KL(t ‖ p) + H(p),  p = σ(z) = 1 / (1 + e⁻ᶻ),  in nats
              ∂L/∂z = (p − t) − z p (1 − p)
              golden point: z = −ln σ(z) at p = 1/φ = \(GoldenRatio.goldenPoint), z = ln φ = \(log(GoldenRatio.phi))

              The loss is our own reading of the abstracts and introductions of arXiv:2006.04751
              and arXiv:2104.13277; we did not have their derivations, and it may differ from the
              papers' formula. If you have the papers at hand, please compare and tell us.
              η and α are the published values; we do not derive them from this loss.
            """)
    }
}
