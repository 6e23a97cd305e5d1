import { memoByKey } from '../../parsers/collections/memo.ts'
import { X509Certificate } from 'node:crypto'
import { posix } from 'node:path'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { renewals } from '../../src/deployment/acme-challenges.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'

/** The names that one certificate stands for. */
export interface Certificate {
  /** True where a client takes it for the host, by the rules of RFC 6125: a wildcard stands for one label. */
  covers(host: string): boolean
  /** The host names of the certificate as written in it, for a message. */
  readonly names: readonly string[]
  /** The CN of its subject, which some compare besides those names; null where it has none, or nobody knows. */
  readonly commonName: string | null
}

/** A certificate that a server of nginx shows, and where the configuration names its file. */
export interface ServerCertificate {
  readonly at: Place
  /** Null where no file is meant. */
  readonly path: string | null
  /** Null where the file is not in the audit, or is no certificate. */
  readonly certificate: Certificate | null
}

/** The certificates in force for a server, one for each kind of key; empty where that is not known. */
export function certificatesOf(files: FileSystem, server: NginxServer): readonly ServerCertificate[] {
  const { configuration, directive } = server
  const found = effective(configuration, directive, 'ssl_certificate')
  if (!found.known || !found.value.complete) return []
  const directory = configuration.main === null ? null : posix.dirname(configuration.main.path)
  return found.value.directives.map(line => {
    const written = line.args[0]?.value ?? ''
    // nginx looks for a relative file beside its main one.
    const path = written.startsWith('/')
      ? written
      : directory === null
        ? null
        : posix.join(directory, written)
    const isFile = path !== null && !written.includes('$') && !/^(?:data|engine|store):/.test(written)
    return {
      at: argumentPlace(line, 0),
      path: isFile ? path : null,
      certificate: isFile ? certificateAt(files, path) : null,
    }
  })
}

/** The certificate of a file, or the one that certbot renews there; null where neither is in the audit. */
export function certificateAt(files: FileSystem, path: string): Certificate | null {
  return readCertificate(files, path) ?? renewedCertificate(files, path)
}

/** The first certificate of a PEM file, which is the server's own; null where there is none. */
const readCertificate = memoByKey(parse)

/**
 * What certbot renews at a path that is not in the audit, where every name of it is proved by a file in a directory: the
 * renewal file has them all. Null where another way proves them, or the file has none of its own.
 */
const renewedCertificate = memoByKey((files: FileSystem, path: string): Certificate | null => {
  const lineage = /^\/etc\/letsencrypt\/live\/([^/]+)\/(?:fullchain|cert)\.pem$/.exec(path)?.[1]
  const renewal = renewals(files).find(({ name }) => name === lineage)
  if (lineage === undefined || renewal?.authenticator !== 'webroot') return null
  // Without a map one directory holds for names that the file does not have.
  const isMapped = renewal.webroots.every(({ name, at }) => placeText(at).toLowerCase().includes(name))
  const names = renewal.webroots.map(({ name }) => name)
  if (!isMapped || names.length === 0) return null
  return { covers: host => names.includes(host.toLowerCase()), names, commonName: null }
})

/** A certificate that has these names alone; `*` stands for one label. */
export function certificateOf(names: readonly string[]): Certificate {
  const own = names.map(name => name.toLowerCase())
  return {
    covers(host) {
      const lower = host.toLowerCase()
      return own.includes(lower) || own.includes(lower.replace(/^[^.]+/, '*'))
    },
    names,
    commonName: null,
  }
}

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

function parse(files: FileSystem, path: string): Certificate | null {
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return null
  const { text } = read.source
  const from = text.indexOf(BEGIN)
  const to = text.indexOf(END, from)
  if (from === -1 || to === -1) return null
  const certificate = decode(text.slice(from, to + END.length))
  if (certificate === null) return null
  const alternative = [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,\s]+)/g)]
  const common = /(?:^|\n)CN=(.+)/.exec(certificate.subject)?.[1] ?? null
  const names = alternative.map(match => match[1] ?? '')
  return {
    covers: host => certificate.checkHost(host) !== undefined,
    names: names.length > 0 || common === null ? names : [common],
    commonName: common,
  }
}

/** Null for what OpenSSL does not take: it throws, and knows no way to ask first. */
function decode(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}
