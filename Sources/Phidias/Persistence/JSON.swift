/// A JSON value (RFC 8259) whose objects keep their order.
package indirect enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits an `Int`.
    case integer(Int)
    /// Any other number, rounded to the nearest Double.
    case number(Double)
    case string(String)
    case array([JSON])
    /// Members in their order. Keys are unique.
    case object([Member])

    /// A key of an object and its value.
    package struct Member: Sendable, Equatable {
        package let key: String
        package let value: JSON

        package init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// An object with these members.
    package static func members(_ pairs: KeyValuePairs<String, JSON>) -> JSON {
        .object(pairs.map { Member(key: $0.key, value: $0.value) })
    }
}

extension JSON {
    /// The member `key` of an object; nil if there is none or this is not an object.
    package subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var integerValue: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The number, however it was written.
    package var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var arrayValue: [JSON]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    package var objectValue: [Member]? {
        guard case .object(let value) = self else { return nil }
        return value
    }
}
