import type { Deployment } from '../src/deployment/model.ts'
import { type AskedHost, urlOfDirectory } from '../src/deployment/requests/ask-host.ts'
import type { ApacheDirective } from '../src/servers/apache/configuration.ts'
import { htaccessFilesOf } from '../src/servers/apache/queries/htaccess.ts'
import { directivesOfHost } from '../src/servers/apache/queries/virtual-hosts.ts'

/** An `AuthType` of Apache. */
export interface AuthenticationLine {
  readonly directive: ApacheDirective
  /** Of the `.htaccess` in which it stands, with its last slash; null in the server's own files. */
  readonly directory: string | null
}

/** The lines that may hold for a virtual host: its own, those of the main server, and of its `.htaccess` files. */
export function authenticationLines(
  { filesOf }: Deployment,
  { configuration, host }: AskedHost,
): readonly AuthenticationLine[] {
  const own = [...new Set([host?.directive ?? null, null])].flatMap(holder =>
    directivesOfHost(configuration, holder, 'authtype'),
  )
  return [
    ...own.map(directive => ({ directive, directory: null })),
    ...htaccessFilesOf(configuration, filesOf(configuration), host).flatMap(({ file, directory }) =>
      (file.occurrences.get('authtype') ?? []).map(directive => ({ directive, directory })),
    ),
  ]
}

/** The path of a URL for which the line is in force; null where its section names none in plain words. */
export function authenticatedPath(
  asked: AskedHost,
  { directive, directory }: AuthenticationLine,
): string | null {
  const section = directive.parent
  if (section === null || section.name === 'VirtualHost')
    return directory === null ? null : urlOfDirectory(asked, directory)
  const [written = '', second] = section.args.map(({ value }) => value)
  if (second !== undefined || !written.startsWith('/') || /[*?[\\^$%]/.test(written)) return null
  if (section.name === 'Location') return written
  return section.name === 'Directory' ? urlOfDirectory(asked, written) : null
}
