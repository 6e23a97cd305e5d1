import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { hostName } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { fromBytes } from '../../src/servers/regex.ts'

/** `www.` in front of the name that the client asked for, as a variable or as what a condition took of it. */
const WWW_BEFORE_NAME = /^https?:\/\/www\.(?:%\{(?:HTTP_HOST|SERVER_NAME)\}|%1)/i

/** Rules that put `www.` in front of a name of the virtual host that has it already. */
export function* doubledWww(deployment: Deployment, asked: AskedHost, lines: readonly ApacheDirective[]) {
  const rules = lines.filter(
    ({ name, args }) => name === 'RewriteRule' && WWW_BEFORE_NAME.test(args[1]?.value ?? ''),
  )
  if (rules.length === 0) return
  const name = nameWithWww(asked, deployment.filesOf(asked.configuration))
  if (name === null) return
  for (const scheme of ['https', 'http'] as const) {
    const { end, steps } = askHost(deployment, asked, PATHS.missingPage, { name, scheme })
    if (end.kind !== 'response' || end.location === null) continue
    const rule = lastLine(steps, 'rewrite')
    if (rule === null || !rules.includes(rule)) continue
    const [, target] = /^https?:\/\/([^/:]+)/.exec(fromBytes(end.location)) ?? []
    if (target?.toLowerCase() !== `www.${name}`) continue
    const at = argumentPlace(rule, 1)
    yield {
      at,
      cause: `${at.source.path} ${at.start}`,
      message: `\`${scheme}://${name}/\` is redirected to \`www.${name}\`, and that to one with another \`www.\`: no condition asks whether the name has it`,
    }
    return
  }
}

/** A name of the virtual host that has `www.`; for a `.htaccess` alone the one to which its rule leads. */
function nameWithWww({ configuration, host }: AskedHost, files: FileSystem): string | null {
  if (configuration.main !== null && isForHtaccess(configuration.main)) {
    // Without a page of its own, the directory may be for names without `www.` alone.
    const root = documentRoot({ configuration, host })
    const hasPages = root.known && (files.list(root.value) ?? []).some(({ name }) => name !== '.htaccess')
    return hasPages ? 'www.example.org' : null
  }
  if (host === null) return null
  const own = hostName(configuration, host)
  const names = [
    ...(own.known ? [own.value.host] : []),
    ...host.aliases.flatMap(({ name }) => (name.known ? [name.value] : [])),
  ]
  return (
    names
      .map(name => name.toLowerCase().replace(/^\*\./, 'www.'))
      .find(name => /^www\.[\w.-]+$/.test(name)) ?? null
  )
}
