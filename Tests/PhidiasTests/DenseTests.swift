import Phidias
import Testing

@Suite struct DenseTests {
    /// Swift, text and JSON leave out the same.
    @Test func activationIsIdentityUnlessItIsGiven() throws {
        #expect(Dense(12) == Dense(12, activation: .identity))
        #expect(try [Layer](text: "dense 12") == [Dense(12).layer])
        let layers = [Dense(12).layer, Dense(10).layer]
        let network = try Network(input: ImageShape(rows: 3, columns: 3), layers: layers)
        let json = """
            {"rows": 3, "columns": 3, "input_range": "0..1", "output_activation": "sigmoid",
             "layers": [{"type": "dense", "outputs": 12}, {"type": "dense", "outputs": 10}]}
            """
        #expect(try NetworkDocument.read(Array(json.utf8), path: "n") == network)
    }

    /// Hidden layers that are given as sizes alone keep the sigmoid.
    @Test func hiddenLayersBySizeAreSigmoid() throws {
        let network = try Network(hidden: [5])
        #expect(network.weighted.map(\.activation) == [.sigmoid, .identity])
    }
}
