/// The version of this library, which records contain.
public enum PhidiasVersion {
    /// The version of the library and the program, as in `0.1.0`.
    public static let current = "0.1.0"
}
