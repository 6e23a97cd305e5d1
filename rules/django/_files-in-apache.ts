import { posix } from 'node:path'
import {
  directoryOfUrlBelow,
  keepsUploadsInFiles,
  mayRouteToFiles,
  servesOwnStaticFiles,
} from '../../src/deployment/django/static-settings.ts'
import { hostIn } from '../../src/deployment/fronts-of.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { mayHoldSectionsUnread } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { type DjangoSite, djangoSites } from './_sites.ts'
import { sourceOfStatic, takenFromSource } from './_static-sources.ts'
import {
  directorySeen,
  isOffInProduction,
  isOfOneProject,
  isOnlyBeside,
  servesByItself,
  wantsFiles,
} from './_static-ways.ts'

type Kind = 'STATIC' | 'MEDIA'

/** What Apache does with the URLs of the files of a project, where clients come to it without nginx in between. */
export function* unservedByApache(deployment: Deployment): Iterable<RuleFinding> {
  const found: { readonly site: DjangoSite; readonly kind: Kind; readonly finding: RuleFinding | null }[] = []
  const served = new Map<string, Set<string>>()
  for (const site of firstSites(deployment)) {
    if (!takesClients(deployment, site)) continue
    for (const kind of ['STATIC', 'MEDIA'] as const) {
      const [finding = null] = unserved(deployment, site, kind)
      if (finding === null && isServedByApache(deployment, site, kind)) {
        const names = served.get(keyOf(site, kind)) ?? new Set()
        served.set(keyOf(site, kind), names)
        for (const name of site.names) names.add(name)
      }
      found.push({ site, kind, finding })
    }
  }
  for (const { site, kind, finding } of found) {
    const names = served.get(keyOf(site, kind))
    // A project may have a name for its pages and another one for what has none, such as its API.
    if (finding !== null && (names === undefined || site.names.some(name => names.has(name)))) yield finding
  }
}

function keyOf({ settings }: DjangoSite, kind: Kind): string {
  return `${kind} ${settings.files[0] ?? ''}`
}

/** Those of Apache that are no workplaces, each project of a virtual host once: its first line speaks for all. */
function* firstSites(deployment: Deployment): Iterable<DjangoSite> {
  const seen = new Map<object, Set<unknown>>()
  for (const site of djangoSites(deployment)) {
    if (site.asked === null || !isOffInProduction(site.settings.get('DEBUG'))) continue
    const runners = seen.get(site.host) ?? new Set()
    seen.set(site.host, runners)
    if (runners.has(site.runner)) continue
    runners.add(site.runner)
    yield site
  }
}

function isServedByApache(
  deployment: Deployment,
  { asked, settings, prefix }: DjangoSite,
  kind: Kind,
): boolean {
  const files = directoryOfUrlBelow(settings, kind, prefix ?? '')
  return (
    asked !== null &&
    files !== null &&
    askHost(deployment, asked, encodeURI(`${files.url}${EXISTING}.css`)).end.kind === 'file'
  )
}

/** True for the ports of clients, with nothing in front that is known of and may serve files. */
function takesClients(deployment: Deployment, { asked, ports }: DjangoSite): boolean {
  if (asked === null) return false
  const { configuration, host } = asked
  if (
    configuration.occurrences.has('remoteipheader') ||
    configuration.occurrences.has('remoteipproxyprotocol')
  )
    return false
  if (mayHoldSectionsUnread(configuration)) return false
  const own = hostIn(deployment, configuration, host?.directive ?? null)
  if (own === null) {
    return listenersOfKind(deployment, 'apache').some(
      ({ program, loopback, port }) =>
        program.configuration === configuration && loopback === false && isPublic(port),
    )
  }
  return (
    ports?.every(isPublic) === true &&
    own.addresses.every(({ known }) => known) &&
    deployment.connections.reaching(own).length === 0 &&
    deployment.trustsOf(own).length === 0
  )
}

function isPublic(port: number | null): boolean {
  return port === 80 || port === 443
}

