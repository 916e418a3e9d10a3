import Foundation

/// How the program was called: DIRECTORY ADDRESS PORT VERSION [--tls CERTIFICATE KEY] [--open]
/// [--with-input] [--check].
struct UiCall {
  let directory: String
  let address: String
  let port: Int
  let version: String
  /// It shall be reached from other machines; a person has confirmed that.
  let isOpen: Bool
  /// It ends when its standard input does, and takes another port where its own is taken.
  let endsWithInput: Bool
  /// It only says whether those files can be used.
  let isCheck: Bool
  /// The files of the server's certificate and of its key.
  let identity: (certificate: String, key: String)?

  init?(_ words: [String]) {
    guard words.count >= 5, let port = Int(words[3]), (0...65535).contains(port) else { return nil }
    var flags = words.dropFirst(5)
    if let place = flags.firstIndex(of: "--tls"), flags.count >= place + 3 - flags.startIndex {
      identity = (flags[place + 1], flags[place + 2])
      flags.removeSubrange(place..<(place + 3))
    } else {
      identity = nil
    }
    guard flags.allSatisfy({ ["--open", "--with-input", "--check"].contains($0) }) else {
      return nil
    }
    directory = words[1]
    address = words[2]
    self.port = port
    version = words[4]
    isOpen = flags.contains("--open")
    endsWithInput = flags.contains("--with-input")
    isCheck = flags.contains("--check")
  }

  /// The port; beside a run another one, where something listens on it.
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
