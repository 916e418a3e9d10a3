import Foundation
import TestSupport
import Testing

@testable import Web

/// A certificate made by openssl, and what is read of it.
@Suite struct ServerIdentityTests {
  @Test func namesAreReadAndTheEndCounts() throws {
    let place = try TemporaryDirectory()
    let (certificate, key) = (place.path("page.pem"), place.path("page.key"))
    let made = try TestProgram.run(
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=other", "-keyout", key, "-out", certificate,
        "-addext", "subjectAltName=IP:127.0.0.1,DNS:A.example,email:a@b.example,DNS:*.b.example",
      ], directory: place.path, environment: TestProgram.environment(home: place.path))
    #expect(made.status == 0, "\(made.error)")
    let now = Date().timeIntervalSince1970
    let identity = try ServerIdentity(certificate: certificate, key: key, now: now)
    #expect(identity.names == ["a.example", "*.b.example"])
    #expect(identity.configuration.minimumTLSVersion == .tlsv12)
    let error = #expect(throws: UnusableIdentity.self) {
      try ServerIdentity(certificate: certificate, key: key, now: now + 3 * 86_400)
    }
    #expect(error?.description.contains("page.pem has expired at ") == true)
    #expect(error?.description.contains("renew it") == true)
  }
}
