import Foundation
import HummingbirdCore
import HummingbirdTLS
import NIOSSL

/// The certificate that the server shows to browsers, and the key that belongs to it.
package struct ServerIdentity: Sendable {
  let configuration: TLSConfiguration
  /// The DNS names that the certificate is for, in lower case; some may begin with `*.`.
  let names: [String]

  /// - Parameters:
  ///   - certificate: a PEM file: the certificate, behind it those that it was signed by.
  ///   - key: a PEM file without passphrase.
  ///   - now: seconds since 1970.
  /// - Throws: ``UnusableIdentity``, which says what is wrong with which file, and what to do.
  package init(
    certificate: String, key: String, now: Double = Date().timeIntervalSince1970
  ) throws {
    let chain = try Self.chain(certificate)
    guard let own = chain.first else { throw Self.noCertificate(certificate) }
    guard Double(own.notValidAfter) > now else {
      let end = Date(timeIntervalSince1970: Double(own.notValidAfter)).formatted(.iso8601)
      throw UnusableIdentity("the certificate in \(certificate) has expired at \(end); renew it")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(try Self.secret(key)))
    configuration.minimumTLSVersion = .tlsv12
    do {
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw UnusableIdentity(
        "the key in \(key) does not belong to the certificate in \(certificate); give the key that it "
          + "was made with, and put the server's own certificate first")
    }
    self.configuration = configuration
    names = own._subjectAlternativeNames().filter { $0.nameType == .dnsName }.map { name in
      name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self).lowercased() }
    }
  }

  private static func chain(_ path: String) throws -> [NIOSSLCertificate] {
    let text = try text(path)
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(text) else { throw noCertificate(path) }
    return chain
  }

  private static func noCertificate(_ path: String) -> UnusableIdentity {
    UnusableIdentity(
      "\(path) holds no certificate in PEM form; give one that begins with -----BEGIN CERTIFICATE-----"
    )
  }

  private static func secret(_ path: String) throws -> NIOSSLPrivateKey {
    let text = try text(path)
    var isLocked = false
    let key = try? NIOSSLPrivateKey(bytes: text, format: .pem) { (answer: ([UInt8]) -> Void) in
      isLocked = true
      answer([])
    }
    if let key { return key }
    guard isLocked else {
      throw UnusableIdentity(
        "\(path) holds no private key in PEM form; give one that begins with -----BEGIN PRIVATE KEY-----"
      )
    }
    throw UnusableIdentity(
      "the key in \(path) has a passphrase; write it without one to a file that only you can read: "
        + "umask 077; openssl pkey -in \(path) -out FILE")
  }

  private static func text(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    // A chain takes some kilobytes; what is longer is something else.
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = descriptor < 0 ? -1 : read(descriptor, &bytes, bytes.count)
    guard count >= 0 else {
      let reason = String(cString: strerror(errno))
      throw UnusableIdentity(
        "\(path) can't be read (\(reason)); give a file that is there and that you may read")
    }
    return Array(bytes[..<count])
  }
}

/// Files that no encrypted connection can be made with.
package struct UnusableIdentity: Error, CustomStringConvertible {
  package let description: String

  init(_ reason: String) {
    description = "--tls-certificate and --tls-key: \(reason)"
  }
}
