/// The version of this library, which records name.
public enum PhidiasVersion {
    /// Of the library and the program, as in `0.1.0`.
    public static let current = "0.1.0"
}
