import Foundation

/// The arguments of the program: DIRECTORY ADDRESS PORT VERSION [--open] [--with-input].
struct UiCall {
  let directory: String
  let address: String
  let port: Int
  let version: String
  /// True if other machines may reach the server; the person has said so.
  let isOpen: Bool
  /// True if the server ends with its standard input, and takes another port if its own is in use.
  let endsWithInput: Bool

  init?(_ words: [String]) {
    guard words.count >= 5, let port = Int(words[3]), (0...65535).contains(port) else { return nil }
    let flags = words.dropFirst(5)
    guard flags.allSatisfy({ ["--open", "--with-input"].contains($0) }) else { return nil }
    directory = words[1]
    address = words[2]
    self.port = port
    version = words[4]
    isOpen = flags.contains("--open")
    endsWithInput = flags.contains("--with-input")
  }

  /// Returns the port; beside a run another one if it is in use.
  func freePort() -> Int {
    guard endsWithInput, port > 0 else { return port }
    var wish = addrinfo()
    wish.ai_socktype = Int32(SOCK_STREAM.rawValue)
    wish.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, "\(port)", &wish, &found) == 0, let found else { return port }
    defer { freeaddrinfo(found) }
    let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    let isTaken = bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) != 0
    return isTaken && errno == EADDRINUSE ? 0 : port
  }
}
