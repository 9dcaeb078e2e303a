import Phidias

/// What theory predicts for a learning rate and a momentum weight, with formulas: what is published,
/// and what is this project's own derivation or reconstruction.
public struct Explanation: Sendable {
    /// The learning rate, the momentum weight, and what follows from them.
    public let analysis: MomentumAnalysis

    init(analysis: MomentumAnalysis) { self.analysis = analysis }

    /// An explanation of a pair; coupled momentum is taken at that learning rate.
    /// - Throws: `OptimizationError`.
    public init(
        learningRate: Double = GoldenRatio.learningRate, momentum: Momentum = .golden
    ) throws(OptimizationError) {
        let optimizer = try MomentumSGD(
            learningRate: LearningRate(learningRate), momentum: momentum)
        let alpha =
            switch optimizer.momentum {
            case .constant(let value): value
            case .coupled: min(1 - learningRate.squareRoot(), Double(Float(1).nextDown))
            }
        self.init(analysis: try MomentumAnalysis(learningRate: learningRate, momentum: alpha))
    }

    /// A number with its name and formula.
    public struct Figure: Sendable {
        /// Its name in JSON.
        public let key: String
        /// What it is.
        public let meaning: String
        /// How it is computed.
        public let formula: String
        /// The number.
        public let value: Double
        /// Its unit; empty for none.
        public var unit = ""

        var json: JSON.Member {
            var members = [
                JSON.Member(key: "value", value: .number(value)),
                JSON.Member(key: "formula", value: .string(formula)),
            ]
            if !unit.isEmpty { members.append(.init(key: "unit", value: .string(unit))) }
            return .init(key: key, value: .object(members))
        }

        func line(_ number: String) -> String {
            let line = "  \(meaning.padded(30))\(formula.padded(18))\(number)"
            return unit.isEmpty ? line : "\(line) \(unit)"
        }
    }

    static let source = "Jaeger, Double-Bayesian Learning, arXiv:2410.12984 (2024), equations 32–34"

    static let caution = """
        The loss is our own reading of the abstracts and introductions of arXiv:2006.04751 and \
        arXiv:2104.13277. We did not have their derivations, and it may differ from the paper's \
        formula: if you have the paper at hand, please compare and tell us what you find. We do \
        not derive η and α from this loss either: they are the published values.
        """

    static let scope = """
        All of this is about gradient descent with momentum (sgd). It says nothing about Adam or \
        AdamW, whose steps do not have the gradient's length, and whose learning rates are of another \
        kind.
        """

    /// Published numbers.
    public static let published = [
        Figure(
            key: "phi", meaning: "golden ratio φ", formula: "(1 + √5) / 2",
            value: GoldenRatio.phi),
        Figure(
            key: "momentum", meaning: "momentum weight α", formula: "√2 / φ",
            value: GoldenRatio.momentum),
        Figure(
            key: "learning_rate", meaning: "learning rate η", formula: "(1 − α)²",
            value: GoldenRatio.learningRate),
    ]

    /// Our derivation: what learning rate and momentum mean.
    public var derived: [Figure] {
        [
            Figure(
                key: "effective_learning_rate", meaning: "effective learning rate",
                formula: "η / (1 − α)", value: analysis.effectiveLearningRate),
            Figure(
                key: "half_life", meaning: "half-life of a gradient", formula: "ln ½ / ln α",
                value: analysis.halfLife, unit: "steps"),
            Figure(
                key: "time_constant", meaning: "time constant", formula: "−1 / ln α",
                value: analysis.timeConstant, unit: "steps"),
            Figure(
                key: "mean_age", meaning: "mean age of a gradient", formula: "α / (1 − α)",
                value: analysis.meanAge, unit: "steps"),
            Figure(
                key: "noise_variance", meaning: "noise variance left",
                formula: "(1 − α) / (1 + α)", value: analysis.noiseVariance,
                unit: "of one gradient's"),
            Figure(
                key: "critical_curvature", meaning: "critical damping at curvature",
                formula: "(1 − √α)² / η", value: analysis.criticalCurvature),
            Figure(
                key: "continuous_critical_curvature", meaning: "… by the heavy-ball equation",
                formula: "(1 − α)² / 4η", value: analysis.continuousCriticalCurvature),
            Figure(
                key: "stability_limit", meaning: "stable below curvature",
                formula: "2 (1 + α) / η", value: analysis.stabilityLimit),
        ]
    }

    /// Our reconstruction.
    public static let goldenPoint = [
        Figure(
            key: "golden_point_p", meaning: "golden point, z = −ln p: p", formula: "1 / φ",
            value: GoldenRatio.goldenPoint),
        Figure(
            key: "golden_point_z", meaning: "golden point: z", formula: "ln φ",
            value: GoldenRatio.goldenInput),
    ]

