import Foundation

/// The host names that requests may carry.
///
/// A foreign site can resolve a name of its own to this machine (DNS rebinding); addresses are safe.
struct HostNames: Sendable {
  /// The names besides addresses, in lower case.
  private let names: Set<String>
  let port: Int
  /// True if the server listens beyond loopback; then any address is allowed.
  let isOpen: Bool
  /// The page's origin, such as `http://127.0.0.1:8420`.
  let origin: String

  init(
    address: String, port: Int, isOpen: Bool,
    machine: String = ProcessInfo.processInfo.hostName
  ) {
    var names: Set = ["localhost"]
    if isOpen { names.insert(machine.lowercased()) }
    if !Self.isAddress(address) { names.insert(address.lowercased()) }
    self.names = names
    self.port = port
    self.isOpen = isOpen
    let host =
      // The address that stands for all of them leads nowhere.
      if ["0.0.0.0", "::"].contains(address) {
        machine
      } else {
        address.contains(":") ? "[\(address)]" : address
      }
    origin = "http://\(host):\(port)"
  }

  /// True if a `Host` header names this server.
  func allow(_ host: String?) -> Bool { isOurs(host) && parts(host ?? "").port == port }

  /// The same for any port: behind a tunnel it is another.
  func isOurs(_ host: String?) -> Bool {
    guard let host else { return false }
    let name = parts(host).name
    if names.contains(name) { return true }
    return isOpen ? Self.isAddress(name) : Self.isLoopback(name)
  }

  static func isLoopback(_ name: String) -> Bool {
    if name == "localhost" || name == "::1" { return true }
    return name.hasPrefix("127.") && isAddress(name)
  }

  static func isAddress(_ name: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
  }

  /// Splits host and port, and removes the brackets of an address.
  private func parts(_ host: String) -> (name: String, port: Int) {
    let text = host.lowercased()
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let rest = text[text.index(after: end)...]
      return (
        String(text[text.index(after: text.startIndex)..<end]),
        rest.isEmpty ? 80 : Int(rest.dropFirst()) ?? -1
      )
    }
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    guard words.count <= 2, let name = words.first else { return ("", -1) }
    return (String(name), words.count == 2 ? Int(words[1]) ?? -1 : 80)
  }
}
