import { posix } from 'node:path'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import {
  type ApacheConfiguration,
  type ApacheDirective,
  loadsPhp,
  PHP_MODULES,
  readsEveryInclude,
} from '../../src/servers/apache/configuration.ts'
import { apacheModule } from '../../src/servers/apache/modules.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'

const NAMES = ['sethandler', 'addhandler']

/** Handlers of PHP as hosting panels name them, and those of mod_php. */
const OF_PHP =
  /^(?:application\/x-(?:lsphp|httpd-(?:[a-z]+-?)?php|httpd-lsphp|httpd-fastphp)[\w.-]*|x-(?:httpd|mapp)-php[\w.-]*|php[\d.]*-(?:script|fastcgi|fcgi|cgi))$/i
/** Handlers of another host that stand before the one of this server: the scripts are sent as they are. */
export function* sentForHandlerOfOtherHost(deployment: Deployment): Iterable<RuleFinding> {
  for (const asked of hostsHolding(deployment, NAMES)) {
    if (!runsPhp(asked.configuration)) continue
    for (const directory of directoriesOf(deployment, asked)) {
      const url = urlOfDirectory(asked, directory)
      const entries = deployment.filesOf(asked.configuration).list(directory) ?? []
      const script = entries.find(({ name, kind }) => kind === 'file' && /\.php$/.test(name))
      if (url === null || script === undefined) continue
      const path = `${url}${encodeURIComponent(script.name)}`
      const { end, steps } = askHost(deployment, asked, path)
      if (end.kind !== 'file' || end.status !== 200 || posix.basename(end.path) !== script.name) continue
      if (steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))) continue
      const line = steps.findLast(({ kind }) => kind === 'handler')?.directive
      if (line == null || !namesPhp(line)) continue
      const own = handlerOfServer(asked)
      yield {
        at: argumentPlace(line, 0),
        message: `no module here has the handler \`${line.args[0]?.value}\`, which takes the place of the one that runs PHP: \`${path}\` is sent as source`,
        label: 'a handler of another host',
        related: own === null ? [] : [{ at: argumentPlace(own, 0), message: 'this would run it' }],
        help: 'Delete the line: the handler of this server is then used',
      }
    }
  }
}

/** True where scripts are run by what is seen of a server, and by nothing that is not. */
function runsPhp(configuration: ApacheConfiguration): boolean {
  const { main, modules, modulesComplete, occurrences } = configuration
  if (main === null || !modulesComplete || !readsEveryInclude(configuration)) return false
  // `Action` gives a handler of any name its program.
  if (occurrences.has('action')) return false
  const others = [...modules.keys()].filter(
    id => apacheModule(id) === undefined && !PHP_MODULES.some(own => own === id),
  )
  return others.length === 0 && (loadsPhp(configuration) || fastcgiHandlers(configuration).length > 0)
}

function fastcgiHandlers({ occurrences }: ApacheConfiguration): readonly ApacheDirective[] {
  return NAMES.flatMap(name =>
    (occurrences.get(name) ?? []).filter(({ args }) => /^proxy:.*fcgi:/i.test(args[0]?.value ?? '')),
  )
}

function namesPhp({ args }: ApacheDirective): boolean {
  return OF_PHP.test(args[0]?.value ?? '')
}

/** Directories of which a line says by such a handler what runs their scripts. */
function* directoriesOf(deployment: Deployment, asked: AskedHost): Iterable<string> {
  const { configuration, host } = asked
  const seen = new Set<string>()
  for (const name of NAMES)
    for (const home of new Set([host?.directive ?? null, null]))
      for (const line of directivesByHost(configuration, name).get(home) ?? [])
        if (namesPhp(line)) {
          const root = documentRoot(asked)
          const around = directoryAround(line) ?? (root.known ? fromBytes(root.value) : null)
          if (around !== null) seen.add(`${around.replace(/\/$/, '')}/`)
        }
  for (const { file, overrides, directory } of htaccessFilesOf(
    configuration,
    deployment.filesOf(configuration),
    host,
  )) {
    if (!overrides.known || !overrides.value.reads) continue
    const lines = NAMES.flatMap(name => file.occurrences.get(name) ?? [])
    if (lines.some(namesPhp)) seen.add(directory)
  }
  yield* seen
}

function directoryAround({ parent }: ApacheDirective): string | null {
  if (parent === null) return null
  const path = parent.args[0]?.value ?? ''
  return parent.name === 'Directory' && posix.isAbsolute(path) && !/[*?[]/.test(path)
    ? path
    : directoryAround(parent)
}

/** The line that would run the scripts of a host. */
function handlerOfServer({ configuration, host }: AskedHost): ApacheDirective | null {
  const lines = [host?.directive ?? null, null].flatMap(home =>
    NAMES.flatMap(name => directivesByHost(configuration, name).get(home) ?? []),
  )
  const runs = (pattern: RegExp) => lines.find(({ args }) => pattern.test(args[0]?.value ?? ''))
  return runs(/^proxy:.*fcgi:/i) ?? runs(/^application\/x-httpd-php$/i) ?? null
}
