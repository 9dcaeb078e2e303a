import Glibc
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP while something is to be saved: the first is only noted, the second
/// ends the process at once.
package enum Interruption {
    /// The signal that came; 0 if none did.
    private static let noted = Atomic<Int32>(0)

    /// From now on the first signal is noted. Signals that the process was started to ignore, as
    /// nohup does it, stay ignored. A reader of standard error who goes away no longer ends it.
    package static func watch() {
        _ = noted.load(ordering: .relaxed)  // made now, not in the handler
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            var old = sigaction()
            sigaction(signal, nil, &old)
            if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
            {
                continue
            }
            var new = sigaction()
            new.__sigaction_handler.sa_handler = { signal in
                if Interruption.noted.exchange(signal, ordering: .relaxed) != 0 {
                    Interruption.end(by: signal)
                }
            }
            new.sa_flags = SA_RESTART
            sigaction(signal, &new, nil)
            // A parent whose threads block signals hands that on, and means nothing by it.
            var own = sigset_t()
            sigemptyset(&own)
            sigaddset(&own, signal)
            pthread_sigmask(SIG_UNBLOCK, &own, nil)
        }
        Glibc.signal(SIGPIPE, SIG_IGN)
    }

    /// The signal that asks for the end, if one came.
    package static var signal: Int32? {
        let signal = noted.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Ends the process as if it had not caught the signal.
    package static func end(by signal: Int32) {
        Glibc.signal(signal, SIG_DFL)
        // Blocked while its handler runs; then it is delivered when that returns.
        raise(signal)
    }
}

/// Thrown when a signal has ended a run that has been saved.
package struct Interrupted: Error {
    package let signal: Int32

    package init(signal: Int32) { self.signal = signal }
}
