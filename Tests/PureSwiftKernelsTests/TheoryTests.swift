import Foundation
import PureSwiftKernels
import Testing

/// What docs/theory.md says about the losses, in double precision.
@Suite struct TheoryTests {
    static let phi = (1 + 5.0.squareRoot()) / 2

    /// Rows of the table: z, L(1,z), ∂L(1,z)/∂z, L(0,z), ∂L(0,z)/∂z, as printed.
    static let table: [(z: Double, on: Double, slopeOn: Double, off: Double, slopeOff: Double)] = [
        (-20, 20.0000000453, -0.9999999567, 0.0000000453, 0.0000000433),
        (-5, 5.0468949516, -0.9600668657, 0.0468949516, 0.0399331343),
        (-2, 2.4922618661, -0.6708099072, 0.4922618661, 0.3291900928),
        (0, 1.3862943611, -0.5, 1.3862943611, 0.5),
        (Foundation.log(phi), 1.1462302115, -0.4955647135, 1.6274420366, 0.5044352865),
        (1, 0.8954647964, -0.4655533546, 1.8954647964, 0.5344466454),
        (3, 0.2394523227, -0.1829558524, 3.2394523227, 0.8170441476),
        (8, 0.0033536138, -0.0030172515, 8.0033536138, 0.9969827485),
    ]

    static func synaptic(_ z: Double, _ t: Double) -> Oracle.LogitLoss {
        Oracle.loss(.synaptic, logit: z, target: t)
    }

    static let dense = Array(stride(from: -30.0, through: 30, by: 1.0 / 64))

    @Test func tableAsPrinted() {
        for row in Self.table {
            let on = Self.synaptic(row.z, 1), off = Self.synaptic(row.z, 0)
            for (value, printed) in [
                (on.value, row.on), (on.gradient, row.slopeOn),
                (off.value, row.off), (off.gradient, row.slopeOff),
            ] {
                // half a unit of the tenth decimal
                #expect(abs(value - printed) <= 0.5001e-10, "z = \(row.z)")
            }
        }
    }

    @Test func softTargetsTakeTheirEntropyAway() {
        // For t = p the divergence is 0 and the entropy of p remains.
        for z in [-3.0, -0.5, 0, 2] {
            let p = Oracle.sigmoid(z)
            let entropy = -p * Foundation.log(p) - (1 - p) * Foundation.log(1 - p)
            #expect(abs(Self.synaptic(z, p).value - entropy) < 1e-14)
            #expect(abs(Oracle.loss(.crossEntropy, logit: z, target: p).value) < 1e-14)
            #expect(abs(Oracle.loss(.crossEntropy, logit: z, target: p).gradient) < 1e-15)
        }
    }

    @Test func theGradientOfAHardTargetNeverChangesSign() {
        for z in Self.dense {
            #expect(Self.synaptic(z, 1).gradient < 0)
            #expect(Self.synaptic(z, 0).gradient > 0)
        }
        let least = Self.dense.min { 1 + $0 * Oracle.sigmoid($0) < 1 + $1 * Oracle.sigmoid($1) }
        let z = least ?? 0
        #expect(abs(z + 1.27845) < 1.0 / 64)
        let smallest = 1 + -1.27845 * Oracle.sigmoid(-1.27845)
        #expect(abs(smallest - 0.721535) < 1e-6)
    }

    @Test func symmetry() {
        for z in Self.dense {
            let on = Self.synaptic(z, 1), off = Self.synaptic(-z, 0)
            #expect(abs(on.value - off.value) <= 4 * on.value.ulp)
            #expect(abs(on.gradient + off.gradient) <= 4 * on.gradient.ulp)
        }
    }

    @Test func convexityOfTheSigmoidForm() {
        var largest = (z: 0.0, slope: 0.0)
        for z in Self.dense {
            let h = 0x1p-12
            for t in [0.0, 1] {
                let slope =
                    (Self.synaptic(z + h, t).gradient - Self.synaptic(z - h, t).gradient)
                    / (2 * h)
                let p = Oracle.sigmoid(z)
                // truncation h²·f‴/6 and rounding 2⁻⁵³/h
                #expect(abs(slope - z * p * (1 - p) * (2 * p - 1)) < 1e-7)
                #expect(slope > -1e-7)
                if slope > largest.slope { largest = (z, slope) }
            }
        }
        #expect(abs(abs(largest.z) - 2.0191) < 1.0 / 64)
        #expect(abs(largest.slope - 0.159946526) < 1e-6)
    }

    @Test func goldenPoint() {
        let z = Foundation.log(Self.phi)
        #expect(abs(z - 0.4812118250596035) < 1e-15)
        #expect(abs(Oracle.sigmoid(z) - 0.6180339887498949) < 1e-15)
        // the synaptic input coincides with the output's information, and nowhere else
        #expect(abs(z + Foundation.log(Oracle.sigmoid(z))) < 1e-15)
        for other in Self.dense where abs(other - z) > 0.01 {
            #expect(abs(other + Foundation.log(Oracle.sigmoid(other))) > 0.01)
        }
    }

    @Test func softmaxCheckValue() {
        let p = [0.05, 0.5] + [Double](repeating: 0.05625, count: 8)
        let target = [1.0] + [Double](repeating: 0, count: 9)
        let loss = Oracle.loss(
            .synapticSoftmax, logits: p.map { Foundation.log($0) + 3 }, targets: target)
        #expect(abs(loss.value - 4.787169634565586) < 1e-14)
        let expected =
            [-0.88978525, -0.04914509] + [Double](repeating: 0.11736629, count: 8)
        for (value, printed) in zip(loss.gradient, expected) {
            #expect(abs(value - printed) <= 0.5001e-8)
        }
    }

    @Test func twoClassesOfSoftmaxAreTheSigmoidForm() {
        for z in [-20.0, -3, 0, 0.7, 11] {
            for t in [0.0, 0.25, 1] {
                for (rows, logit) in [
                    (LossKind.synapticSoftmax, LossKind.synaptic),
                    (.crossEntropySoftmax, .crossEntropy),
                ] {
                    let row = Oracle.loss(rows, logits: [0.5, z + 0.5], targets: [1 - t, t])
                    let single = Oracle.loss(logit, logit: z, target: t)
                    #expect(abs(row.value - single.value) <= 1e-14 * max(1, single.value))
                    #expect(abs(row.gradient[1] - single.gradient) < 1e-15)
                    #expect(abs(row.gradient[0] + single.gradient) < 1e-15)
                }
            }
        }
    }

    @Test func extremeLogitsStayFinite() {
        for z in [-1e30, -800, 800, 1e30] {
            for kind in [LossKind.synaptic, .crossEntropy, .meanSquare] {
                for t in [0.0, 0.5, 1] {
                    let loss = Oracle.loss(kind, logit: z, target: t)
                    #expect(loss.value.isFinite && loss.gradient.isFinite, "\(kind) \(z) \(t)")
                }
            }
        }
    }
}
