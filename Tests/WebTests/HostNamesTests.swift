import TestSupport
import Testing

@testable import Web

/// Which names are ours, and which of them a link carries.
@Suite(.bounded) struct HostNamesTests {
  private func names(_ address: String, isOpen: Bool = false) -> HostNames {
    HostNames(address: address, port: 8420, isOpen: isOpen, machine: "Builder")
  }

  @Test func aLinkLeadsWhereABrowserFindsThePage() {
    #expect(names("127.0.0.1").origin == "http://127.0.0.1:8420")
    #expect(names("::1").origin == "http://[::1]:8420")
    #expect(names("0.0.0.0", isOpen: true).origin == "http://Builder:8420")
    #expect(names("192.0.2.1", isOpen: true).origin == "http://192.0.2.1:8420")
    #expect(names("::", isOpen: true).origin == "http://Builder:8420")
    #expect(names("a.example", isOpen: true).origin == "http://a.example:8420")
  }

  @Test func namesOfOthersAreRefused() {
    let loopback = names("127.0.0.1")
    for host in ["127.0.0.1:8420", "LOCALHOST:8420", "[::1]:8420", "127.8.0.1:8420"] {
      #expect(loopback.allow(host), "\(host)")
    }
    for host in [
      nil, "", "127.0.0.1", "localhost:80", "192.0.2.1:8420", "builder:8420", "a.example:8420",
      "127.0.0.1.a.example:8420", "[::1]", "[::1", "::1:8420", "localhost:8420:1", "a:b:8420",
      "127.x:8420", "localhost.:8420",
    ] {
      #expect(!loopback.allow(host), "\(host ?? "none")")
    }
    let open = names("0.0.0.0", isOpen: true)
    for host in ["builder", "192.0.2.1", "[2001:db8::1]"] {
      #expect(open.allow(host + ":8420") && open.isOurs(host), "\(host)")
    }
    for host in ["a.example", "builder.example", ".builder", "192.0.2.1.example"] {
      #expect(!open.isOurs(host), "\(host)")
    }
    let named = names("a.example", isOpen: true)
    #expect(named.allow("a.example:8420") && !named.isOurs("b.a.example"))
    // Behind a tunnel the port is another.
    #expect(named.isOurs("a.example:9000") && !named.allow("a.example:9000"))
    #expect(HostNames(address: "::", port: 80, isOpen: true).allow("192.0.2.1"))
  }
}
