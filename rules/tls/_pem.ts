import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { memoByKey } from '../../parsers/collections/memo.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** A certificate of a PEM file. */
export interface PemCertificate {
  readonly subject: string
  readonly issuer: string
  readonly fingerprint: string
  /** True for a root, and for what a machine made for itself. */
  readonly isSelfIssued: boolean
  /** True for a certificate that may issue others. */
  readonly isAuthority: boolean
  /** True where the name and the key of another one stand behind it. */
  isIssuedBy(other: PemCertificate): boolean
  /** True where this private key is the one of its public key. */
  isOf(key: KeyObject): boolean
  readonly publicKey: KeyObject
}

/** Those of a file, in their order; null where the audit does not hold it, or it holds none that can be read. */
export const certificatesIn = memoByKey(
  (files: FileSystem, path: string): readonly PemCertificate[] | null => {
    const read = files.kind(path) === 'file' ? files.read(path) : null
    if (read?.kind !== 'source') return null
    const blocks = read.source.text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
    const found: PemCertificate[] = []
    for (const block of blocks) {
      const certificate = decode(block)
      if (certificate === null) return null
      found.push(certificate)
    }
    return found.length === 0 ? null : found
  },
)

function decode(block: string): PemCertificate | null {
  try {
    const certificate = new X509Certificate(block)
    const { subject, issuer, fingerprint256, publicKey } = certificate
    return {
      subject,
      issuer,
      fingerprint: fingerprint256,
      isSelfIssued: subject === issuer,
      isAuthority: certificate.ca,
      publicKey,
      isIssuedBy: other => other.subject === issuer && certificate.verify(other.publicKey),
      isOf: key => certificate.checkPrivateKey(key),
    }
  } catch {
    return null
  }
}

/** The private key of a file; null where the audit does not hold it, or it needs a passphrase or cannot be read. */
export const privateKeyIn = memoByKey((files: FileSystem, path: string): KeyObject | null => {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  const block =
    read?.kind === 'source'
      ? /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----[^-]*-----END \1-----/.exec(read.source.text)?.[0]
      : undefined
  if (block === undefined || block.includes('ENCRYPTED')) return null
  try {
    return createPrivateKey(block)
  } catch {
    return null
  }
})
