import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import type { ApacheHost, Deployment, NginxServer } from '../../src/deployment/model.ts'
import type { ClientRequest } from '../../src/deployment/requests/answer.ts'
import { requestsToHost } from '../../src/deployment/requests/made-up-requests.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { compilePcre } from '../../src/servers/regex.ts'

/** True for a line of the rewrite module that sends clients elsewhere. */
export function isRedirect({ name, args }: NginxDirective): boolean {
  const [first, second, flag] = [args[0]?.value, args[1]?.value, args[2]?.value]
  if (name === 'rewrite')
    return flag === 'redirect' || flag === 'permanent' || /^(?:https?:|\$scheme)/.test(second ?? '')
  return /^30[12378]$/.test(first ?? '') || (args.length === 1 && /^(?:https?:|\$scheme)/.test(first ?? ''))
}

/** Paths, perhaps with a query, for which the redirects of a block may lead back to themselves. */
export function pathsToAsk(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
): readonly string[] {
  return [
    ...queriesOf(block),
    ...pathsInto(block),
    ...pathsToNamed(block),
    ...pathsOntoThemselves(block),
    ...directoriesOf(deployment, server, block),
  ]
}

/** Paths into the blocks whose `error_page` or `try_files` leads to this named location. */
function pathsToNamed(location: NginxDirective): readonly string[] {
  const { modifier, name } = readLocation(location)
  if (location.name !== 'location' || modifier !== '@') return []
  const paths: string[] = []
  const visit = (block: NginxDirective): void => {
    const isLeading = block.children.some(
      child => /^(?:error_page|try_files)$/.test(child.name) && child.args.at(-1)?.value === name,
    )
    if (isLeading) paths.push(...pathsInto(block))
    for (const child of block.children) visit(child)
  }
  if (location.parent !== null) visit(location.parent)
  return paths
}

/** No more of one block are asked for. */
const MOST_REWRITES = 4

/** Where the redirects of a block lead that their own expression matches again. */
function pathsOntoThemselves(block: NginxDirective): readonly string[] {
  const paths: string[] = []
  for (const line of block.children) {
    if (line.name !== 'rewrite' || !isRedirect(line)) continue
    const [pattern, replacement] = line.args
    const path = (replacement?.value ?? '')
      .replace(/^(?:https?|\$scheme):\/\/[^/]*/, '')
      .replace(/\?.*$/s, '')
      .replace(/\$[1-9]/g, 'page')
    if (growsPath(replacement?.value ?? '')) {
      const sample = sampleTexts(pattern?.value ?? '').texts.find(text => text.startsWith('/'))
      if (sample !== undefined && paths.push(sample) === MOST_REWRITES) break
      continue
    }
    if (!path.startsWith('/') || path.includes('$') || isUnknownWord(path)) continue
    if (compilePcre(pattern?.value ?? '', {})?.test(path) !== true) continue
    if (paths.push(path) === MOST_REWRITES) break
  }
  return paths
}

/** True for a target that a browser puts below the page that it asked for, and for one that adds to the whole path. */
function growsPath(target: string): boolean {
  const path = target.replace(/\?.*$/s, '')
  return /^[\w-]+(?:\/|$)/.test(path) || /\$\{?(?:request_)?uri\b/.test(path)
}

/** Requests with the query that the condition of an `if` asks for: a redirect that keeps it meets the condition again. */
function queriesOf(block: NginxDirective): readonly string[] {
  if (block.name !== 'if') return []
  const [subject = '', operator = '', operand = ''] = conditionWords(block)
  const text = queryFor(subject.replace(/[${}]/g, '').toLowerCase(), operator, operand)
  if (text === null || isUnknownWord(text)) return []
  return pathsInto(block).map(path => `${path}?${text}`)
}

/** A query for which a condition on it holds; null for any other condition. */
function queryFor(subject: string, operator: string, operand: string): string | null {
  const name = /^arg_(\w+)$/.exec(subject)?.[1]
  if (name === undefined && subject !== 'args' && subject !== 'query_string') return null
  const value = valueFor(operator, operand)
  if (value === null || name === undefined) return value
  return `${name}=${value}`
}

function valueFor(operator: string, operand: string): string | null {
  switch (operator) {
    case '':
    case '!=':
      return operand === '1' ? '2' : '1'
    case '=':
      return operand === '' || operand.includes('$') ? null : operand
    case '~':
    case '~*':
      return sampleTexts(operand, { caseless: operator === '~*', filler: '1' }).texts[0] ?? null
    default:
      return null
  }
}

/** No more directories of one root are asked for. */
const MOST_DIRECTORIES = 2

/**
 * Directories below the root, or below that of Apache behind it, where a `rewrite` of the block takes away the slash
 * that is added to their URLs.
 */
function directoriesOf(
  deployment: Deployment,
  server: NginxServer,
  block: NginxDirective,
): readonly string[] {
  const { filesOf } = deployment
  const { configuration } = server
  const takesSlash = block.children.some(
    line => line.name === 'rewrite' && isRedirect(line) && /\/\+?\)?\$$/.test(line.args[0]?.value ?? ''),
  )
  if (!takesSlash) return []
  const base = fileBase(configuration, block)
  const own =
    base.known && base.value.kind === 'root' && !isComputed(base.value.path)
      ? (filesOf(configuration).list(base.value.path.replace(/\/+$/, '')) ?? [])
      : []
  const behind = deployment.connections
    .httpOf(server)
    .flatMap(connection => certainHosts(deployment, connection))
    .flatMap(host => {
      const root = directivesIn(host.configuration, host.directive, 'documentroot').at(-1)?.args[0]?.value
      return root === undefined ? [] : (filesOf(host.configuration).list(root.replace(/\/+$/, '')) ?? [])
    })
  return [...own, ...behind]
    .filter(({ name, kind }) => kind === 'directory' && /^[\w-]+$/.test(name))
    .slice(0, MOST_DIRECTORIES)
    .map(({ name }) => `/${name}/`)
}

/** Requests to the virtual hosts of Apache that proxy to a server of nginx, by its names. */
export function requestsThroughApache(
  deployment: Deployment,
  server: NginxServer,
  target: string,
): readonly ClientRequest[] {
  return (apacheFronts(deployment).get(server) ?? []).flatMap(host =>
    requestsToHost(deployment, host, target).filter(request =>
      server.names.some(({ name }) => name === request.host),
    ),
  )
}

const apacheFronts = memo((deployment: Deployment): ReadonlyMap<NginxServer, readonly ApacheHost[]> => {
  const found = new Map<NginxServer, ApacheHost[]>()
  const fronts = deployment.connections.apache.flatMap(({ host, targets, path }) => {
    const [target] = targets
    if (host === null || path !== '/' || target?.to.kind !== 'listener') return []
    const front = target.to.listener.kind === 'nginx' ? hostAt(deployment, host) : null
    return front === null ? [] : [front]
  })
  if (fronts.length === 0) return found
  const byName = new Map<string, ApacheHost[]>()
  for (const front of fronts)
    for (const name of front.names) byName.set(name, [...(byName.get(name) ?? []), front])
  for (const server of deployment.servers) {
    const hosts = new Set(server.names.flatMap(({ name }) => byName.get(name) ?? []))
    if (hosts.size > 0) found.set(server, [...hosts])
  }
  return found
})
