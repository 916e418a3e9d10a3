import Foundation
import HummingbirdCore
import HummingbirdTLS

/// The certificate that the server shows to browsers, and the key that belongs to it.
package struct ServerIdentity: Sendable {
  let configuration: TLSConfiguration

  /// - Parameters:
  ///   - certificate: a PEM file: the certificate, behind it those that it was signed by.
  ///   - key: a PEM file without passphrase.
  /// - Throws: ``UnusableIdentity``, which says what is wrong with which file.
  package init(certificate: String, key: String) throws {
    for path in [certificate, key] {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
        throw UnusableIdentity("\(path) is not there")
      }
      guard !isDirectory.boolValue, access(path, R_OK) == 0 else {
        throw UnusableIdentity("\(path) can't be read")
      }
    }
    guard let chain = try? NIOSSLCertificate.fromPEMFile(certificate), !chain.isEmpty else {
      throw UnusableIdentity("\(certificate) holds no certificate in PEM form")
    }
    guard let secret = try? NIOSSLPrivateKey(file: key, format: .pem) else {
      throw UnusableIdentity("\(key) holds no private key in PEM form, or one with a passphrase")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    configuration.minimumTLSVersion = .tlsv12
    do {
      _ = try TLSChannel(HTTP1Channel { _, _, _ in }, tlsConfiguration: configuration)
    } catch {
      throw UnusableIdentity(
        "the key in \(key) does not belong to the certificate in \(certificate)")
    }
    self.configuration = configuration
  }
}

/// Files that no encrypted connection can be made with.
package struct UnusableIdentity: Error, CustomStringConvertible {
  package let description: String

  init(_ reason: String) {
    description = "--tls-certificate and --tls-key: \(reason)"
  }
}