function* unserved(deployment: Deployment, site: DjangoSite, kind: Kind): Iterable<RuleFinding> {
  const { asked, settings, prefix, runner, machine, files: own } = site
  if (asked === null) return
  // What a file of the environment may say of a prefix changes nothing of whom Apache asks.
  const files = directoryOfUrlBelow(settings, kind, prefix ?? '')
  if (files === null) return
  const isServed = kind === 'STATIC' ? servesOwnStaticFiles(settings) : !keepsUploadsInFiles(settings)
  if (isServed === undefined || (isServed && kind === 'MEDIA')) return
  const home = 'machine' in runner ? runner.machine : machine
  const directory = directorySeen(files.directory, home, machine)
  const related = [
    ...(files.directoryAt === null
      ? []
      : [{ at: files.directoryAt, message: kind === 'STATIC' ? 'collected here' : 'kept here' }]),
    ...(files.urlAt === null ? [] : [{ at: files.urlAt, message: 'pages ask for them here' }]),
  ]
  const name = `${EXISTING}.css`
  const { end, steps } = askHost(deployment, asked, encodeURI(files.url + name))
  if (end.kind === 'wsgi' || end.kind === 'pass') {
    const line = end.kind === 'wsgi' ? end.alias : end.directive
    if (isServed || line !== site.line || isMeantForFiles(site, files.url)) return
    if ('server' in runner && servesByItself(runner.server)) return
    if (directory === null && !(kind === 'STATIC' && isOfOneProject(home, machine) && wantsFiles(settings)))
      return
    const except = end.kind === 'pass' ? `\`ProxyPass ${files.url} !\` and ` : ''
    yield {
      at: site.at,
      severity: mayRouteToFiles(own, settings) ? ('info' as const) : ('warning' as const),
      message: `Apache hands \`${files.url}\` to Django too, which serves no ${kind === 'STATIC' ? 'static files' : 'uploads'} without \`DEBUG\``,
      related,
      help: `Write ${except}\`Alias ${files.url} ${directory ?? files.directory}/\` above it, and \`Require all granted\` for the directory`,
    }
    return
  }
  if (end.kind !== 'file' || !isPlacedSite(site)) return
  const looked = posix.normalize(end.path.slice(0, -name.length))
  // One without its slash is `alias-slash-missing`.
  if (!end.path.endsWith(`/${name}`) || looked === `${directory ?? files.directory}/`) return
  const line = steps.findLast(
    ({ directive }) => directive !== null && /^(?:Alias(?:Match)?|DocumentRoot)$/i.test(directive.name),
  )?.directive
  const at = line == null ? site.at : argumentPlace(line, line.args.length - 1)
  const source =
    kind === 'STATIC' ? sourceOfStatic(deployment, { settings, home, there: machine, looked }) : null
  if (source !== null) {
    yield { at, ...takenFromSource('Apache', { ...files, looked, source }), related }
    return
  }
  if (directory === null) return
  const { files: there } = machine
  const real = there.realPath(looked)
  if (real !== null && real === there.realPath(directory)) return
  if (machine.container !== null) return
  const isSure = isAbsent(there, looked) || isOnlyBeside(there, looked.replace(/\/$/, ''), directory)
  yield {
    at,
    severity: isSure ? ('warning' as const) : ('info' as const),
    message: `Apache looks for \`${files.url}\` in \`${looked}\`, and Django ${kind === 'STATIC' ? 'collects' : 'keeps'} the files in \`${directory}\``,
    related,
  }
}

/** True where a line above speaks of the URL: what is wrong with it, other rules say. */
function isMeantForFiles({ asked }: DjangoSite, url: string): boolean {
  if (asked === null) return false
  const { configuration, host } = asked
  if (configuration.occurrences.has('aliasmatch')) return true
  return [host?.directive ?? null, null].some(section =>
    directivesIn(configuration, section, 'alias').some(({ args }) => isPrefixOf(args[0]?.value ?? '', url)),
  )
}

function isPlacedSite({ runner }: DjangoSite): boolean {
  return !('server' in runner) || runner.isSeen || runner.directory?.known === true
}
