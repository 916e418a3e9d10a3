import Foundation
import MCP
import Synchronization

/// The sessions of persons' browsers, and the links that open them, once each.
///
/// Sessions outlive the server, so that an open page goes on after a restart. The file holds only their hashes,
/// which open nothing.
package final class BrowserSessions: Sendable {
  private struct State {
    var keys: Set<String> = []
    /// The expiry of each session in seconds since 1970, by the hash of its secret.
    var sessions: [String: Double] = [:]
  }

  private let file: String
  private let state: Mutex<State>
  private let now: @Sendable () -> Double
  static let lifetime = 7.0 * 24 * 3600
  /// The most sessions; one more drops the oldest.
  private static let most = 64

  package init(
    file: String, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) {
    self.file = file
    self.now = now
    var sessions: [String: Double] = [:]
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, words[0].count == 64, let end = Double(words[1]), end > now() {
        sessions[String(words[0])] = end
      }
    }
    state = Mutex(State(sessions: sessions))
  }

  /// Makes the key of a link, which is valid once.
  package func key() -> String {
    let key = RandomSecret.make()
    state.withLock { _ = $0.keys.insert(key) }
    return key
  }

  /// Exchanges a key for a session; the key is invalid then.
  ///
  /// - Returns: the session's secret; `nil` if the key is unknown or was used.
  package func enter(_ key: String) -> String? {
    let secret = RandomSecret.make()
    let end = now() + Self.lifetime
    let kept: [String: Double]? = state.withLock { state in
      guard state.keys.remove(key) != nil else { return nil }
      state.sessions = state.sessions.filter { $0.value > now() }
      while state.sessions.count >= Self.most,
        let oldest = state.sessions.min(by: { $0.value < $1.value })
      {
        state.sessions[oldest.key] = nil
      }
      state.sessions[Self.hash(secret)] = end
      return state.sessions
    }
    guard let kept else { return nil }
    write(kept)
    return secret
  }

  private static func hash(_ secret: String) -> String { SHA256.hex(Array(secret.utf8)) }

  /// True if the secret belongs to a session that has not expired.
  package func knows(_ secret: String) -> Bool {
    let hash = Self.hash(secret)
    return state.withLock { $0.sessions[hash].map { $0 > now() } ?? false }
  }

  /// Ends a session.
  package func leave(_ secret: String) {
    let kept = state.withLock { state in
      state.sessions[Self.hash(secret)] = nil
      return state.sessions
    }
    write(kept)
  }

  private func write(_ sessions: [String: Double]) {
    let text = sessions.sorted { $0.key < $1.key }.map { "\($0.key) \(Int64($0.value))\n" }.joined()
    let part = file + ".\(getpid())"
    let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard (try? handle.write(contentsOf: Data(text.utf8))) != nil else { return }
    rename(part, file)
  }
}
