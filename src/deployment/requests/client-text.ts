import type { Deployment, NginxServer } from '../model.ts'
import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { conditionWords } from '../../servers/nginx/queries/conditions.ts'
import { variableNames } from '../../servers/nginx/queries/interpolate.ts'
import { mapValues, maps } from '../../servers/nginx/queries/maps.ts'
import type { OutcomeEnd } from '../../servers/nginx/queries/outcome.ts'
import type { NginxRequest } from '../../servers/nginx/queries/request.ts'
import { directivesByServer, enclosingServer } from '../../servers/nginx/queries/servers.ts'
import { askServer } from './ask-server.ts'
import { pathsInto } from './paths-into.ts'

/** What a client writes as it likes, and no expression of a location or of the server bounds. */
const WRITTEN = /^(?:arg_|cookie_|http_(?!host$))\w+$/

/** As many variables of clients are tried for one value. */
const MOST = 6

/**
 * The variables of a client's own text (an argument, a cookie, a header) of which a value may be made, also by way of
 * `map`, `set` and the groups of an `if`: whether the text gets through, a request has to tell.
 */
export function clientVariables(
  configuration: NginxConfiguration,
  block: NginxDirective,
  value: string,
): readonly string[] {
  const found = new Set<string>()
  const seen = new Set<string>()
  const queue = namesOf(block, value)
  for (const name of queue) {
    if (seen.has(name)) continue
    seen.add(name)
    if (WRITTEN.test(name)) found.add(name)
    else queue.push(...madeOf(configuration, block, name))
    if (found.size >= MOST) break
  }
  return [...found]
}

function madeOf(configuration: NginxConfiguration, block: NginxDirective, name: string): readonly string[] {
  const map = maps(configuration).get(name)
  if (map !== undefined) return [map.source, ...mapValues(map)].flatMap(variableNames)
  const server = enclosingServer(block)
  const lines = server === null ? [] : (directivesByServer(configuration, 'set').get(server) ?? [])
  return lines
    .filter(({ args }) => args[0]?.value.toLowerCase() === `$${name}`)
    .flatMap(line => (line.parent === null ? [] : namesOf(line.parent, line.args[1]?.value ?? '')))
}

/** The variables of a value, with the subject of the `if` around it for its groups. */
function namesOf(block: NginxDirective, value: string): string[] {
  const names = variableNames(value)
  if (block.name !== 'if' || !names.some(name => /^\d$/.test(name))) return [...names]
  return [...names, ...variableNames(conditionWords(block)[0] ?? '')]
}

/**
 * The first of such variables by which a client brings something about: a request to the block that writes a text
 * there, and how it ends, decide.
 *
 * @param texts what the client may write
 */
export function decidingVariable(
  deployment: Pick<Deployment, 'filesOf'>,
  server: NginxServer,
  block: NginxDirective,
  variables: readonly string[],
  texts: readonly string[],
  decides: (end: OutcomeEnd, text: string) => boolean,
): string | null {
  const path = variables.length === 0 ? undefined : pathsInto(block)[0]
  if (path === undefined) return null
  const deciding = variables.find(variable =>
    texts.some(text => {
      const { target, request } = withClientText(variable, text, path)
      const answer = askServer(deployment, server, target, { request, into: block })
      return answer !== null && decides(answer.end, text)
    }),
  )
  return deciding ?? null
}

/** The request of a client that writes a text where such a variable takes it. */
function withClientText(
  variable: string,
  text: string,
  path: string,
): { readonly target: string; readonly request: Partial<NginxRequest> } {
  const [, kind = '', name = ''] = /^(arg|cookie|http)_(\w+)$/.exec(variable) ?? []
  if (kind === 'arg') return { target: `${path}?${name}=${text}`, request: {} }
  const header: readonly [string, string] =
    kind === 'cookie' ? ['cookie', `${name}=${text}`] : [name.replaceAll('_', '-'), text]
  return { target: path, request: { headers: { values: new Map([header]), complete: true } } }
}