    /// Synaptic inputs at which the loss is tabulated.
    private static let inputs: [(label: String, z: Double)] = [
        ("-20", -20), ("-5", -5), ("-2", -2), ("0", 0), ("ln φ", GoldenRatio.goldenInput),
        ("1", 1), ("3", 3), ("8", 8),
    ]

    /// L and ∂L/∂z for the targets 1 and 0.
    private static func losses(_ z: Double) -> [Double] {
        [true, false].flatMap {
            [
                SynapticLossTheory.value(target: $0, input: z),
                SynapticLossTheory.gradient(target: $0, input: z),
            ]
        }
    }
}

extension Explanation {
    /// When this learning rate and momentum are slow, and why: measured, not derived.
    public var advice: String {
        let own = analysis.effectiveLearningRate
        let comparison =
            own < 0.4
            ? "slow there: more so the larger the batch, less so over many epochs"
            : own > 2 ? "beyond that, where training may diverge" : "about that"
        return """
            How fast weights move is decided by the effective learning rate, here \(own.digits(3)). \
            784-128-10 with sigmoid units learned most of MNIST in ten epochs with batches of 64 at 0.8 \
            to 1.1 (docs/results.md), so that these values are \(comparison). The golden ones, at \
            \(MomentumAnalysis.golden.effectiveLearningRate.digits(3)), suit convolutional networks \
            with ReLUs, long trainings and small batches. The preset 'fast' is for the others: one cycle \
            of a higher learning rate, with nothing but validation accuracy behind it.
            """
    }

    /// When the golden learning rate is too small, by how much, and what to do: measured, not derived.
    public static let whereGoldenIsSlow = """
        Over few epochs the golden learning rate is too small, and more so the larger the batch. For that \
        network and ten epochs the best learning rate with golden momentum was about 0.06 · √(batch/16) up \
        to batches of 256: 4 to 16 times the golden one. The golden pair was behind by 0.4 points of test \
        accuracy with batches of 16, by 2.2 with 64 and by 4.7 with 256. To go faster and stay with the \
        theory, raise η along the golden coupling α = 1 − √η: to 0.25 with batches of 16 or 32, and up \
        to 1, where no momentum is left, with larger ones. Up to batches of 128 that came within 0.2 points of \
        the best.
        """

    /// The numbers as tables for people.
    public var text: String {
        let exact = { (figure: Figure) in figure.line(String(figure.value)) }
        var table = TextTable(
            ["z", "L(1,z)", "∂L(1,z)/∂z", "L(0,z)", "∂L(0,z)/∂z"], left: [0])
        for (label, z) in Self.inputs { table.add([label] + Self.losses(z).map { $0.fixed(10) }) }
        let ours = derived.map { $0.line($0.value.fixed(10)) }
        return """
            \("PUBLISHED: \(Self.source)".wrapped(hanging: 2))
              update: Δw(t) = −η ∂L/∂w + α Δw(t−1)
            \(Self.published.map(exact).joined(separator: "\n"))

            OUR DERIVATION: what η = \(analysis.learningRate) and α = \(analysis.momentum) mean
            \(ours.joined(separator: "\n"))

            OUR RECONSTRUCTION: the synaptic loss of an input z, in nats
              p = σ(z) = 1 / (1 + e⁻ᶻ)
              L(t, z) = KL(t ‖ p) + H(p)
              ∂L/∂z = (p − t) − z p (1 − p)
            \(Self.goldenPoint.map(exact).joined(separator: "\n"))

            \(table.text)

            \(Self.scope.wrapped())

            IN PRACTICE
            \(advice.wrapped())

            \(Self.whereGoldenIsSlow.wrapped())

            \(Self.caution.wrapped())
            """
    }

    /// The numbers for programs, as one JSON object.
    public var jsonText: String { json.text() }

    var json: JSON {
        let table = Self.inputs.map { _, z in
            let values = Self.losses(z)
            return JSON.members([
                "z": .number(z), "loss_1": .number(values[0]), "gradient_1": .number(values[1]),
                "loss_0": .number(values[2]), "gradient_0": .number(values[3]),
            ])
        }
        let source = JSON.Member(key: "source", value: .string(Self.source))
        let formulas = [
            JSON.Member(
                key: "loss",
                value: .string("L(t, z) = KL(t ‖ p) + H(p), p = 1 / (1 + exp(−z)), in nats")),
            JSON.Member(key: "gradient", value: .string("∂L/∂z = (p − t) − z p (1 − p)")),
        ]
        return .members([
            "learning_rate": .number(analysis.learningRate),
            "momentum": .number(analysis.momentum),
            "published": .object([source] + Self.published.map(\.json)),
            "our_derivation": .object(derived.map(\.json)),
            "our_reconstruction": .object(
                formulas + Self.goldenPoint.map(\.json) + [
                    .init(key: "table", value: .array(table)),
                    .init(key: "caution", value: .string(Self.caution)),
                ]),
            "scope": .string(Self.scope), "in_practice": .string(advice),
            "where_golden_is_slow": .string(Self.whereGoldenIsSlow),
        ])
    }
}
