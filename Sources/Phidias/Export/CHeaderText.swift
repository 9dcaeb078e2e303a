/// The text of a model as a header of C.
struct CHeaderText {
    private(set) var bytes: [UInt8] = []
    private let name: String
    private let prefix: String
    private let network: Network

    init(_ file: ModelFile, name: String) {
        (self.name, prefix, network) = (name, name.uppercased(), file.model.network)
        let plan = CHeaderPlan(network, name: name)
        bytes.reserveCapacity(CHeaderExport.bytesPerParameter * network.parameterCount)
        open(plan)
        for scaling in file.model.scalings.tensors {
            array(scaling.name.replacing(".", with: "_"), scaling.values)
        }
        for (layer, values) in zip(network.weighted, file.model.parameters) {
            array("weight_\(layer.index)", values.weight)
            array("bias_\(layer.index)", values.bias)
        }
        for function in CHeaderFunction.allCases where plan.uses(function) {
            add(function.text(name))
        }
        add(
            CHeaderPredictions(file.model, name: name, plan: plan).text)
        if let classes = file.classNames { self.names(classes) }
        add("#endif")
    }

    // MARK: - Parts

    private mutating func add(_ text: String) {
        bytes += text.utf8
        bytes.append(0x0a)
    }

    private mutating func open(_ plan: CHeaderPlan) {
        let image = network.input
        let isNumeric = network.inputRange == .numbers
        let call =
            network.outputActivation == .identity
            ? "float numbers[\(prefix)_OUTPUTS];\n *     \(name)_predict"
            : "float probabilities[\(prefix)_CLASSES];\n *     int answer = \(name)_predict"
        let results = network.outputActivation == .identity ? "numbers" : "probabilities"
        add(
            """
            /* The network \(network.description),
             * written by Phidias \(PhidiasVersion.current). C99, without libraries.
             *
             *     static float work[\(prefix)_WORK];
             *     \(call)\(isNumeric ? "(features" : "_bytes(image"), \(results), work);
             *
             * \(isNumeric ? "The features are \(network.inputs) numbers" : "An image is [channels][rows][columns]"). Constants: \(4 * network.parameterCount) bytes;
             * work: \(4 * plan.work) bytes, in which nothing is kept from one call to the next. Include
             * this file in one file of a program: each that does has constants of its own. */
            #ifndef \(prefix)_H
            #define \(prefix)_H
            #include <stdint.h>

            #define \(prefix)_CHANNELS \(image.channels)
            #define \(prefix)_ROWS \(image.rows)
            #define \(prefix)_COLUMNS \(image.columns)
            #define \(prefix)_INPUTS \(image.count)
            #define \(prefix)_\(network.outputActivation == .identity ? "OUTPUTS" : "CLASSES") \(network.classes)
            #define \(prefix)_WORK \(plan.work)

            """)
    }

    /// The shortest decimals that are read back as the same numbers.
    private mutating func array(_ what: String, _ values: [Float]) {
        add("static const float \(name)_\(what)[\(values.count)] = {")
        for (index, value) in values.enumerated() {
            bytes += "\(value)f,".utf8
            bytes.append(index % 8 == 7 || index == values.count - 1 ? 0x0a : 0x20)
        }
        add("};\n")
    }

    private mutating func names(_ classes: [String]) {
        add("/* The name of a class. */")
        add("static inline const char *\(name)_class_name(int number) {")
        add("    static const char *const names[] = {")
        for text in classes { add("        \(Self.literal(text)),") }
        add("    };\n    return names[number];\n}\n")
    }

    /// A text as C writes it: whatever may mean something else is an octal number.
    private static func literal(_ text: String) -> String {
        let plain = text.utf8.map { byte in
            (0x20..<0x7f).contains(byte) && ![0x22, 0x3f, 0x5c].contains(byte)
                ? String(UnicodeScalar(byte))
                : "\\" + String(repeating: "0", count: byte < 8 ? 2 : byte < 64 ? 1 : 0)
                    + String(byte, radix: 8)
        }
        return "\"\(plain.joined())\""
    }
}
