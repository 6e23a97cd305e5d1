import { memo } from '../../../../parsers/collections/memo.ts'
import { type Fact, unknown } from '../../fact.ts'
import type { NginxConfiguration, NginxDirective } from '../configuration.ts'
import { interpolate, valueParts, type Variables, variableNames } from './interpolate.ts'
import { childrenNamed } from './scope.ts'
import { enclosingServer } from './servers.ts'

/**
 * The variables that every request has got by `set` when a block answers it: by the one `set` of its location, else by
 * the one of the server where no other location gives the variable a value, since a rewrite may lead from one to the
 * other. Unknown for any other, among them those that a condition sets.
 *
 * @param block a location, or an `if` or `limit_except` in one
 * @see https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
 */
export function setVariables(block: NginxDirective): Variables {
  const asked = new Set<string>()
  const variables: Variables = name => {
    // `set $a $a;` leads nowhere.
    if (asked.has(name)) return NOT_SET
    asked.add(name)
    const value = valueFor(block, name)
    const made = value === null ? NOT_SET : interpolate(value, variables)
    asked.delete(name)
    return made
  }
  return variables
}

/** What a `set` takes down of a request stays so until the request is sent. */
const CONSTANT =
  /^(?:host|http_(?!cookie$)\w+|https|scheme|remote_(?:addr|port|user)|server_(?:name|port|addr|protocol)|request_(?:uri|method)|proxy_add_x_forwarded_for|ssl_\w+|hostname|binary_remote_addr|realip_\w+|proxy_protocol_\w+)$/

/** A value as it would be written without the variables that `set` makes of others, where every request has got them. */
export function writtenWithoutSet(
  configuration: NginxConfiguration,
  block: NginxDirective,
  value: string,
): string {
  if (!value.includes('$')) return value
  const names = namesSet(configuration)
  if (names.size === 0 || !variableNames(value).some(name => names.has(name))) return value
  const parts = valueParts(value).map(part => {
    if (part.kind === 'text') return part.text
    const set = names.has(part.name) ? valueFor(block, part.name) : null
    const isSame = set !== null && variableNames(set).every(name => CONSTANT.test(name) && !names.has(name))
    return isSame ? set : `$${part.name}`
  })
  // Of a name that runs into the text behind it nobody would know where it ends.
  return parts.every((part, index) => !/\$\w+$/.test(part) || !/^\w/.test(parts[index + 1] ?? ''))
    ? parts.join('')
    : value
}

/** The variables that some `set` makes, by their lower-case names. */
const namesSet = memo(
  ({ occurrences }: NginxConfiguration): ReadonlySet<string> =>
    new Set((occurrences.get('set') ?? []).map(nameOf)),
)

const NOT_SET: Fact<string> = unknown('no `set` surely makes the variable')

function valueFor(block: NginxDirective, name: string): string | null {
  const location = block.name === 'location' ? block : block.parent
  if (location?.name !== 'location') return null
  if (block !== location && setsAnywhere(block, name)) return null
  if (setsAnywhere(location, name)) return oneValue(location, name)
  const server = enclosingServer(location)
  if (server === null) return null
  return server.children.some(child => child.name !== 'set' && setsAnywhere(child, name))
    ? null
    : oneValue(server, name)
}

/** Of the one `set` of a block itself, where nothing before it ends the rewriting. */
function oneValue(block: NginxDirective, name: string): string | null {
  const [line, ...others] = childrenNamed(block, 'set').filter(each => nameOf(each) === name)
  if (line === undefined || others.length > 0) return null
  if (block.children.some(child => child.name === 'if' && setsAnywhere(child, name))) return null
  for (const child of block.children) {
    if (child === line) return line.args[1]?.value ?? null
    if (mayBreak(child)) return null
  }
  return null
}

function mayBreak({ name, args, children }: NginxDirective): boolean {
  if (name === 'break' || (name === 'rewrite' && args[2]?.value === 'break')) return true
  return name === 'if' && children.some(mayBreak)
}

function setsAnywhere(block: NginxDirective, name: string): boolean {
  return (
    (block.name === 'set' && nameOf(block) === name) ||
    block.children.some(child => setsAnywhere(child, name))
  )
}

function nameOf({ args }: NginxDirective): string {
  return (args[0]?.value ?? '').slice(1).toLowerCase()
}
