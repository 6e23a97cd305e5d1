import type { NginxConfiguration, NginxDirective } from '../../servers/nginx/configuration.ts'
import { conditionWords } from '../../servers/nginx/queries/conditions.ts'
import { variableNames } from '../../servers/nginx/queries/interpolate.ts'
import { mapValues, maps } from '../../servers/nginx/queries/maps.ts'
import type { NginxRequest } from '../../servers/nginx/queries/request.ts'
import { directivesByServer, enclosingServer } from '../../servers/nginx/queries/servers.ts'

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

/** The request of a client that writes a text where such a variable takes it. */
export function withClientText(
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
