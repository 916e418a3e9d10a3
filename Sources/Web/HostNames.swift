import Foundation

/// The names under which the page may be asked for.
///
/// A web page elsewhere can let a name of its own lead to this machine. An address is no such name, and
/// those that the certificate is for are ours.
struct HostNames: Sendable {
  /// Besides addresses.
  private let names: Set<String>
  /// Ends of names that a certificate's `*` stands before, such as `.example.org`.
  private let ends: [String]
  let port: Int
  /// Tells whether it listens beyond loopback, so that any address of the machine may be named.
  let isOpen: Bool
  let isEncrypted: Bool
  /// Where a browser finds the page, such as `https://localhost:8420`.
  let origin: String

  /// - Parameters:
  ///   - certified: the names of the certificate; `nil` where nothing is encrypted.
  ///   - machine: this machine's name.
  init(
    address: String, port: Int, isOpen: Bool, certified: [String]?,
    machine: String = ProcessInfo.processInfo.hostName
  ) {
    let plain = (certified ?? []).filter { !$0.hasPrefix("*.") }
    var names = Set(["localhost"] + plain)
    if isOpen { names.insert(machine.lowercased()) }
    if !Self.isAddress(address) { names.insert(address.lowercased()) }
    self.names = names
    ends = (certified ?? []).filter { $0.hasPrefix("*.") }.map { String($0.dropFirst()) }
    self.port = port
    self.isOpen = isOpen
    isEncrypted = certified != nil
    // An address that stands for all of them leads nowhere, and a certificate is mostly for a name.
    let isEach = ["0.0.0.0", "::"].contains(address)
    let name: String? =
      if Self.isLoopback(address) {
        plain.first { $0 == "localhost" }
      } else if Self.isAddress(address) {
        plain.first { $0 != "localhost" } ?? (isEach ? machine : nil)
      } else {
        nil
      }
    let host = name ?? (address.contains(":") ? "[\(address)]" : address)
    origin = "\(certified == nil ? "http" : "https")://\(host):\(port)"
  }

  var scheme: String { isEncrypted ? "https" : "http" }

  /// Tells whether a `Host` header names this server.
  func allow(_ host: String?) -> Bool { isOurs(host) && parts(host ?? "").port == port }

  /// The same whatever the port, which is another behind a tunnel.
  func isOurs(_ host: String?) -> Bool {
    guard let host else { return false }
    let name = parts(host).name
    if names.contains(name) { return true }
    if let dot = name.firstIndex(of: "."), dot > name.startIndex,
      ends.contains(String(name[dot...]))
    {
      return true
    }
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

  /// Takes the brackets off an address.
  private func parts(_ host: String) -> (name: String, port: Int) {
    let usual = isEncrypted ? 443 : 80
    let text = host.lowercased()
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let rest = text[text.index(after: end)...]
      return (
        String(text[text.index(after: text.startIndex)..<end]),
        rest.isEmpty ? usual : Int(rest.dropFirst()) ?? -1
      )
    }
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    guard words.count <= 2, let name = words.first else { return ("", -1) }
    return (String(name), words.count == 2 ? Int(words[1]) ?? -1 : usual)
  }
}
