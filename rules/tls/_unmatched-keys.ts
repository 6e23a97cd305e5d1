import type { KeyObject } from 'node:crypto'
import { posix } from 'node:path'
import { type AnyDirective, argumentPlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { certificatesIn, type PemCertificate, privateKeyIn } from './_pem.ts'

/** Keys beside certificates of other keys, where the audit holds both files. */
export function* unmatchedKeys(deployment: Deployment): Iterable<RuleFinding> {
  yield* ofNginx(deployment)
  yield* ofApache(deployment)
}

function* ofNginx({ servers, filesOf }: Deployment): Iterable<RuleFinding> {
  for (const { configuration, directive } of servers) {
    if (!configuration.occurrences.has('ssl_certificate_key')) continue
    const keys = effective(configuration, directive, 'ssl_certificate_key')
    const certificates = effective(configuration, directive, 'ssl_certificate')
    if (!keys.known || !keys.value.complete || !certificates.known || !certificates.value.complete) continue
    const { main } = configuration
    // nginx looks for a relative file beside its main one.
    const directory = main === null ? null : posix.dirname(main.path)
    const found = unmatched(
      'nginx',
      certificates.value.directives,
      keys.value.directives,
      directory,
      filesOf(configuration),
    )
    // `nginx -t` reads them, and `apache2 -t` does not.
    for (const finding of found) yield { ...finding, ...(main !== null && { fatal: true }) }
  }
}

function* ofApache({ apacheHosts, filesOf }: Deployment): Iterable<RuleFinding> {
  for (const { configuration, directive, virtualHost } of apacheHosts) {
    if (!configuration.occurrences.has('sslcertificatekeyfile')) continue
    const engine = sslEngine(configuration, virtualHost)
    if (engine.known && !engine.value) continue
    const own = (name: string): readonly AnyDirective[] => directivesIn(configuration, directive, name)
    // httpd adds those of a virtual host to those of the main server.
    if (directive !== null && directivesIn(configuration, null, 'SSLCertificateFile').length > 0) continue
    const { serverRoot } = configuration
    yield* unmatched(
      'Apache',
      own('SSLCertificateFile'),
      own('SSLCertificateKeyFile'),
      serverRoot.known ? serverRoot.value : null,
      filesOf(configuration),
    )
  }
}

/** Both servers take the first key for the first certificate, and so on. */
function* unmatched(
  server: string,
  certificates: readonly AnyDirective[],
  keys: readonly AnyDirective[],
  directory: string | null,
  files: FileSystem,
): Iterable<RuleFinding> {
  if (certificates.length !== keys.length) return
  for (const [index, key] of keys.entries()) {
    const line = certificates[index]
    const certificatePath = pathOf(line, directory)
    const keyPath = pathOf(key, directory)
    if (line === undefined || certificatePath === null || keyPath === null) continue
    const held = certificatesIn(files, certificatePath)
    const [certificate] = held ?? []
    const privateKey = privateKeyIn(files, keyPath)
    // One further down in the file is a chain in the wrong order, which another rule reports.
    if (certificate === undefined || privateKey === null || held?.some(each => each.isOf(privateKey)))
      continue
    const beside = keyBeside(files, certificate, [certificatePath, keyPath])
    yield {
      at: argumentPlace(key, 0),
      message: `this is not the key of \`${line.args[0]?.value}\`: ${server} does not start, \`key values mismatch\``,
      label: 'made for another certificate',
      related: [{ at: argumentPlace(line, 0), message: 'the certificate' }],
      ...(beside !== null && { help: `The key of this certificate is \`${beside}\`` }),
    }
  }
}

function pathOf(line: AnyDirective | undefined, directory: string | null): string | null {
  const written = line?.args[0]?.value ?? ''
  if (written === '' || /[$%]|^(?:data|engine|store|pkcs11):/.test(written)) return null
  if (written.startsWith('/')) return written
  return directory === null ? null : posix.join(directory, written)
}

/** The file with the key of a certificate, in the directory of one of these. */
function keyBeside(files: FileSystem, certificate: PemCertificate, paths: readonly string[]): string | null {
  for (const directory of new Set(paths.map(path => posix.dirname(path))))
    for (const { name, kind } of files.list(directory) ?? []) {
      const path = posix.join(directory, name)
      const key: KeyObject | null =
        kind === 'file' && /\.(?:key|pem)$/.test(name) ? privateKeyIn(files, path) : null
      if (key !== null && certificate.isOf(key)) return path
    }
  return null
}
