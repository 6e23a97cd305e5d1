import type { CaddyUpstream } from '../../parsers/caddy/caddyfile.ts'
import { readCaddyfile } from '../../parsers/caddy/read-caddyfile.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { shareNetwork } from '../../src/deployment/build/published-ports.ts'
import { caddyfilesOf } from '../../src/deployment/caddy-fronts.ts'
import { isTraefikOff } from '../../src/deployment/containers/traefik-off.ts'
import type { AppServerProgram, Deployment, Machine } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { routeOfProgramElsewhere, routesOfProgramBelow, waitsFor } from '../_own-routes.ts'
import { httpLabels, type TraefikLabel } from '../containers/_traefik-labels.ts'
import { routersOf, type TraefikRouter, valueOfField } from '../containers/_traefik-routers.ts'

/** A path by which a proxy that is neither nginx nor Apache leads to an application. */
interface ProxiedPath {
  readonly program: AppServerProgram
  /** `/api` */
  readonly prefix: string
  /** True where it is taken away. */
  readonly isStripped: boolean
  readonly at: Place
  readonly help: string
}

/** Paths of Caddy and Traefik that the application would need, and that are taken away. */
export function* strippedByOthers(deployment: Deployment): Iterable<RuleFinding> {
  for (const { program, prefix, isStripped, at, help } of proxiedPaths(deployment)) {
    const own = isStripped ? routesOfProgramBelow(deployment, program, prefix) : null
    if (own === null) continue
    yield {
      at,
      message: `\`${prefix}\` is taken away, and everything that the application answers lies below it: it has \`${own.route}\`, and gets a path without \`${prefix}\``,
      related: waitsFor(own),
      help,
    }
  }
}

/** Paths of Caddy and Traefik that the application does not know, and that stay. */
export function* keptByOthers(deployment: Deployment): Iterable<RuleFinding> {
  for (const { program, prefix, isStripped, at, help } of proxiedPaths(deployment)) {
    const other = isStripped ? null : routeOfProgramElsewhere(deployment, program, `${prefix}/`)
    if (other === null) continue
    const { source, route, start } = other
    yield {
      at,
      message: `\`${prefix}\` stays in front of the path, and the application has no route below it: 404`,
      label: 'is passed on with its path',
      related: [{ at: { source, start, end: start + route.length }, message: 'one of its routes' }],
      help,
    }
  }
}

const proxiedPaths = memo((deployment: Deployment): readonly ProxiedPath[] =>
  deployment.machines.flatMap(machine => [
    ...pathsOfCaddy(deployment, machine),
    ...pathsOfTraefik(deployment, machine),
  ]),
)

function* pathsOfCaddy(deployment: Deployment, machine: Machine): Iterable<ProxiedPath> {
  const [source] = caddyfilesOf(machine)
  if (source === undefined || source.template) return
  for (const { proxies, complete } of readCaddyfile(source).sites) {
    for (const { paths, upstreams, changedHeaders } of complete ? proxies : []) {
      const [upstream, ...others] = upstreams
      if (paths === null || upstream === undefined || others.length > 0 || tellsPrefix(changedHeaders))
        continue
      const program = programBehind(deployment, machine, upstream)
      if (program === null) continue
      const { prefix, isStripped, at } = paths
      yield {
        program,
        prefix,
        isStripped,
        at,
        help: isStripped
          ? `Write \`handle ${prefix}/*\`, which leaves the path as it is`
          : `Write \`handle_path ${prefix}/* { reverse_proxy … }\`, which takes the path away`,
      }
    }
  }
}

const tellsPrefix = (headers: ReadonlySet<string>): boolean =>
  [...headers].some(name => /prefix|script-name|\*/.test(name))

function programBehind(
  { listeners }: Deployment,
  machine: Machine,
  { host, port }: CaddyUpstream,
): AppServerProgram | null {
  const own = host === 'localhost' || host === '127.0.0.1'
  for (const { kind, program, port: opened } of listeners) {
    if (kind !== 'app-server' || opened !== port || host === null) continue
    const isMeant = own
      ? program.machine === machine
      : program.machine !== machine &&
        program.machine.names.includes(host) &&
        shareNetwork(program.machine, machine)
    if (isMeant && program.kind === 'app-server') return program
  }
  return null
}

function* pathsOfTraefik(deployment: Deployment, machine: Machine): Iterable<ProxiedPath> {
  const { container } = machine
  if (container === null || !container.service.complete || isTraefikOff(container.service)) return
  const labels = httpLabels(container.service)
  const routers = labels.length === 0 ? [] : routersOf(labels)
  const [program, ...others] = deployment.programs.filter(each => each.machine === machine)
  const [router] = routers
  // Two routers may lead to the same application by two paths.
  if (router === undefined || routers.length > 1 || program?.kind !== 'app-server' || others.length > 0)
    return
  const rule = valueOfField(router, 'rule') ?? ''
  const prefix = /^(?:Host\(`[^`]+`\)\s*&&\s*)?PathPrefix\(`(\/[\w./-]*[\w-])\/?`\)$/.exec(rule.trim())?.[1]
  const at = router.fields.get('rule')?.label.value
  if (prefix === undefined || at?.known !== true || at.at === null) return
  const stripping = strippingOf(router, labels)
  if (stripping === 'none')
    yield {
      program,
      prefix,
      isStripped: false,
      at: at.at,
      help: `Take it away: \`traefik.http.middlewares.${router.name}.stripprefix.prefixes=${prefix}\`, and name the middleware in the router`,
    }
  else if (stripping !== null && stripping.prefix === prefix)
    yield {
      program,
      prefix,
      isStripped: true,
      at: stripping.at,
      help: 'Leave the middleware out, and the path stays as it is',
    }
}

/** What a router takes away by a middleware of the same container: `none` without any; null where nobody knows. */
function strippingOf(
  router: TraefikRouter,
  labels: readonly TraefikLabel[],
): { readonly prefix: string; readonly at: Place } | 'none' | null {
  const named = router.fields.get('middlewares')
  if (named === undefined) return 'none'
  const value = named.label.value
  if (value?.known !== true) return null
  const names = value.value.split(',').map(name =>
    name
      .trim()
      .replace(/@docker$/, '')
      .toLowerCase(),
  )
  const own = labels.filter(
    ({ path }) => /^middlewares$/i.test(path[1] ?? '') && names.includes((path[2] ?? '').toLowerCase()),
  )
  // One of another provider may do anything to the path.
  if (names.some(name => !own.some(({ path }) => path[2]?.toLowerCase() === name))) return null
  if (
    own.some(({ path }) =>
      /^(?:addprefix|replacepath\w*|chain|stripprefixregex|plugin)$/i.test(path[3] ?? ''),
    )
  )
    return null
  const strips = own.filter(
    ({ path }) => /^stripprefix$/i.test(path[3] ?? '') && /^prefixes$/i.test(path[4] ?? ''),
  )
  const [only] = strips
  if (only === undefined) return 'none'
  const told = only.label.value
  if (strips.length > 1 || told?.known !== true || told.at === null) return null
  return { prefix: told.value.replace(/\/$/, ''), at: told.at }
}
