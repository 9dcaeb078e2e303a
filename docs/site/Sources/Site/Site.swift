// Nothing of its own: see Package.swift.
