import Phidias
import Testing

/// Model files that earlier versions wrote are read by all later ones, to the same bits. A file's
/// name ends in its format version; a new version adds files and keeps these.
@Suite struct ModelFixtureTests {
    struct Fixture: Sendable {
        let name: String
        let network: Network
        let loss: String
        let weightsSHA256: String
        /// Of four images, for each its two classes.
        let probabilities: [UInt32]
    }

    static func fixtures() throws -> [Fixture] {
        [
            Fixture(
                name: "sigmoid-1.safetensors",
                network: try Network(rows: 4, columns: 4, hidden: [3], classes: 2),
                loss: "synaptic",
                weightsSHA256: "84ca2c818790987bc6e933395e82b8a942c679172bbe15807addff9a7bb261af",
                probabilities: [
                    0x3f6d_8cee, 0x3d90_a6c6, 0x3bd1_82eb, 0x3f7e_557d, 0x3f6e_43c9, 0x3d8a_a2af,
                    0x3bc4_372c, 0x3f7e_6b4a,
                ]),
            Fixture(
                name: "softmax-1.safetensors",
                network: try Network(
                    rows: 4, columns: 4, inputRange: .minusOneToOne, hidden: [4, 3],
                    activation: .relu, classes: 2, outputActivation: .softmax),
                loss: "cross-entropy",
                weightsSHA256: "887d00a4f30f8c09f5ce899f0eefb9f69d54c6e862be809deb450f614d2a5189",
                probabilities: [
                    0x3f67_4ef2, 0x3dc5_8875, 0x394d_3d01, 0x3f7f_f32d, 0x3f79_b828, 0x3cc8_fafb,
                    0x3706_f00e, 0x3f7f_ff7a,
                ]),
            Fixture(
                name: "activations-3.safetensors",
                network: try Network(
                    input: ImageShape(rows: 4, columns: 4),
                    layers: [Layer](text: "conv 3 2x2 tanh, dense 4 leaky-relu, dense 2")),
                loss: "synaptic",
                weightsSHA256: "d5647c3de7b46e0a8f562a5165b7b6d0779c79036e8486d165585593ccb98b92",
                probabilities: [
                    0x3f62_8080, 0x3daf_3213, 0x3c22_444a, 0x3f7c_3cc6, 0x3f56_fafa, 0x3e02_675c,
                    0x3c84_574b, 0x3f7b_ebff,
                ]),
        ]
    }

    /// A lying bar, a standing one, and the same a pixel on: 4 × 4 pixels each.
    static let images: [UInt8] = (0..<2).flatMap { at in
        (0..<16).map { $0 / 4 == at ? 255 : 9 } + (0..<16).map { $0 % 4 == at ? 255 : 9 }
    }

    @Test func filesOfEveryVersionGiveTheSamePredictions() throws {
        for fixture in try Self.fixtures() {
            let file = try ModelFile(path: Project.fixture(fixture.name))
            #expect(file.model.network == fixture.network, "\(fixture.name)")
            #expect(file.loss == fixture.loss, "\(fixture.name)")
            #expect(file.model.weightsSHA256 == fixture.weightsSHA256, "\(fixture.name)")
            let found = try file.model.probabilities(images: Self.images)
            #expect(found.map(\.bitPattern) == fixture.probabilities, "\(fixture.name): \(found)")
        }
    }
}
