import { posix } from 'node:path'
import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type {
  ApacheConnection,
  AppServerProgram,
  Connection,
  Deployment,
  NginxConnection,
} from '../../src/deployment/model.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { type VirtualHost, virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { type NodeProject, projectOf } from '../_node-project.ts'
import type { ApplicationBase } from '../_application-base.ts'
import { baseOfProgram } from '../_base-of-program.ts'
import { changesPages } from '../_changed-pages.ts'
import { answerOf, answerOfApache, findingOf, rewritesPages, urlOf } from './_asset-answers.ts'
import { builtBeside } from './_built-applications.ts'

/** What was built beside its project, and an `Alias` of Apache names. */
export function* ofAliases(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.apache) {
    const lines = configuration.occurrences.get('alias') ?? []
    if (lines.length === 0 || changesPages(configuration)) continue
    const files = deployment.filesOf(configuration)
    for (const line of lines) {
      const [path = '', directory = ''] = line.args.map(({ value }) => value.replace(/(?<=.)\/$/, ''))
      if (!PREFIX.test(path) || !posix.isAbsolute(directory)) continue
      const base = builtBeside(files, directory)
      if (base === null || base.path === `${path}/`) continue
      const host = virtualHostOf(configuration, line)
      const said = apacheSays(deployment, configuration, host, base)
      if (said !== null) {
        const at = argumentPlace(line, 1)
        yield findingOf({ base, at }, `${path}/`, said, argumentPlace(line, 0))
      }
    }
  }
}

/** Programs of Next.js and Nuxt to which a server proxies a path. */
export function* ofPrograms(deployment: Deployment): Iterable<RuleFinding> {
  for (const connection of deployment.connections.all) {
    const [target, ...others] = connection.targets
    const program = target === undefined ? null : serverBehind(target)
    if (program === null || others.length > 0) continue
    const base = baseOfProgram(program)
    const { paths, url, at } = frontLine(connection)
    if (base === null || base.path !== '/' || paths === null || !PREFIX.test(paths.taken)) continue
    const prefix = paths.taken.replace(/\/$/, '')
    const application = { base, at: program.server.at }
    if (paths.sent === '/' || paths.sent === '') {
      if (!('server' in connection) && (paths.sent === '/') !== paths.taken.endsWith('/')) continue
      const said = scriptAnswer(deployment, connection, program, base)
      if (said !== null) yield findingOf(application, `${prefix}/`, said, url)
    } else if (paths.sent.replace(/\/$/, '') === prefix && !mayChange(connection)) {
      const project = projectOf(program)
      if (base.tool !== 'Next.js' || project === null || mayHavePage(project, prefix)) continue
      yield {
        at: base.at,
        message: `the requests for \`${prefix}\` come to ${base.tool} with this path in front, and it has no page there: 404`,
        label: `${base.tool} answers at \`/\``,
        related: [
          { at, message: `proxied below \`${prefix}\`` },
          { at: program.server.at, message: 'started here' },
        ],
        help: `Write \`${base.settingFor(prefix)}\``,
      }
    }
  }
}

const PREFIX = /^\/[\w.~-]+(?:\/[\w.~-]+)*\/?$/

/** What a browser gets in place of a script of the build; null where that may be the script. */
function scriptAnswer(
  deployment: Deployment,
  connection: Connection,
  program: AppServerProgram,
  base: ApplicationBase,
): string | null {
  if (!('server' in connection)) {
    const { configuration } = connection.from
    const host = virtualHostOf(configuration, connection.pass)
    return apacheSays(deployment, configuration, host, base, program)
  }
  const { server, block } = connection
  if (rewritesPages(server.configuration) || mayChange(connection)) return null
  if (block.children.some(({ name }) => /^(?:rewrite|return|if)$/.test(name))) return null
  const answer = askServer(deployment, server, urlOf(base), { assume: () => null })
  if (answer === null) return null
  const { end } = answer
  if (end.kind === 'pass' && leadsTo(passesOf(deployment).get(end.target.directive), program)) return null
  return answerOf(answer, urlOf(base))
}

function apacheSays(
  deployment: Deployment,
  configuration: ApacheConfiguration,
  host: VirtualHost | null,
  base: ApplicationBase,
  program: AppServerProgram | null = null,
): string | null {
  const [, directory = ''] = /^\/([^/]+)/.exec(urlOf(base)) ?? []
  if (changesPages(configuration) || isNamed(configuration, directory)) return null
  const { end } = askHost(deployment, { configuration, host }, urlOf(base), { standing: 'nothing' })
  if (end.kind === 'file' && end.path.endsWith(`/${base.asset}`)) return null
  if (end.kind === 'pass') {
    const connection = end.directive === null ? undefined : passesOf(deployment).get(end.directive)
    if (connection === undefined || leadsTo(connection, program)) return null
  }
  return answerOfApache(end)
}

/** True where some line is about these scripts, by the directory in which they are: somebody has thought of them. */
const isNamed = memoByKey(({ occurrences }: ApacheConfiguration, directory: string): boolean =>
  LINES.some(name =>
    (occurrences.get(name) ?? []).some(({ args }) => args.some(({ value }) => value.includes(directory))),
  ),
)

const LINES = [
  'alias',
  'aliasmatch',
  'proxypass',
  'proxypassmatch',
  'location',
  'locationmatch',
  'rewriterule',
  'rewritecond',
  'redirect',
  'redirectmatch',
]

/** True for a line that leads to a program; null for one of which nobody knows what it is. */
function leadsTo(connection: Connection | undefined, program: AppServerProgram | null): boolean {
  return connection?.targets.some(target => serverBehind(target) === program) === true
}

const passesOf = memo(
  ({ connections }: Deployment): ReadonlyMap<object, Connection> =>
    new Map(connections.all.map(each => [each.pass, each])),
)

function mayChange(connection: ApacheConnection | NginxConnection): boolean {
  return (
    'server' in connection &&
    connection.block.children.some(({ name }) => /^(?:rewrite|sub_filter|return|if)$/.test(name))
  )
}

const PAGES = ['app', 'pages', 'src/app', 'src/pages', 'public']

/** False where a project of Next.js surely has no page below a path. */
function mayHavePage({ files, directory }: NodeProject, prefix: string): boolean {
  const first = prefix.split('/')[1] ?? ''
  // Its own, and what it has for programs.
  if (/^(?:_|api$)/.test(first)) return true
  const lists = PAGES.flatMap(path => files.list(posix.join(directory, path)) ?? [])
  const own = new RegExp(`^(?:${first.replace(/[^\w-]/g, String.raw`\$&`)}(?:\\.\\w+)?$|[[(@])`)
  if (lists.length === 0 || lists.some(({ name }) => own.test(name))) return true
  const entries = [directory, posix.join(directory, 'src')].flatMap(path => files.list(path) ?? [])
  if (entries.some(({ name }) => /^(?:middleware|proxy)\.[jt]s$/.test(name))) return true
  return entries.some(({ name }) => {
    if (!/^next\.config\.\w+$/.test(name)) return false
    const read = files.read(posix.join(directory, name))
    return read.kind !== 'source' || /\b(?:rewrites|redirects|i18n|trailingSlash)\b/.test(read.source.code)
  })
}
